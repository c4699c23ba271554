"""The least a server can do: what the API's speed is held against, under the very same server.

python -m tests.benchmarks.floor bare PORT WORKERS: a WSGI callable that reads the body and answers two bytes.
python -m tests.benchmarks.floor flask PORT WORKERS: an empty route of Flask.
"""

import sys

from flask import Flask

from api import server, worker
from api.settings import ApiSettings

THREADS = 64


def bare(environ, start_response):
    """Read the body, and answer."""
    environ["wsgi.input"].read()
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", "2")])
    return [b"{}"]


def flask():
    """Return an application with one empty route."""
    app = Flask(__name__)

    @app.route("/predict", methods=["GET", "POST"])
    def empty():
        return "{}"

    return app.wsgi_app


def load_bare():
    """Return the callable as a worker of the API's server would run it."""
    return worker.application(bare, ApiSettings.from_environment())


def load_flask():
    """Return the empty route as a worker of the API's server would run it."""
    return worker.application(flask(), ApiSettings.from_environment())


if __name__ == "__main__":
    kind, port, workers = sys.argv[1:]
    load = {"bare": load_bare, "flask": load_flask}[kind]
    server.run(load, address="127.0.0.1", port=int(port), workers=int(workers), threads=THREADS)
