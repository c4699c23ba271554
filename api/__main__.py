"""python -m api: serve the current bundle with a production server."""

import argparse
import os
import signal
import sys
from collections.abc import Callable, Sequence

from api.server import LAST_PORT, serve
from api.settings import SECONDS_FOR_A_REQUEST
from api.worker import MOST_WORKERS
from model.errors import ModelError

# More than there are likely to be slow senders at a time: each of them keeps a thread.
THREADS = 64

VARIABLES = """
environment variables without an option:
  MODEL_REGISTRY   folder of the bundles (default: model/artifacts)
  API_DELIVERABLES folder of the reports, whose report.html is at /report (default: deliverables)
  API_KEY          what callers must send as “Authorization: Bearer” or “X-API-Key” (default: nothing)
  API_ORIGINS      origins whose pages may read replies, separated by commas, or * (default: none)
  API_ERRORS       full, or safe: without the names and ranges of features (default: full)
  API_ACCESS_LOG   one line of JSON a request on standard output: on or off (default: on)
  API_LOG_VALUES   feature values in that line, too: on or off (default: off)
  API_STALE_DAYS   age of the last training day that every answer warns of; 0: never (default: 365)
  API_BATCH_ROWS   most rows in one batch (default: 1000000)
  API_BATCH_BYTES  most bytes in the body of a batch (default: 268435456)
  API_FAST_PATH    answer a valid POST /predict before Flask is asked: on or off (default: on)

When the server runs, its address lists the routes: curl http://127.0.0.1:5000/
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until told to stop; return the exit status."""
    options = _parser().parse_args(arguments)
    # Until the server sets its own handler, a SIGTERM is no failure either.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    # The log is for servers: an application in a test or a notebook does not write one unasked.
    os.environ.setdefault("API_ACCESS_LOG", "on")
    os.environ["API_TIMEOUT"] = str(options.timeout)
    try:
        serve(host=options.host, port=options.port, workers=options.workers, threads=options.threads)
    except ModelError as error:
        print(f"python -m api: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m api",
        description=(
            "Serve the current bundle over HTTP, and every later one as soon as it is promoted.\n"
            "Ctrl-C stops the server. An option that is not given is taken from its environment variable."
        ),
        epilog=VARIABLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _add(parser, "host", "127.0.0.1", str, "address to listen on; 0.0.0.0 is every one, open to the network")
    _add(parser, "port", "5000", _from(1, LAST_PORT), "port to listen on")
    cores = _cores()
    _add(parser, "workers", str(cores), _from(1, MOST_WORKERS), "processes that answer requests, best one a core")
    _add(
        parser, "threads", str(THREADS), _from(1, 512), "threads in each worker; every slow sender of a body keeps one"
    )
    what = "seconds without a byte after which a request that is not yet whole is given up"
    _add(parser, "timeout", str(SECONDS_FOR_A_REQUEST), _from(1, 3600), what)
    return parser


def _cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return min(len(os.sched_getaffinity(0)), MOST_WORKERS)
    return os.cpu_count() or 1


def _add(parser: argparse.ArgumentParser, name: str, default: str, read: Callable[[str], object], what: str) -> None:
    variable = f"API_{name.upper()}"
    parser.add_argument(
        f"--{name}",
        metavar=name.upper(),
        type=read,
        default=os.environ.get(variable) or default,
        help=f"{what} (environment: {variable}; default: {default})",
    )


def _from(low: int, high: int) -> Callable[[str], int]:
    def whole_number(text: str) -> int:
        if text.isascii() and text.isdigit() and low <= int(text) <= high:
            return int(text)
        msg = f"found {text!r} here or in its environment variable; expected a whole number from {low} to {high}"
        raise argparse.ArgumentTypeError(msg)

    return whole_number


if __name__ == "__main__":
    sys.exit(main())
