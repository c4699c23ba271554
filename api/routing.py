"""Every route in one list: what is asked for, what answers, and what it is for."""

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, request
from werkzeug.exceptions import NotFound

from api import routes
from api.arithmetic import EXPECTED
from api.errors import problem
from api.front import path_of
from api.report import report_file
from api.serving import live
from model.bundle import Bundle
from model.features import FEATURE_NAMES

View = Callable[..., Response]


@dataclass(frozen=True, slots=True)
class Route:
    """One method of one path.

    `view` is what answers; where that is needed seldom, its module and name, to be imported with
    the first request. A route without `purpose` is left out of the list that people get.
    """

    method: str
    rule: str
    view: View | str
    purpose: str = ""


_OF_A_VERSION = "/v2/models/<name>/versions/<version>"

BARS = "/predict/bars"
REPORT = "/report"

ROUTES = (
    Route("GET", "/", "api.overview:index"),
    Route("GET", "/health", routes.health, "whether the server is alive, and what it serves"),
    Route("GET", "/ready", routes.ready, "whether predictions can be made"),
    Route("GET", "/model", routes.model, "what the model says about itself: training data, metrics, verdict"),
    Route("GET", REPORT, "api.report:report", "all that is to be known of this version, as one page to keep"),
    Route("GET", "/features", routes.features, "what each feature means, may be, and was in training"),
    Route("POST", "/predict", routes.predict, "the probability and the call for one row; ?explain=true says why"),
    Route("POST", "/predict/batch", "api.batch.routes:predict_batch", "the same for many rows; ?errors=row skips bad"),
    Route("POST", BARS, "api.bars.routes:predict_bars", "the prediction for the last of some daily bars"),
    Route("GET", "/predict/<number:x>", routes.double, "the number doubled"),
    Route("GET", "/predict/<number:x>/<number:y>", routes.add, "the sum of two numbers"),
    Route("GET", "/plot", "api.plots.routes:plot", "a chart over one feature; ?feature=…&format=html, png or svg"),
    Route("GET", "/metrics", "api.overview:counters", "counters of requests and predictions, for Prometheus"),
    Route("GET", "/openapi.json", "api.openapi.routes:openapi", "all of this for programs"),
    Route("GET", "/docs", "api.openapi.routes:docs", "all of this for people, to read and try"),
    Route("GET", "/docs/<file>", "api.openapi.routes:docs_file"),
    Route("GET", "/v2", "api.inference.routes:server", "the Open Inference Protocol"),
    Route("GET", "/v2/health/live", "api.inference.routes:live"),
    Route("GET", "/v2/health/ready", "api.inference.routes:ready"),
    Route("GET", "/v2/models/<name>", "api.inference.routes:model"),
    Route("GET", "/v2/models/<name>/ready", "api.inference.routes:model_ready"),
    Route("POST", "/v2/models/<name>/infer", "api.inference.routes:infer"),
    Route("GET", _OF_A_VERSION, "api.inference.routes:model"),
    Route("GET", f"{_OF_A_VERSION}/ready", "api.inference.routes:model_ready"),
    Route("POST", f"{_OF_A_VERSION}/infer", "api.inference.routes:infer"),
)


def add_routes(app: Flask) -> None:
    """Make *app* answer every route."""
    for route in ROUTES:
        view = _when_needed(route.view) if isinstance(route.view, str) else route.view
        app.add_url_rule(route.rule, f"{route.method} {route.rule}", view, methods=[route.method])
    app.register_error_handler(NotFound, _not_found)


def listed(bundle: Bundle | None) -> list[Route]:
    """Return the routes that people are told of: those that lead somewhere for *bundle*.

    That for daily bars does where it takes any, and that of the report where there is one about it.
    """
    leave = set()
    if bundle is not None and set(bundle.manifest.feature_names) != set(FEATURE_NAMES):
        leave.add(BARS)
    if bundle is not None and not report_file().is_about(bundle):
        leave.add(REPORT)
    return [route for route in ROUTES if route.purpose and route.rule not in leave]


def _not_found(_: NotFound) -> Response:
    """Answer a path that leads nowhere with those that lead somewhere."""
    current = live().served
    known = listed(None if current is None else current.bundle)
    if request.path.startswith("/predict/"):
        words = "batch, bars," if any(route.rule == BARS for route in known) else "batch"
        detail = f"What follows /predict/ must be {words} or one or two parts, each {EXPECTED}."
    else:
        paths = dict.fromkeys(path_of(route.rule) for route in known)
        detail = f"There is nothing at this address. The API answers at {', '.join(paths)}."
    return problem(HTTPStatus.NOT_FOUND, detail)


def _when_needed(view: str) -> View:
    module, _, name = view.partition(":")

    def imported(**parts: Any) -> Response:
        reply: Response = getattr(importlib.import_module(module), name)(**parts)
        return reply

    return imported
