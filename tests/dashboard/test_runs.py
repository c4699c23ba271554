"""Comparing two models on the same rows, and names that cannot lead anywhere."""

from types import SimpleNamespace

import numpy as np
import pytest

from dashboard import comparison, runs
from model.bootstrap import DayBootstrap
from model.bundle import Bundle, OutOfFold
from model.registry import ARTIFACTS, Registry
from tests import builders
from training import jobs


def scored(y_score: np.ndarray, *, seed: int = 0) -> Bundle:
    """Something with out-of-fold rows: four hundred days of one ticker."""
    n = len(y_score)
    y = np.random.default_rng(seed).integers(0, 2, n)
    day = builders.trading_days(n).astype("datetime64[D]")
    rows = OutOfFold(day, np.full(n, "AAA"), y, y_score, np.ones(n, dtype=np.int64), np.zeros(n))
    return SimpleNamespace(out_of_fold=rows)


def knowing(share: float, n: int = 400) -> np.ndarray:
    """Scores that lean towards the truth of `scored` by *share*."""
    y = np.random.default_rng(0).integers(0, 2, n)
    return 0.5 + share * (y - 0.5)


@pytest.mark.parametrize(
    ("challenger", "champion", "outcome"),
    [(0.4, 0.0, "better"), (0.0, 0.4, "worse"), (0.0, 0.0, "not distinguishable")],
)
def test_the_paired_difference_finds_the_better_one(challenger: float, champion: float, outcome: str):
    new, old = scored(knowing(challenger)), scored(knowing(champion))
    found = comparison.compare(new, old, DayBootstrap(new.out_of_fold.day, draws=100))

    assert found.outcome == outcome
    assert outcome in found.sentence
    # By hand: every row of a model that leans by s has the loss -log(0.5 + s / 2).
    expected = np.log(0.5 + champion / 2) - np.log(0.5 + challenger / 2)
    assert found.difference == pytest.approx(expected)


def test_different_rows_are_not_compared():
    new, old = scored(knowing(0.1)), scored(knowing(0.1), seed=1)

    assert comparison.compare(new, old, DayBootstrap(new.out_of_fold.day, draws=100)) is None
    assert comparison.compare(new, scored(knowing(0.1, 300)), DayBootstrap(new.out_of_fold.day, draws=100)) is None


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
