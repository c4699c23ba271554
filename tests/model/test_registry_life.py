"""The life of a version: in use, rolled back, repaired, removed; on a full disk and beside other processes."""

import json
import os
import shutil
import signal
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import joblib
import pytest

from model.errors import RegistryError
from model.history import read_history
from model.locks import exclusive, is_locked
from model.registry import Registry
from model.storage import UNFINISHED, new_folder
from tests import builders

ROOT = Path(__file__).parents[2]

posix_only = pytest.mark.skipif(os.name == "nt", reason="the locks of folders and kill -9 are POSIX")


def promote(registry: Registry, *versions: str) -> None:
    for version in versions:
        registry.promote(version, by="tester", why="try it", when=builders.WHEN)


def roll_back(registry: Registry) -> str:
    return registry.roll_back(by="tester", why="no better", when=builders.WHEN).version


def litter_in(folder: Path) -> list[Path]:
    return list(folder.glob(f"{UNFINISHED}*"))


def test_a_second_roll_back_goes_further_back(shelf: Registry):
    a, b, c = shelf.versions()
    promote(shelf, b, c)

    assert [roll_back(shelf), roll_back(shelf)] == [b, a]
    with pytest.raises(RegistryError, match="no version before"):
        roll_back(shelf)
    assert shelf.load().version == a


def test_what_was_rolled_back_is_not_returned_to_after_the_next_promotion(shelf: Registry):
    a, b, c = shelf.versions()
    promote(shelf, b)
    roll_back(shelf)
    promote(shelf, c)

    assert shelf.version_before() == a
    assert roll_back(shelf) == a


def test_promoting_the_version_in_use_again_is_recorded_and_no_step_of_the_way_back(shelf: Registry):
    a, b, _ = shelf.versions()
    promote(shelf, b, b)

    assert len(shelf.history()) == 3
    assert roll_back(shelf) == a


def test_the_history_tells_a_roll_back_from_a_promotion(shelf: Registry):
    a, b, _ = shelf.versions()
    promote(shelf, b)
    roll_back(shelf)

    lines = [(line.what, line.version, line.previous) for line in shelf.history()]
    assert lines == [("promoted", a, None), ("promoted", b, a), ("rolled back", a, b)]


def test_a_history_from_before_roll_backs_were_told_apart_is_read(shelf: Registry):
    for path in (shelf.folder / "history.jsonl", shelf.folder / "current.json"):
        line = json.loads(path.read_text())
        path.write_text(json.dumps({key: line[key] for key in line if key not in ("what", "plain_form")}) + "\n")
    a, b, _ = shelf.versions()

    promote(shelf, b)

    assert roll_back(shelf) == a
    assert shelf.history()[0].what == "promoted"


def test_who_decides_on_another_version_than_the_one_in_force_changes_nothing(shelf: Registry):
    _, b, c = shelf.versions()
    known = shelf.current()
    promote(shelf, b)

    with pytest.raises(RegistryError, match=f"Nothing was changed: tester promoted version {b} meanwhile"):
        shelf.promote(c, by="me", why="", when=builders.WHEN, instead_of=known)
    assert shelf.current().version == b
    assert len(shelf.history()) == 2


def test_a_promotion_that_died_between_its_files_is_finished_by_the_next_write(shelf: Registry):
    a, b, c = shelf.versions()
    before = {path: path.read_bytes() for path in (shelf.folder / "history.jsonl", shelf.plain_form)}
    promote(shelf, b)
    for path, content in before.items():
        path.write_bytes(content)

    assert [line.version for line in shelf.history()] == [a, b]
    assert shelf.version_before() == a

    shelf.discard(c)
    assert [line.version for line in read_history(shelf.folder / "history.jsonl")] == [a, b]
    assert joblib.load(shelf.plain_form)["version"] == b


def test_a_version_is_found_by_a_beginning_that_only_one_has(shelf: Registry):
    a, b, _ = shelf.versions()

    assert shelf.named(a[:-1]) == a
    assert shelf.named(b) == b
    with pytest.raises(RegistryError, match=r"3 versions begin with .* Give more of the name"):
        shelf.named(a[:4])
    with pytest.raises(RegistryError, match=f"has no version “../x”; it has {a}"):
        shelf.named("../x")


@pytest.mark.parametrize("name", ["", " "])
def test_an_empty_name_is_no_version_even_where_there_is_only_one(shelf: Registry, name: str):
    a, b, c = shelf.versions()
    shelf.discard(b)
    shelf.discard(c)

    with pytest.raises(RegistryError, match=f"no version of an empty name; it has {a}. Give one of these names"):
        shelf.named(name)


def test_a_name_that_is_the_beginning_of_another_means_itself(shelf: Registry):
    a = shelf.versions()[0]
    shutil.copytree(shelf.folder / a, shelf.folder / f"{a}0")

    assert shelf.named(a) == a


