"""The routes of the OpenAPI document, and of a page to read it and try it out."""

from http import HTTPStatus

from flask import Blueprint, Response, abort, current_app, request

from api import docs_page
from api.serving import answer, served, settings

# A day: what is newer by then is told by its tag.
SECONDS_CACHED = 86_400

bp = Blueprint("docs", __name__)


@bp.get("/openapi.json")
def openapi() -> Response:
    """Describe every route for programs."""
    from api.openapi import document

    return answer(document(served().bundle, settings()))


@bp.get("/docs")
def docs() -> Response:
    """Describe every route for people, who can try each of them."""
    page = docs_page.page(f"{served().bundle.manifest.name}: API")
    headers = {"Content-Security-Policy": docs_page.POLICY, "X-Content-Type-Options": "nosniff"}
    return current_app.response_class(page, headers=headers, mimetype="text/html")


@bp.get("/docs/<file>")
def docs_file(file: str) -> Response:
    """Serve one of the files that the page is made of."""
    if file not in docs_page.FILES:
        abort(HTTPStatus.NOT_FOUND)
    media_type, content = docs_page.content_of(file)
    reply = current_app.response_class(content, headers={"X-Content-Type-Options": "nosniff"}, mimetype=media_type)
    reply.cache_control.max_age = SECONDS_CACHED
    reply.add_etag()
    reply.make_conditional(request)
    return reply
