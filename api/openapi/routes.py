"""The routes of the OpenAPI document, and of a page to read it and try it out."""

from http import HTTPStatus

from flask import Response, abort, current_app, request

from api.openapi import page
from api.openapi.document import document
from api.serving import answer, served, settings

# A day: what is newer by then is told by its tag.
SECONDS_CACHED = 86_400


def openapi() -> Response:
    """Describe every route for programs."""
    return answer(document(served().bundle, settings()))


def docs() -> Response:
    """Describe every route for people, who can try each of them."""
    text = page.page(f"{served().bundle.manifest.name}: API")
    headers = {"Content-Security-Policy": page.POLICY, "X-Content-Type-Options": "nosniff"}
    return current_app.response_class(text, headers=headers, mimetype="text/html")


def docs_file(file: str) -> Response:
    """Serve one of the files that the page is made of."""
    if file not in page.FILES:
        abort(HTTPStatus.NOT_FOUND)
    media_type, content = page.content_of(file)
    reply = current_app.response_class(content, headers={"X-Content-Type-Options": "nosniff"}, mimetype=media_type)
    reply.cache_control.max_age = SECONDS_CACHED
    reply.add_etag()
    reply.make_conditional(request)
    return reply
