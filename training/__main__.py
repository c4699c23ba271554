"""`python -m training`: the command line, from the first moment on ended quietly by Ctrl-C."""

import sys

INTERRUPTED = 130


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return the exit status."""
    try:
        # In here: Ctrl-C may come while Python still imports.
        from training.command_line import run

        return run(arguments)
    except KeyboardInterrupt:
        print("\nStopped. Nothing was half-written: the bundle in use is as it was.", file=sys.stderr)
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
