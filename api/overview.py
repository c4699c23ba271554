"""The routes about the API itself: the list of routes, and the counters."""

from flask import Response, current_app

from api.front import path_of
from api.routing import listed
from api.serving import answer, live, metrics

PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"


def index() -> Response:
    """List the routes."""
    current = live().served
    model = {} if current is None else {"model": current.bundle.manifest.name, "version": current.bundle.version}
    routes = [
        {"method": route.method, "path": path_of(route.rule), "answers": route.purpose}
        for route in listed(None if current is None else current.bundle)
    ]
    return answer(model | {"routes": routes})


def counters() -> Response:
    """Show the counters of all workers."""
    current = live().served
    page = metrics().page(None if current is None else current.bundle)
    return current_app.response_class(page, content_type=PROMETHEUS)
