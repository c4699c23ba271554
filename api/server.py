"""The production server: its settings, its port, its workers and how they stop."""

import errno
import multiprocessing
import os
import signal
import socket
import sys

from flask import Flask

from api import create_app
from model.bundle import Bundle
from model.errors import ModelError
from model.scoring import LinearScorer

# Supervisors commonly wait five seconds before they kill.
SECONDS_TO_STOP = 4
LAST_PORT = 65535


class ServeError(ModelError):
    """The server cannot listen where it was asked to."""


def serve(*, host: str, port: int, workers: int, threads: int) -> None:
    """Serve the current bundle until told to stop.

    Raises
    ------
    ModelError
        There is no bundle that passes its checks, or the port is taken.
    """
    # What can fail fails here, once, and not in each worker.
    bundle: Bundle = create_app().extensions["bundle"]
    address = _free_address(host, port)
    shown = f"[{address}]" if ":" in address else address
    print(f"Serving {bundle.manifest.name} {bundle.version} on http://{shown}:{port} – Ctrl-C stops.", flush=True)
    if not isinstance(bundle.scorer, LinearScorer):
        # scikit-learn's thread pools, already running here, would hang in a forked worker.
        multiprocessing.set_start_method("spawn", force=True)
    elif hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=_obey_the_parent)
    _run(address, port, workers, threads)


def _run(address: str, port: int, workers: int, threads: int) -> None:
    from granian.constants import HTTPModes, Interfaces
    from granian.log import LogLevels
    from granian.server import Server

    server = Server(
        "api",
        address=address,
        port=port,
        interface=Interfaces.WSGI,
        http=HTTPModes.http1,
        websockets=False,
        workers=workers,
        blocking_threads=threads,
        workers_kill_timeout=SECONDS_TO_STOP,
        log_level=LogLevels.warning,
    )
    try:
        server.serve(target_loader=_load_app, wrap_loader=False)
    except SystemExit:
        # A signal to the whole group may reach a worker first; its end is then no failure of its own.
        if not server.interrupt_signal:
            raise


def _load_app() -> Flask:
    """Return the application of one worker."""
    _obey_the_parent()
    try:
        return create_app()
    except ModelError as error:
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
