"""The routes for more than one row: batches of rows, and the daily bars that one row is computed from."""

import json
from http import HTTPStatus

from flask import Blueprint, Response, request
from werkzeug.exceptions import NotAcceptable

from api import batch, queries
from api.batch_rows import TooManyRowsError
from api.bodies import read_body
from api.errors import problem
from api.serving import JSON, Reply, answer, count_scored, served, settings

bp = Blueprint("many", __name__)

BAR_TYPES = (JSON, batch.CSV)


@bp.post("/predict/batch")
def predict_batch() -> Response:
    """Score many rows."""
    current = served()
    errors = queries.choice("errors", ("fail", "row"))
    media_type, body = read_body(batch.MEDIA_TYPES, largest=settings().batch_bytes)
    # Of types that are equally welcome, the one that was sent.
    preferred = (media_type, *batch.MEDIA_TYPES)
    answer_as = request.accept_mimetypes.best_match(preferred) if request.accept_mimetypes else media_type
    if answer_as is None:
        raise NotAcceptable(f"The answer can be {', '.join(batch.MEDIA_TYPES)}; Accept asks for none of these.")
    reply = current.batch.answer(
        body,
        media_type,
        answer_as=answer_as,
        errors=errors,
        most_rows=settings().batch_rows,
        notes=current.notes,
        safe=current.safe,
    )
    count_scored(reply.calls, reply.others)
    headers = {"X-Model-Version": reply.version, "X-Decision-Threshold": repr(reply.threshold)}
    if warnings := (*current.notes, *reply.warnings):
        headers["X-Warnings"] = json.dumps(warnings)
    return Reply(reply.body, headers=headers, content_type=reply.media_type)


@bp.post("/predict/bars")
def predict_bars() -> Response:
    """Compute the features of the last of the bars, and score them."""
    from api import bars

    current = served()
    if not bars.takes_bars(current.bundle):
        detail = f"The features of {current.bundle.manifest.name} are not computed from daily bars; use /predict."
        return problem(HTTPStatus.NOT_FOUND, detail)
    media_type, body = read_body(BAR_TYPES, largest=settings().batch_bytes)
    ticker = request.args.get("ticker")
    reply = bars.predict_bars(current.bundle, body, media_type, ticker=ticker, notes=current.notes, safe=current.safe)
    count_scored(reply["prediction"], 1 - reply["prediction"])
    return answer(reply)


@bp.app_errorhandler(TooManyRowsError)
def too_many_rows(error: TooManyRowsError) -> Response:
    """Answer a body of more rows than are scored at once."""
    return problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, str(error))
