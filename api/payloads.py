"""What goes in and out of the API: bodies to rows of features, probabilities to replies. Knows no request."""

import math
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any

import msgspec

from api import strict_json, validation
from api.errors import FAULTS_LISTED, THE_BODY, UnreadableBodyError
from model.bundle import Bundle
from model.errors import Fault, InvalidFeaturesError
from model.explain import RangeFlag, out_of_range
from model.manifest import FeatureSpec

LARGEST_FLOAT32 = (2 - 2**-23) * 2.0**127


def decode_row(body: bytes, features: Sequence[FeatureSpec]) -> list[float]:
    """Return the feature values in the body of a prediction request, in the order of *features*.

    Raises
    ------
    UnreadableBodyError
        The body is no JSON document, or names something twice.
    InvalidFeaturesError
        The document is not one finite, allowed number for each feature and nothing else.
    """
    document = strict_json.read(body)
    repeated = list(islice(validation.repeated_names(document), FAULTS_LISTED))
    # Only what is listed is made: a body has room for a hundred thousand faults.
    faults = repeated + list(islice(validation.request_faults(document, features), FAULTS_LISTED - len(repeated)))
    if repeated:
        raise UnreadableBodyError(THE_BODY, faults)
    if faults:
        raise InvalidFeaturesError(THE_BODY, faults)
    return [document["features"][feature.name] for feature in features]


def predict(bundle: Bundle, row: Sequence[float]) -> dict[str, Any]:
    """Return the reply for one row: the call, its probability, what both rest on, and warnings if there are any.

    Raises
    ------
    InvalidFeaturesError
        The values are so far out that the model yields no probability.
    """
    probability = _probability(bundle, row)
    reply = {
        "prediction": int(probability >= bundle.threshold),
        bundle.manifest.probability_key: probability,
        "threshold": bundle.threshold,
        "version": bundle.version,
    }
    if flags := out_of_range(bundle.manifest.features, row):
        reply["warnings"] = [_warning(flag) for flag in flags]
    return reply


def health(bundle: Bundle) -> dict[str, Any]:
    """Return what is being served."""
    manifest = bundle.manifest
    return {
        "status": "ok",
        "model": manifest.name,
        "version": manifest.version,
        "trained_on": manifest.trained_on,
        "features": manifest.feature_names,
        "threshold": bundle.threshold,
    }


def features(bundle: Bundle) -> dict[str, Any]:
    """Return what each feature means, what it may be and what it was in training."""
    return {"features": [_described(feature) for feature in bundle.manifest.features]}


def encode(reply: Mapping[str, Any]) -> bytes:
    """Return *reply* as JSON."""
    return msgspec.json.encode(reply)


def _described(feature: FeatureSpec) -> dict[str, Any]:
    return {
        "name": feature.name,
        "label": feature.label,
        # The unit is that of value × display_factor: a fraction of 0.01 is shown as 1 %.
        "unit": feature.unit,
        "display_factor": feature.display_factor,
        "description": feature.description,
        "type": "number",
        "hard_minimum": feature.hard_minimum,
        "hard_maximum": feature.hard_maximum,
        "min": feature.min,
        "p1": feature.p1,
        "median": feature.median,
        "p99": feature.p99,
        "max": feature.max,
        "example": validation.example(feature),
    }


def _probability(bundle: Bundle, row: Sequence[float]) -> float:
    largest = max(map(abs, row))
    try:
        probability = bundle.scorer.one(row)
    except ValueError:
        # Tree models keep values as float32, and refuse those it cannot hold.
        if largest <= LARGEST_FLOAT32:
            raise
        probability = math.nan
    if math.isfinite(probability):
        return probability
    faults = [
        Fault(
            validation.pointer("features", feature.name),
            validation.number(value),
            f"a number nearer to those seen in training, {validation.observed(feature)}",
            "At this size the model yields no probability.",
        )
        for feature, value in zip(bundle.manifest.features, row, strict=True)
        if abs(value) >= min(largest, LARGEST_FLOAT32)
    ]
    raise InvalidFeaturesError(THE_BODY, faults)


def _warning(flag: RangeFlag) -> str:
    side = "below" if flag.value < flag.feature.min else "above"
    return (
        f"{flag.feature.name} is {validation.number(flag.value)}, {side} everything seen in training"
        f" ({validation.observed(flag.feature)}): the probability is an extrapolation."
    )
