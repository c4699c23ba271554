"""The Open Inference Protocol v2, over HTTP: JSON tensors, and its extension for binary ones."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, NoReturn

import numpy as np
from flask import Response, abort, request
from numpy.typing import NDArray

from api import payloads
from api.batch.rows import Scored, score
from api.bodies import read_body
from api.errors import problem
from api.inference import bodies
from api.inference.requests import HEADER_LENGTH, InferRequest
from api.inference.rows import to_rows
from api.inference.tensors import to_bytes
from api.live import Served
from api.serving import JSON, Reply, answer, count_scored, served, settings
from api.validation import short
from model.bundle import Bundle
from model.errors import ModelError

BINARY = "application/octet-stream"
PREDICTION = "prediction"

# Of the server and its routes; the model has versions of its own.
SERVER = {"name": "handover", "version": "1.0.0", "extensions": ["binary_tensor_data"]}
PLATFORM = "sklearn_skops"


def server() -> Response:
    """Describe the server."""
    return answer(SERVER)


def live() -> Response:
    """Say that the server is alive."""
    return answer({"live": True})


def ready() -> Response:
    """Say whether predictions can be made."""
    return _ready(served().bundle, {})


def model(name: str, version: str | None = None) -> Response:
    """Describe the tensors that the model takes and gives."""
    manifest = _asked_for(name, version).bundle.manifest
    return answer(
        {
            "name": manifest.name,
            "versions": [manifest.version],
            "platform": PLATFORM,
            "inputs": [_described(feature, "FP64") for feature in manifest.feature_names],
            "outputs": [_described(PREDICTION, "INT64"), _described(manifest.probability_key, "FP64")],
        }
    )


def model_ready(name: str, version: str | None = None) -> Response:
    """Say whether the model can make predictions."""
    bundle = _asked_for(name, version).bundle
    return _ready(bundle, {"name": bundle.manifest.name})


def infer(name: str, version: str | None = None) -> Response:
    """Score the rows in the tensors of the body."""
    current = _asked_for(name, version)
    bundle, features = current.bundle, current.features
    asked = bodies.read(
        _body(),
        request.headers.get(HEADER_LENGTH),
        n_features=len(features),
        outputs=(PREDICTION, bundle.probability_key),
        most_rows=settings().batch_rows,
    )
    rows = to_rows(asked.tensors, features, most_rows=settings().batch_rows, faults=asked.faults)
    scored = score(bundle, rows, skip_faulty=False, safe=current.safe)
    calls = int(scored.prediction.sum(dtype=np.int64))
    count_scored(calls, len(rows) - calls)
    return _reply(asked, scored, current)


def _asked_for(name: str, version: str | None) -> Served:
    """Return what is served if it is the model called *name*, in *version* where one is named."""
    current = served()
    manifest = current.bundle.manifest
    if name != manifest.name:
        _refuse(f"There is no model “{short(name)}” here; the one that is served is “{manifest.name}”.")
    if version not in {None, manifest.version}:
        _refuse(
            f"Version “{short(str(version))}” of {name} is not served; the one that is served is “{manifest.version}”."
        )
    return current


def _refuse(detail: str) -> NoReturn:
    abort(problem(HTTPStatus.NOT_FOUND, detail))


def _ready(bundle: Bundle, about: Mapping[str, Any]) -> Response:
    try:
        bundle.reproduce_self_test()
    except ModelError as error:
        return problem(HTTPStatus.SERVICE_UNAVAILABLE, str(error), headers=[("Retry-After", "5")])
    return answer({**about, "ready": True})


def _described(name: str, datatype: str) -> dict[str, Any]:
    return {"name": name, "datatype": datatype, "shape": [-1]}


def _body() -> bytes:
    # Clients of this protocol name no media type; what has none may be taken as binary (RFC 9110, 8.3).
    if not request.environ.get("CONTENT_TYPE"):
        request.environ["CONTENT_TYPE"] = BINARY
    return read_body([JSON, BINARY], largest=settings().batch_bytes)[1]


def _reply(asked: InferRequest, scored: Scored, current: Served) -> Response:
    manifest = current.bundle.manifest
    arrays = {PREDICTION: scored.prediction.astype(np.int64), manifest.probability_key: scored.probability}
    parameters = {"threshold": manifest.threshold.value, "version": manifest.version}
    if warnings := [*current.notes, *scored.warnings]:
        # The protocol has no lists here.
        parameters["warnings"] = " ".join(warnings)
    if scored.imputed:
        parameters["imputed"] = ", ".join(scored.imputed)
    reply = {"model_name": manifest.name, "model_version": manifest.version}
    if asked.id is not None:
        reply["id"] = asked.id
    blobs = [to_bytes(arrays[name]) for name, binary in asked.outputs.items() if binary]
    outputs = [_output(name, arrays[name], binary=binary) for name, binary in asked.outputs.items()]
    header = payloads.encode({**reply, "parameters": parameters, "outputs": outputs})
    if not blobs:
        return Reply(header, content_type=JSON)
    headers = {HEADER_LENGTH: str(len(header))}
    return Reply(b"".join([header, *blobs]), headers=headers, content_type=BINARY)


def _output(name: str, values: NDArray[Any], *, binary: bool) -> dict[str, Any]:
    described = {"name": name, "datatype": "INT64" if name == PREDICTION else "FP64", "shape": [len(values)]}
    if binary:
        return {**described, "parameters": {"binary_data_size": values.nbytes}}
    return {**described, "data": values.tolist()}
