"""The JSON Schemas of what the API says about itself and about the model."""

import msgspec

from api import payloads
from api.openapi.schemas import NUMBER, TEXT, Schema, list_of, nullable, record, ref
from api.public import renamed, told_schema
from model.bundle import Bundle
from model.manifest import Manifest


def components(bundle: Bundle) -> dict[str, Schema]:
    """Return the schemas of descriptions, by name."""
    return _descriptions(bundle) | _manifest(bundle)


def _descriptions(bundle: Bundle) -> dict[str, Schema]:
    bound = nullable(NUMBER)
    feature = dict.fromkeys(("name", "label", "unit", "description"), TEXT) | {
        "display_factor": NUMBER | {"description": "The unit is that of value × display_factor."},
        "type": {"type": "string", "const": "number"},
        "hard_minimum": bound,
        "hard_maximum": bound,
        **dict.fromkeys(("min", "p1", "median", "p99", "max", "example"), NUMBER),
    }
    if bundle.filling is not None:
        feature["filled_with"] = NUMBER | {"description": "What the model puts in place of a missing value."}
    health = {
        "status": {"type": "string", "const": "ok"},
        "model": TEXT,
        "version": TEXT,
        "trained_on": ref("TrainedOn"),
        "features": list_of(TEXT),
        "threshold": NUMBER,
        "trouble": TEXT | {"description": "What keeps the current version from being served."},
    }
    route = record({"method": TEXT, "path": TEXT, "answers": TEXT})
    return {
        "Features": record({"features": list_of(record(feature))}),
        "Health": record(health, "Alive; without the members of the model where there is none.", optional=(*health,)),
        "Ready": record({"status": {"type": "string", "const": "ready"}, "model": TEXT, "version": TEXT}),
        "Routes": record({"model": TEXT, "version": TEXT, "routes": list_of(route)}, optional=("model", "version")),
        "Result": record({"result": NUMBER}),
    }


def _manifest(bundle: Bundle) -> dict[str, Schema]:
    """Return the schemas of what `payloads.model` tells, from the code that reads manifests."""
    _, found = msgspec.json.schema_components([Manifest], ref_template="#/components/schemas/{name}")
    used = {name: found[name] for name in found if name not in {"Manifest", "Histogram"}}
    public = payloads.model(bundle)
    whole = found["Manifest"]["properties"] | {"sha256": TEXT, "probability": TEXT}
    del used["FeatureSpec"]["properties"]["histogram"]
    used["FeatureSpec"]["required"].remove("histogram")
    for inside in ("LinearWeights", "WholePipeline"):
        del used[inside]
    layout = bundle.manifest.layout
    if "layout" not in public:
        del used["Layout"]
    if not layout.returns:
        # What the code says of these parts is said of daily bars.
        used = {renamed(name, layout): _without_words(told_schema(used[name], layout)) for name in used}
        del used["Exclusion"]
        whole = told_schema({"properties": whole}, layout)["properties"]
        used["Layout"] = record({"time": nullable(TEXT), "group": nullable(TEXT), "folds": TEXT})
        if not layout.group:
            del used["GroupSpan"]
    return used | {"Model": record({name: whole[name] for name in public}, "The public part of the manifest.")}


def _without_words(schema: Schema) -> Schema:
    return {name: part for name, part in schema.items() if name not in {"description", "title"}}
