"""The route for many rows."""

import json
import re

from flask import Response, request
from werkzeug.datastructures import MIMEAccept
from werkzeug.exceptions import NotAcceptable
from werkzeug.http import parse_accept_header

from api import queries
from api.batch.answers import MEDIA_TYPES, Batch
from api.bodies import read_body
from api.serving import Reply, count_scored, served, settings

_CHARSET = re.compile(r"\s*;\s*charset\s*=\s*\"?utf-?8\"?", re.IGNORECASE)


def predict_batch() -> Response:
    """Score many rows."""
    current = served()
    queries.only("errors")
    errors = queries.choice("errors", ("fail", "row"))
    media_type, body = read_body(MEDIA_TYPES, largest=settings().batch_bytes)
    # Of types that are equally welcome, the one that was sent.
    preferred = (media_type, *MEDIA_TYPES)
    # All text here is in UTF-8: who asks for that, too, asks for nothing else.
    accepted = parse_accept_header(_CHARSET.sub("", request.headers.get("Accept", "")), MIMEAccept)
    answer_as = accepted.best_match(preferred) if accepted else media_type
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
    if reply.imputed:
        headers["X-Imputed"] = json.dumps(reply.imputed)
    if warnings := (*current.notes, *reply.warnings):
        headers["X-Warnings"] = json.dumps(warnings)
    return Reply(reply.body, headers=headers, content_type=reply.media_type)
