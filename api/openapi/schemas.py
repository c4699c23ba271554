"""The JSON Schemas of rows and of what is answered to them, for the features and the positive class of one bundle."""

from typing import Any

from api import validation
from api.bars import prediction as bars
from api.public import renamed, told
from api.row_features import ImputedFeature, features_of
from model.bars import SHORTEST_HISTORY, WARM_UP_ROWS
from model.bundle import Bundle
from model.manifest import FeatureSpec, Layout

Schema = dict[str, Any]

NUMBER: Schema = {"type": "number"}
WHOLE: Schema = {"type": "integer"}
TEXT: Schema = {"type": "string"}
BYTES: Schema = {"type": "string", "format": "binary"}
BINARY_CALL: Schema = {
    "type": "integer",
    "enum": [0, 1],
    "description": "1 for the positive class, 0 for the other: whether the probability reaches the threshold.",
}
FINITE = (
    "Any finite number within the bounds is read. Where values are so large that the model's sums leave the range of"
    " floating-point numbers, which no schema of single values can tell, there is no probability: 422."
)


def ref(name: str) -> Schema:
    """Return a reference to the schema called *name*."""
    return {"$ref": f"#/components/schemas/{name}"}


def record(properties: Schema, description: str = "", *, optional: tuple[str, ...] = ()) -> Schema:
    """Return the schema of an object with exactly these members, all of them required but the *optional* ones."""
    required = [name for name in properties if name not in optional]
    told = {"description": description} if description else {}
    return {"type": "object", **told, "properties": properties, "required": required, "additionalProperties": False}


def list_of(items: Schema, description: str = "") -> Schema:
    """Return the schema of an array."""
    return {"type": "array", "items": items} | ({"description": description} if description else {})


def nullable(schema: Schema) -> Schema:
    """Return *schema* with null allowed, too."""
    return {"anyOf": [schema, {"type": "null"}]}


def components(bundle: Bundle) -> dict[str, Schema]:
    """Return the schemas of predictions and of errors, by name."""
    return {
        **_problem(),
        "FeatureValues": record({f.name: feature_value(f) for f in features_of(bundle)}, FINITE),
        **_single(bundle),
        **_batch(bundle),
        **(_bars(bundle) if bars.takes_bars(bundle) else {}),
    }


def feature_value(feature: FeatureSpec) -> Schema:
    """Return the schema of a value of *feature*: its hard bounds, its meaning, and what it was in training."""
    kind = ["number", "null"] if isinstance(feature, ImputedFeature) else "number"
    schema: Schema = {"type": kind, "title": feature.label, "description": _meaning(feature)}
    if feature.hard_minimum is not None:
        schema["minimum"] = feature.hard_minimum
    if feature.hard_maximum is not None:
        schema["maximum"] = feature.hard_maximum
    return schema | {"examples": [validation.example(feature)]}


def example_row(bundle: Bundle) -> dict[str, float]:
    """Return the row that stands for any other in examples."""
    return {feature.name: validation.example(feature) for feature in bundle.manifest.features}


def _meaning(feature: FeatureSpec) -> str:
    parts = [feature.description]
    if feature.unit:
        sent = f"{1 / feature.display_factor:g}"
        parts.append(f"Unit: {feature.unit}." if sent == "1" else f"Send {sent} for 1 {feature.unit}.")
    parts.append(
        f"In training from {validation.observed(feature)}, median {feature.median:.6g};"
        " a value outside of that is answered with a warning."
    )
    if isinstance(feature, ImputedFeature):
        parts.append(f"Null where it is missing: the model then puts {feature.filling:.6g} in its place.")
    return " ".join(part for part in parts if part)


def _problem() -> dict[str, Schema]:
    fault = record(
        {
            "pointer": TEXT | {"description": "Where it is: a JSON pointer (RFC 6901), or a row of a table."},
            "found": TEXT,
            "expected": TEXT,
            "remedy": TEXT | {"description": "What to do; may be empty."},
        },
        "One thing wrong with a request.",
    )
    problem = record(
        {
            "type": TEXT | {"format": "uri-reference", "examples": ["about:blank"]},
            "title": TEXT | {"description": "The status in words."},
            "status": WHOLE | {"minimum": 400, "maximum": 599},
            "detail": TEXT | {"description": "What is wrong, in a sentence."},
            "faults": list_of(ref("Fault"), "All that is wrong, at most the first 100."),
            "error": TEXT | {"description": "The detail again, where clients of the Open Inference Protocol look."},
        },
        "A problem document (RFC 9457).",
        optional=("faults", "error"),
    )
    return {"Fault": fault, "Problem": problem}


def probability(bundle: Bundle) -> Schema:
    """Return the schema of a probability of the positive class."""
    told = f"Probability of “{bundle.manifest.target.positive_class}”."
    return {"type": "number", "minimum": 0, "maximum": 1, "description": told}


def _answer(bundle: Bundle) -> Schema:
    """Return the members that the answer to one row always has."""
    return {"prediction": BINARY_CALL, bundle.probability_key: probability(bundle)} | _provenance()


