"""What the API takes and answers, as an OpenAPI 3.1 document for one bundle. Knows no request."""

from http import HTTPStatus
from typing import Any

import msgspec

from api import validation
from api.errors import PROBLEM, THE_BODY, problem_document
from api.front import OPEN_TO_ALL
from api.openapi import descriptions, inference, paths, schemas
from api.openapi.paths import Operation, with_request_id
from api.openapi.schemas import TEXT, Schema, ref
from api.settings import ApiSettings
from model.bundle import Bundle
from model.manifest import TrainedOn

OPENAPI = "3.1.0"

_TAGS = {
    "Predictions": "One row, many rows, and the chart.",
    "Model": "What is being served.",
    "Service": "Whether it is served, and how much.",
    "Open Inference Protocol": "The same predictions for clients of version 2 of that protocol.",
    "Arithmetic": "Two routes that need no model.",
    "Documentation": "This document, as data and as a page.",
}

_KEYS = {
    "Bearer": {"type": "http", "scheme": "bearer"},
    "ApiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
}

_REQUEST_ID = {
    "description": "The X-Request-ID that was sent, where it is usable, else one made for this request.",
    "required": True,
    "schema": TEXT,
}

# What each error means here, and the header that comes with it.
_PROBLEMS: dict[HTTPStatus, tuple[str, dict[str, str]]] = {
    HTTPStatus.BAD_REQUEST: ("The body cannot be read: it is not what it was sent as, or names something twice.", {}),
    HTTPStatus.UNAUTHORIZED: ("The key is missing or is another one.", {"WWW-Authenticate": "Bearer."}),
    HTTPStatus.NOT_FOUND: ("There is nothing at this address.", {}),
    HTTPStatus.METHOD_NOT_ALLOWED: ("The route knows other methods.", {"Allow": "The methods it knows."}),
    HTTPStatus.NOT_ACCEPTABLE: ("Accept asks for none of the media types that the answer can have.", {}),
    HTTPStatus.LENGTH_REQUIRED: ("CSV and Arrow streams need a Content-Length: broken off, they look whole.", {}),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: ("The body is larger, or has more rows, than is allowed.", {}),
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: ("The body is of another media type, in another charset, or compressed.", {}),
    HTTPStatus.UNPROCESSABLE_ENTITY: ("What was sent can be read, but not used; each fault is listed.", {}),
    HTTPStatus.SERVICE_UNAVAILABLE: ("There is no model to answer with.", {"Retry-After": "Seconds to wait."}),
}


def document(bundle: Bundle, settings: ApiSettings) -> dict[str, Any]:
    """Return the document: every route with its parameters, its bodies, its replies and its errors."""
    routes = paths.paths(bundle, settings) | inference.paths(bundle)
    whole: dict[str, Any] = {
        "openapi": OPENAPI,
        "info": _info(bundle),
        "tags": [{"name": name, "description": told} for name, told in _TAGS.items()],
        "paths": {path: _with_key(path, methods, settings) for path, methods in routes.items()},
        "components": {
            "schemas": _schemas(bundle),
            "responses": {
                f"Problem{status}": _problem(bundle, status, told, headers)
                for status, (told, headers) in _PROBLEMS.items()
                if settings.key or status != HTTPStatus.UNAUTHORIZED
            },
            "headers": {"X-Request-ID": _REQUEST_ID},
        },
    }
    if settings.key:
        whole["security"] = [{name: []} for name in _KEYS]
        whole["components"]["securitySchemes"] = _KEYS
    return whole


def _info(bundle: Bundle) -> dict[str, str]:
    manifest = bundle.manifest
    told = [
        manifest.target.question,
        f"{manifest.target.description} The model calls “{manifest.target.positive_class}” at a probability of"
        f" {bundle.threshold} or more.",
        f"Trained on {manifest.trained_on.file}, {manifest.trained_on.rows:,} rows{_span(manifest.trained_on)}.",
        f"**{manifest.verdict.headline}** {manifest.verdict.sentence}",
        "Every error is a problem document (RFC 9457) that lists all faults at once: where, what was found, what was"
        " expected, what to do. Any other path is answered with 404, any other method than those listed, and HEAD"
        " and OPTIONS beside them, with 405.",
    ]
    return {"title": manifest.name, "version": bundle.version, "description": "\n\n".join(told)}


def _span(data: TrainedOn) -> str:
    return f" from {data.first_day} to {data.last_day}" if data.first_day else ""


def _with_key(path: str, methods: dict[str, Operation], settings: ApiSettings) -> dict[str, Operation]:
    """Return *methods* with what the key changes: 401 where one is needed, and where none is, that."""
    if not settings.key:
        return methods
    if path in OPEN_TO_ALL:
        return {method: operation | {"security": []} for method, operation in methods.items()}
    refused = {"401": {"$ref": "#/components/responses/Problem401"}}
    return {
        method: operation | {"responses": operation["responses"] | refused} for method, operation in methods.items()
    }


def _schemas(bundle: Bundle) -> dict[str, Schema]:
    parts = (schemas, descriptions, inference)
    return {name: schema for part in parts for name, schema in part.components(bundle).items()}


def _problem(bundle: Bundle, status: HTTPStatus, told: str, headers: dict[str, str]) -> Schema:
    described = {name: {"description": meaning, "schema": TEXT} for name, meaning in headers.items()}
    return {
        "description": told,
        "headers": with_request_id(described),
        "content": {PROBLEM: {"schema": ref("Problem"), "example": _example(bundle, status, told)}},
    }


def _example(bundle: Bundle, status: HTTPStatus, told: str) -> Any:
    first, faults = bundle.manifest.features[0], []
    if status == HTTPStatus.UNPROCESSABLE_ENTITY:
        fault = validation.value_fault(validation.pointer("features", first.name), first, "high")
        if fault is not None:
            faults.append(fault)
            told = f"{THE_BODY} cannot be used: found {fault.found} at {fault.where}; expected {fault.expected}."
    return msgspec.json.decode(problem_document(status, told, faults))
