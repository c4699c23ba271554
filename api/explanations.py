"""What `?explain=true` adds to a prediction: where the probability comes from and what would change the call."""

import math
from collections.abc import Sequence
from typing import Any

from api.public import renamed, told
from model.bundle import Bundle
from model.explain import (
    Attribution,
    contributions,
    in_points,
    log_odds_of,
    nearest_day,
    shapley,
)
from model.flips import flips
from model.scoring import LinearScorer
from model.uncertainty import LEVEL, ProbabilityIntervals


def explain(
    bundle: Bundle, row: Sequence[float], probability: float, intervals: ProbabilityIntervals
) -> dict[str, Any]:
    """Return the explanation of one prediction, ready for JSON: a number beyond floating point is None.

    *probability* is what the bundle says of *row*, and *intervals* are those of the bundle, prepared once.
    """
    median_row = bundle.median_row
    at_median = bundle.scorer.one(median_row)
    median_log_odds = _log_odds(bundle, median_row, at_median)
    log_odds = _log_odds(bundle, row, probability)
    return {
        "margin": {
            "points": probability - bundle.threshold,
            "log_odds": _finite(log_odds - log_odds_of(bundle.threshold)),
        },
        "baseline": {"probability": at_median, "log_odds": _finite(median_log_odds)},
        "contributions": [
            {"feature": part.feature, "log_odds": _finite(part.log_odds), "points": _finite(part.points)}
            for part in _attributions(bundle, row, probability, at_median)
        ],
        "flips": _flips(bundle, row),
        "interval": _interval(intervals, row, probability),
        renamed("nearest_day", bundle.manifest.layout): _nearest(bundle, row),
    }


def _log_odds(bundle: Bundle, row: Sequence[float], probability: float) -> float:
    # From the weights: where the probability has no digits left to say it, they still do.
    return bundle.scorer.log_odds(row) if isinstance(bundle.scorer, LinearScorer) else log_odds_of(probability)


def _attributions(bundle: Bundle, row: Sequence[float], probability: float, at_median: float) -> list[Attribution]:
    features = bundle.manifest.features
    if not isinstance(bundle.scorer, LinearScorer):
        return shapley(bundle.scorer, features, row)
    parts = contributions(bundle.scorer, features, row)
    shares = in_points(parts, probability, at_median)
    return [Attribution(part.feature, part.log_odds, share.points) for part, share in zip(parts, shares, strict=True)]


def _flips(bundle: Bundle, row: Sequence[float]) -> list[dict[str, Any]]:
    features = bundle.manifest.features
    return [
        {
            "feature": flip.feature,
            "value": flip.value,
            "observed_minimum": feature.min,
            "observed_maximum": feature.max,
        }
        for flip, feature in zip(flips(bundle.scorer, features, row, bundle.threshold), features, strict=True)
    ]


def _interval(intervals: ProbabilityIntervals, row: Sequence[float], probability: float) -> dict[str, Any] | None:
    found = intervals.interval(row, probability)
    if found is None:
        return None
    return {"low": found.low, "high": found.high, "level": LEVEL, "how": found.how}


def _nearest(bundle: Bundle, row: Sequence[float]) -> dict[str, Any] | None:
    found = nearest_day(bundle.reference, bundle.manifest.features, row)
    if found is None:
        return None
    layout = bundle.manifest.layout
    about = told({"day": found.day, "ticker": found.ticker}, layout)
    later = told({"next_day_return": found.next_day_return}, layout)
    # Names of features are nobody's to leave out.
    return {**about, "distance": found.distance, "features": found.values, "target": found.y, **later}


def _finite(number: float | None) -> float | None:
    return number if number is not None and math.isfinite(number) else None
