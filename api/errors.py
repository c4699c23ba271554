"""Errors on the wire: RFC 9457 problem documents, whatever went wrong."""

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

import msgspec
from flask import Flask, Response, current_app, request
from werkzeug.exceptions import HTTPException, InternalServerError, MethodNotAllowed, RequestEntityTooLarge
from werkzeug.sansio.response import Response as AnyResponse

from api.arithmetic import TooLargeError
from model.errors import BundleIntegrityError, Fault, InvalidInputError, ModelError

PROBLEM = "application/problem+json"

THE_BODY = "The body"
FAULTS_LISTED = 100
LARGEST_BODY = 1024 * 1024
# How much of a body that is too large is read and dropped.
LARGEST_DROPPED = 16 * LARGEST_BODY

# All that msgspec raises for a body it cannot decode; a name that is no UTF-8 is not among its own errors.
NOT_DECODED = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)

# Where in the environment of a request stands what answers it.
SERVED = "handover.served"

_PARTS_OF_BODIES = {"features", "rows", "columns", "bars", "inputs", "outputs", "data", "shape", "parameters"}


class UnreadableBodyError(InvalidInputError):
    """A body that is no JSON document, or one that can be read in two ways."""


class TooManyRowsError(ModelError):
    """More rows in one request than are taken at once.

    Parameters
    ----------
    found
        How many rows the body holds.
    most
        How many are taken.
    """

    def __init__(self, found: int, most: int) -> None:
        super().__init__(
            f"The body holds {found:,} rows; at most {most:,} are taken at once. Send them in several requests."
        )


class NothingServedError(ModelError):
    """There is no model to answer with."""


def register(app: Flask) -> None:
    """Make *app* answer every error with a problem document."""
    app.register_error_handler(UnreadableBodyError, lambda error: _invalid(HTTPStatus.BAD_REQUEST, error))
    app.register_error_handler(InvalidInputError, lambda error: _invalid(HTTPStatus.UNPROCESSABLE_ENTITY, error))
    app.register_error_handler(NothingServedError, _nothing_served)
    app.register_error_handler(BundleIntegrityError, _bundle_damaged)
    app.register_error_handler(TooManyRowsError, lambda error: _refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, error))
    app.register_error_handler(TooLargeError, lambda error: _refused(HTTPStatus.UNPROCESSABLE_ENTITY, error))
    app.register_error_handler(HTTPException, _http_error)
    # Flask logs any other exception and hands it to the last handler as a 500; without this line
    # it would pass the exception on to the server wherever debug mode is switched on.
    app.config["PROPAGATE_EXCEPTIONS"] = False


def problem(
    status: HTTPStatus, detail: str, *, faults: Iterable[Fault] = (), headers: Iterable[tuple[str, str]] = ()
) -> Response:
    """Return a problem document; its type is about:blank, so its title is that of the status."""
    document = problem_document(status, detail, faults, path=request.path)
    return current_app.response_class(document, status, headers, mimetype=PROBLEM)


def problem_document(status: HTTPStatus, detail: str, faults: Iterable[Fault] = (), *, path: str = "") -> bytes:
    """Return the bytes of a problem document in answer to a request for *path*."""
    document: dict[str, Any] = {"type": "about:blank", "title": status.phrase, "status": status, "detail": detail}
    if f"{path}/".startswith("/v2/"):
        # Where clients of the Open Inference Protocol look for the reason.
        document["error"] = detail
    listed = [
        {"pointer": fault.where, "found": fault.found, "expected": fault.expected, "remedy": fault.remedy}
        for fault in faults
    ]
    if listed:
        document["faults"] = listed
    return msgspec.json.encode(document)


def without_names(fault: Fault, names: Iterable[str]) -> Fault:
    """Return *fault* as those may see it who must not learn the *names* of features and their ranges."""
    place, _, _ = fault.where.partition(",")
    if place.startswith("/"):
        place = "".join(f"/{part}" for part in place.split("/") if part.isdigit() or part in _PARTS_OF_BODIES)
    found = "something else" if any(name in fault.found for name in names) else fault.found
    return Fault(place, found, "what was agreed on for this place")


def _invalid(status: HTTPStatus, error: InvalidInputError) -> Response:
    faults = error.faults[:FAULTS_LISTED]
    if current_app.extensions["settings"].safe_errors:
        served = request.environ.get(SERVED)
        names = () if served is None else served.bundle.manifest.feature_names
        faults = tuple(dict.fromkeys(without_names(fault, names) for fault in faults))
    first = faults[0]
    place = f" at {first.where}" if first.where else ""
    what = f"found {first.found}{place}; expected {first.expected}."
    if error.count > 1:
        more = " or more" if error.count == FAULTS_LISTED else ""
        which = "listed" if error.count <= FAULTS_LISTED else f"the first {FAULTS_LISTED} listed"
        what = f"{error.count:,}{more} faults, {which} under “faults”. The first: {what}"
    return problem(status, f"{error.subject} cannot be used: {what}", faults=faults)


def _refused(status: HTTPStatus, error: ModelError) -> Response:
    return problem(status, str(error))


def _nothing_served(error: NothingServedError) -> Response:
    return problem(HTTPStatus.SERVICE_UNAVAILABLE, str(error), headers=[("Retry-After", "5")])


def _bundle_damaged(error: BundleIntegrityError) -> Response:
    # Rows to look things up in are read when they are first needed; by then a file may be gone.
    current_app.logger.error("A file of the model in service cannot be used: %s", error)
    return problem(HTTPStatus.SERVICE_UNAVAILABLE, "A file of the model in service is damaged; the log says which.")


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
            # The limit that was asked for is one less than what is read: see `bodies`.
            limit = (request.max_content_length or LARGEST_BODY + 1) - 1
            return f"{THE_BODY} is larger than the {limit:,} bytes allowed."
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
