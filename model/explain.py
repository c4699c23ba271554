"""Why a scenario gets its probability, what would change the call, and how far it is from anything seen."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from model.bars import FloatArray
from model.manifest import FeatureSpec
from model.scoring import LinearScorer, Scorer

if TYPE_CHECKING:
    from model.bundle import Reference

# 2^10 coalitions of features are scored exactly; of more features, about as many rows of random orders.
EXACT_FEATURES = 10
SAMPLED_ROWS = 4096


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one feature adds to the log-odds, against the median training row."""

    feature: str
    log_odds: float


def contributions(scorer: LinearScorer, features: Sequence[FeatureSpec], row: Sequence[float]) -> list[Contribution]:
    """Return what each feature adds to the log-odds against the median training row.

    They add up exactly to the difference in log-odds between *row* and the median row.
    """
    return [
        Contribution(feature.name, weight * (value - feature.median))
        for feature, weight, value in zip(features, scorer.weights, row, strict=True)
    ]


@dataclass(frozen=True, slots=True)
class RangeFlag:
    """A value outside what the model was trained on."""

    feature: FeatureSpec
    value: float


def out_of_range(features: Sequence[FeatureSpec], row: Sequence[float]) -> list[RangeFlag]:
    """Return the features of *row* that lie outside their observed range."""
    return [
        RangeFlag(feature, value)
        for feature, value in zip(features, row, strict=True)
        if not feature.min <= value <= feature.max
    ]


@dataclass(frozen=True, slots=True)
class PointShare:
    """What one feature adds to the probability, against the median training row; a share, not a percentage."""

    feature: str
    points: float


def in_points(found: Sequence[Contribution], probability: float, at_median: float) -> list[PointShare]:
    """Split the way from the median row's probability to *probability* in proportion to the log-odds.

    The shares add up exactly to that difference.

    >>> a, b = in_points([Contribution("a", 3.0), Contribution("b", -1.0)], 0.8, 0.5)
    >>> round(a.points, 3), round(b.points, 3)
    (0.45, -0.15)
    """
    total = sum(contribution.log_odds for contribution in found)
    # Contributions that cancel out still pull: there the slope of the curve says how hard.
    slope = (probability - at_median) / total if abs(total) > 1e-6 else probability * (1 - probability)
    return [PointShare(contribution.feature, slope * contribution.log_odds) for contribution in found]


def log_odds_of(probability: float) -> float:
    """Return the log-odds of a probability; infinite at 0 and 1.

    >>> log_odds_of(0.5), log_odds_of(1.0)
    (0.0, inf)
    """
    if 0 < probability < 1:
        return math.log(probability) - math.log1p(-probability)
    return math.copysign(math.inf, probability - 0.5)


@dataclass(frozen=True, slots=True)
class Attribution:
    """What one feature adds against the median training row.

    `points` is in probability, a share; `log_odds` is None where they are infinite for some of the rows compared.
    """

    feature: str
    log_odds: float | None
    points: float


def shapley(scorer: Scorer, features: Sequence[FeatureSpec], row: Sequence[float]) -> list[Attribution]:
    """Return each feature's Shapley value against the median training row, for any scorer.

    The values add up exactly to the difference between *row* and the median row, in probability and
    in log-odds. They are exact over all coalitions where at most `EXACT_FEATURES` features differ from
    the median; beyond that they are means over random orders of the features, always the same ones.
    """
    values, medians = np.asarray(row, dtype=np.float64), np.array([feature.median for feature in features])
    # A feature at its median adds nothing to any coalition.
    moved = np.flatnonzero(values != medians)
    taken, coefficients = _coalitions(len(moved)) if len(moved) <= EXACT_FEATURES else _random_orders(len(moved))
    X = np.tile(medians, (len(taken), 1))
    X[:, moved] = np.where(taken, values[moved], medians[moved])
    probability = scorer.many(X)
    points, log_odds = np.zeros(len(values)), np.zeros(len(values))
    points[moved] = coefficients.T @ probability
    said = np.array([log_odds_of(p) for p in probability.tolist()])
    finite = bool(np.isfinite(said).all())
    if finite:
        log_odds[moved] = coefficients.T @ said
    return [
        Attribution(feature.name, float(log_odds[i]) if finite else None, float(points[i]))
        for i, feature in enumerate(features)
    ]


def _coalitions(n: int) -> tuple[NDArray[np.bool_], FloatArray]:
    """All coalitions of *n* features, a row each, and the weight of each coalition in each feature's value."""
    taken = (np.arange(2**n)[:, None] >> np.arange(n)) & 1 == 1
    size = np.arange(n + 1)
    orders = np.array([math.factorial(s) * math.factorial(n - s) / math.factorial(n) for s in range(n + 1)])
    # Of the orders that begin with a coalition, the share in which the feature was its last, or comes next.
    with_it, without_it = orders / np.maximum(size, 1), orders / np.maximum(n - size, 1)
    members = taken.sum(axis=1)[:, None]
    return taken, np.where(taken, with_it[members], -without_it[members])


def _random_orders(n: int) -> tuple[NDArray[np.bool_], FloatArray]:
    """As `_coalitions`, for random orders of the features, each followed by its reverse."""
    pairs = max(1, SAMPLED_ROWS // (2 * (n + 1)))
    first = np.random.default_rng(0).permuted(np.tile(np.arange(n), (pairs, 1)), axis=1)
    rank = np.concatenate([first, n - 1 - first])
    step = np.arange(n + 1)[:, None]
    taken = rank[:, None, :] < step
    joins, next_joins = rank[:, None, :] == step - 1, rank[:, None, :] == step
    coefficients = (joins.astype(np.float64) - next_joins) / len(rank)
    return taken.reshape(-1, n), coefficients.reshape(-1, n)


@dataclass(frozen=True, slots=True)
class NearestDay:
    """The training row most like a scenario.

    `distance` is the root of the mean squared difference over the features, in standard deviations;
    `y` and `next_day_return` are None where tomorrow is not known.
    """

    day: str
    ticker: str
    distance: float
    values: dict[str, float]
    y: int | None
    next_day_return: float | None


def nearest_day(reference: "Reference", features: Sequence[FeatureSpec], row: Sequence[float]) -> NearestDay | None:
    """Return the row of *reference* nearest to *row*; of several, that of the latest day.

    A feature that never varied in training counts for nothing. None where there is no row, or none at
    a distance that a floating-point number holds.
    """
    inverse = np.array([1 / feature.sd if feature.sd > 0 else 0.0 for feature in features])
    with np.errstate(over="ignore", invalid="ignore"):
        difference = (reference.X - np.asarray(row, dtype=np.float64)) * inverse
        squares = np.einsum("ij,ij->i", difference, difference)
    nearest = squares.min(initial=math.inf)
    if not math.isfinite(nearest):
        return None
    ties = np.flatnonzero(squares == nearest)
    found = ties[np.argmax(reference.day[ties])]
    y, later = float(reference.y[found]), float(reference.next_day_return[found])
    return NearestDay(
        day=str(reference.day[found]),
        ticker=str(reference.ticker[found]),
        distance=math.sqrt(nearest / len(features)),
        values=dict(zip((feature.name for feature in features), reference.X[found].tolist(), strict=True)),
        y=None if math.isnan(y) else int(y),
        next_day_return=None if math.isnan(later) else later,
    )
