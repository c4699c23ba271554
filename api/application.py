"""Flask without what this API has no use for: names of hosts that tell routes apart, and sessions."""

from flask import Flask, Request
from flask.sessions import NullSession, SessionInterface
from werkzeug.routing import MapAdapter


class _NoSessions(SessionInterface):
    """Nobody is remembered from one request to the next."""

    def __init__(self) -> None:
        self._none = NullSession()

    def open_session(self, app: Flask, request: Request) -> NullSession:  # noqa: ARG002  Flask's signature
        """Return the session of nobody."""
        return self._none


class Application(Flask):
    """An application in which the path and the method alone decide what answers."""

    session_interface = _NoSessions()

    def create_url_adapter(self, request: Request | None) -> MapAdapter | None:
        """Return what finds the route of *request*.

        Flask's own looks into the name of the host first, at a tenth of the cost of a request.
        """
        if request is None:
            return super().create_url_adapter(request)
        environ = request.environ
        path = environ["PATH_INFO"].encode("latin-1").decode(errors="replace")
        return MapAdapter(
            self.url_map,
            server_name="localhost",
            script_name="/",
            subdomain="",
            url_scheme="http",
            path_info=path,
            default_method=environ["REQUEST_METHOD"],
        )
