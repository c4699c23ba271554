"""Writing so that a reader sees the old or the new, never half of either."""

import contextlib
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

# Names that start like this are unfinished work; readers pass them over.
UNFINISHED = ".unfinished-"


def sha256_of(data: bytes) -> str:
    """Return the hex digest of *data*."""
    return hashlib.sha256(data).hexdigest()


def write_file(path: Path, data: bytes) -> None:
    """Replace *path* by *data*, atomically and durably."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=UNFINISHED, dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            # mkstemp makes private files; these are for every reader the folder lets in.
            os.chmod(temporary, 0o644)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    _sync_folder(path.parent)


def append_line(path: Path, record: Mapping[str, Any]) -> None:
    """Append *record* as one line of JSON, durably; a line that a crash left unfinished is dropped."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+b") as file:
        file.seek(0)
        file.truncate(len(b"".join(finished_lines(file.read()))))
        file.write(json.dumps(record).encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())


def finished_lines(data: bytes) -> list[bytes]:
    """Return the lines of *data* that end, each with its end."""
    return [line for line in data.splitlines(keepends=True) if line.endswith(b"\n")]


@contextlib.contextmanager
def new_folder(parent: Path) -> Iterator[Path]:
    """Give an unfinished folder to fill; it is removed at the end unless `settle_folder` moved it."""
    parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=UNFINISHED, dir=parent))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


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


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":  # a folder cannot be opened there, and a rename is durable without
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
