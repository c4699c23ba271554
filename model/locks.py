"""Locks between processes: they end with the process that holds them, however it ends."""

import contextlib
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from model.errors import RegistryError

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

# A promotion holds the lock for some hundredths of a second; a slow disk may make that a second.
WAIT_SECONDS = 10.0
PAUSE_SECONDS = 0.01

# Windows locks bytes, and keeps others from reading them: one that no file here is long enough to have.
_BYTE = 1 << 30


def lock(descriptor: int, *, shared: bool = False) -> bool:
    """Lock an open file or folder unless another holds it; the lock ends when *descriptor* and its copies are closed.

    A *shared* lock keeps out only those who want it alone: it is for looking whether there is one.
    """
    try:
        if sys.platform == "win32":
            os.lseek(descriptor, _BYTE, os.SEEK_SET)
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    return True


def is_locked(path: Path) -> bool:
    """Say whether a living process holds the lock on *path*."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        return not lock(descriptor, shared=True)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def exclusive(path: Path, doing: str, *, wait_seconds: float = WAIT_SECONDS) -> Iterator[None]:
    """Hold the lock file *path* alone while *doing* something; wait a moment for whoever holds it.

    Raises
    ------
    RegistryError
        Somebody else holds it for longer than *wait_seconds*.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+b", buffering=0) as file:
        deadline = time.monotonic() + wait_seconds
        while not lock(file.fileno()):
            if time.monotonic() >= deadline:
                msg = (
                    f"{path.parent} is being written by another process"
                    f" ({path.read_text(encoding='utf-8', errors='replace') or 'it has not said what it does'}), for"
                    f" longer than {wait_seconds:g} s. Nothing was changed; try again in a moment."
                )
                raise RegistryError(msg)
            time.sleep(PAUSE_SECONDS)
        # The note is for the message above only: a full disk must not keep anyone from making room.
        with contextlib.suppress(OSError):
            file.truncate(0)
            file.write(f"process {os.getpid()}: {doing}".encode())
        yield
