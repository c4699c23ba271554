"""Areas under the ROC curve, and how far they vary when days are resampled."""

import numpy as np

from model.bars import FloatArray
from model.bootstrap import DayBootstrap
from model.evaluation import auc

FEWEST_OF_A_CLASS = 5


def middle_ranks(values: FloatArray) -> FloatArray:
    """Return the rank of each value from 1; equal values share the middle of theirs.

    >>> middle_ranks(np.array([3.0, 1.0, 3.0])).tolist()
    [2.5, 1.0, 2.5]
    """
    _, position, count = np.unique(values, return_inverse=True, return_counts=True)
    return np.asarray((np.cumsum(count) - (count - 1) / 2)[position])


def area_and_draws(y: FloatArray, score: FloatArray, days: DayBootstrap) -> tuple[float, FloatArray]:
    """Return the AUC of *score* and its values over resampled days.

    Rows where *y* or *score* is NaN are left out. To first order: each row's share in the area is
    resampled, as DeLong's variance does; sorting anew for every draw would change no digit that matters.
    Both are NaN where a class has hardly any rows.
    """
    used = ~np.isnan(y) & ~np.isnan(score)
    true, ranked = y[used] == 1, middle_ranks(score[used])
    positives, negatives = int(true.sum()), int((~true).sum())
    if min(positives, negatives) < FEWEST_OF_A_CLASS:
        return float("nan"), np.full(len(days.counts), np.nan)
    area = auc(true.astype(np.int64), ranked)
    share = np.empty(len(true))
    share[true] = (ranked[true] - middle_ranks(ranked[true])) / negatives
    share[~true] = 1 - (ranked[~true] - middle_ranks(ranked[~true])) / positives
    influence = np.zeros(len(y))
    influence[used] = (share - area) / np.where(true, positives, negatives)
    return area, area + days.sums(influence)