def test_what_was_never_in_use_can_be_discarded_and_what_was_can_not(shelf: Registry):
    a, b, c = shelf.versions()
    promote(shelf, b)

    shelf.discard(c)
    assert shelf.versions() == [a, b]

    for version in (a, b):
        with pytest.raises(RegistryError, match="what was in use stays"):
            shelf.discard(version)
    with pytest.raises(RegistryError, match="has no version"):
        shelf.discard(c)
    assert shelf.versions() == [a, b]


def test_pruning_keeps_what_was_in_use_and_the_newest_of_the_others(shelf: Registry):
    in_use = shelf.current().version
    made = {version: datetime.fromisoformat(shelf.load(version).manifest.created) for version in shelf.versions()}
    newest = max(made.keys() - {in_use}, key=lambda version: made[version])
    (oldest,) = made.keys() - {in_use, newest}

    assert shelf.prune(5) == []
    assert shelf.prune(1) == [oldest]
    assert shelf.versions() == sorted([in_use, newest])
    assert shelf.prune(0) == [newest]
    assert shelf.load().version == in_use
    with pytest.raises(RegistryError, match="found -1, expected 0 or more"):
        shelf.prune(-1)


def test_a_version_whose_age_cannot_be_read_is_not_pruned(shelf: Registry):
    damaged = shelf.versions()[1]
    (shelf.folder / damaged / "manifest.json").write_text("{")

    shelf.prune(0)

    assert damaged in shelf.versions()


def test_a_version_discarded_while_it_is_being_promoted_is_not_put_in_use(shelf: Registry):
    a, b, _ = shelf.versions()

    class Slow(Registry):
        """A registry in which somebody discards the version between its checks and its promotion."""

        def still_in_force(self, known):
            shutil.rmtree(self.folder / b)
            return super().still_in_force(known)

    with pytest.raises(RegistryError, match="was removed meanwhile"):
        promote(Slow(shelf.folder), b)
    assert shelf.load().version == a


@posix_only
def test_the_litter_of_the_dead_is_removed_at_the_next_write_and_the_work_of_the_living_is_not(shelf: Registry):
    code = (
        "import sys, time; from pathlib import Path; from model.storage import new_folder\n"
        "with new_folder(Path(sys.argv[1])) as folder: (folder / 'half').touch(); print('there', flush=True);"
        " time.sleep(60)"
    )
    command = [sys.executable, "-c", code, shelf.folder]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        shelf.discard(shelf.versions()[1])
        assert [(path / "half").exists() for path in litter_in(shelf.folder)] == [True]

        process.send_signal(signal.SIGKILL)
        process.wait()
        assert len(litter_in(shelf.folder)) == 1

    (shelf.folder.parent / f"{UNFINISHED}model.pkl").touch()
    shelf.discard(shelf.versions()[1])
    assert litter_in(shelf.folder) + litter_in(shelf.folder.parent) == []


@posix_only
def test_storing_a_version_removes_the_litter_of_the_dead(shelf: Registry):
    (shelf.folder / f"{UNFINISHED}dead").mkdir()

    with new_folder(shelf.folder) as folder:
        assert litter_in(shelf.folder) == [folder]


def test_who_finds_the_registry_being_written_is_told_by_whom_and_what_for(tmp_path: Path):
    path = tmp_path / ".lock"
    with (
        exclusive(path, "promoting v1"),
        pytest.raises(RegistryError, match=rf"process {os.getpid()}: promoting v1.*try again"),
        exclusive(path, "promoting v2", wait_seconds=0.05),
    ):
        pytest.fail("two hold the lock")

    with exclusive(path, "promoting v2", wait_seconds=0):
        assert is_locked(path)
    assert not is_locked(path)


FULL_DISK = """
import json, resource, sys
from pathlib import Path
from model.errors import ModelError
from model.registry import Registry
from model.storage import new_folder, write_file
from tests.builders import WHEN

registry, said = Registry(Path(sys.argv[1])), []
before = registry.current().version
other = next(version for version in registry.versions() if version != before)

def store():
    with new_folder(registry.folder) as folder:
        write_file(folder / "manifest.json", b"x" * 5000)

def attempt(work):
    try:
        work()
    except ModelError as error:
        said.append([str(error), registry.load().version])

for limit in (0, 600, 1500):
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    attempt(lambda: registry.promote(other, by="me", why="x" * 200, when=WHEN))
    attempt(store)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
print(json.dumps(said))
"""


@posix_only
def test_a_full_disk_is_a_clear_error_and_the_old_version_serves_on(shelf: Registry):
    a, b, _ = shelf.versions()
    before = {path.name: path.read_bytes() for path in (*shelf.folder.glob("*.json*"), shelf.plain_form)}

    command = [sys.executable, "-c", FULL_DISK, shelf.folder]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)

    # Two attempts at each of three sizes a file may have: none, that of the pointer, that of all but model.pkl.
    said = json.loads(done.stdout)
    assert [version for _, version in said] == [a] * 6
    assert all("File too large" in message and "Make room" in message for message, _ in said)
    assert {path.name: path.read_bytes() for path in (*shelf.folder.glob("*.json*"), shelf.plain_form)} == before
    assert litter_in(shelf.folder) + litter_in(shelf.folder.parent) == []

    promote(shelf, b)
    assert shelf.load().version == b
