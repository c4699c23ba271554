"""What programs see: the packaged model over HTTP."""

from flask import Flask

from api import errors
from api.access_log import AccessLog
from api.application import Application
from api.arithmetic import NumberConverter
from api.front import Front, path_of
from api.live import Live
from api.metrics import Metrics
from api.report import ReportFile
from api.routing import add_routes
from api.serving import Reply
from api.settings import ApiSettings
from model.bundle import Bundle
from model.registry import Registry


def create_app(bundle: Bundle | None = None) -> Flask:
    """Flask application serving *bundle*; by default the current one, and every later one that is promoted.

    The current bundle is that of the registry in the folder named by the environment variable
    MODEL_REGISTRY, and of this repository's where it is not set. Where there is none that passes
    its checks, the application answers 503 until there is. The other variables are those that
    `python -m api --help` lists.

    Raises
    ------
    SettingError
        An environment variable holds something that it cannot mean.
    """
    settings = ApiSettings.from_environment()
    app = Application(__name__, static_folder=None)
    app.response_class = Reply
    # Two slashes in a row lead nowhere, rather than to a redirect in HTML.
    app.url_map.merge_slashes = False
    app.url_map.converters["number"] = NumberConverter
    app.extensions["settings"] = settings
    errors.register(app)
    add_routes(app)
    app.extensions["report"] = ReportFile(settings.deliverables)
    live = app.extensions["live"] = _live(bundle, settings)
    paths = (path_of(rule.rule) for rule in app.url_map.iter_rules())
    metrics = app.extensions["metrics"] = Metrics(paths, settings.counters)
    log = AccessLog() if settings.access_log else None
    app.wsgi_app = Front(app.wsgi_app, live=live, settings=settings, metrics=metrics, log=log)  # type: ignore[method-assign]
    return app


def _live(bundle: Bundle | None, settings: ApiSettings) -> Live:
    if bundle is not None:
        return Live.of(bundle, stale_days=settings.stale_days, safe=settings.safe_errors)
    live = Live(Registry(settings.registry), stale_days=settings.stale_days, safe=settings.safe_errors)
    live.look()
    live.watch()
    return live
