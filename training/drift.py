"""Whether a feature has drifted between two sets of training rows, or only looks like it.

Days resemble their neighbours, and rows of one day each other: the usual limits for the population stability
index (0.1, 0.25) and the usual p-values of Kolmogorov and Smirnov take rows to have nothing in common, and cry wolf.
Here the rows stay as they are, whole days in their order, and the span that is called new is moved along them.
How far apart two such spans lie by chance is what the same history shows at every other place.

Spans are moved along a ring, whose end joins its beginning. In truth nothing comes after the last day: what is new
has old days on one side only, resembles them less than a span in the middle, and lies further off without any
drift. The limits are wider by as much as that makes out, which the persistence of each feature tells. In simulated
records of eight features without drift, 250 to 3,000 days whose features last for up to 200, any was beyond any of its
limits in 2 to 8 % of records; without the widening it was in 5 to 19 %.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.bars import FloatArray

RESAMPLES = 1000
LEVEL = 0.95
# Below this many units no arrangement of them is rare enough to be told from chance.
FEWEST_UNITS = 40
PSI_BINS = 10
# The distance is taken at so many places at most: it falls short of the exact one by less than one in that number.
DISTANCE_PLACES = 128
PERSISTENCE_LAGS = (1, 2, 5, 10, 20)

BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class FeatureDrift:
    """How far apart two sets of rows lie in one feature.

    `psi` is the population stability index over ten bins that hold equally many of all rows, `distance` that of
    Kolmogorov and Smirnov. Chance alone takes any of the features beyond any of the limits about once in twenty times.
    """

    name: str
    old_median: float
    new_median: float
    psi: float
    psi_limit: float
    distance: float
    distance_limit: float

    @property
    def told_apart(self) -> bool:
        """Whether the two sets lie further apart than chance would have it."""
        return self.psi > self.psi_limit or self.distance > self.distance_limit


@dataclass(frozen=True, slots=True)
class Panel:
    """All rows of two versions, each once: `unit` is its day (else group, else itself), in order from 0.

    `in_old` and `in_new` say for each unit whether its rows are among those of the version; `ordered` whether
    units resemble their neighbours, as days do.
    """

    X: FloatArray
    unit: NDArray[np.int64]
    in_old: BoolArray
    in_new: BoolArray
    ordered: bool

    @property
    def has_moved(self) -> bool:
        """Whether the two versions know different units."""
        return bool(np.any(self.in_old != self.in_new))


def feature_drift(panel: Panel, names: Sequence[str], *, seed: int = 0) -> tuple[FeatureDrift, ...]:
    """Return the drift of each feature; the columns of `panel.X` are those of *names*."""
    old, new = _arrangements(panel, seed)
    figures = np.concatenate([_figures(values, panel.unit, old, new) for values in panel.X.T])
    limits = _limits(figures) * np.ravel([[wider**2, wider] for wider in widening(panel)])
    was, now = panel.in_old[panel.unit], panel.in_new[panel.unit]
    return tuple(
        FeatureDrift(
            name=name,
            old_median=float(np.median(panel.X[was, column])),
            new_median=float(np.median(panel.X[now, column])),
            psi=float(figures[2 * column, 0]),
            psi_limit=float(limits[2 * column]),
            distance=float(figures[2 * column + 1, 0]),
            distance_limit=float(limits[2 * column + 1]),
        )
        for column, name in enumerate(names)
    )


def _arrangements(panel: Panel, seed: int) -> tuple[FloatArray, FloatArray]:
    """Return which units are old and which new in each arrangement, the true one first; shape (arrangements, units).

    Days are turned round as a ring, so that spans stay whole; units that have nothing in common are shuffled.
    """
    n = len(panel.in_old)
    if panel.ordered:
        shifts = np.arange(min(n, RESAMPLES)) * n // min(n, RESAMPLES)
        order = (np.arange(n)[None, :] - shifts[:, None]) % n
    else:
        rng = np.random.default_rng(seed)
        order = np.stack([np.arange(n), *(rng.permutation(n) for _ in range(RESAMPLES - 1))])
    return panel.in_old[order].astype(np.float32), panel.in_new[order].astype(np.float32)


def widening(panel: Panel) -> FloatArray:
    """Return, for each feature, by how much old and new lie further apart at the end of a record than on a ring.

    That is the ratio of two standard deviations of the difference of their means, for a feature of the persistence
    seen. 1 where the order of units means nothing.
    """
    if not panel.ordered:
        return np.ones(panel.X.shape[1])
    n = len(panel.in_old)
    weight = panel.in_new / panel.in_new.sum() - panel.in_old / panel.in_old.sum()
    lag = np.arange(n)
    # Of pairs of units so many apart: in the record as it is, and on average over all places of the ring.
    in_record = np.correlate(weight, weight, "full")[n - 1 :]
    on_ring = (in_record + np.r_[0, in_record[:0:-1]]) * (1 - lag / n)
    twice = np.where(lag == 0, 1.0, 2.0)
    wider = []
    for values in panel.X.T:
        alike = twice * persistence(values, panel.unit, n) ** lag
        wider.append(max(1.0, float(alike @ in_record) / float(alike @ on_ring)) ** 0.5)
    return np.array(wider)


def persistence(values: FloatArray, unit: NDArray[np.int64], n: int) -> float:
    """Return how much of a feature's rank lasts from one unit to the next, as the unit means of ranks show it.

    Rows that differ within a unit, and noise, hide it from neighbours rather than from units further apart: the
    lag at which most seems to last counts.
    """
    from scipy.stats import rankdata  # type: ignore[import-untyped]  # scipy comes without types

    ranks = np.bincount(unit, rankdata(values), n) / np.maximum(np.bincount(unit, minlength=n), 1)
    ranks -= ranks.mean()
    if not ranks.any():
        return 0.0
    seen = {lag: float(ranks[lag:] @ ranks[:-lag]) / float(ranks @ ranks) for lag in PERSISTENCE_LAGS}
    lasting = max((found ** (1 / lag) for lag, found in seen.items() if found > 2 / n**0.5), default=0.0)
    # A record's own mean takes some of it away, by Kendall's (1 + 3 rho) / n.
    return min(lasting + (1 + 3 * lasting) / n, 1 - 1 / n)


def _figures(values: FloatArray, unit: NDArray[np.int64], old: FloatArray, new: FloatArray) -> FloatArray:
    """Return the stability index and the distance of one feature in each arrangement, shape (2, arrangements)."""
    wide, fine = _places(values, PSI_BINS), _places(values, DISTANCE_PLACES)
    by_unit = _counts(values, unit, wide, old.shape[1])
    shares_old, shares_new = (_shares(members @ by_unit + 0.5) for members in (old, new))
    psi = np.sum((shares_new - shares_old) * np.log(shares_new / shares_old), axis=1)
    by_unit = _counts(values, unit, fine, old.shape[1])
    below_old, below_new = (np.cumsum(_shares(members @ by_unit), axis=1) for members in (old, new))
    return np.stack([psi, np.max(np.abs(below_new - below_old), axis=1)])


def _places(values: FloatArray, bins: int) -> FloatArray:
    """Return the values between *bins* bins of equally many rows; fewer where many rows have one value."""
    inner = np.quantile(values, np.arange(1, bins) / bins, method="lower")
    distinct = np.unique(inner)
    return np.asarray(distinct[distinct < values.max()], dtype=np.float64)


def _counts(values: FloatArray, unit: NDArray[np.int64], places: FloatArray, n_units: int) -> FloatArray:
    width = len(places) + 1
    cell = unit * width + np.searchsorted(places, values, side="left")
    return np.bincount(cell, minlength=n_units * width).reshape(n_units, width).astype(np.float32)


def _shares(counts: NDArray[Any]) -> FloatArray:
    # A ring of days of unlike sizes may leave an arrangement without a row: it says nothing, and counts as no drift.
    exact = counts.astype(np.float64)
    return np.asarray(exact / np.maximum(exact.sum(axis=1, keepdims=True), 1))


def _limits(figures: FloatArray) -> FloatArray:
    """Return a limit for each figure (one a line) such that in 5 % of arrangements any is beyond its own."""
    # The stability index grows with the square of a difference; each figure counts in units of its own median.
    grows = np.where(np.arange(len(figures)) % 2 == 0, 0.5, 1.0)
    usual = np.median(figures, axis=1)
    units = np.where(usual > 0, usual, np.inf)
    furthest = np.max((figures / units[:, None]) ** grows[:, None], axis=0)
    return np.asarray(usual * np.quantile(furthest, LEVEL, method="higher") ** (1 / grows), dtype=np.float64)
