"""The route for many rows."""

import json

from flask import Response, request
from werkzeug.exceptions import NotAcceptable

from api import queries
from api.batch.answers import MEDIA_TYPES, Batch
from api.bodies import read_body
from api.serving import Reply, count_scored, served, settings


def predict_batch() -> Response:
    """Score many rows."""
    current = served()
    errors = queries.choice("errors", ("fail", "row"))
    media_type, body = read_body(MEDIA_TYPES, largest=settings().batch_bytes)
    # Of types that are equally welcome, the one that was sent.
    preferred = (media_type, *MEDIA_TYPES)
    answer_as = request.accept_mimetypes.best_match(preferred) if request.accept_mimetypes else media_type
    if answer_as is None:
        msg = f"The answer can be {', '.join(MEDIA_TYPES)}; Accept asks for none of these."
        raise NotAcceptable(msg)
    reply = current.once(Batch).answer(
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
