"""A short way for the request that matters most: a perfectly valid `POST /predict`.

`RowDecoder` reads such a body in under a microsecond, and knows when it must not: whatever it
does not read, the strict reader of `payloads` reads, and names every fault. `FastPath` answers
such a request before Flask is asked; with the same decoding, scoring and encoding as the view.
"""

import io
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from api import payloads
from api.errors import LARGEST_BODY
from model.bundle import Bundle
from model.manifest import FeatureSpec

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

JSON = "application/json"


class RowDecoder:
    """Reads the body of a prediction request if nothing at all is wrong with it.

    Parameters
    ----------
    features
        What a row is made of, in the order of the row.
    """

    def __init__(self, features: Sequence[FeatureSpec]) -> None:
        # Names of fields must be Python's; names of features need not be.
        fields = [f"f{position}" for position in range(len(features))]
        names = dict(zip(fields, (feature.name for feature in features), strict=True))
        row = msgspec.defstruct("Row", [(field, float) for field in fields], rename=names, forbid_unknown_fields=True)
        request = msgspec.defstruct("Request", [("features", row)], forbid_unknown_fields=True)
        self._decoder = msgspec.json.Decoder(request)
        self._quotes = 2 * (len(features) + 1)
        self._bounds = [
            (position, low, high)
            for position, feature in enumerate(features)
            for low, high in [(feature.hard_minimum, feature.hard_maximum)]
            if low is not None or high is not None
        ]

    def __call__(self, body: bytes) -> tuple[float, ...] | None:
        """Return the row in *body*, or None where the strict reader must look at it."""
        # The decoder passes over a name that is given twice. Where every name stands once, without
        # escapes, there are exactly two quotation marks a name.
        if body.count(b'"') != self._quotes or b"\\" in body:
            return None
        try:
            request: Any = self._decoder.decode(body)
        except msgspec.MsgspecError:
            return None
        row: tuple[float, ...] = msgspec.structs.astuple(request.features)
        for position, low, high in self._bounds:
            if (low is not None and row[position] < low) or (high is not None and row[position] > high):
                return None
        return row


class FastPath:
    """WSGI middleware before *app*: answers a valid `POST /predict`, and hands anything else on.

    Parameters
    ----------
    app
        The Flask application's own WSGI callable.
    bundle
        What is served.
    decode
        The decoder that the view uses, too.
    """

    def __init__(
        self, app: "WSGIApplication", bundle: Bundle, decode: Callable[[bytes], Sequence[float] | None]
    ) -> None:
        self._app = app
        self._bundle = bundle
        self._decode = decode

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer one request."""
        if not _may_be_short(environ):
            return self._app(environ, start_response)
        body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        reply = self._reply(body)
        if reply is None:
            environ["wsgi.input"] = io.BytesIO(body)
            return self._app(environ, start_response)
        start_response("200 OK", [("Content-Type", JSON), ("Content-Length", str(len(reply)))])
        return [reply]

    def _reply(self, body: bytes) -> bytes | None:
        row = self._decode(body)
        if row is None:
            return None
        try:
            return payloads.encode(payloads.predict(self._bundle, row))
        except Exception:  # whatever it is, the view meets it again: there it is answered, and logged
            return None


def _may_be_short(environ: "WSGIEnvironment") -> bool:
    return (
        environ.get("PATH_INFO") == "/predict"
        and environ["REQUEST_METHOD"] == "POST"
        and environ.get("CONTENT_TYPE") == JSON
        and "HTTP_CONTENT_ENCODING" not in environ
        and "HTTP_TRANSFER_ENCODING" not in environ
        and environ.get("CONTENT_LENGTH", "").isdigit()
        and int(environ["CONTENT_LENGTH"]) <= LARGEST_BODY
    )
