"""A training run as a process of its own: start it, read its status, cancel it.

The run outlives the page that started it. Its folder below `training/jobs/` holds `status.json`
and `log.txt`; nothing of it is promoted until somebody says so. While its process lives, it holds a lock on
`alive` in that folder, which it was born with: nobody has to guess by a process number that may be another's by now.
"""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec

from model.locks import is_locked, lock
from model.storage import write_file
from training.places import ROOT

if TYPE_CHECKING:
    from model.creation import Progress

# What a run has to end by itself once it is cancelled.
GRACE_SECONDS = 0.8

JOBS = Path(__file__).parent / "jobs"

# A child is handed an open file, lock and all, on any system but Windows; there its process number has to do.
_LOCKS_ARE_INHERITED = os.name != "nt"


@dataclass(frozen=True, slots=True)
class Status:
    """Where a run stands; `version` once it has finished, `error` once it has failed."""

    state: Literal["running", "finished", "failed", "cancelled"]
    step: int = 0
    total: int = 1
    message: str = "starting"
    pid: int = 0
    version: str | None = None
    error: str | None = None


class StatusFile:
    """The running process's side: keeps its progress in a file that others read."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._write(Status("running", pid=os.getpid(), message="reading the data"))

    def progress(self, progress: "Progress") -> None:
        """Record how far the run is."""
        running = Status("running", progress.step, progress.total, progress.message, os.getpid())
        self._write(running)

    def finished(self, version: str) -> None:
        """Record the version that came out."""
        self._write(Status("finished", 1, 1, "done", version=version))

    def failed(self, error: BaseException) -> None:
        """Record why the run ended without a version."""
        if isinstance(error, KeyboardInterrupt):
            self._write(Status("cancelled", message="cancelled"))
        else:
            self._write(Status("failed", message="failed", error=str(error) or type(error).__name__))

    def _write(self, status: Status) -> None:
        write_file(self.path, msgspec.json.encode(asdict(status)))


def folders_in(runs: Path) -> list[Path]:
    """Return the folders of the runs in *runs*, whose names begin with when they were started; oldest first."""
    return sorted(path for path in runs.glob("*Z-*") if path.is_dir())


def start(arguments: Sequence[str], folder: Path) -> subprocess.Popen[bytes]:
    """Start `python -m training --no-promote` with *arguments* as a process of its own.

    *folder* is new for every run: it takes the status file and the log.
    """
    folder.mkdir(parents=True, exist_ok=True)
    write_file(folder / "status.json", msgspec.json.encode(asdict(Status("running"))))
    command = [sys.executable, "-m", "training", "--no-promote", "--status", str(folder / "status.json"), *arguments]
    with (folder / "log.txt").open("wb") as log, _inheritable_lock(folder) as inherited:
        process = subprocess.Popen(  # noqa: S603  our own interpreter and module
            command,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=inherited,
        )
    # Known from here on, even if the process ends before it has said anything.
    write_file(folder / "pid", str(process.pid).encode())
    threading.Thread(target=_note_the_end, args=(process, folder), daemon=True).start()
    return process


@contextlib.contextmanager
def _inheritable_lock(folder: Path) -> Iterator[tuple[int, ...]]:
    """Lock `alive`; whoever is handed the descriptor holds the lock on until its end."""
    if not _LOCKS_ARE_INHERITED:
        yield ()
        return
    # It gets its name once it is locked: unlocked, it would speak of a run that is over.
    unnamed = folder / "alive.new"
    with unnamed.open("wb") as file:
        lock(file.fileno())
        unnamed.rename(folder / "alive")
        yield (file.fileno(),)


def _note_the_end(process: subprocess.Popen[bytes], folder: Path) -> None:
    """Wait for a run, as its parent has to, and keep what only a parent learns: which signal ended it."""
    status = process.wait()
    # The run may have been closed meanwhile, and its folder removed.
    with contextlib.suppress(OSError):
        (folder / "exit").write_bytes(str(status).encode())


def status_of(folder: Path) -> Status | None:
    """Return where the run in *folder* stands, or None where there is none.

    A run whose process is gone without a last word is reported as failed, with the reason as far as it is known.
    """
    try:
        status = msgspec.json.decode((folder / "status.json").read_bytes(), type=Status)
    except FileNotFoundError:
        return None
    if status.state == "running" and _is_over(folder, status):
        # It may have had its last word between the two looks.
        status = msgspec.json.decode((folder / "status.json").read_bytes(), type=Status)
    if status.state == "running" and _is_over(folder, status):
        if (folder / "cancelled").exists():
            return replace(status, state="cancelled", message="cancelled")
        return replace(status, state="failed", error=_reason(folder, status))
    return status


def _reason(folder: Path, status: Status) -> str:
    """Say why a run ended without a last word, from its log and how its process ended."""
    log = (folder / "log.txt").read_text(errors="replace").replace("\r", "\n").strip().splitlines()
    if any(line.startswith("Traceback") for line in log):
        return log[-1]
    ended = _exit_status(folder)
    if ended is None:
        how = "its process ended without a word, as when it is killed or the machine is restarted"
    elif ended < 0:
        how = f"its process was ended from outside ({signal.Signals(-ended).name})"
        how += ", as the system does when memory runs out" if ended == -9 else ""
    else:
        how = f"its process ended with status {ended}" + (f": {log[-1]}" if log else "")
    return f"The run stopped at “{status.message}”: {how}. Its log is {folder / 'log.txt'}."


def _exit_status(folder: Path) -> int | None:
    try:
        noted = (folder / "exit").read_bytes()
    except FileNotFoundError:
        return None
    return int(noted) if noted else None


def cancel(folder: Path) -> None:
    """Stop the run in *folder* within about a second; it leaves nothing half-written."""
    status = status_of(folder)
    if status is None or status.state != "running" or not (pid := _pid_of(folder, status)):
        return
    write_file(folder / "cancelled", b"")
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + GRACE_SECONDS
        while time.monotonic() < deadline and not _is_over(folder, status):
            time.sleep(0.02)
        if not _is_over(folder, status):
            # Deep in a library a process may not come to hear of it. What is unfinished bears another name.
            os.kill(pid, signal.SIGKILL)


def _pid_of(folder: Path, status: Status) -> int:
    """Return the process of a run: as it says itself or, before it has, as its starter noted it."""
    noted = folder / "pid"
    return status.pid or (int(noted.read_bytes()) if noted.exists() else 0)


def _is_over(folder: Path, status: Status) -> bool:
    if (folder / "alive").exists():
        return not is_locked(folder / "alive")
    pid = _pid_of(folder, status)
    return pid != 0 and not _is_alive(pid)


def _is_alive(pid: int) -> bool:
    try:
        # A child that has ended stays visible until it is waited for.
        if os.name != "nt" and os.waitpid(pid, os.WNOHANG)[0] == pid:
            return False
    except ChildProcessError:
        pass
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return True
