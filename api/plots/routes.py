"""The route of the chart: a page, or a picture alone."""

from flask import Response, current_app, request

from api import queries
from api.plots import drawing
from api.serving import served

_MEDIA_TYPES = {"html": "text/html", "png": "image/png", "svg": "image/svg+xml"}
_PARAMETERS = ("feature", "format")


def plot() -> Response:
    """Show the probability against one feature: as a page, a PNG or an SVG."""
    current = served()
    bundle = current.bundle
    if not request.args:
        # What nearly everybody asks for is drawn once.
        return _reply(current.once(drawing.page), "html")
    features = bundle.manifest.features
    form = queries.choice("format", list(_MEDIA_TYPES))
    position = bundle.manifest.feature_names.index(queries.choice("feature", bundle.manifest.feature_names))
    row = queries.scenario(features, _PARAMETERS)
    if form == "html":
        return _reply(drawing.page(bundle, position, row), form)
    return _reply(drawing.picture(bundle, drawing.curve(bundle, position, row), form), form)


def _reply(body: str | bytes, form: str) -> Response:
    # It needs nothing but itself, and says so to the browser.
    policy = {"Content-Security-Policy": "default-src 'none'; img-src data:; style-src 'unsafe-inline'"}
    return current_app.response_class(body, headers=policy, mimetype=_MEDIA_TYPES[form])
