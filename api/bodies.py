"""The body of a request: its media type, its size, its bytes."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import NoReturn

from flask import abort, request
from werkzeug.exceptions import LengthRequired, RequestEntityTooLarge

from api.errors import LARGEST_BODY, THE_BODY, UnreadableBodyError, problem
from model.errors import Fault

TEXT = {"application/json", "text/csv"}
# A body of these that breaks off between two rows looks whole.
WITHOUT_AN_END = {"text/csv", "application/vnd.apache.arrow.stream"}


def read_body(accepted: Sequence[str], *, largest: int = LARGEST_BODY) -> tuple[str, bytes]:
    """Return the media type of the body, one of *accepted*, and its bytes.

    Anything else is refused with 413 or 415.
    """
    # Read before anything is refused: a client that is still sending may not see the answer.
    body = _body(largest)
    if "Transfer-Encoding" in request.headers and request.mimetype in WITHOUT_AN_END.intersection(accepted):
        msg = f"Send {request.mimetype} with its Content-Length: where it breaks off, it looks whole."
        raise LengthRequired(msg)
    expected = " or ".join(accepted)
    if request.mimetype not in accepted:
        found = f"found {request.mimetype}" if request.mimetype else "found no Content-Type"
        _refuse(f"The body must be sent as {expected}; {found}.", accept=", ".join(accepted))
    charset = request.mimetype_params.get("charset", "utf-8").lower()
    if request.mimetype in TEXT and charset not in {"utf-8", "utf8", "us-ascii"}:
        _refuse(f"The body must be in UTF-8; found charset {charset}.", accept=", ".join(accepted))
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        _refuse("The body must not be compressed.", accept_encoding="identity")
    return request.mimetype, body


def _body(largest: int) -> bytes:
    # Where a request is too large, its problem document names the limit.
    request.max_content_length = largest + 1
    announced = request.content_length
    if announced is None:
        # Werkzeug cuts a body of unannounced length off at the limit without a word; that there is one
        # byte more is how it is known to be too large.
        body = request.get_data(cache=False)
        if len(body) > largest:
            raise RequestEntityTooLarge
        return body
    if announced > largest:
        raise RequestEntityTooLarge
    # In one piece: Werkzeug's own stream would take it in many small ones. And to its end, which costs half
    # of reading a number of bytes, where the server says that there is one.
    stream = request.environ["wsgi.input"]
    whole: bytes = stream.read() if request.environ.get("wsgi.input_terminated") else stream.read(announced)
    check_length(whole, announced)
    return whole


def check_length(body: bytes, announced: int) -> None:
    """Refuse a body that broke off.

    Raises
    ------
    UnreadableBodyError
        It is shorter than was announced.
    """
    if len(body) < announced:
        found = f"{len(body):,} of the {announced:,} bytes that its Content-Length announces"
        raise UnreadableBodyError(THE_BODY, [Fault("", found, "all of them", "Send it again, whole.")])


def _refuse(detail: str, **accepted: str) -> NoReturn:
    headers = [(name.replace("_", "-").title(), value) for name, value in accepted.items()]
    abort(problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, detail, headers=headers))
