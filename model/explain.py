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
