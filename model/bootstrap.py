"""Intervals by the day-block bootstrap: whole days are resampled, in blocks, together."""

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from model.bars import FloatArray
from model.dataset import Rows, blocks_of
from model.manifest import Interval, Layout

BLOCK_DAYS = 20
LEVEL = 0.95
# Above this a resampled AUC looks at ranks in bins: work grows with rows times draws below, with rows above.
EXACT_AUC_ROWS = 50_000
RANK_BINS = 1024
# As many as keep what is read at random near the processor, and what is held at once small.
_DRAWS_AT_ONCE = 16
_BINS_AT_ONCE = 256

BoolArray = NDArray[np.bool_]
IndexArray = NDArray[np.int64]


class DayBootstrap:
    """Resampled days (stationary bootstrap, mean block `BLOCK_DAYS`), and statistics over them.

    Rows of one day stand or fall together, and neighbouring days mostly do: that keeps the
    dependence between tickers and between days that a row-by-row bootstrap would hide.

    Parameters
    ----------
    day
        Calendar day of each row.
    draws
        Number of resamples.
    seed
        The same seed gives the same resamples.
    block_days
        Mean length of a block. Groups, and rows without a time, are resampled each on its own: 1.
    """

    def __init__(self, day: NDArray[Any], *, draws: int, seed: int = 0, block_days: int = BLOCK_DAYS) -> None:
        from arch.bootstrap import StationaryBootstrap

        days, position = np.unique(day, return_inverse=True)
        self._day_of_row: NDArray[np.int64] = position.astype(np.int64)
        self.n_days = len(days)
        resampler = StationaryBootstrap(block_days, np.arange(self.n_days), seed=seed)
        #: How often each day occurs in each resample, shape (draws, days).
        self.counts: FloatArray = np.array(
            [np.bincount(data[0], minlength=self.n_days) for data, _ in resampler.bootstrap(draws)], dtype=np.float64
        )

    @classmethod
    def of_rows(cls, rows: Rows, layout: Layout, *, draws: int, seed: int = 0) -> Self:
        """Resample *rows* by what stands or falls together in them."""
        return cls(blocks_of(rows, layout), draws=draws, seed=seed, block_days=BLOCK_DAYS if layout.time else 1)

    @property
    def day_of_row(self) -> NDArray[np.int64]:
        """Position, among the resampled days (groups, or rows without a time), of what each row belongs to."""
        return self._day_of_row

    def sums(self, values: FloatArray, here: BoolArray | None = None) -> FloatArray:
        """Return the sum of *values* in each resample, by way of day sums.

        There is one value for every row, or one for each of the rows that are *here*.
        """
        days = self._day_of_row if here is None else self._day_of_row[here]
        by_day = np.bincount(days, weights=values, minlength=self.n_days)
        return np.asarray(self.counts @ by_day)

    def counts_in(self, group: IndexArray, n_groups: int, here: BoolArray) -> FloatArray:
        """Return how many of the rows that are *here* each resample has of each *group* (0, 1, …), (draws, groups)."""
        cell = self._day_of_row[here] * n_groups + group[here]
        by_day = np.bincount(cell, minlength=self.n_days * n_groups).reshape(self.n_days, n_groups)
        return np.asarray(self.counts @ by_day)

    def means(self, values: FloatArray) -> FloatArray:
        """Return the mean of *values* (one per row) in each resample."""
        return self.sums(values) / self.sums(np.ones(len(values)))

    def auc(self, y_true: NDArray[np.int64], y_score: FloatArray) -> FloatArray:
        """Return the area under the ROC curve in each resample; ties count half.

        Exact up to `EXACT_AUC_ROWS` rows. Above, rows times draws would be too much work: scores are put by
        rank into about `RANK_BINS` bins, equal scores always into the same, and the rows of a bin count as
        tied. Only pairs within a bin can then be counted wrongly, by a half each: where no score is shared
        by many rows that is at most 1 / (2 * RANK_BINS) of the area, and nearly all of it cancels.
        """
        order = np.argsort(y_score)
        positive, day = y_true[order] == 1, self._day_of_row[order]
        starts = np.flatnonzero(np.r_[True, np.diff(y_score[order]) > 0])
        with np.errstate(invalid="ignore", divide="ignore"):
            if len(order) <= EXACT_AUC_ROWS:
                return self._auc_by_rows(positive, day, starts)
            edges = np.linspace(0, len(order), RANK_BINS, endpoint=False)
            bins = np.unique(starts[np.searchsorted(starts, edges, side="right") - 1])
            return self._auc_by_bins(positive, day, np.r_[bins, len(order)])

    def _auc_by_rows(self, positive: BoolArray, day: IndexArray, starts: IndexArray) -> FloatArray:
        """Sum over positive rows the negatives below them and half of those tied with them."""
        score = np.repeat(np.arange(len(starts)), np.diff(np.r_[starts, len(day)]))
        below, up_to = (np.searchsorted(score[~positive], score[positive], side) for side in ("left", "right"))
        tied = not np.array_equal(below, up_to)
        areas = []
        for first in range(0, len(self.counts), _DRAWS_AT_ONCE):
            by_day = np.ascontiguousarray(self.counts[first : first + _DRAWS_AT_ONCE].T)
            weight = by_day[day[positive]]
            negatives = np.zeros((np.sum(~positive) + 1, by_day.shape[1]))
            np.cumsum(by_day[day[~positive]], axis=0, out=negatives[1:])
            won = (negatives[below] + negatives[up_to]) / 2 if tied else negatives[below]
            areas.append((weight * won).sum(axis=0) / (weight.sum(axis=0) * negatives[-1]))
        return np.concatenate(areas)

    def _auc_by_bins(self, positive: BoolArray, day: IndexArray, edges: IndexArray) -> FloatArray:
        """Do the same where all rows between two *edges* are tied: their day sums are enough."""
        # Whole numbers below 2**24 are exact in float32, and cost half.
        by_day = self.counts.T.astype(np.float32)
        pairs, positives, below = (np.zeros(len(self.counts)) for _ in range(3))
        for first in range(0, len(edges) - 1, _BINS_AT_ONCE):
            some = edges[first : first + _BINS_AT_ONCE + 1]
            here, day_here = positive[some[0] : some[-1]], day[some[0] : some[-1]]
            cell = np.repeat(np.arange(len(some) - 1), np.diff(some)) * self.n_days + day_here
            size = (len(some) - 1) * self.n_days
            hits, misses = (
                np.bincount(cell[which], minlength=size).reshape(-1, self.n_days).astype(np.float32) @ by_day
                for which in (here, ~here)
            )
            up_to = below + np.cumsum(misses, axis=0, dtype=np.float64)
            pairs += (hits * (up_to - misses / 2)).sum(axis=0)
            positives += hits.sum(axis=0, dtype=np.float64)
            below = up_to[-1]
        return np.asarray(pairs / (positives * below))


def interval_of(draws: FloatArray) -> Interval:
    """Return the percentile interval at `LEVEL` of the resampled values; undefined draws are left out."""
    tail = (1 - LEVEL) / 2
    low, high = np.nanquantile(draws, [tail, 1 - tail])
    return Interval(low=float(low), high=float(high))
