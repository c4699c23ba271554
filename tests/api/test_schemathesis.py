"""The API held to its own OpenAPI document by schemathesis: every route, every check that it has."""

import contextlib
import io
import json
import math
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import schemathesis
from flask import Flask
from hypothesis import strategies as st
from schemathesis import engine
from schemathesis.checks import CHECKS
from schemathesis.engine import Status, events
from werkzeug.serving import make_server

from api import create_app
from api.inference.requests import HEADER_LENGTH
from model.bundle import Bundle
from tests.api.conftest import FEATURES, page_of
from tests.builders import random_bars

EXAMPLES = 10
LARGEST = 1e300  # a sum of a few such numbers is still one
KEY = "a key for tests"
JSON, CSV = "application/json", "text/csv"

TABLE = pa.table({name: [value] * 3 for name, value in FEATURES.items()})


def csv_of(table: pa.Table) -> str:
    lines = [",".join(table.column_names), *(",".join(map(str, row.values())) for row in table.to_pylist())]
    return "\n".join(lines)


def parquet_of(table: pa.Table) -> bytes:
    written = io.BytesIO()
    pq.write_table(table, written)
    return written.getvalue()


def arrow_of(table: pa.Table) -> bytes:
    written = io.BytesIO()
    with pa.ipc.new_stream(written, table.schema) as stream:
        stream.write_table(table)
    return written.getvalue()


# Bodies that no schema describes.
BINARY = {
    "application/vnd.apache.parquet": parquet_of(TABLE),
    "application/vnd.apache.arrow.stream": arrow_of(TABLE),
    "application/octet-stream": json.dumps(
        {"inputs": [{"name": name, "shape": [1], "datatype": "FP64", "data": [x]} for name, x in FEATURES.items()]}
    ).encode(),
}


def bars() -> list[dict[str, Any]]:
    history = random_bars(40)
    names = ("open", "high", "low", "close", "volume")
    columns = [getattr(history, name).tolist() for name in names]
    return [
        {"date": str(day)} | dict(zip(names, values, strict=True))
        for day, *values in zip(history.day, *columns, strict=True)
    ]


def within_range(value: Any) -> Any:
    """Return *value* without numbers so large that sums of them leave the range of floating-point numbers."""
    if isinstance(value, dict):
        return {name: within_range(part) for name, part in value.items()}
    if isinstance(value, list):
        return [within_range(part) for part in value]
    if isinstance(value, float | int) and not isinstance(value, bool) and abs(value) > LARGEST:
        return math.copysign(LARGEST, value)
    return value


def equally_long(columns: dict[str, list[float]]) -> dict[str, list[float]]:
    n_rows = min(map(len, columns.values()))
    return {name: values[:n_rows] for name, values in columns.items()}


def consistent_tensor(tensor: dict[str, Any], n_rows: int) -> dict[str, Any]:
    """Return *tensor* with as many values as its shape says, of a type that holds them."""
    row = [FEATURES[tensor["name"]]] if tensor["name"] in FEATURES else list(FEATURES.values())
    shape = [n_rows] if len(row) == 1 and len(tensor["shape"]) == 1 else [n_rows, len(row)]
    datatype = tensor["datatype"] if tensor["datatype"].startswith("FP") else "FP64"
    nested = bool(tensor["data"]) and isinstance(tensor["data"][0], list) and len(shape) == 2
    data = [row] * n_rows if nested else row * n_rows
    return tensor | {"shape": shape, "datatype": datatype, "data": data}


def consistent_request(request: dict[str, Any]) -> dict[str, Any]:
    """Return an inference request whose tensors are all there, once, with equally many rows."""
    tensors, n_rows = request["inputs"], len(request.get("id", "")) % 4
    if tensors[0]["name"] in FEATURES:
        tensors = [tensor | {"name": name} for tensor, name in zip(tensors, FEATURES, strict=True)]
    consistent = request | {"inputs": [consistent_tensor(tensor, n_rows) for tensor in tensors]}
    if "outputs" in request:
        consistent["outputs"] = list({output["name"]: output for output in request["outputs"]}.values())
    return consistent


