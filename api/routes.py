"""The routes: parse, call, answer."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, NoReturn, cast

from flask import Blueprint, Response, abort, current_app, request
from werkzeug.exceptions import NotFound, RequestEntityTooLarge

from api import arithmetic, payloads
from api.errors import LARGEST_BODY, problem
from model.bundle import Bundle

JSON = "application/json"

ROUTES = (
    ("GET", "/health", "what is served: model, version, training data, features, threshold"),
    ("GET", "/features", "what each feature means, what it may be, what it was in training"),
    ("POST", "/predict", 'the probability for {"features": {…}}, and the call at the threshold'),
    ("GET", "/predict/<number>", "the number doubled"),
    ("GET", "/predict/<number>/<number>", "the sum of two numbers"),
    ("GET", "/plot", "a page with the probability against the first feature"),
)

bp = Blueprint("api", __name__)


@bp.get("/")
def index() -> Response:
    """List the routes."""
    routes = [{"method": method, "path": path, "answers": answers} for method, path, answers in ROUTES]
    return _answer({"model": _bundle().manifest.name, "version": _bundle().version, "routes": routes})


@bp.get("/health")
def health() -> Response:
    """Say what is served."""
    return _answer(payloads.health(_bundle()))


@bp.get("/features")
def features() -> Response:
    """Describe the features."""
    return _answer(payloads.features(_bundle()))


@bp.post("/predict")
def predict() -> Response:
    """Score one row."""
    bundle, body = _bundle(), _json_body()
    row = current_app.extensions["decode_valid_row"](body) or payloads.decode_row(body, bundle.manifest.features)
    return _answer(payloads.predict(bundle, row))


@bp.get("/predict/<number:x>")
def double(x: int | float) -> Response:
    """Double a number."""
    return _answer({"result": arithmetic.add(x, x)})


@bp.get("/predict/<number:x>/<number:y>")
def add(x: int | float, y: int | float) -> Response:
    """Add two numbers."""
    return _answer({"result": arithmetic.add(x, y)})


@bp.get("/plot")
def plot() -> Response:
    """Show the probability against the first feature, as a page."""
    page = cast("Callable[[Bundle], str]", current_app.extensions["plot_page"])
    # The page needs nothing but itself, and says so to the browser.
    policy = {"Content-Security-Policy": "default-src 'none'; img-src data:; style-src 'unsafe-inline'"}
    return current_app.response_class(page(_bundle()), headers=policy, mimetype="text/html")


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
        detail = f"There is nothing at this address. The API answers at {', '.join(path for _, path, _ in ROUTES)}."
    return problem(HTTPStatus.NOT_FOUND, detail)


def _bundle() -> Bundle:
    return cast("Bundle", current_app.extensions["bundle"])


def _answer(reply: Mapping[str, Any]) -> Response:
    return current_app.response_class(payloads.encode(reply), mimetype=JSON)


def _json_body() -> bytes:
    # Read before anything is refused: a client that is still sending may not see the answer.
    body = request.get_data(cache=False)
    if len(body) > LARGEST_BODY:
        raise RequestEntityTooLarge
    if request.mimetype != JSON:
        found = f"found {request.mimetype}" if request.mimetype else "found no Content-Type"
        _refuse_media_type(f"The body must be sent as {JSON}; {found}.", accept=JSON)
    charset = request.mimetype_params.get("charset", "utf-8").lower()
    if charset not in {"utf-8", "utf8", "us-ascii"}:
        _refuse_media_type(f"The body must be in UTF-8; found charset {charset}.", accept=JSON)
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        _refuse_media_type("The body must not be compressed.", accept_encoding="identity")
    return body


def _refuse_media_type(detail: str, **accepted: str) -> NoReturn:
    headers = [(name.replace("_", "-").title(), value) for name, value in accepted.items()]
    abort(problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, detail, headers=headers))
