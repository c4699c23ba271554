"""The routes about the model and about one row: parse, call, answer."""

from http import HTTPStatus

from flask import Response, request

from api import arithmetic, front, payloads, queries
from api.bodies import check_length, read_body
from api.errors import problem
from api.serving import JSON, answer, live, served, trouble
from model.errors import ModelError


def health() -> Response:
    """Say that the server is alive, and what it serves."""
    current = live().served
    return answer(payloads.health(None if current is None else current.bundle, trouble()))


def ready() -> Response:
    """Say whether predictions can be made: a model is loaded, and still gives what it gave when it was published."""
    bundle = served().bundle
    try:
        bundle.reproduce_self_test()
    except ModelError as error:
        return problem(HTTPStatus.SERVICE_UNAVAILABLE, str(error), headers=[("Retry-After", "5")])
    return answer({"status": "ready", "model": bundle.manifest.name, "version": bundle.version})


def model() -> Response:
    """Describe the model: everything its manifest says in public."""
    return answer(payloads.model(served().bundle))


def features() -> Response:
    """Describe the features."""
    return answer(payloads.features(served().bundle))


def predict() -> Response:
    """Score one row."""
    environ = request.environ
    current = served(environ)
    explained = environ["QUERY_STRING"] and queries.switch("explain")
    row = environ.get(front.ROW)
    if row is None:
        if front.is_plain_prediction(environ):
            body = front.plain_body(environ)
            check_length(body, int(environ["CONTENT_LENGTH"]))
        else:
            body = read_body([JSON])[1]
        row = current.decode(body) or payloads.decode_row(body, current.features)
        environ[front.ROW] = row
    reply = current.predict(row)
    environ[front.SCORED] = reply["prediction"], 1 - reply["prediction"]
    if explained:
        from api.explanations import explain
        from model.uncertainty import ProbabilityIntervals

        intervals = current.once(ProbabilityIntervals.of)
        complete = payloads.without_gaps(current.bundle, row)
        reply |= explain(current.bundle, complete, reply[current.bundle.probability_key], intervals)
    return answer(reply)


def double(x: int | float) -> Response:
    """Double a number."""
    return answer({"result": arithmetic.add(x, x)})


def add(x: int | float, y: int | float) -> Response:
    """Add two numbers."""
    return answer({"result": arithmetic.add(x, y)})
