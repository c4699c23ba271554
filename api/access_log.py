"""The access log: one line of JSON a request, written a little later so that nobody waits for it."""

import atexit
import collections
import contextlib
import multiprocessing.util
import os
import threading
import time

import msgspec

SECONDS_BETWEEN_WRITES = 0.1
# Where nobody takes the lines off, the oldest are dropped.
MOST_LINES_WAITING = 100_000


class AccessLog:
    """Collects lines, and writes what has come together ten times a second and at the end of the process.

    Parameters
    ----------
    descriptor
        The open file to write to; by default standard output.
    """

    def __init__(self, descriptor: int = 1) -> None:
        self._descriptor = descriptor
        self._lines: collections.deque[bytes] = collections.deque(maxlen=MOST_LINES_WAITING)
        self._second = (0, "")
        self._turn = threading.Lock()
        threading.Thread(target=self._write_forever, name="access log", daemon=True).start()
        atexit.register(self.flush)
        # A process of multiprocessing ends without `atexit`.
        multiprocessing.util.Finalize(None, self.flush, exitpriority=0)

    def add(
        self,
        *,
        method: str,
        route: str,
        status: int,
        seconds: float,
        version: str | None,
        request_id: str,
        values: object = None,
    ) -> None:
        """Add the line of one request; *values* only where someone asked for them."""
        line = {
            "time": self._now(),
            "method": method,
            "route": route,
            "status": status,
            "ms": round(seconds * 1000, 3),
            "version": version,
            "request_id": request_id,
        }
        if values is not None:
            line["features"] = values
        self._lines.append(msgspec.json.encode(line) + b"\n")

    def flush(self) -> None:
        """Write what has come together."""
        with self._turn:
            lines = []
            # Others may add lines meanwhile; both ends of a deque can be used without a lock.
            with contextlib.suppress(IndexError):
                while True:
                    lines.append(self._lines.popleft())
            data = b"".join(lines)
            # Whoever read the log has gone away; requests are answered all the same.
            with contextlib.suppress(OSError):
                while data:
                    data = data[os.write(self._descriptor, data) :]

    def _now(self) -> str:
        moment = time.time()
        second = int(moment)
        known, text = self._second
        if second != known:
            text = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
            self._second = (second, text)
        return f"{text}.{int((moment - second) * 1000):03d}Z"

    def _write_forever(self) -> None:
        while True:
            time.sleep(SECONDS_BETWEEN_WRITES)
            self.flush()
