"""What programs see: the packaged model over HTTP."""

import functools
import os
from pathlib import Path

from flask import Flask, Response

from api import errors, plots, routes
from api.arithmetic import NumberConverter
from api.fast_path import FastPath, RowDecoder
from model.bundle import Bundle
from model.registry import Registry


class _Reply(Response):
    """A reply that claims no media type for a body it does not have."""

    default_mimetype = None


def create_app(bundle: Bundle | None = None) -> Flask:
    """Flask application serving *bundle*; by default the current one.

    The current bundle is that of the registry in the folder named by the environment variable
    MODEL_REGISTRY, and of this repository's where it is not set. API_FAST_PATH=off sends every
    request through Flask.

    Raises
    ------
    ModelError
        There is no bundle, or it fails one of its checks.
    """
    app = Flask(__name__, static_folder=None)
    app.response_class = _Reply
    # Werkzeug cuts a body of unannounced length off here without a word; that the last byte
    # was reached is how `routes` knows it to be too large.
    app.config["MAX_CONTENT_LENGTH"] = errors.LARGEST_BODY + 1
    # Two slashes in a row lead nowhere, rather than to a redirect in HTML.
    app.url_map.merge_slashes = False
    app.url_map.converters["number"] = NumberConverter
    served = bundle or _registry().load()
    app.extensions["bundle"] = served
    decode = app.extensions["decode_valid_row"] = RowDecoder(served.manifest.features)
    if os.environ.get("API_FAST_PATH", "on").lower() not in {"off", "0", "no", "false"}:
        app.wsgi_app = FastPath(app.wsgi_app, served, decode)  # type: ignore[method-assign]
    app.extensions["plot_page"] = functools.lru_cache(maxsize=1)(plots.page)
    errors.register(app)
    app.register_blueprint(routes.bp)
    return app


def _registry() -> Registry:
    folder = os.environ.get("MODEL_REGISTRY")
    return Registry(Path(folder)) if folder else Registry()
