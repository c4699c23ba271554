"""Counters of requests and predictions, shared by all workers, and the page that shows them.

Every worker counts into a file of its own, mapped into memory; whoever is asked for the page adds
the files of all of them up. The files of workers that have ended stay, so that no counter ever
falls while the server runs.
"""

import bisect
import contextlib
import mmap
import os
import struct
import threading
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from model.bundle import Bundle

# Seconds; each counts what took at most that long.
BUCKETS = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
METHODS = ("GET", "HEAD", "POST", "OPTIONS", "other")
STATUSES = (200, 204, 304, 400, 401, 404, 405, 408, 411, 413, 415, 422, 500, 503)
OTHER = "other"
NOTHING_SCORED = (0, 0)

_COUNT = struct.Struct("<Q")
_FILES = "*.counters"


class Metrics:
    """The counters of this process, and a view of all.

    Parameters
    ----------
    routes
        The paths that are told apart; anything else counts as "other".
    folder
        Where the workers of one server keep their counters; None for a process on its own.
    """

    def __init__(self, routes: Iterable[str], folder: Path | None = None) -> None:
        self._routes = (*sorted(set(routes)), OTHER)
        self._statuses = (*map(str, STATUSES), OTHER)
        self._folder = folder
        per_route = len(METHODS) * len(self._statuses)
        self._requests = per_route * len(self._routes)
        self._width = len(BUCKETS) + 2  # one for what took longer, one for the sum in nanoseconds
        self._size = self._requests + self._width * len(self._routes) + 2
        self._first_request = {
            (method, route): per_route * position + len(self._statuses) * METHODS.index(method)
            for position, route in enumerate(self._routes)
            for method in METHODS
        }
        self._status_position = {status: position for position, status in enumerate(STATUSES)}
        self._first_bucket = {
            route: self._requests + self._width * position for position, route in enumerate(self._routes)
        }
        self._slots = self._open()
        self._turn = threading.Lock()

    def _open(self) -> Any:
        length = self._size * _COUNT.size
        if self._folder is None:
            return memoryview(bytearray(length)).cast("Q")
        with (self._folder / f"{os.getpid()}.counters").open("a+b") as file:
            file.truncate(length)
            return memoryview(mmap.mmap(file.fileno(), length)).cast("Q")

    def count(self, method: str, route: str, status: int, seconds: float, scored: tuple[int, int]) -> None:
        """Count one answered request, and the rows *scored* with it: those called, and the others."""
        first = self._first_request.get((method, route))
        if first is None:
            known = route if route in self._first_bucket else OTHER
            first = self._first_request[method if method in METHODS else OTHER, known]
            route = known
        slot = first + self._status_position.get(status, len(STATUSES))
        bucket = self._first_bucket[route]
        slots = self._slots
        with self._turn:
            slots[slot] += 1
            slots[bucket + bisect.bisect_left(BUCKETS, seconds)] += 1
            slots[bucket + self._width - 1] += int(seconds * 1e9)
            if scored is not NOTHING_SCORED:
                slots[self._size - 1] += scored[0]
                slots[self._size - 2] += scored[1]

    def page(self, bundle: Bundle | None) -> bytes:
        """Return the page that Prometheus reads."""
        from prometheus_client import CollectorRegistry, generate_latest

        registry = CollectorRegistry()
        registry.register(_Collector(lambda: self._families(bundle)))
        return generate_latest(registry)

    def _families(self, bundle: Bundle | None) -> Iterator[Any]:
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily

        slots = self._of_all()
        requests = CounterMetricFamily(
            "handover_requests", "Requests answered, by route, method and status.", labels=["route", "method", "status"]
        )
        for (method, route), first in self._first_request.items():
            for position, status in enumerate(self._statuses):
                if slots[first + position]:
                    requests.add_metric([route, method, status], slots[first + position])
        latency = HistogramMetricFamily(
            "handover_request_seconds", "Time from the head of a request to its answer.", labels=["route"]
        )
        for route, first in self._first_bucket.items():
            counts = slots[first : first + self._width - 1]
            if any(counts):
                latency.add_metric([route], _cumulative(counts), slots[first + self._width - 1] / 1e9)
        predictions = CounterMetricFamily("handover_predictions", "Rows scored, by the call.", labels=["prediction"])
        predictions.add_metric(["1"], slots[self._size - 1])
        predictions.add_metric(["0"], slots[self._size - 2])
        yield from (requests, latency, predictions)
        if bundle is not None:
            model = GaugeMetricFamily("handover_model_info", "The model in service.", labels=["name", "version"])
            model.add_metric([bundle.manifest.name, bundle.version], 1)
            threshold = GaugeMetricFamily("handover_decision_threshold", "The decision threshold in service.")
            threshold.add_metric([], bundle.threshold)
            yield from (model, threshold)

    def _of_all(self) -> list[int]:
        """Return the sum of the counters of all workers."""
        with self._turn:
            total = list(self._slots)
        if self._folder is None:
            return total
        own = f"{os.getpid()}.counters"
        for path in self._folder.glob(_FILES):
            if path.name != own:
                # A worker that starts at this moment has made its file and not sized it.
                with contextlib.suppress(struct.error):
                    values = struct.unpack(f"<{self._size}Q", path.read_bytes())
                    total = [a + b for a, b in zip(total, values, strict=True)]
        return total


class _Collector:
    def __init__(self, families: Any) -> None:
        self.collect = families


def _cumulative(counts: Sequence[int]) -> list[tuple[str, float]]:
    """Return the buckets the way the format wants them: each with all that are below."""
    edges = [*map(str, BUCKETS), "+Inf"]
    return [(edge, sum(counts[: position + 1])) for position, edge in enumerate(edges)]
