"""The route for daily bars."""

from http import HTTPStatus

from flask import Response, request

from api import queries
from api.bars import prediction
from api.bodies import read_body
from api.errors import problem
from api.serving import answer, count_scored, served, settings


def predict_bars() -> Response:
    """Compute the features of the last of the bars, and score them."""
    current = served()
    if not prediction.takes_bars(current.bundle):
        name = current.bundle.manifest.name
        detail = f"There is nothing at this address: the features of {name} are sent as they are. Use /predict."
        return problem(HTTPStatus.NOT_FOUND, detail)
    queries.only("ticker")
    media_type, body = read_body(list(prediction.READERS), largest=settings().batch_bytes)
    ticker = request.args.get("ticker")
    reply = prediction.predict_bars(
        current.bundle, body, media_type, ticker=ticker, notes=current.notes, safe=current.safe
    )
    count_scored(reply["prediction"], 1 - reply["prediction"])
    return answer(reply)
