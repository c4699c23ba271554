"""How often the training rows were of the positive class, over bins of each feature: a fact about the data, no score.

Shown beside a model's curve it says what happened at such values. It is no test of a model that was
fitted to the same rows.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.bars import FloatArray
from model.bootstrap import BLOCK_DAYS, DayBootstrap
from model.bundle import Reference
from model.dataset import blocks_of
from model.manifest import MARKET, Layout
from training.estimates import Estimate, mean_over

BINS = 10


@dataclass(frozen=True, slots=True)
class ObservedRate:
    """The rows whose feature lies from `low` to `high`, both seen, around their median `middle`; original units."""

    low: float
    middle: float
    high: float
    rate: Estimate


@dataclass(frozen=True, slots=True)
class ObservedRates:
    """The observed rate over all rows, and over the bins of each feature, in the order of the features."""

    overall: Estimate
    by_feature: tuple[tuple[ObservedRate, ...], ...]


def observed_rates(rows: Reference, *, draws: int, seed: int, layout: Layout = MARKET) -> ObservedRates:
    """Return the rate over *rows* with a known outcome, all of them and by feature, with intervals.

    They resample whole days, or what *layout* has in their place.
    """
    known = ~np.isnan(rows.y)
    blocks, y = blocks_of(rows, layout)[known], rows.y[known]
    days = DayBootstrap(blocks, draws=draws, seed=seed, block_days=BLOCK_DAYS if layout.time else 1)
    return ObservedRates(
        overall=mean_over(y, np.ones(len(y), dtype=np.bool_), days),
        by_feature=tuple(binned_rates(values, y, days) for values in rows.X[known].T),
    )


def binned_rates(
    values: FloatArray, y: FloatArray, days: DayBootstrap, *, bins: int = BINS
) -> tuple[ObservedRate, ...]:
    """Return the mean of *y* in at most *bins* bins of as equal numbers of rows as ties in *values* allow, in order.

    *days* are the resampled days of the rows; a row whose value is NaN is in no bin.
    """
    bin_of = quantile_bins(values, bins)
    found = []
    for number in range(int(bin_of.max(initial=-1)) + 1):
        here = bin_of == number
        low, middle, high = np.quantile(values[here], [0, 0.5, 1])
        found.append(ObservedRate(float(low), float(middle), float(high), mean_over(y, here, days)))
    return tuple(found)


def quantile_bins(values: FloatArray, bins: int) -> NDArray[np.intp]:
    """Return the number of the bin of each value, from 0; -1 for NaN. Equal values share a bin.

    >>> quantile_bins(np.array([5.0, 1.0, 1.0, 9.0, np.nan]), 2).tolist()
    [1, 0, 0, 1, -1]
    """
    known = ~np.isnan(values)
    bin_of = np.full(len(values), -1, dtype=np.intp)
    if not known.any():
        return bin_of
    # Observed values as edges, each the end of the bin below it, so that no edge lies between rounding errors.
    edges = np.quantile(values[known], np.arange(1, bins) / bins, method="inverted_cdf")
    # Ties leave bins without rows: those that are left are numbered anew.
    bin_of[known] = np.unique(np.searchsorted(edges, values[known], side="left"), return_inverse=True)[1]
    return bin_of
