"""Errors on the wire: RFC 9457 problem documents, whatever went wrong."""

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

import msgspec
from flask import Flask, Response, current_app, request
from werkzeug.exceptions import HTTPException, InternalServerError, MethodNotAllowed, RequestEntityTooLarge
from werkzeug.sansio.response import Response as AnyResponse

from model.errors import Fault, InvalidFeaturesError, InvalidInputError

PROBLEM = "application/problem+json"

THE_BODY = "The body"
FAULTS_LISTED = 100
LARGEST_BODY = 1024 * 1024
# How much of a body that is too large is read and dropped.
LARGEST_DROPPED = 16 * LARGEST_BODY


class UnreadableBodyError(InvalidInputError):
    """A body that is no JSON document, or one that can be read in two ways."""


def register(app: Flask) -> None:
    """Make *app* answer every error with a problem document."""
    app.register_error_handler(UnreadableBodyError, lambda error: _invalid(HTTPStatus.BAD_REQUEST, error))
    app.register_error_handler(InvalidFeaturesError, lambda error: _invalid(HTTPStatus.UNPROCESSABLE_ENTITY, error))
    app.register_error_handler(HTTPException, _http_error)
    # Flask logs any other exception and hands it to the last handler as a 500; without this line
    # it would pass the exception on to the server wherever debug mode is switched on.
    app.config["PROPAGATE_EXCEPTIONS"] = False


def problem(
    status: HTTPStatus, detail: str, *, faults: Iterable[Fault] = (), headers: Iterable[tuple[str, str]] = ()
) -> Response:
    """Return a problem document; its type is about:blank, so its title is that of the status."""
    document: dict[str, Any] = {"type": "about:blank", "title": status.phrase, "status": status, "detail": detail}
    listed = [
        {"pointer": fault.where, "found": fault.found, "expected": fault.expected, "remedy": fault.remedy}
        for fault in faults
    ]
    if listed:
        document["faults"] = listed
    return current_app.response_class(msgspec.json.encode(document), status, headers, mimetype=PROBLEM)


def _invalid(status: HTTPStatus, error: InvalidInputError) -> Response:
    first = error.faults[0]
    place = f" at {first.where}" if first.where else ""
    what = f"found {first.found}{place}; expected {first.expected}."
    if error.count > 1:
        more = " or more" if error.count >= FAULTS_LISTED else ""
        what = f"{error.count}{more} faults, listed under “faults”. The first: {what}"
    return problem(status, f"{error.subject} cannot be used: {what}", faults=error.faults)


def _http_error(error: HTTPException) -> Response | AnyResponse:
    if error.code is None or error.code < HTTPStatus.BAD_REQUEST:
        return error.get_response()
    if isinstance(error, RequestEntityTooLarge):
        _drop_body()
    headers = [(name, value) for name, value in error.get_headers() if name.lower() != "content-type"]
    return problem(HTTPStatus(error.code), _detail(error), headers=headers)


def _detail(error: HTTPException) -> str:
    match error:
        case MethodNotAllowed():
            return f"{request.method} is not allowed here; allowed: {', '.join(sorted(error.valid_methods or ()))}."
        case RequestEntityTooLarge():
            return f"{THE_BODY} is larger than the {LARGEST_BODY:,} bytes allowed."
        case InternalServerError():
            return "The server failed to answer; the request is not to blame. Its log says why."
        case _:
            return error.description or "The request cannot be answered."


def _drop_body() -> None:
    """Read on, within limits: a client that is still sending sees a broken connection instead of an answer."""
    # Where the server does not end the stream with the body, reading on could wait forever.
    if request.environ.get("wsgi.input_terminated"):
        stream, dropped = request.environ["wsgi.input"], 0
        while dropped < LARGEST_DROPPED and (piece := stream.read(LARGEST_BODY)):
            dropped += len(piece)
