"""`python -m training`: the command line; Ctrl-C ends it quietly from the first moment on, as does `| head`."""

import os
import sys

INTERRUPTED = 130
# As a shell calls the end of a program whose reader has left.
UNREAD = 141


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return the exit status."""
    status = UNREAD
    try:
        # In here: Ctrl-C may come while Python still imports.
        from training.command_line import run

        try:
            status = run(arguments)
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        # `| head` has read enough. Python says so once more at its end, unless there is somewhere to write to.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return status
    except KeyboardInterrupt:
        print("\nStopped. Nothing was half-written: the bundle in use is as it was.", file=sys.stderr)
        return INTERRUPTED
    return status


if __name__ == "__main__":
    sys.exit(main())
