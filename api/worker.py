"""One worker: its core, and the end of connections that have fallen silent."""

import contextlib
import gc
import os
import socket
import struct
import threading
import time
import zlib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from api.settings import ApiSettings

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

Application = Callable[["WSGIEnvironment", "StartResponse"], Iterable[bytes]]

MOST_WORKERS = 256
SECONDS_BETWEEN_LOOKS = 1.0

_OPEN_FILES = Path("/proc/self/fd")
# Where struct tcp_info of Linux (include/uapi/linux/tcp.h) has tcpi_last_data_recv, in milliseconds.
_LAST_DATA_RECEIVED = struct.Struct("52xI")


def application(wsgi_app: Application, settings: ApiSettings) -> Application:
    """Return what answers the requests of this worker: *wsgi_app*, with each thread kept on one core.

    Only one thread at a time runs Python. On many cores the threads hand the interpreter from core to
    core, which takes up to half of the throughput; on one they do not. So there may be
    enough threads for many slow senders, and few of them cost anything.
    """
    # What is there by now stays to the end: the collector need not look through it again and again, which
    # would also give a forked worker copies of its own of what it shares.
    gc.freeze()
    core = _core(settings.counters)
    settled = threading.local()
    busy: dict[int, float] = {}
    _close_silent_connections(busy, settings.request_seconds)

    def answer(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        try:
            thread = settled.thread
        except AttributeError:
            thread = settled.thread = threading.get_ident()
            if core is not None:
                os.sched_setaffinity(0, {core})
        busy[thread] = time.monotonic()
        try:
            return wsgi_app(environ, start_response)
        finally:
            del busy[thread]

    return answer


def _core(folder: Path | None) -> int | None:
    """Return a core of this worker's own, as far as there are enough; None where that makes no sense."""
    if folder is None or not hasattr(os, "sched_setaffinity"):
        return None
    import fcntl

    cores = sorted(os.sched_getaffinity(0))
    if len(cores) == 1:
        return None
    for position in range(MOST_WORKERS):
        # The lock ends with the process: the worker that takes a dead one's place takes its core, too.
        descriptor = os.open(folder / f"core-{position}", os.O_CREAT | os.O_RDWR)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
        else:
            # Servers that share a machine should not all begin with its first core.
            return cores[(position + zlib.crc32(folder.name.encode())) % len(cores)]
    return None


def _close_silent_connections(busy: Mapping[int, float], seconds: int) -> None:
    """Keep closing connections on which nothing has come for *seconds* while a request waits for its body.

    *busy* says since when each thread has been with one request. Which connection a thread reads
    from is not known, so all that are silent for that long are closed; on the others of them, a
    request has been answered long ago.
    """
    if not _OPEN_FILES.is_dir():
        return

    def watch() -> None:
        while True:
            time.sleep(SECONDS_BETWEEN_LOOKS)
            now = time.monotonic()
            if any(now - since > seconds for since in list(busy.values())):
                for descriptor in os.listdir(_OPEN_FILES):
                    _close_if_silent(int(descriptor), seconds * 1000)

    threading.Thread(target=watch, name="watch for silent connections", daemon=True).start()


def _close_if_silent(descriptor: int, milliseconds: int) -> None:
    # What is no open connection, or has ceased to be one a moment ago, is no matter.
    with contextlib.suppress(OSError), socket.socket(fileno=os.dup(descriptor)) as connection:
        if connection.type != socket.SOCK_STREAM or connection.family not in {socket.AF_INET, socket.AF_INET6}:
            return
        connection.getpeername()
        (silent,) = _LAST_DATA_RECEIVED.unpack(
            connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _LAST_DATA_RECEIVED.size)
        )
        if silent >= milliseconds:
            connection.shutdown(socket.SHUT_RDWR)