def consistent_body(path: str, media_type: str, body: Any) -> Any:
    if media_type == CSV:
        return csv_of(pa.Table.from_pylist(bars()) if path == "/predict/bars" else TABLE)
    if path.endswith("/infer"):
        return consistent_request(body)
    if path == "/predict/bars":
        return {"bars": bars()}
    within = within_range(body)
    return {"columns": equally_long(within["columns"])} if "columns" in within else within


def mend(_: Any, case: schemathesis.Case) -> schemathesis.Case:
    """Make what is meant to be valid obey the rules that JSON Schema has no words for.

    These are: numbers so large that sums of them are none, arrays of equal length, tensors that fill
    their shapes, and what makes daily bars a history of one ticker. Of what is meant to be refused
    only one thing is changed: with errors=row, faulty rows are answered, and no schema of a body
    knows the query.
    """
    if not case.meta.generation.mode.is_positive:
        if case.path == "/predict/batch" and case.query.get("errors") == "row":
            case.query["errors"] = "fail"
        return case
    for name, text in case.path_parameters.items():
        if name in {"x", "y"} and abs(float(unquote(text))) > LARGEST:
            case.path_parameters[name] = "1e300"
    # The ticker of bars that name none is whatever the request calls it; the header is for binary data.
    case.headers.pop(HEADER_LENGTH, None)
    if case.path == "/plot":
        case.query = within_range(case.query)
    if case.media_type in {JSON, CSV}:
        case.body = consistent_body(case.path, case.media_type, case.body)
    return case


def told(result: Any) -> str:
    info = result.failure_info
    return result.name if info is None else f"{result.name}: {info.failure}\n{info.code_sample[:1000]}"


def run(schema: Any, **generation: Any) -> tuple[list[str], dict[str, set[str]]]:
    """Return what is wrong, and which checks each operation went through."""
    for media_type, body in BINARY.items():
        schemathesis.openapi.media_type(media_type, st.just(body))
    schema.hook("map_case")(mend)
    schema.config.generation.update(deterministic=True, **generation)
    wrong, checked = [], {operation.ok().label: set() for operation in schema.get_all_operations()}
    for event in engine.from_schema(schema).execute():
        if isinstance(event, events.NonFatalError):
            wrong.append(f"{event.label}: {event.info.title}: {event.info.message}")
        elif isinstance(event, events.ScenarioFinished):
            for case, results in event.recorder.checks.items():
                label = event.recorder.cases[case].value.operation.label
                checked[label].update(result.name for result in results)
                wrong += [f"{label}: {told(result)}" for result in results if result.status is not Status.SUCCESS]
    return wrong, checked


@contextlib.contextmanager
def served(app: Flask) -> Iterator[str]:
    """Serve *app*, and give its address."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_every_route_passes_every_check(shipped: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("API_DELIVERABLES", str(tmp_path))
    (tmp_path / "report.html").write_text(page_of(shipped))
    schema = schemathesis.openapi.from_wsgi("/openapi.json", create_app(shipped))

    wrong, checked = run(schema, max_examples=EXAMPLES)

    assert not wrong, "\n\n".join(wrong)
    assert {label for label, checks in checked.items() if checks != set(CHECKS.get_all_names())} == set()


def test_every_route_but_the_open_ones_asks_for_the_key(shipped: Bundle, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("API_KEY", KEY)
    headers = {"Authorization": f"Bearer {KEY}"}

    # Over HTTP: in process, the check that leaves the key out hands the application options of a connection.
    with served(create_app(shipped)) as url:
        schema = schemathesis.openapi.from_url(f"{url}/openapi.json", headers=headers)
        schema.config.headers = headers
        schema.config.phases.update(phases=["coverage"])
        wrong, checked = run(schema)

    assert not wrong, "\n\n".join(wrong)
    assert {label for label, checks in checked.items() if "ignored_auth" not in checks} == set()
