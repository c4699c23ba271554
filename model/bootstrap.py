"""Intervals by the day-block bootstrap: whole days are resampled, in blocks, together."""

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from model.bars import FloatArray
from model.dataset import Rows, blocks_of
from model.manifest import Interval, Layout

BLOCK_DAYS = 20
LEVEL = 0.95
_DRAWS_AT_ONCE = 100


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

        days, self._day_of_row = np.unique(day, return_inverse=True)
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

    def sums(self, values: FloatArray) -> FloatArray:
        """Return the sum of *values* (one per row) in each resample, by way of day sums."""
        by_day = np.bincount(self._day_of_row, weights=values, minlength=self.n_days)
        return np.asarray(self.counts @ by_day)

    def means(self, values: FloatArray) -> FloatArray:
        """Return the mean of *values* (one per row) in each resample."""
        return self.sums(values) / self.sums(np.ones(len(values)))

    def auc(self, y_true: NDArray[np.int64], y_score: FloatArray) -> FloatArray:
        """Return the area under the ROC curve in each resample; ties count half."""
        order = np.argsort(y_score, kind="stable")
        y, day = y_true[order].astype(np.float64), self._day_of_row[order]
        starts = np.flatnonzero(np.r_[True, np.diff(y_score[order]) > 0])
        areas = []
        for first in range(0, len(self.counts), _DRAWS_AT_ONCE):
            weight = self.counts[first : first + _DRAWS_AT_ONCE, day]
            positives = np.add.reduceat(weight * y, starts, axis=1)
            negatives = np.add.reduceat(weight * (1 - y), starts, axis=1)
            below = np.cumsum(negatives, axis=1) - negatives
            pairs = positives.sum(axis=1) * negatives.sum(axis=1)
            with np.errstate(invalid="ignore", divide="ignore"):
                areas.append((positives * (below + negatives / 2)).sum(axis=1) / pairs)
        return np.concatenate(areas)


def interval_of(draws: FloatArray) -> Interval:
    """Return the percentile interval at `LEVEL` of the resampled values; undefined draws are left out."""
    tail = (1 - LEVEL) / 2
    low, high = np.nanquantile(draws, [tail, 1 - tail])
    return Interval(low=float(low), high=float(high))
