"""Training runs as the dashboard keeps them: one at a time, found again, cleared away; and names that lead nowhere."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from dashboard import runs
from model.errors import TrainingError
from model.locks import lock
from model.registry import ARTIFACTS, Registry
from tests import builders
from training import jobs, turns
from training.train import store


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    return builders.registry(tmp_path)


def run_in(registry: Registry, name: str, status: str) -> Path:
    """A run that has been, without a process."""
    folder = runs.folder_of_runs(registry) / name
    folder.mkdir(parents=True)
    (folder / "status.json").write_text(status)
    return folder


@pytest.fixture
def still_on(registry: Registry) -> Iterator[Path]:
    """A run that is on, as far as anybody can tell: somebody holds its lock."""
    status = '{"state": "running", "step": 3, "total": 9, "message": "fold 3"}'
    folder = run_in(registry, "20240506T070809Z-abcdef", status)
    (folder / "started_by").write_text("Ada")
    with (folder / "alive").open("wb") as file:
        lock(file.fileno())
        yield folder


@pytest.mark.skipif(os.name == "nt", reason="a lock is not handed on to a process there")
def test_a_second_run_is_refused_with_the_name_of_the_one_that_is_on(registry: Registry, still_on: Path):
    expected = r"the one started 2024-05-06 07:08 UTC by Ada is still on \(step 3 of 9: fold 3\)\. Wait until"
    with pytest.raises(TrainingError, match=expected):
        runs.begin(registry, builders.table(), builders.small_settings(), by="Bob")

    assert jobs.folders_in(runs.folder_of_runs(registry)) == [still_on]


def test_a_run_clears_away_those_that_came_to_nothing_and_keeps_what_is_undecided(registry: Registry):
    run_in(registry, "20240101T000000Z-aaaaaa", '{"state": "cancelled"}')
    undecided = run_in(registry, "20240102T000000Z-bbbbbb", '{"state": "finished", "version": "v"}')
    killed = run_in(registry, "20240103T000000Z-cccccc", '{"state": "running"}')
    (killed / "alive").touch()
    (killed / "log.txt").touch()

    with turns.turn(runs.folder_of_runs(registry)):
        assert jobs.folders_in(runs.folder_of_runs(registry)) == [undecided]


def test_discarding_a_run_removes_what_it_stored_and_nothing_that_was_in_use(registry: Registry):
    live, other = registry.current().version, store(builders.result(seed=4), registry, when=builders.WHEN)
    for version in (live, other, other):
        run_in(registry, "20240506T070809Z-abcdef", f'{{"state": "finished", "version": "{version}"}}')
        runs.discard(registry, runs.newest(registry), by="tester")

    assert registry.versions() == [live]
    assert runs.newest(registry) is None


@pytest.mark.parametrize("name", ["../../etc/passwd", "C:\\temp\\x.csv", ".hidden", "a/b.csv", "", "..", "x" * 300])
def test_an_uploaded_name_stays_in_its_folder(tmp_path, name: str):
    path = tmp_path / runs.safe_name(name)

    assert path.parent == tmp_path
    path.write_text("fits")


def test_runs_for_another_registry_are_kept_beside_it(tmp_path):
    assert runs.folder_of_runs(Registry(tmp_path / "artifacts")) == tmp_path / "jobs"
    assert runs.folder_of_runs(Registry(ARTIFACTS)) == jobs.JOBS


def test_the_last_run_is_the_newest(tmp_path):
    registry = Registry(tmp_path / "artifacts")
    for name in ("20240101T000000Z-bbbbbb", "20250101T000000Z-aaaaaa"):
        (tmp_path / "jobs" / name).mkdir(parents=True)
        (tmp_path / "jobs" / name / "status.json").write_text('{"state": "cancelled"}')

    assert runs.newest(registry).started == "2025-01-01 00:00 UTC"
