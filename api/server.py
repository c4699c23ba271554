"""The production server: its settings, its port, its workers and how they stop."""

import errno
import ipaddress
import multiprocessing
import os
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Any

from api import create_app, worker
from api.live import Live
from api.settings import ApiSettings
from model.errors import ModelError
from model.registry import Registry
from model.scoring import LinearScorer

# Supervisors commonly wait five seconds before they kill.
SECONDS_TO_STOP = 4
SECONDS_BEFORE_A_RETRY = 1.0
LAST_PORT = 65535
# The most that the server accepts.
LONGEST_HEADER_SECONDS = 60


class ServeError(ModelError):
    """The server cannot listen where it was asked to."""


def serve(*, host: str, port: int, workers: int, threads: int) -> None:
    """Serve the current bundle, and every later one, until told to stop.

    Raises
    ------
    ModelError
        The port is taken, or a setting means nothing.
    """
    # What can fail fails here, once, and not in each worker.
    settings = ApiSettings.from_environment()
    address = _free_address(host, port)
    live = Live(Registry(settings.registry))
    live.look()
    _announce(live, f"http://{f'[{address}]' if ':' in address else address}:{port}")
    if not ipaddress.ip_address(address.partition("%")[0]).is_loopback and not settings.key:
        _warn(f"{host} is open to the network and no key is asked for. Set API_KEY, or listen on 127.0.0.1.")
    if live.served is not None and not isinstance(live.served.bundle.scorer, LinearScorer):
        # scikit-learn's thread pools, already running here, would hang in a forked worker.
        multiprocessing.set_start_method("spawn", force=True)
    elif hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=_obey_the_parent)
    run(_load_app, address=address, port=port, workers=workers, threads=threads)


def _announce(live: Live, url: str) -> None:
    if live.served is None:
        _warn(f"{live.trouble} Until there is a model, {url} answers 503.")
    else:
        bundle = live.served.bundle
        print(f"Serving {bundle.manifest.name} {bundle.version} on {url} – Ctrl-C stops.", flush=True)


def _warn(text: str) -> None:
    print(f"python -m api: {text}", file=sys.stderr, flush=True)


def run(load: Callable[[], worker.Application], *, address: str, port: int, workers: int, threads: int) -> None:
    """Answer requests with what *load* returns in each worker, until told to stop."""
    with tempfile.TemporaryDirectory(prefix="handover-") as folder:
        # Workers inherit it: there they keep what they share.
        os.environ["API_COUNTERS"] = folder
        _run(load, address, port, workers, threads)


def _run(load: Callable[[], worker.Application], address: str, port: int, workers: int, threads: int) -> None:
    from granian.constants import HTTPModes, Interfaces
    from granian.http import HTTP1Settings
    from granian.log import LogLevels
    from granian.server import Server

    header_seconds = min(ApiSettings.from_environment().request_seconds, LONGEST_HEADER_SECONDS)
    server = Server(
        "api",
        address=address,
        port=port,
        interface=Interfaces.WSGI,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=header_seconds * 1000),
        websockets=False,
        workers=workers,
        blocking_threads=threads,
        respawn_failed_workers=True,
        workers_kill_timeout=SECONDS_TO_STOP,
        log_level=LogLevels.error,
    )
    # The server would end with all its workers when one died twice within seconds: the others can go on.
    server.respawned_wrks = _NeverTooSoon()
    try:
        server.serve(target_loader=load, wrap_loader=False)
    except SystemExit:
        # A signal to the whole group may reach a worker first; its end is then no failure of its own.
        if not server.interrupt_signal:
            raise


class _NeverTooSoon(dict[int, float]):
    """When each worker was last replaced, as far as the server may know: long ago."""

    def get(self, key: int, default: Any = None) -> Any:  # noqa: ARG002  the signature of a dict
        """Return the beginning of time."""
        return 0.0


def _load_app() -> worker.Application:
    """Return the application of one worker."""
    _obey_the_parent()
    try:
        return worker.application(create_app().wsgi_app, ApiSettings.from_environment())
    except ModelError as error:
        # Its successor will fail likewise, again and again, until someone mends the cause.
        time.sleep(SECONDS_BEFORE_A_RETRY)
        sys.exit(f"A worker cannot start: {error}")


def _obey_the_parent() -> None:
    """Stop at once when the parent says so, until the worker is up and has signal handlers of its own.

    A forked worker begins with its parent's handlers, which would swallow the order. Ctrl-C reaches
    both; the parent passes it on.
    """
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _free_address(host: str, port: int) -> str:
    """Return the numeric address of *host*, having made sure that *port* is free there.

    The server itself would share a port with another server of its kind without a word.
    """
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except OSError as error:
        msg = f"There is no address for host {host!r} ({error}). Choose another with --host or API_HOST."
        raise ServeError(msg) from error
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            if os.name == "posix":
                # A server that has just stopped leaves its port waiting; that is no reason to refuse.
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        if error.errno == errno.EADDRNOTAVAIL:
            remedy = "The host is not an address of this machine. Choose another with --host or API_HOST."
        else:
            other = port + 1 if port < LAST_PORT else 5001
            remedy = f"Stop what uses the port, or choose another with --port or API_PORT, for example --port {other}."
        msg = f"Cannot listen on {host}:{port} ({os.strerror(error.errno or 0)}). {remedy}"
        raise ServeError(msg) from error
    return str(address[0])
