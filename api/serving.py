"""What the routes find in their application and in the request they answer."""

from collections.abc import Mapping
from typing import Any, cast

from flask import Response, current_app, request

from api import payloads
from api.errors import SERVED, NothingServedError
from api.front import SCORED
from api.live import Live, Served
from api.metrics import Metrics
from api.settings import ApiSettings

JSON = "application/json"


class Reply(Response):
    """A reply that claims no media type for a body it does not have."""

    default_mimetype = None


def served(environ: Mapping[str, Any] | None = None) -> Served:
    """Return what answers this request, from its beginning to its end.

    *environ* is that of the request, where it is at hand already.

    Raises
    ------
    NothingServedError
        There is no model yet.
    """
    found = (environ or request.environ)[SERVED]
    if found is None:
        reason = trouble() or "It is being loaded."
        msg = f"There is no model to answer with. {reason}"
        raise NothingServedError(msg)
    return cast("Served", found)


def live() -> Live:
    """Return the watch over what is served."""
    return cast("Live", current_app.extensions["live"])


def trouble() -> str | None:
    """Return what keeps the current version from being served, if anything does; no paths where errors are safe."""
    told = live().trouble
    return "The current version cannot be served; the log says why." if told and settings().safe_errors else told


def settings() -> ApiSettings:
    """Return the settings of this application."""
    return cast("ApiSettings", current_app.extensions["settings"])


def count_scored(calls: int, others: int) -> None:
    """Say how many rows this request has scored: *calls* of the positive class, and *others*."""
    request.environ[SCORED] = calls, others


def metrics() -> Metrics:
    """Return the counters of this application."""
    return cast("Metrics", current_app.extensions["metrics"])


def answer(reply: Mapping[str, Any]) -> Response:
    """Return *reply* as JSON."""
    return Reply(payloads.encode(reply), content_type=JSON)
