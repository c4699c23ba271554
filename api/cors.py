"""Replies for pages of other origins: none may read them unless it is named (API_ORIGINS)."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

SECONDS_REMEMBERED = "600"
_READABLE = "X-Request-ID, X-Model-Version, X-Decision-Threshold, X-Warnings"

# What a page of a named origin may send.
PREFLIGHT_HEADERS = (
    ("Access-Control-Allow-Methods", "GET, HEAD, POST, OPTIONS"),
    ("Access-Control-Allow-Headers", "Authorization, Content-Type, X-API-Key, X-Request-ID"),
    ("Access-Control-Max-Age", SECONDS_REMEMBERED),
    ("Vary", "Access-Control-Request-Headers, Access-Control-Request-Method"),
)


def headers(environ: "WSGIEnvironment", origins: Sequence[str]) -> list[tuple[str, str]]:
    """Return the headers that let the origin of this request read the reply, if it is one of *origins*."""
    origin = environ.get("HTTP_ORIGIN")
    if "*" in origins:
        return [("Access-Control-Allow-Origin", "*"), ("Access-Control-Expose-Headers", _READABLE)]
    # The reply depends on who asks, also where it is refused: caches must know.
    vary = ("Vary", "Origin")
    if origin not in origins:
        return [vary]
    return [("Access-Control-Allow-Origin", str(origin)), ("Access-Control-Expose-Headers", _READABLE), vary]


def is_preflight(environ: "WSGIEnvironment") -> bool:
    """Whether a browser asks what a page of another origin may send."""
    return environ["REQUEST_METHOD"] == "OPTIONS" and "HTTP_ACCESS_CONTROL_REQUEST_METHOD" in environ
