"""What every request passes before Flask: its id, the key, the short way, the counters and the log."""

import binascii
import functools
import hmac
import io
import itertools
import os
import re
import time
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from api import cors, payloads
from api.access_log import AccessLog
from api.errors import LARGEST_BODY, PROBLEM, SERVED, problem_document
from api.live import Live, Served
from api.metrics import NOTHING_SCORED, OTHER, Metrics
from api.settings import ApiSettings

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

JSON = "application/json"

# Where in the environment of a request stands the row that it asks about.
ROW = "handover.row"
# And how many rows were scored: those called, and the others.
SCORED = "handover.scored"

OPEN_TO_ALL = frozenset({"/health", "/ready"})
_USABLE_ID = re.compile(r"[\w.:/+=@-]{1,128}", re.ASCII)

Headers = list[tuple[str, str]]


class Front:
    """WSGI middleware before *app*, the Flask application's own callable.

    A perfectly valid `POST /predict` it answers itself, with the decoding, scoring and encoding of
    the view. Anything else, every error included, it hands on.
    """

    def __init__(
        self, app: "WSGIApplication", *, live: Live, settings: ApiSettings, metrics: Metrics, log: AccessLog | None
    ) -> None:
        self._app = app
        self._live = live
        self._settings = settings
        self._metrics = metrics
        self._log = log
        self._key = settings.key.encode()
        # Workers are copies of one process: each needs ids of its own.
        self._prefix = binascii.hexlify(os.urandom(5)).decode() + "-"
        self._numbers = itertools.count(1)

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer one request."""
        began = time.perf_counter()
        environ[SERVED] = served = self._live.served
        request_id = self._request_id(environ)
        method = environ["REQUEST_METHOD"]
        headers: Headers = [("X-Request-ID", request_id)]
        if self._settings.origins:
            headers += cors.headers(environ, self._settings.origins)
            if cors.is_preflight(environ):
                start_response("204 No Content", [*headers, *cors.PREFLIGHT_HEADERS])
                self._record(environ, method, OTHER, 204, began, request_id)
                return []
        if self._key and not self._may_enter(environ):
            return self._turn_away(environ, start_response, headers, began)
        if self._settings.fast_path and served is not None and is_plain_prediction(environ):
            reply = short_reply(environ, served)
            if reply is not None:
                content = [("Content-Type", JSON), ("Content-Length", str(len(reply)))]
                start_response("200 OK", content + headers)
                self._record(environ, method, "/predict", 200, began, request_id)
                return [reply]
        status, route = 500, OTHER

        def start(line: str, more: Headers, *error: Any) -> Callable[[bytes], object]:
            nonlocal status, route
            status, route = int(line[:3]), _route(environ)
            return start_response(line, more + headers, *error)

        parts = self._app(environ, start)
        self._record(environ, method, route, status, began, request_id)
        return parts

    def _request_id(self, environ: "WSGIEnvironment") -> str:
        given = environ.get("HTTP_X_REQUEST_ID")
        if given is not None and _USABLE_ID.fullmatch(given):
            return str(given)
        return f"{self._prefix}{next(self._numbers):x}"

    def _may_enter(self, environ: "WSGIEnvironment") -> bool:
        if environ.get("PATH_INFO") in OPEN_TO_ALL:
            return True
        scheme, _, token = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
        given = token.strip() if scheme.lower() == "bearer" else environ.get("HTTP_X_API_KEY", "")
        # Takes equally long wherever the two differ.
        return hmac.compare_digest(given.encode("latin-1", "replace"), self._key)

    def _turn_away(
        self, environ: "WSGIEnvironment", start_response: "StartResponse", headers: Headers, began: float
    ) -> Iterable[bytes]:
        detail = "This needs the key: send it as “Authorization: Bearer <key>” or as “X-API-Key: <key>”."
        body = problem_document(HTTPStatus.UNAUTHORIZED, detail, path=environ["PATH_INFO"])
        content = [("Content-Type", PROBLEM), ("Content-Length", str(len(body))), ("WWW-Authenticate", "Bearer")]
        start_response("401 Unauthorized", content + headers)
        self._record(environ, environ["REQUEST_METHOD"], OTHER, 401, began, headers[0][1])
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]

    def _record(
        self, environ: "WSGIEnvironment", method: str, route: str, status: int, began: float, request_id: str
    ) -> None:
        seconds = time.perf_counter() - began
        self._metrics.count(method, route, status, seconds, environ.get(SCORED, NOTHING_SCORED))
        if self._log is not None:
            served: Served | None = environ[SERVED]
            self._log.add(
                method=method,
                route=route,
                status=status,
                seconds=seconds,
                version=None if served is None else served.bundle.version,
                request_id=request_id,
                values=environ.get(ROW) if self._settings.log_values else None,
            )


def is_plain_prediction(environ: "WSGIEnvironment") -> bool:
    """Whether this may be a prediction request in its simplest form: JSON of a known, allowed length."""
    return (
        environ["PATH_INFO"] == "/predict"
        and environ["REQUEST_METHOD"] == "POST"
        and environ.get("CONTENT_TYPE") == JSON
        and not environ.get("QUERY_STRING")
        and "HTTP_CONTENT_ENCODING" not in environ
        and "HTTP_TRANSFER_ENCODING" not in environ
        and 0 < _length(environ.get("CONTENT_LENGTH", "")) <= LARGEST_BODY
    )


def short_reply(environ: "WSGIEnvironment", served: Served) -> bytes | None:
    """Return the encoded reply to a plain prediction if it is valid; else put its body back."""
    body = plain_body(environ)
    row = served.decode(body)
    if row is not None:
        environ[ROW] = row
        try:
            reply = served.predict(row)
        except Exception:  # noqa: S110  whatever it is, the view meets it again: there it is answered, and logged
            pass
        else:
            environ[SCORED] = reply["prediction"], 1 - reply["prediction"]
            return payloads.encode(reply)
    environ["wsgi.input"] = io.BytesIO(body)
    return None


def plain_body(environ: "WSGIEnvironment") -> bytes:
    """Return the body of a plain prediction."""
    body: bytes = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
    return body


def _length(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 12 else 0


def _route(environ: "WSGIEnvironment") -> str:
    """Return the pattern of the path, never the path itself: that may hold values."""
    rule = getattr(environ.get("werkzeug.request"), "url_rule", None)
    return OTHER if rule is None else path_of(rule.rule)


@functools.lru_cache(maxsize=256)
def path_of(rule: str) -> str:
    """Return a rule of Flask as people write it.

    >>> path_of("/predict/<number:x>/<number:y>")
    '/predict/<number>/<number>'
    """
    return re.sub(r"<(\w+):\w+>", r"<\1>", rule)
