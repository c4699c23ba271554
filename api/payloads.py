"""What goes in and out of the API: bodies to rows of features, probabilities to replies. Knows no request."""

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import compress, islice
from operator import le
from typing import Any

import msgspec

from api import strict_json, validation
from api.errors import FAULTS_LISTED, THE_BODY, UnreadableBodyError
from api.public import told
from api.row_features import ImputedFeature, features_of
from model.bundle import Bundle
from model.errors import Fault, InvalidFeaturesError
from model.explain import RangeFlag, out_of_range
from model.manifest import FeatureSpec
from model.scoring import LARGEST_FLOAT32


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
    values = (document["features"][feature.name] for feature in features)
    return [math.nan if value is None else value for value in values]


def predict(bundle: Bundle, row: Sequence[float], *, notes: Sequence[str] = (), safe: bool = False) -> dict[str, Any]:
    """Return the reply for one row: the call, its probability, what both rest on, and warnings if there are any.

    *notes* are said with every answer; *safe* leaves names and ranges of features out of the warnings.

    Raises
    ------
    InvalidFeaturesError
        The values are so far out that the model yields no probability.
    """
    manifest = bundle.manifest
    probability = probability_of(bundle, row)
    threshold = manifest.threshold.value
    reply = {
        "prediction": int(probability >= threshold),
        bundle.probability_key: probability,
        "threshold": threshold,
        "version": manifest.version,
    }
    lowest, highest = bundle.observed
    if all(map(le, lowest, row)) and all(map(le, row, highest)):
        if notes:
            reply["warnings"] = notes
    else:
        reply["warnings"] = [*notes, *range_warnings(out_of_range(manifest.features, row), safe=safe)]
    return reply


def predict_with_gaps(
    bundle: Bundle, row: Sequence[float], *, notes: Sequence[str] = (), safe: bool = False
) -> dict[str, Any]:
    """Return the reply for one row as `predict` does, with NaN for what is missing; it says what was filled in.

    Raises
    ------
    InvalidFeaturesError
        The values are so far out that the model yields no probability.
    """
    gaps = [math.isnan(value) for value in row]
    if not any(gaps):
        return predict(bundle, row, notes=notes, safe=safe)
    reply = predict(bundle, without_gaps(bundle, row))
    reply["imputed"] = list(compress(bundle.manifest.feature_names, gaps))
    # What was filled in was not sent: its range is nobody's to warn of.
    flags = [flag for flag in out_of_range(bundle.manifest.features, row) if not math.isnan(flag.value)]
    reply.pop("warnings", None)
    if warnings := [*notes, *range_warnings(flags, safe=safe)]:
        reply["warnings"] = warnings
    return reply


def without_gaps(bundle: Bundle, row: Sequence[float]) -> Sequence[float]:
    """Return *row* with what the pipeline puts in place of each value that is missing."""
    if bundle.filling is None:
        return row
    return [fill if math.isnan(value) else value for value, fill in zip(row, bundle.filling, strict=True)]


def range_warnings(flags: Sequence[RangeFlag], *, safe: bool = False) -> list[str]:
    """Return a warning for each value outside the observed range; one without names for all where *safe*."""
    if safe and flags:
        return [f"{len(flags)} of the values lie outside everything seen in training: this is an extrapolation."]
    return [_warning(flag) for flag in flags]


def health(bundle: Bundle | None, trouble: str | None) -> dict[str, Any]:
    """Return what is being served, and what keeps the current version from it, if anything does."""
    reply: dict[str, Any] = {"status": "ok"}
    if bundle is not None:
        manifest = bundle.manifest
        reply |= {
            "model": manifest.name,
            "version": manifest.version,
            "trained_on": told(msgspec.to_builtins(manifest.trained_on), manifest.layout),
            "features": manifest.feature_names,
            "threshold": bundle.threshold,
        }
    if trouble is not None:
        reply["trouble"] = trouble
    return reply


def model(bundle: Bundle) -> dict[str, Any]:
    """Return the public part of the manifest: everything but the weights and the hashes of files."""
    public: dict[str, Any] = msgspec.to_builtins(bundle.manifest)
    for inside in ("scorer", "files", "schema_version"):
        del public[inside]
    for feature in public["features"]:
        del feature["histogram"]
    if not bundle.manifest.layout.returns:
        # Where all is as in daily bars the layout goes without saying.
        layout = bundle.manifest.layout
        public["layout"] = {"time": layout.time, "group": layout.group, "folds": layout.folds}
    public = told(public, bundle.manifest.layout)
    return public | {"sha256": bundle.sha256, "probability": bundle.probability_key}


def features(bundle: Bundle) -> dict[str, Any]:
    """Return what each feature means, what it may be and what it was in training."""
    return {"features": [_described(feature) for feature in features_of(bundle)]}


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
        **({"filled_with": feature.filling} if isinstance(feature, ImputedFeature) else {}),
    }


def probability_of(bundle: Bundle, row: Sequence[float]) -> float:
    """Return the probability of one row.

    Raises
    ------
    InvalidFeaturesError
        The values are so far out that the model yields none.
    """
    try:
        probability = bundle.scorer.one(row)
    except ValueError:
        # Tree models keep values as float32, and refuse those it cannot hold.
        if max(map(abs, row)) <= LARGEST_FLOAT32:
            raise
        probability = math.nan
    if math.isfinite(probability):
        return probability
    raise InvalidFeaturesError(THE_BODY, list(_too_large(bundle.manifest.features, row)))


def _too_large(features: Sequence[FeatureSpec], row: Sequence[float]) -> Iterator[Fault]:
    """Yield a fault for each value of *row* that may have kept the model from a probability."""
    least = min(max(map(abs, row)), LARGEST_FLOAT32)
    for feature, value in zip(features, row, strict=True):
        if abs(value) >= least:
            where = validation.pointer("features", feature.name)
            expected = f"a number nearer to those seen in training, {validation.observed(feature)}"
            yield Fault(where, validation.number(value), expected, "At this size the model yields no probability.")


def _warning(flag: RangeFlag) -> str:
    side = "below" if flag.value < flag.feature.min else "above"
    return (
        f"{flag.feature.name} is {validation.number(flag.value)}, {side} everything seen in training"
        f" ({validation.observed(flag.feature)}): the probability is an extrapolation."
    )
