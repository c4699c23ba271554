"""The routes of the API as OpenAPI describes them, for one bundle."""

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

from api import arithmetic, payloads
from api.bars import prediction as bars
from api.errors import LARGEST_BODY
from api.openapi.page import FILES
from api.openapi.schemas import BYTES, NUMBER, TEXT, Schema, example_row, feature_value, ref
from api.settings import ApiSettings
from model.bundle import Bundle

Operation = dict[str, Any]
Paths = dict[str, dict[str, Operation]]

JSON, CSV, HTML, PLAIN = "application/json", "text/csv", "text/html", "text/plain"
PARQUET, ARROW = "application/vnd.apache.parquet", "application/vnd.apache.arrow.stream"

# What can be wrong with a body: unreadable, too large, of another media type, not to be scored.
OF_A_BODY = (400, 413, 415, 422)
NO_MODEL = (503,)

# As `arithmetic.read_number` reads them.
NUMBER_IN_A_PATH = {
    "type": "string",
    "pattern": r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$",
    "maxLength": arithmetic.LONGEST_NUMBER,
    "examples": ["2"],
}


def paths(bundle: Bundle, settings: ApiSettings) -> Paths:
    """Return every route but those of the Open Inference Protocol."""
    predictions = {
        "/predict": {"post": _predict(bundle)},
        "/predict/batch": {"post": _batch(bundle, settings)},
        **({"/predict/bars": {"post": _bars()}} if bars.takes_bars(bundle) else {}),
        "/plot": {"get": _plot(bundle)},
    }
    return {
        **tagged("Predictions", predictions),
        **tagged("Model", _model()),
        **tagged("Service", _service()),
        **tagged("Documentation", _documentation()),
        **tagged("Arithmetic", _arithmetic()),
    }


def tagged(tag: str, paths: Paths) -> Paths:
    """Return *paths* with every operation put under *tag*."""
    return {
        path: {method: {"tags": [tag]} | described for method, described in methods.items()}
        for path, methods in paths.items()
    }


def operation(
    name: str,
    summary: str,
    content: Mapping[str, Schema],
    *,
    told: str = "",
    problems: Sequence[int] = (),
    parameters: Sequence[Schema] = (),
    body: Mapping[str, Schema] | None = None,
    headers: Mapping[str, Schema] | None = None,
) -> Operation:
    """Return one operation; *content* is that of its 200, *problems* are the other statuses it may answer."""
    reply: Schema = {"description": "The answer.", "headers": with_request_id(headers or {})}
    if content:
        reply["content"] = dict(content)
    described: Operation = {"operationId": name, "summary": summary}
    if told:
        described["description"] = told
    if parameters:
        described["parameters"] = list(parameters)
    if body:
        described["requestBody"] = {"required": True, "content": dict(body)}
    others = {str(status): {"$ref": f"#/components/responses/Problem{status}"} for status in problems}
    return described | {"responses": {"200": reply} | others}


def with_request_id(headers: Mapping[str, Schema]) -> dict[str, Schema]:
    """Return *headers* and the one that every reply has."""
    return {"X-Request-ID": {"$ref": "#/components/headers/X-Request-ID"}, **headers}


def json_of(schema: str, example: Any = None) -> dict[str, Schema]:
    """Return content in JSON of the schema called *schema*."""
    return {JSON: {"schema": ref(schema)} | ({} if example is None else {"example": example})}


def query(name: str, schema: Schema, told: str) -> Schema:
    """Return a parameter of the query that may be left out."""
    return {"name": name, "in": "query", "required": False, "description": told, "schema": schema}


def in_path(name: str, schema: Schema, told: str) -> Schema:
    """Return a part of the path."""
    return {"name": name, "in": "path", "required": True, "description": told, "schema": schema}


def _predict(bundle: Bundle) -> Operation:
    row = example_row(bundle)
    explain = "Whether to say why: contributions, margin, flips, an interval, the nearest row of training."
    return operation(
        "predict",
        "The probability of one row, and the call",
        json_of("Prediction", payloads.predict(bundle, list(row.values()))),
        told=f"{bundle.manifest.target.question} The body may have {LARGEST_BODY:,} bytes.",
        problems=(*OF_A_BODY, *NO_MODEL),
        parameters=[query("explain", {"type": "boolean", "default": False}, explain)],
        body=json_of("Row", {"features": row}),
    )


