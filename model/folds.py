"""Folds of an expanding window with a gap, and the out-of-fold scores they give."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.bars import FloatArray
from model.errors import TrainingError


@dataclass(frozen=True, slots=True)
class DayFold:
    """One fold, in positions of calendar days, oldest first."""

    number: int
    train: slice
    test: slice


def walk_forward_folds(n_days: int, *, first_window: int, step: int, gap: int) -> Iterator[DayFold]:
    """Yield folds of an expanding window, oldest first; the last one takes what days remain.

    Parameters
    ----------
    n_days
        Calendar days in all.
    first_window
        Days in the first training window.
    step
        Days in each test window, and by which the training window grows.
    gap
        Days dropped between train and test. Keep it at least as long as the target's horizon, or
        the last training labels are read from test days.

    >>> [(f.train.stop, f.test.start, f.test.stop) for f in walk_forward_folds(9, first_window=4, step=3, gap=1)]
    [(4, 5, 8), (7, 8, 9)]
    """
    for number, train_stop in enumerate(range(first_window, n_days - gap, step), 1):
        test_start = train_stop + gap
        yield DayFold(number, slice(0, train_stop), slice(test_start, min(test_start + step, n_days)))


@dataclass(frozen=True, slots=True)
class RowFold:
    """One fold, as masks over rows."""

    number: int
    train: NDArray[np.bool_]
    test: NDArray[np.bool_]


def folds_by_day(day: NDArray[np.datetime64], *, first_window: int, step: int, gap: int) -> list[RowFold]:
    """Return the walk-forward folds of rows; all rows of a day are on the same side.

    Raises
    ------
    TrainingError
        There are too few days for one fold.
    """
    days, position = np.unique(day, return_inverse=True)
    folds = [
        RowFold(fold.number, position < fold.train.stop, (position >= fold.test.start) & (position < fold.test.stop))
        for fold in walk_forward_folds(len(days), first_window=first_window, step=step, gap=gap)
    ]
    if not folds:
        msg = (
            f"The table has {len(days):,} usable days; walk-forward evaluation needs more than"
            f" {first_window + gap:,} (a first window of {first_window:,} and a gap of {gap})."
            " Supply a longer history, or lower --first-window."
        )
        raise TrainingError(msg)
    return folds


@dataclass(frozen=True, slots=True)
class Scores:
    """Out-of-fold probabilities of all rows; NaN, and fold 0, where a row is in no test window."""

    y_score: FloatArray
    fold: NDArray[np.int64]
    base_rate: FloatArray


def out_of_fold_scores(
    X: FloatArray,
    y: NDArray[np.int64],
    folds: list[RowFold],
    make_pipeline: Callable[[], Any],
    on_fold: Callable[[RowFold], None] = lambda _: None,
) -> Scores:
    """Score every test row by a pipeline fitted on that fold's training rows only.

    `base_rate` is the share of positives in the training rows of the row's fold: what a model
    without features would say.
    """
    scores = Scores(np.full(len(y), np.nan), np.zeros(len(y), dtype=np.int64), np.full(len(y), np.nan))
    for fold in folds:
        on_fold(fold)
        if len(np.unique(y[fold.train])) < 2:
            msg = (
                f"The training rows of fold {fold.number} hold one class only;"
                " supply a longer history, or raise --first-window."
            )
            raise TrainingError(msg)
        pipeline = make_pipeline().fit(X[fold.train], y[fold.train])
        scores.y_score[fold.test] = pipeline.predict_proba(X[fold.test])[:, 1]
        scores.fold[fold.test] = fold.number
        scores.base_rate[fold.test] = y[fold.train].mean()
    return scores
