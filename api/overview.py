"""The routes about the API itself: the list of routes, the counters, and what leads nowhere."""

from http import HTTPStatus

from flask import Blueprint, Response, current_app, request
from werkzeug.exceptions import NotFound

from api import arithmetic
from api.errors import problem
from api.serving import answer, live, metrics

PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"

ROUTES = (
    ("GET", "/health", "whether the server is alive, and what it serves"),
    ("GET", "/ready", "whether predictions can be made"),
    ("GET", "/model", "everything the model says about itself: training data, metrics, verdict, features"),
    ("GET", "/features", "what each feature means, what it may be, what it was in training"),
    (
        "POST",
        "/predict",
        'the probability for {"features": {…}}, and the call; ?explain=true says why',
    ),
    ("POST", "/predict/batch", "the same for many rows: JSON, CSV, Parquet or an Arrow stream"),
    ("POST", "/predict/bars", "the prediction for the last of some daily bars: JSON or CSV"),
    ("GET", "/predict/<number>", "the number doubled"),
    ("GET", "/predict/<number>/<number>", "the sum of two numbers"),
    ("GET", "/plot", "a page with the probability against a feature; ?feature=…&format=png or svg"),
    ("GET", "/metrics", "counters of requests and predictions, for Prometheus"),
)

bp = Blueprint("overview", __name__)


@bp.get("/")
def index() -> Response:
    """List the routes."""
    current = live().served
    model = {} if current is None else {"model": current.bundle.manifest.name, "version": current.bundle.version}
    routes = [{"method": method, "path": path, "answers": answers} for method, path, answers in ROUTES]
    return answer(model | {"routes": routes})


@bp.get("/metrics")
def counters() -> Response:
    """Show the counters of all workers."""
    current = live().served
    page = metrics().page(None if current is None else current.bundle)
    return current_app.response_class(page, content_type=PROMETHEUS)


@bp.app_errorhandler(arithmetic.TooLargeError)
def too_large(error: arithmetic.TooLargeError) -> Response:
    """Answer numbers that cannot be added."""
    return problem(HTTPStatus.UNPROCESSABLE_ENTITY, str(error))


@bp.app_errorhandler(NotFound)
def not_found(_: NotFound) -> Response:
    """Answer a path that leads nowhere with those that lead somewhere."""
    if request.path.startswith("/predict/"):
        detail = f"What follows /predict/ must be one or two parts, each {arithmetic.EXPECTED}."
    else:
        paths = dict.fromkeys(path for _, path, _ in ROUTES)
        detail = f"There is nothing at this address. The API answers at {', '.join(paths)}."
    return problem(HTTPStatus.NOT_FOUND, detail)
