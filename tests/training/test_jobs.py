"""A training run as a process of its own: alone, found again, cancelled, and its end explained."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from model.errors import TrainingError
from model.locks import is_locked
from model.registry import Registry
from tests import builders
from training import jobs
from training.jobs import Status, cancel, start, status_of
from training.table import write_table
from training.turns import turn

ROOT = Path(__file__).parents[2]
RUN = "20240506T070809Z-abcdef"

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals and locks that are handed on are POSIX")


@pytest.fixture
def arguments(tmp_path: Path) -> list[str]:
    """Options for a run that has folds to report, and takes longer than any test looks at it."""
    write_table(builders.table(days=600), tmp_path / "table.parquet")
    places = ["--registry", str(tmp_path / "artifacts"), "--deliverables", str(tmp_path / "deliverables")]
    settings = ["--first-window", "100", "--fold-days", "100", "--draws", "200000"]
    return ["--data", str(tmp_path / "table.parquet"), *settings, *places]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "jobs" / RUN


def wait_for(folder: Path, happened: Callable[[Status], bool]) -> Status:
    for _ in range(1200):
        if happened(status := status_of(folder)):
            return status
        time.sleep(0.05)
    pytest.fail(f"it did not happen within a minute: {status_of(folder)}")


def is_at_work(status: Status) -> bool:
    return status.step > 0 or status.state != "running"


def test_a_run_that_is_on_is_named_to_who_wants_to_start_a_second(arguments: list[str], folder: Path):
    process = start(arguments, folder)
    try:
        # From its first moment, before its process has said a word.
        with pytest.raises(TrainingError, match=rf"One training run at a time: {RUN} is still on"), turn(folder.parent):
            pytest.fail("two runs at a time")
        at_work = wait_for(folder, is_at_work)
        with pytest.raises(TrainingError, match=rf"step \d+ of {at_work.total}: "), turn(folder.parent):
            pytest.fail("two runs at a time")
    finally:
        process.kill()
        process.wait()

    with turn(folder.parent):
        assert not folder.exists()


def test_two_that_start_at_the_same_moment_take_turns(tmp_path: Path):
    order: list[str] = []

    def second() -> None:
        with turn(tmp_path):
            order.append("second")

    with turn(tmp_path):
        thread = threading.Thread(target=second)
        thread.start()
        time.sleep(0.1)
        order.append("first")
    thread.join()

    assert order == ["first", "second"]


def test_progress_is_by_fold_and_the_log_is_kept(arguments: list[str], folder: Path):
    # Many folds: none may be over before one has looked.
    process = start([*arguments, "--fold-days", "5"], folder)
    try:
        status = wait_for(folder, lambda status: status.step > 1 or status.state != "running")
        assert status.state == "running", status.error
        assert "fold" in status.message
        assert status.total >= 50
        assert (folder / "log.txt").exists()
    finally:
        process.kill()
        process.wait()


def test_a_run_goes_on_when_who_started_it_is_gone(arguments: list[str], folder: Path):
    code = (
        "import sys; from pathlib import Path; from training.jobs import start; start(sys.argv[2:], Path(sys.argv[1]))"
    )
    subprocess.run([sys.executable, "-c", code, folder, *arguments], cwd=ROOT, check=True)

    status = wait_for(folder, is_at_work)
    assert status.state == "running"
    cancel(folder)

    assert wait_for(folder, lambda status: status.state != "running").state == "cancelled"
    # Its last word comes a moment before its end.
    while is_locked(folder / "alive"):
        time.sleep(0.02)


@pytest.mark.parametrize("early", [True, False], ids=["before its first word", "at work"])
def test_a_run_that_is_killed_says_so_and_where_it_was(arguments: list[str], folder: Path, early: bool):
    process = start(arguments, folder)
    at = status_of(folder) if early else wait_for(folder, is_at_work)
    os.kill(process.pid, signal.SIGKILL)

    wait_for(folder, lambda _: (folder / "exit").exists())
    status = status_of(folder)
    assert status.state == "failed"
    assert "ended from outside (SIGKILL), as the system does when memory runs out" in status.error
    assert str(folder / "log.txt") in status.error
    assert early or at.message.split()[0] in status.error


def test_a_killed_run_whose_starter_is_gone_as_well_is_failed_with_what_is_known(folder: Path):
    folder.mkdir(parents=True)
    (folder / "status.json").write_text('{"state": "running", "message": "fold 3 of 9", "pid": 1}')
    (folder / "alive").touch()
    (folder / "log.txt").write_bytes(b"\r 10 % fold 1\r 30 % fold 3")

    status = status_of(folder)

    # Process 1 is always there: that its number is in use says nothing about the run.
    assert status.state == "failed"
    assert status.error.startswith("The run stopped at “fold 3 of 9”: its process ended without a word")


def test_a_crash_shows_its_reason(folder: Path):
    folder.mkdir(parents=True)
    (folder / "status.json").write_text('{"state": "running"}')
    (folder / "alive").touch()
    (folder / "log.txt").write_text("Traceback (most recent call last):\n  File …\nImportError: no module named x\n")

    assert status_of(folder).error == "ImportError: no module named x"


def test_a_run_that_stops_without_a_word_says_its_status_and_last_line(folder: Path):
    folder.mkdir(parents=True)
    (folder / "status.json").write_text('{"state": "running"}')
    (folder / "alive").touch()
    (folder / "exit").write_text("3")
    (folder / "log.txt").write_text("something\nwent wrong\n")

    assert "ended with status 3: went wrong" in status_of(folder).error


def test_a_cancelled_run_leaves_no_version_and_no_litter_after_the_next_write(
    arguments: list[str], folder: Path, tmp_path: Path
):
    process = start(arguments, folder)
    wait_for(folder, is_at_work)

    cancel(folder)
    process.wait()

    registry = Registry(tmp_path / "artifacts")
    assert status_of(folder).state == "cancelled"
    assert registry.versions() == []
    builders.registry(tmp_path)
    assert [path.name for path in registry.folder.glob(".unfinished-*")] == []


def test_runs_are_listed_oldest_first_and_nothing_else_is(tmp_path: Path):
    for name in ("20250101T000000Z-aaaaaa", RUN, "uploads"):
        (tmp_path / name).mkdir()

    assert [path.name for path in jobs.folders_in(tmp_path)] == [RUN, "20250101T000000Z-aaaaaa"]
