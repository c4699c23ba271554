"""python -m api: serve the current bundle with a production server."""

import argparse
import os
import signal
import sys
from collections.abc import Callable, Sequence

from api.server import LAST_PORT, serve
from model.errors import ModelError

# Scoring never waits, so more threads only hand the interpreter's lock around; a few keep slow senders
# of bodies from holding up everybody else.
THREADS = 4


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until told to stop; return the exit status."""
    options = _parser().parse_args(arguments)
    # Until the server sets its own handler, a SIGTERM is no failure either.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
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
        description="Serve the current bundle over HTTP. Ctrl-C stops the server.",
        epilog=(
            "An option that is not given is taken from its environment variable. MODEL_REGISTRY names another"
            " folder of bundles. When the server runs, its address lists the routes: curl http://127.0.0.1:5000/"
        ),
    )
    _add(parser, "host", "127.0.0.1", str, "address to listen on; 0.0.0.0 is every one, open to the network")
    _add(parser, "port", "5000", _from(1, LAST_PORT), "port to listen on")
    _add(parser, "workers", "1", _from(1, 256), "processes that answer requests")
    _add(parser, "threads", str(THREADS), _from(1, 512), "threads that answer requests, in each worker")
    return parser


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