def _batch(bundle: Bundle, settings: ApiSettings) -> Operation:
    row = example_row(bundle)
    written = io.StringIO()
    csv.writer(written, lineterminator="\n").writerows([row.keys(), row.values()])
    examples = {
        "rows": {"summary": "One object a row", "value": {"rows": [row]}},
        "columns": {"summary": "One array a feature", "value": {"columns": {name: [row[name]] for name in row}}},
    }
    table = "A column a feature, by its name, in any order."
    if bundle.filling is not None:
        table += " A cell that is empty, or in Parquet and Arrow null or NaN, is a missing value."
    told = (
        f"At most {settings.batch_rows:,} rows in {settings.batch_bytes:,} bytes. The answer comes in the media type"
        " that Accept asks for, by default in the one sent; in tables it has the columns prediction and"
        f" {bundle.probability_key}."
    )
    errors = "fail: one faulty row, and nothing is scored; row: faulty rows are answered with their fault."
    headers = {
        "X-Model-Version": ("The version of the model that answered.", TEXT),
        "X-Decision-Threshold": ("The decision threshold.", NUMBER),
        "X-Warnings": ("What to know before relying on this.", TEXT),
    }
    if bundle.filling is not None:
        headers["X-Imputed"] = ("The features that rows lacked, and how many rows lacked each, in JSON.", TEXT)
    return operation(
        "predict_batch",
        "The probabilities of many rows",
        {
            JSON: {"schema": {"anyOf": [ref("BatchOfRows"), ref("BatchOfColumns")]}},
            CSV: {"schema": TEXT},
            PARQUET: {"schema": BYTES},
            ARROW: {"schema": BYTES},
        },
        told=told,
        problems=(406, 411, *OF_A_BODY, *NO_MODEL),
        parameters=[query("errors", {"type": "string", "enum": ["fail", "row"], "default": "fail"}, errors)],
        body={
            JSON: {"schema": {"oneOf": [ref("BatchRows"), ref("BatchColumns")]}, "examples": examples},
            CSV: {"schema": TEXT | {"description": table}, "example": written.getvalue()},
            PARQUET: {"schema": BYTES | {"description": table}},
            ARROW: {"schema": BYTES | {"description": table}},
        },
        headers={name: {"description": told, "schema": schema} for name, (told, schema) in headers.items()},
    )


def _bars() -> Operation:
    day = {"open": 99.5, "high": 102.25, "low": 98.75}
    closes = [100 + position * 5 % 7 / 4 for position in range(40)]
    history = [
        {"date": f"2001-{1 + n // 28:02}-{1 + n % 28:02}", **day, "close": close, "volume": 1000 + n * 37 % 11 * 100}
        for n, close in enumerate(closes)
    ]
    lines = [",".join(history[0]), *(",".join(map(str, bar.values())) for bar in history), ""]
    return operation(
        "predict_bars",
        "The probability for the last day of a history of daily bars",
        json_of("BarsPrediction"),
        told="The features are computed by the code that made those the model was trained on.",
        problems=(411, *OF_A_BODY, *NO_MODEL),
        parameters=[query("ticker", TEXT, "Which ticker of the body is meant; needed where it holds several.")],
        body={**json_of("Bars", {"bars": history}), CSV: {"schema": TEXT, "example": "\n".join(lines)}},
    )


def _plot(bundle: Bundle) -> Operation:
    features = bundle.manifest.features
    names = [feature.name for feature in features]
    scenario = [
        query(feature.name, feature_value(feature), "Its value in the scenario; by default its median in training.")
        for feature in features
        if feature.name not in {"feature", "format"}
    ]
    forms = {"type": "string", "enum": ["html", "png", "svg"], "default": "html"}
    return operation(
        "plot",
        "The probability against one feature",
        {HTML: {"schema": TEXT}, "image/png": {"schema": BYTES}, "image/svg+xml": {"schema": TEXT}},
        told="The other features stay at the scenario. Names that are not listed here are refused.",
        problems=(422, *NO_MODEL),
        parameters=[
            query("feature", {"type": "string", "enum": names, "default": names[0]}, "The feature on the axis."),
            query("format", forms, "A page, or a picture alone."),
            *scenario,
        ],
    )


def _model() -> Paths:
    told, known = "Everything the model says about itself", "What each feature means and may be"
    tag = {"ETag": {"description": "Changes with the report.", "schema": TEXT}}
    kept, html = "The report of this version, a page to keep", {HTML: {"schema": TEXT}}
    report = operation("report", kept, html, problems=(404, *NO_MODEL), headers=tag)
    report["responses"]["304"] = {"description": "If-None-Match names its tag.", "headers": with_request_id(tag)}
    return {
        "/model": {"get": operation("model", told, json_of("Model"), problems=NO_MODEL)},
        "/report": {"get": report},
        "/features": {"get": operation("features", known, json_of("Features"), problems=NO_MODEL)},
    }


def _service() -> Paths:
    counters = "Counters of requests and predictions, for Prometheus"
    ready = operation("ready", "Whether predictions can be made", json_of("Ready"), problems=NO_MODEL)
    return {
        "/health": {"get": operation("health", "Whether the server is alive, and what it serves", json_of("Health"))},
        "/ready": {"get": ready},
        "/metrics": {"get": operation("metrics", counters, {PLAIN: {"schema": TEXT}})},
        "/": {"get": operation("routes", "The list of routes", json_of("Routes"))},
    }


def _documentation() -> Paths:
    json_document = operation("openapi", "This document", {JSON: {"schema": {"type": "object"}}}, problems=NO_MODEL)
    page = operation("docs", "This document as a page", {HTML: {"schema": TEXT}}, problems=NO_MODEL)
    file = operation(
        "docs_file",
        "What the page is made of",
        {"text/css": {"schema": TEXT}, "text/javascript": {"schema": TEXT}},
        problems=(404,),
        parameters=[in_path("file", {"type": "string", "enum": list(FILES)}, "The name of the file.")],
    )
    return {"/openapi.json": {"get": json_document}, "/docs": {"get": page}, "/docs/{file}": {"get": file}}


def _arithmetic() -> Paths:
    x, y = (in_path(name, NUMBER_IN_A_PATH, f"{arithmetic.EXPECTED}.".capitalize()) for name in "xy")
    problems = (404, 422)
    double = operation("double", "A number, doubled", json_of("Result"), problems=problems, parameters=[x])
    add = operation("add", "The sum of two numbers", json_of("Result"), problems=problems, parameters=[x, y])
    return {"/predict/{x}": {"get": double}, "/predict/{x}/{y}": {"get": add}}
