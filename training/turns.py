"""One training run at a time for each registry, whoever starts it: a page, as a process of its own, or a shell."""

import contextlib
import shutil
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

from model.errors import TrainingError
from model.locks import exclusive, is_locked
from model.registry import ARTIFACTS, Registry
from training.jobs import JOBS, folders_in, status_of

# Locked by a run on the command line for as long as its process lives; says which it is.
BY_COMMAND = ".command"
# Whoever looks whether there is a lock holds it for a moment.
LOOK_SECONDS = 2.0


def folder_of_runs(registry: Registry) -> Path:
    """Where the runs for *registry* are kept: whoever wants to start one finds them there."""
    return JOBS if registry.folder.resolve() == ARTIFACTS.resolve() else registry.folder.parent / "jobs"


@contextlib.contextmanager
def turn(runs: Path, described: Callable[[Path], str] = lambda folder: folder.name) -> Iterator[None]:
    """Hold the right to start a run in the folder *runs*, and clear away those that ended without a version.

    *described* names a run by its folder, for the message.

    Raises
    ------
    TrainingError
        A run is on there.
    """
    with exclusive(runs / ".lock", "starting a training run"):
        _refuse_a_second(runs, described)
        for folder in folders_in(runs):
            status = status_of(folder)
            if status is None or status.version is None:
                shutil.rmtree(folder, ignore_errors=True)
        yield


@contextlib.contextmanager
def turn_of_command(registry: Registry, status_file: Path | None, *, by: str, when: datetime) -> Iterator[None]:
    """Hold the turn while this very process trains; it ends with the process, however that ends.

    A process that keeps its progress in a *status_file* among the runs has had the turn taken for it.

    Raises
    ------
    TrainingError
        A run is on there.
    """
    runs = folder_of_runs(registry)
    if status_file is not None and status_file.resolve().parent.parent == runs.resolve():
        yield
        return
    with contextlib.ExitStack() as held:
        with exclusive(runs / ".lock", "starting a training run"):
            _refuse_a_second(runs, started_of)
            said = f"started on the command line by {by}, {when:%Y-%m-%d %H:%M} UTC"
            held.enter_context(exclusive(runs / BY_COMMAND, said, wait_seconds=LOOK_SECONDS))
        yield


def held_by_command(runs: Path) -> str | None:
    """Say what the run is that somebody started on the command line, or None where none is on."""
    if not is_locked(runs / BY_COMMAND):
        return None
    said = (runs / BY_COMMAND).read_text(encoding="utf-8", errors="replace")
    return said.replace(": ", ", ", 1) or "a process started on the command line"


def started_of(folder: Path) -> str:
    """Name a run by when it was started, as its folder says.

    >>> started_of(Path("20240506T070809Z-abcdef"))
    'the one started 2024-05-06 07:08 UTC'
    """
    return f"the one started {datetime.strptime(folder.name[:16], '%Y%m%dT%H%M%SZ'):%Y-%m-%d %H:%M} UTC"


def _refuse_a_second(runs: Path, described: Callable[[Path], str]) -> None:
    for folder in folders_in(runs):
        status = status_of(folder)
        if status is not None and status.state == "running":
            done = f"step {status.step} of {status.total}: " if status.step else ""
            msg = (
                f"One training run at a time: {described(folder)} is still on ({done}{status.message})."
                " Wait until it has ended, or cancel it."
            )
            raise TrainingError(msg)
    if (command := held_by_command(runs)) is not None:
        msg = (
            f"One training run at a time: {command}, is still on. Wait until it has ended, or end it where it was"
            " started (Ctrl-C)."
        )
        raise TrainingError(msg)
