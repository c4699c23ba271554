"""Folds of an expanding or rolling window with a gap, and the out-of-fold scores they give."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.bars import FloatArray
from model.errors import TrainingError
from model.scoring import LinearScorer
from model.warm_start import FEWEST_ROWS, Fit, WarmStart, penalty_of


@dataclass(frozen=True, slots=True)
class DayFold:
    """One fold, in positions of calendar days, oldest first."""

    number: int
    train: slice
    test: slice


def walk_forward_folds(
    n_days: int, *, first_window: int, step: int, gap: int, rolling: bool = False
) -> Iterator[DayFold]:
    """Yield folds of an expanding or rolling window, oldest first; the last one takes what days remain.

    Parameters
    ----------
    n_days
        Calendar days in all.
    first_window
        Days in the first training window.
    step
        Days in each test window, and by which the training window grows or moves on.
    gap
        Days dropped between train and test. Keep it at least as long as the target's horizon, or
        the last training labels are read from test days.
    rolling
        Train on the last `first_window` days only, where an expanding window takes all days before.

    >>> [(f.train.stop, f.test.start, f.test.stop) for f in walk_forward_folds(9, first_window=4, step=3, gap=1)]
    [(4, 5, 8), (7, 8, 9)]
    >>> [f.train for f in walk_forward_folds(9, first_window=4, step=3, gap=1, rolling=True)]
    [slice(0, 4, None), slice(3, 7, None)]
    """
    for number, train_stop in enumerate(range(first_window, n_days - gap, step), 1):
        test_start = train_stop + gap
        train_start = train_stop - first_window if rolling else 0
        yield DayFold(number, slice(train_start, train_stop), slice(test_start, min(test_start + step, n_days)))


@dataclass(frozen=True, slots=True)
class RowFold:
    """One fold, as masks over rows."""

    number: int
    train: NDArray[np.bool_]
    test: NDArray[np.bool_]


def folds_by_day(
    day: NDArray[np.datetime64],
    *,
    first_window: int,
    step: int,
    gap: int,
    rolling: bool = False,
    label_day: NDArray[np.datetime64] | None = None,
) -> list[RowFold]:
    """Return the walk-forward folds of rows; all rows of a day are on the same side.

    Parameters
    ----------
    day
        The day of each row.
    first_window, step, gap, rolling
        As for `walk_forward_folds`.
    label_day
        The day on which the label of each row is known. A row that is known only from the first test day
        on is left out of training, however wide the gap: where a ticker pauses, its next row is far away.

    Raises
    ------
    TrainingError
        There are too few days for one fold.
    """
    days, position = np.unique(day, return_inverse=True)
    known = position if label_day is None else np.searchsorted(days, label_day)
    folds = [
        RowFold(
            fold.number,
            (position >= fold.train.start) & (position < fold.train.stop) & (known < fold.test.start),
            (position >= fold.test.start) & (position < fold.test.stop),
        )
        for fold in walk_forward_folds(len(days), first_window=first_window, step=step, gap=gap, rolling=rolling)
    ]
    if not folds:
        msg = (
            f"The table has {len(days):,} usable days; walk-forward evaluation needs more than"
            f" {first_window + gap:,} (a first window of {first_window:,} and a gap of {gap})."
            " Supply a longer history, or lower --first-window."
        )
        raise TrainingError(msg)
    return folds


def label_days(day: NDArray[np.datetime64], ticker: NDArray[np.str_], horizon: int) -> NDArray[np.datetime64]:
    """Return the day on which each row's label is known: that of the ticker's row *horizon* rows later.

    Rows are by ticker, then day; on a ticker's last rows it is NaT.

    >>> day = np.array(["2001-01-01", "2001-01-02", "2001-01-05", "2001-01-01"], dtype="datetime64[D]")
    >>> label_days(day, np.array(["A", "A", "A", "B"]), 1).astype(str).tolist()
    ['2001-01-02', '2001-01-05', 'NaT', 'NaT']
    """
    later = np.full(len(day), np.datetime64("NaT"), dtype="datetime64[D]")
    same = ticker[horizon:] == ticker[:-horizon]
    later[:-horizon][same] = day[horizon:][same]
    return later


@dataclass(frozen=True, slots=True)
class Scores:
    """Out-of-fold probabilities of all rows; NaN, and fold 0, where a row is in no test window."""

    y_score: FloatArray
    fold: NDArray[np.int64]
    base_rate: FloatArray


def made_ready(X: FloatArray, folds: list[RowFold], make_pipeline: Callable[[], Any]) -> WarmStart | None:
    """Make rows ready for several calls of `out_of_fold_scores`; None where each fold is fitted from nothing."""
    if len(X) < FEWEST_ROWS or penalty_of(make_pipeline()) is None:
        return None
    return WarmStart.prepare(X, [fold.train for fold in folds])


def out_of_fold_scores(
    X: FloatArray,
    y: NDArray[np.int64],
    folds: list[RowFold],
    make_pipeline: Callable[[], Any],
    on_fold: Callable[[RowFold], None] = lambda _: None,
    *,
    ready: WarmStart | None = None,
) -> Scores:
    """Score every test row by a pipeline fitted on that fold's training rows only.

    `base_rate` is the share of positives in the training rows of the row's fold: what a model
    without features would say. From `warm_start.FEWEST_ROWS` rows on, fits of a logistic regression
    each begin where the one before ended; *ready* is what `made_ready` returned, where it was called before.
    """
    scores = Scores(np.full(len(y), np.nan), np.zeros(len(y), dtype=np.int64), np.full(len(y), np.nan))
    penalty = penalty_of(make_pipeline()) if len(y) >= FEWEST_ROWS else None
    fits: Iterator[Fit | None] | None = None
    for fold in folds:
        on_fold(fold)
        positives, n_train = int(y[fold.train].sum()), int(fold.train.sum())
        if positives in (0, n_train):
            msg = (
                f"The training rows of fold {fold.number} hold one class only;"
                " supply a longer history, or raise --first-window."
            )
            raise TrainingError(msg)
        if fold is folds[0] and penalty is not None and (ready := ready or made_ready(X, folds, make_pipeline)):
            fits = ready.fits(y, penalty)
        if fits is not None and (fit := next(fits)) is not None:
            scores.y_score[fold.test] = LinearScorer(*fit).many(X[fold.test])
        else:
            pipeline = make_pipeline().fit(X[fold.train], y[fold.train])
            scores.y_score[fold.test] = pipeline.predict_proba(X[fold.test])[:, 1]
        scores.fold[fold.test] = fold.number
        scores.base_rate[fold.test] = positives / n_train
    return scores
