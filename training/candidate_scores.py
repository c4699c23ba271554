"""Out-of-fold probabilities of candidates: one candidate after another here, or fold by fold on a cluster."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from model.bars import FloatArray
from model.creation import Progress
from model.dataset import FeatureTable
from model.errors import TrainingError
from model.evaluation import IntArray
from model.folds import RowFold, out_of_fold_scores
from training.candidates import Candidate, KnownBefore
from training.cluster import parallel_map


@dataclass(frozen=True, slots=True)
class FoldedRows:
    """Rows of a known target with their folds, and what rules know of each row before its outcome."""

    table: FeatureTable
    y: IntArray
    folds: Sequence[RowFold]
    before: KnownBefore


@dataclass(frozen=True, slots=True)
class CandidateScores:
    """A candidate's out-of-fold probabilities, and the seconds that fitting and scoring took; 0 for a rule."""

    y_score: FloatArray
    seconds: float


# What scores candidates on rows, one after another or otherwise, and tells how far it is.
ScoreCandidates: TypeAlias = Callable[
    [Sequence[Candidate], FoldedRows, Callable[[Progress], None]], list[CandidateScores]
]


def scores_here(
    candidates: Sequence[Candidate], rows: FoldedRows, on_progress: Callable[[Progress], None]
) -> list[CandidateScores]:
    """Score one candidate after another in this process."""
    found = []
    for step, candidate in enumerate(candidates):
        label = candidate.label_for(rows.table.target)
        on_progress(Progress(step, len(candidates), f"fitting and scoring {label}"))
        if candidate.make is None:
            found.append(_of_rule(candidate, rows))
            continue
        start = time.perf_counter()
        scores = out_of_fold_scores(rows.table.X, rows.y, list(rows.folds), candidate.make)
        found.append(CandidateScores(scores.y_score, time.perf_counter() - start))
    on_progress(Progress(len(candidates), len(candidates), "done"))
    return found


def scores_on_cluster(
    candidates: Sequence[Candidate], rows: FoldedRows, on_progress: Callable[[Progress], None]
) -> list[CandidateScores]:
    """Score every fold of every candidate as a task of its own; inside `training.cluster.on_cluster`.

    Each fold is fitted from nothing, as here on tables below `model.warm_start.FEWEST_ROWS` rows: there the
    probabilities are the same. On larger ones a logistic regression here begins where the fold before ended,
    and coefficients agree to 1e-6.
    """
    tasks, names = [], []
    for candidate, (position, fold) in product(candidates, enumerate(rows.folds)):
        if candidate.make is not None:
            tasks.append(_FoldTask(candidate.make, position, fold.number))
            names.append(f"{candidate.label_for(rows.table.target)}, fold {fold.number} of {len(rows.folds)}")
    # Arrays, for those are sent to a worker once; a line for each fold.
    train, test = (np.array([getattr(fold, part) for fold in rows.folds]) for part in ("train", "test"))
    on_progress(Progress(0, len(tasks), "sending the rows to the workers"))

    def announce(done: int) -> None:
        on_progress(Progress(done, len(tasks), f"fitted and scored {names[done - 1]}"))

    parts = iter(parallel_map(fold_scores, tasks, rows.table.X, rows.y, train, test, on_done=announce))
    return [
        _of_rule(candidate, rows) if candidate.make is None else _joined([next(parts) for _ in rows.folds], rows)
        for candidate in candidates
    ]


@dataclass(frozen=True, slots=True)
class _FoldTask:
    """Which pipeline is fitted, and for which fold."""

    make: Callable[[], Any]
    position: int
    number: int


def fold_scores(
    task: _FoldTask, X: FloatArray, y: IntArray, train: NDArray[np.bool_], test: NDArray[np.bool_]
) -> CandidateScores:
    """Fit a pipeline for one fold and score its test rows; *train* and *test* have a line for each fold.

    A function of a module with arrays beside the task: a worker imports it, and keeps the arrays for the next task.
    """
    import joblib

    fold = RowFold(task.number, train[task.position], test[task.position])
    start = time.perf_counter()
    # The folds fill the cluster already: what a fit could share out stays in its task.
    with joblib.parallel_config("sequential"):
        p = out_of_fold_scores(X, y, [fold], task.make).y_score[fold.test]
    return CandidateScores(p, time.perf_counter() - start)


def _joined(parts: Sequence[CandidateScores], rows: FoldedRows) -> CandidateScores:
    """Put the scores of all folds where their rows are; NaN where no fold tests a row."""
    y_score = np.full(len(rows.y), np.nan)
    for fold, part in zip(rows.folds, parts, strict=True):
        y_score[fold.test] = part.y_score
    return CandidateScores(y_score, sum(part.seconds for part in parts))


def _of_rule(candidate: Candidate, rows: FoldedRows) -> CandidateScores:
    if candidate.rule is None:
        msg = f"The candidate {candidate.name} has neither a pipeline nor a rule: give it one."
        raise TrainingError(msg)
    return CandidateScores(candidate.rule(rows.before), 0.0)