def _provenance() -> Schema:
    return {
        "threshold": NUMBER | {"description": "The decision threshold: 1 is called at this probability or more."},
        "version": TEXT | {"description": "The version of the model that answered."},
        "warnings": list_of(TEXT, "What to know before relying on this; left out where there is nothing."),
    }


def _single(bundle: Bundle) -> dict[str, Schema]:
    explanation = _explanation(bundle.manifest.layout)
    gaps = _gaps(bundle, list_of(TEXT, "The features that were missing, and filled in by the model."))
    optional = ("warnings", *gaps, *explanation)
    return {
        "Row": record({"features": ref("FeatureValues")}, "One row: a value for each feature, and nothing else."),
        "Prediction": record(_answer(bundle) | gaps | explanation, optional=optional),
    }


def _gaps(bundle: Bundle, schema: Schema) -> Schema:
    """Return the member that says what was filled in, for a model that fills in; left out where nothing was."""
    return {} if bundle.filling is None else {"imputed": schema}


def _explanation(layout: Layout) -> dict[str, Schema]:
    number, text = nullable(NUMBER), nullable(TEXT)
    part = {"feature": TEXT, "log_odds": number, "points": number}
    flip = {"feature": TEXT, "value": number, "observed_minimum": NUMBER, "observed_maximum": NUMBER}
    values = {"type": "object", "additionalProperties": NUMBER}
    nearest = {"day": TEXT, "ticker": TEXT, "distance": NUMBER, "features": values}
    nearest |= {"target": nullable(WHOLE), "next_day_return": number}
    interval = record({"low": NUMBER, "high": NUMBER, "level": NUMBER, "how": text})
    explanation = {
        "margin": record({"points": NUMBER, "log_odds": number}, "How far from the decision threshold."),
        "baseline": record({"probability": NUMBER, "log_odds": number}, "The median row of training."),
        "contributions": list_of(record(part), "What each feature adds, against the median row."),
        "flips": list_of(record(flip), "The value of each feature that alone flips the call; null: none in range."),
        "interval": nullable(interval) | {"description": "An interval for the probability."},
        renamed("nearest_day", layout): nullable(record(told(nearest, layout)))
        | {"description": "The row of training most like this one."},
    }
    return {
        name: schema | {"description": f"{schema['description']} Only with explain."}
        for name, schema in explanation.items()
    }


def _batch(bundle: Bundle) -> dict[str, Schema]:
    features = features_of(bundle)
    counts = {"type": "object", "additionalProperties": WHOLE}
    gaps = _gaps(bundle, counts | {"description": "The features that rows lacked, and how many rows lacked each."})
    columns = {f.name: list_of(feature_value(f)) for f in features}
    scored = {"prediction": nullable(BINARY_CALL), bundle.probability_key: nullable(probability(bundle))}
    lists = {name: list_of(schema) for name, schema in scored.items()} | {"fault": list_of(nullable(TEXT))}
    fault = {"fault": TEXT | {"description": "With errors=row: why this row has no prediction."}}
    return {
        "BatchRows": record({"rows": list_of(ref("FeatureValues"))}, "One object a row."),
        "BatchColumns": record({"columns": record(columns)}, "One array a feature, all of the same length."),
        "BatchOfRows": record(
            {"predictions": list_of(record(scored | fault, optional=("fault",)))} | _provenance() | gaps,
            "The answer to rows, in their order.",
            optional=("warnings", *gaps),
        ),
        "BatchOfColumns": record(
            lists | _provenance() | gaps, "The answer to columns and tables.", optional=("fault", "warnings", *gaps)
        ),
    }


def _bars(bundle: Bundle) -> dict[str, Schema]:
    price = {"type": "number", "exclusiveMinimum": 0}
    bar = {
        "date": TEXT | {"format": "date"},
        **dict.fromkeys(("open", "high", "low", "close"), price),
        "volume": {"type": "number", "minimum": 0},
        "adjusted_close": price | {"description": "The supplier's; splits are read from it."},
        "ticker": TEXT | {"minLength": 1, "maxLength": 32},
    }
    described = "One day. A high is no lower and a low no higher than any other price; each day stands once."
    known = record(bar, described, optional=("adjusted_close", "ticker"))
    # Columns that mean nothing here are passed over, as in files.
    del known["additionalProperties"]
    told = f"The history up to the day asked about; under {WARM_UP_ROWS} bars the answer carries a warning."
    history = list_of(ref("Bar"), told) | {"minItems": SHORTEST_HISTORY}
    reply = _answer(bundle) | {
        "ticker": nullable(TEXT),
        "day": TEXT | {"format": "date", "description": "The last day, which the prediction is made on."},
        "bars": WHOLE | {"minimum": SHORTEST_HISTORY},
        "features": ref("FeatureValues")
        | {"description": "What was computed for the last day, unless API_ERRORS is safe."},
        "adjustment": TEXT | {"description": "How splits were handled."},
    }
    return {
        "Bar": known,
        "Bars": record({"bars": history}, "Daily bars of one ticker."),
        "BarsPrediction": record(reply, optional=("warnings", "features")),
    }
