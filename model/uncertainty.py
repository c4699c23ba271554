"""How uncertain a probability is: a 95 % interval, and what it does not include."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from model.bars import FloatArray
from model.manifest import MARKET, CalibrationBin, Layout
from model.scoring import LinearScorer

if TYPE_CHECKING:
    from model.bundle import Bundle

LEVEL = 0.95
NORMAL_QUANTILE = 1.96

# Directions in which the training rows hold less than this share of the information of the best known
# one are collinear but for rounding; real features, with variance inflation in the hundreds, hold 1e-4.
SMALLEST_INFORMATION = 1e-10


@dataclass(frozen=True, slots=True)
class ProbabilityInterval:
    """A 95 % interval around one probability, with a sentence on how it was obtained."""

    low: float
    high: float
    how: str


@dataclass(frozen=True, slots=True)
class WeightUncertainty:
    """The covariance of a linear model's intercept and weights, in standardised units.

    `factor` times its own transpose is the covariance; `center` and `scale` standardise a row.
    """

    scorer: LinearScorer
    center: FloatArray
    scale: FloatArray
    factor: FloatArray
    how: str

    def interval(self, row: Sequence[float]) -> tuple[float, float]:
        """Return the ends of the interval for one row."""
        low, high = self.intervals(np.asarray([row], dtype=np.float64))
        return float(low[0]), float(high[0])

    def intervals(self, X: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the lower and the upper ends for *X*, shape (rows, features).

        Where a row is so far out that its log-odds exceed floating point, they are 0 and 1.
        """
        with np.errstate(over="ignore", invalid="ignore"):
            Z = np.column_stack([np.ones(len(X)), (X - self.center) / self.scale])
            # Squares of large numbers overflow: the length is taken in units of the largest.
            largest = np.abs(Z).max(axis=1)
            spread = largest * np.linalg.norm((Z / largest[:, None]) @ self.factor, axis=1)
            log_odds = X @ np.asarray(self.scorer.weights) + self.scorer.intercept
            low, high = log_odds - NORMAL_QUANTILE * spread, log_odds + NORMAL_QUANTILE * spread
        return np.where(np.isnan(low), 0.0, _sigmoid(low)), np.where(np.isnan(high), 1.0, _sigmoid(high))


def weight_uncertainty(
    scorer: LinearScorer, day: NDArray[Any], X: FloatArray, y: FloatArray, layout: Layout = MARKET
) -> WeightUncertainty | None:
    """Return how uncertain the weights of *scorer* are, as estimated from rows clustered by day.

    *day* says of each row what it stands or falls with: its day, or what *layout* has in its place.

    The sandwich estimator of logistic regression at the weights as they are, with the usual correction
    for few clusters, G / (G - 1) · (n - 1) / (n - rank). Rows whose *y* is NaN are left out. A constant
    or collinear direction carries no information: a pseudo-inverse leaves it out. None where the rows
    cannot tell: one class only, no more days than parameters, or every probability is 0 or 1.
    """
    known = ~np.isnan(y)
    day, X, y = day[known], X[known], y[known]
    days, day_of = np.unique(day, return_inverse=True)
    if len(days) <= X.shape[1] + 1 or y.min() == y.max():
        return None
    varies = X.max(axis=0) > X.min(axis=0)
    center = np.where(varies, X.mean(axis=0), X[0])
    scale = np.where(varies, X.std(axis=0), 1.0)
    Z = np.column_stack([np.ones(len(X)), (X - center) / scale])
    p = scorer.many(X)
    information, directions = np.linalg.eigh((Z * (p * (1 - p))[:, None]).T @ Z)
    informed = information > SMALLEST_INFORMATION * information[-1]
    rank = int(informed.sum())
    if rank == 0:
        return None
    bread = directions[:, informed] / information[informed] @ directions[:, informed].T
    score = np.zeros((len(days), Z.shape[1]))
    np.add.at(score, day_of, Z * (y - p)[:, None])
    few = len(days) / (len(days) - 1) * (len(y) - 1) / (len(y) - rank)
    triangle = np.asarray(np.linalg.qr(score, mode="r"))
    factor = math.sqrt(few) * bread @ triangle.T
    how = _how(len(y), len(days), Z.shape[1] - rank, layout)
    return WeightUncertainty(scorer, center, scale, factor, how)


def _how(rows: int, days: int, left_out: int, layout: Layout) -> str:
    together, apart = "rows taken as independent (", "that rows may depend on each other, or new ones be others"
    if layout.time:
        together, apart = (
            f"rows of one day taken together ({days:,} days; ",
            "that days may depend on each other or change",
        )
    elif layout.group:
        together, apart = f"rows of one group taken together ({days:,} groups; ", "that new groups may be others"
    gap = f", nor {left_out} combination(s) of features in which those rows do not vary" if left_out else ""
    return (
        f"From the covariance of the weights over the {rows:,} training rows with a known outcome, {together}sandwich"
        " estimator, normal on the log-odds scale); it does not include that the form of the model may be wrong,"
        f" {apart}, or that weights were shrunk in training{gap}."
    )


@dataclass(frozen=True, slots=True)
class CalibrationUncertainty:
    """What came true where a model without weights said about the same, on out-of-fold rows."""

    bins: tuple[CalibrationBin, ...]

    def interval_at(self, probability: float) -> ProbabilityInterval | None:
        """Return the interval of the observed rate in the bin that holds *probability*; None if none does."""
        # An edge belongs to the bin above it, and the last one to the last bin, as when the bins were filled.
        holding = [found for found in self.bins if found.low <= probability <= found.high]
        if not holding:
            return None
        found = max(holding, key=lambda one: one.low)
        how = (
            f"From what came true on the {found.n:,} out-of-fold rows whose probability was between {found.low:.4g}"
            f" and {found.high:.4g}; it does not include what sets this row apart from those, and need not hold"
            " the probability itself."
        )
        return ProbabilityInterval(found.interval.low, found.interval.high, how)


@dataclass(frozen=True, slots=True)
class ProbabilityIntervals:
    """Where the intervals of a bundle's probabilities come from; None where its training rows cannot tell."""

    source: WeightUncertainty | CalibrationUncertainty | None

    @classmethod
    def of(cls, bundle: "Bundle") -> "ProbabilityIntervals":
        """Prepare the intervals of *bundle*, once for all rows; of a linear one, the training rows are read."""
        if isinstance(bundle.scorer, LinearScorer):
            rows = bundle.reference
            layout = bundle.manifest.layout
            # Not by the handful, as in resampling: each row without a time or a group counts on its own.
            cluster = rows.day if layout.time else rows.ticker if layout.group else np.arange(len(rows.y))
            return cls(weight_uncertainty(bundle.scorer, cluster, rows.X, rows.y, layout))
        return cls(CalibrationUncertainty(tuple(bundle.manifest.calibration)))

    def interval(self, row: Sequence[float], probability: float) -> ProbabilityInterval | None:
        """Return the interval for *row*, whose probability is *probability*; None where there is none."""
        if isinstance(self.source, WeightUncertainty):
            return ProbabilityInterval(*self.source.interval(row), self.source.how)
        return self.source.interval_at(probability) if self.source else None


def _sigmoid(log_odds: FloatArray) -> FloatArray:
    return LinearScorer(0.0, [1.0]).many(log_odds[:, None])
