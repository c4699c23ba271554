"""Why a scenario gets its probability, and how far it is from anything seen."""

from collections.abc import Sequence
from dataclasses import dataclass

from model.manifest import FeatureSpec
from model.scoring import LinearScorer


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
