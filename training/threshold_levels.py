"""The distinct sets of called rows that a grid of thresholds leads to, and sums over them."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from model.bars import FloatArray
from model.thresholds import IntArray

# Keeps the resampled sums of a block in a few megabytes, and is wide enough for a fast matrix product.
LEVELS_AT_ONCE = 64


def threshold_grid(*own: float) -> FloatArray:
    """Return the thresholds 0, 0.001, …, 1, and *own* ones that lie between them.

    >>> threshold_grid(0.44).size, threshold_grid(0.4437).size
    (1001, 1002)
    """
    return np.union1d(np.arange(1001) / 1000, own)


@dataclass(frozen=True, slots=True)
class Levels:
    """Each distinct set of called rows is a level; level 0 belongs to the lowest threshold and calls most.

    Parameters
    ----------
    thresholds
        The grid, ascending.
    level
        Level of each threshold.
    reach
        At how many levels each row is called: a row is called at level j where its reach is above j.
    n
        Number of levels.
    """

    thresholds: FloatArray
    level: IntArray
    reach: IntArray
    n: int

    def called_sums(self, values: FloatArray) -> FloatArray:
        """Return the sum of *values* over the called rows of each level."""
        by_reach = np.bincount(self.reach, weights=values, minlength=self.n + 1)
        return np.asarray(by_reach[::-1].cumsum()[::-1][1:], dtype=np.float64)

    def left_sums(self, values: FloatArray) -> FloatArray:
        """Return the sum of *values* over the rows that are not called, at each level."""
        by_reach = np.bincount(self.reach, weights=values, minlength=self.n + 1)
        return np.asarray(by_reach.cumsum()[:-1], dtype=np.float64)

    @property
    def calls(self) -> IntArray:
        """How many rows each level calls."""
        return self.called_sums(np.ones(len(self.reach))).astype(np.int64)

    def blocks(self) -> Iterator[slice]:
        """Yield all levels, some at a time."""
        for first in range(0, self.n, LEVELS_AT_ONCE):
            yield slice(first, min(first + LEVELS_AT_ONCE, self.n))

    def called_sums_by_group(self, values: FloatArray, group: IntArray, n_groups: int, block: slice) -> FloatArray:
        """Return the sums over called rows within each group (a day, a month), shape (groups, levels of *block*)."""
        return self._by_group(values, group, n_groups, block)[:, ::-1].cumsum(axis=1)[:, ::-1][:, 1:]

    def left_sums_by_group(self, values: FloatArray, group: IntArray, n_groups: int, block: slice) -> FloatArray:
        """Return the sums over the rows not called within each group, shape (groups, levels of *block*)."""
        return self._by_group(values, group, n_groups, block).cumsum(axis=1)[:, :-1]

    def _by_group(self, values: FloatArray, group: IntArray, n_groups: int, block: slice) -> FloatArray:
        width = block.stop - block.start + 1
        reach = np.clip(self.reach, block.start, block.stop) - block.start
        flat = np.bincount(group * width + reach, weights=values, minlength=n_groups * width)
        return np.asarray(flat, dtype=np.float64).reshape(n_groups, width)


def levels_of(y_score: FloatArray, thresholds: FloatArray) -> Levels:
    """Return the levels that *thresholds* lead to; a score equal to a threshold is a call.

    >>> found = levels_of(np.array([0.2, 0.6]), np.array([0, 0.1, 0.2, 0.3, 0.6, 0.7]))
    >>> found.level.tolist(), found.calls.tolist()
    ([0, 0, 0, 1, 1, 2], [2, 1, 0])
    """
    grid = np.unique(thresholds)
    left_out = np.searchsorted(np.sort(y_score), grid, side="left")
    _, first, level = np.unique(left_out, return_index=True, return_inverse=True)
    reach = np.searchsorted(grid[first], y_score, side="right")
    return Levels(grid, level.astype(np.int64), reach.astype(np.int64), len(first))
