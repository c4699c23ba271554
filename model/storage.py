"""Writing so that a reader sees the old or the new, never half of either.

What is being written bears an unfinished name, and its writer holds a lock on it. So whoever comes next can
tell the work of a living process from what a dead one has left, and remove the latter.
"""

import contextlib
import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from model.errors import RegistryError
from model.locks import lock

# Names that start like this are unfinished work; readers pass them over.
UNFINISHED = ".unfinished-"

# A folder cannot be opened, and so not be locked, on Windows: there, what is older than a day is taken for dead.
_FOLDERS_CAN_BE_LOCKED = os.name != "nt"
_DAY_SECONDS = 86_400


def sha256_of(data: bytes) -> str:
    """Return the hex digest of *data*."""
    return hashlib.sha256(data).hexdigest()


def digest_of(path: Path) -> str:
    """Return the digest of a file, empty where there is none."""
    try:
        return sha256_of(path.read_bytes())
    except FileNotFoundError:
        return ""


def write_file(path: Path, data: bytes | memoryview) -> None:
    """Replace *path* by *data*, atomically and durably."""
    write_files({path: data})


def write_files(contents: Mapping[Path, bytes | memoryview]) -> None:
    """Replace several files, each atomically and durably, in the order given.

    All are on disk before the first of them is replaced: where the disk is full, none is.
    """
    with contextlib.ExitStack() as stack:
        ready = [(stack.enter_context(_unfinished_file(path.parent, data)), path) for path, data in contents.items()]
        for temporary, path in ready:
            temporary.replace(path)
            _sync_folder(path.parent)


def finished_lines(data: bytes) -> list[bytes]:
    """Return the lines of *data* that end, each with its end."""
    return [line for line in data.splitlines(keepends=True) if line.endswith(b"\n")]


@contextlib.contextmanager
def new_folder(parent: Path) -> Iterator[Path]:
    """Give an unfinished folder to fill; it is removed at the end unless `settle_folder` moved it.

    Raises
    ------
    RegistryError
        The disk is full, or *parent* may not be written.
    """
    try:
        parent.mkdir(parents=True, exist_ok=True)
        remove_litter(parent)
        with _unfinished_folder(parent) as folder:
            yield folder
    except OSError as error:
        msg = (
            f"No version can be written to {parent} ({error.strerror or error}). The versions that are there are as"
            " they were. Make room, or make it writable, and try again."
        )
        raise RegistryError(msg) from error


def settle_folder(folder: Path, name: str) -> Path:
    """Give a finished folder its name beside its unfinished siblings; keep the one that is there already."""
    final = folder.parent / name
    if not final.exists():
        _sync_folder(folder)
        # Another process may settle the same name between the two lines; its folder is then kept.
        with contextlib.suppress(FileExistsError):
            folder.rename(final)
        _sync_folder(final.parent)
    return final


def remove_folder(folder: Path) -> None:
    """Remove a folder so that nobody ever sees a part of it: it loses its name first."""
    gone = folder.with_name(f"{UNFINISHED}removed-{folder.name}")
    shutil.rmtree(gone, ignore_errors=True)
    folder.rename(gone)
    _sync_folder(folder.parent)
    shutil.rmtree(gone, ignore_errors=True)


def remove_litter(parent: Path) -> None:
    """Remove the unfinished work in *parent* that no living process is at."""
    for path in parent.glob(f"{UNFINISHED}*"):
        # What is gone by now, or belongs to another account, is no hindrance to a write.
        with contextlib.suppress(OSError), _abandoned(path) as abandoned:
            if not abandoned:
                continue
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)


@contextlib.contextmanager
def _abandoned(path: Path) -> Iterator[bool]:
    """Say whether nobody writes *path* any more; while it is looked at, nobody can begin to."""
    if not _FOLDERS_CAN_BE_LOCKED:
        yield time.time() - path.stat().st_mtime > _DAY_SECONDS
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        yield lock(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _unfinished_file(folder: Path, data: bytes | memoryview) -> Iterator[Path]:
    """Write *data* to a file with an unfinished name, durably; it is removed at the end unless it was renamed."""
    folder.mkdir(parents=True, exist_ok=True)
    handle, temporary = _new_file(folder)
    try:
        with os.fdopen(handle, "wb") as file:
            # mkstemp makes private files; these are for every reader the folder lets in.
            os.chmod(temporary, 0o644)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
            if not _FOLDERS_CAN_BE_LOCKED:
                file.close()  # what is open cannot be renamed there
            yield temporary
    finally:
        temporary.unlink(missing_ok=True)


def _new_file(folder: Path) -> tuple[int, Path]:
    while True:
        handle, name = tempfile.mkstemp(prefix=UNFINISHED, dir=folder)
        if _is_ours(handle, name):
            return handle, Path(name)
        os.close(handle)


@contextlib.contextmanager
def _unfinished_folder(parent: Path) -> Iterator[Path]:
    descriptor, folder = _new_folder(parent)
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if descriptor is not None:
            os.close(descriptor)


def _new_folder(parent: Path) -> tuple[int | None, Path]:
    while True:
        name = tempfile.mkdtemp(prefix=UNFINISHED, dir=parent)
        if not _FOLDERS_CAN_BE_LOCKED:
            return None, Path(name)
        with contextlib.suppress(FileNotFoundError):
            descriptor = os.open(name, os.O_RDONLY)
            if _is_ours(descriptor, name):
                return descriptor, Path(name)
            os.close(descriptor)


def _is_ours(descriptor: int, name: str) -> bool:
    """Lock what was just made; False if somebody took it for litter between the two and removed it."""
    if not _FOLDERS_CAN_BE_LOCKED:
        return True
    return lock(descriptor) and os.path.exists(name)


def _sync_folder(folder: Path) -> None:
    if not _FOLDERS_CAN_BE_LOCKED:  # and a rename is durable there without
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
