"""Score files of feature rows, larger than memory if need be: batches in, finished parts out, resumable."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

from model.bundle import Bundle
from model.column_names import printable
from model.errors import TrainingError
from model.registry import Registry
from model.storage import write_file
from training.feature_batches import KINDS, FeatureBatch, kind_of, read_batches

ROWS_IN_A_PART = 200_000
PROGRESS = "progress.json"
CALL = "prediction"


class FileProgress(msgspec.Struct, frozen=True):
    """How far one file is; kept beside its parts, so that a run that was stopped goes on from there.

    `source` tells the file and `model` the version apart from others; `called` counts the rows of the
    positive class, `blank` those without an answer, `filled` those that lacked a value the model fills in.
    """

    source: str
    model: str
    part_rows: int
    rows: int = 0
    called: int = 0
    blank: int = 0
    filled: int = 0
    parts: int = 0
    finished: bool = False


@dataclass(frozen=True, slots=True)
class ScoringTask:
    """What it takes to score one file, anywhere that sees the same folders.

    `version` is the one to score with; rows that cannot be scored are an error, or with `blank_faulty`
    left without an answer.
    """

    registry: Path
    version: str
    source: Path
    target: Path
    blank_faulty: bool = False
    part_rows: int = ROWS_IN_A_PART


def sources_in(path: Path) -> list[Path]:
    """Return the files to score: *path* itself, or those of a folder that can be read, by name.

    Raises
    ------
    TrainingError
        There is nothing to score.
    """
    if path.is_file():
        return [path]
    found = sorted(file for file in path.iterdir() if file.is_file() and kind_of(file)) if path.is_dir() else []
    if not found:
        what = "a folder without one" if path.is_dir() else "no such file or folder"
        msg = f"{path}: {what}; expected feature rows in files named {', '.join(KINDS)}. Check the path."
        raise TrainingError(msg)
    return found


def tasks_for(
    registry: Registry, version: str, sources: Sequence[Path], out: Path, *, blank_faulty: bool = False
) -> list[ScoringTask]:
    """Return a task for each of *sources*; the parts of each go to a folder of its name below *out*."""
    return [
        ScoringTask(registry.folder.resolve(), version, source.resolve(), out.resolve() / source.name, blank_faulty)
        for source in sources
    ]


def score_file(task: ScoringTask, on_rows: Callable[[int], object] = lambda _: None) -> FileProgress:
    """Score one file into finished parts, beginning after those that are there; say how it went.

    *on_rows* is told of rows as they are done, those of an earlier run first.

    Raises
    ------
    TrainingError
        The target holds parts of another file, version or size, or a row cannot be scored; rows before it are done.
    """
    bundle = Registry(task.registry).load(task.version)
    progress = _begun(task, bundle)
    on_rows(progress.rows)
    if progress.finished:
        return progress
    row = progress.rows
    for batch in read_batches(task.source, bundle.manifest.feature_names, rows=task.part_rows, skip=row):
        scored, filled = _scored(batch, bundle, task, first_row=row)
        kind = kind_of(task.source)
        # The part first: stopped between the two, the same part is written once more.
        write_file(task.target / f"part-{progress.parts:05d}{kind}", _bytes_of(scored, kind))
        row += scored.num_rows
        progress = msgspec.structs.replace(
            progress,
            rows=row,
            called=progress.called + (pc.sum(scored[CALL]).as_py() or 0),
            blank=progress.blank + scored[CALL].null_count,
            filled=progress.filled + filled,
            parts=progress.parts + 1,
        )
        _keep(progress, task.target)
        on_rows(scored.num_rows)
    progress = msgspec.structs.replace(progress, finished=True)
    _keep(progress, task.target)
    return progress


def _begun(task: ScoringTask, bundle: Bundle) -> FileProgress:
    stat = task.source.stat()
    fresh = FileProgress(
        source=f"{task.source.name}, {stat.st_size} bytes, changed {stat.st_mtime_ns}",
        model=f"{bundle.version} {bundle.sha256}, rows without an answer {'kept' if task.blank_faulty else 'refused'}",
        part_rows=task.part_rows,
    )
    path = task.target / PROGRESS
    if not path.exists():
        return fresh
    found = msgspec.json.decode(path.read_bytes(), type=FileProgress)
    for name in ("source", "model", "part_rows"):
        if getattr(found, name) != getattr(fresh, name):
            msg = (
                f"{task.target} holds parts made from another {name.replace('_', ' ')}: {getattr(found, name)} found,"
                f" {getattr(fresh, name)} expected. Choose another folder, or remove this one."
            )
            raise TrainingError(msg)
    return found


def _keep(progress: FileProgress, target: Path) -> None:
    write_file(target / PROGRESS, msgspec.json.encode(progress))


def _scored(batch: FeatureBatch, bundle: Bundle, task: ScoringTask, *, first_row: int) -> tuple[pa.Table, int]:
    """Return *batch* with probability and call, and in how many rows the model filled in what was missing."""
    names, key, rows = bundle.manifest.feature_names, bundle.probability_key, batch.rows
    for name in (key, CALL):
        if name in rows.column_names:
            msg = f"{task.source} has a column {name} already, which the answers would be called. Rename it."
            raise TrainingError(msg)
    X = np.column_stack([pc.fill_null(rows[name], np.nan).to_numpy() for name in names])
    usable = ~np.isinf(X).any(axis=1)
    usable[list(batch.unread)] = False
    gaps = np.isnan(X)
    if bundle.filling is not None:
        filled = int((usable & gaps.any(axis=1)).sum())
        X = np.where(gaps, np.array(bundle.filling), X)
    else:
        filled = 0
        if not _takes_missing(bundle):
            usable &= ~gaps.any(axis=1)
    p = np.full(len(X), np.nan)
    if usable.any():
        p[usable] = bundle.scorer.many(X[usable])
    unanswered = np.isnan(p)
    if unanswered.any() and not task.blank_faulty:
        raise TrainingError(_fault(batch, X, names, int(np.argmax(unanswered)), first_row, task.source))
    answers = {
        key: pa.array(p, mask=unanswered),
        CALL: pa.array((p >= bundle.threshold).astype(np.int8), mask=unanswered),
    }
    for name, column in answers.items():
        rows = rows.append_column(name, column)
    return rows, filled


def _fault(batch: FeatureBatch, X: Any, names: Sequence[str], position: int, first_row: int, source: Path) -> str:
    # As a spreadsheet shows it: a CSV file has its header in row 1.
    row = first_row + position + (1 if kind_of(source) == ".parquet" else 2)
    if (cell := batch.unread.get(position)) is not None:
        name, found = cell.feature, f"“{printable(cell.text)}”"
    else:
        faulty = [name for name, value in zip(names, X[position], strict=True) if not np.isfinite(value)]
        name = faulty[0] if faulty else names[0]
        value = batch.rows[name][position].as_py()
        found = "nothing" if value is None else str(value)
    return (
        f"{source}, row {row}: {found} for {name}, expected a number that can be"
        " scored. Correct the row, or leave such rows without an answer with --faulty blank."
    )


def _takes_missing(bundle: Bundle) -> bool:
    """Whether the pipeline answers a row without any value by itself, as some trees do."""
    try:
        return bool(np.isfinite(bundle.scorer.many(np.full((1, len(bundle.manifest.features)), np.nan)))[0])
    except ValueError:
        return False


def _bytes_of(table: pa.Table, kind: str) -> Any:
    buffer = pa.BufferOutputStream()
    if kind == ".parquet":
        pq.write_table(table, buffer, compression="zstd")
    elif kind == ".csv":
        pyarrow.csv.write_csv(table, buffer)
    else:
        with pa.CompressedOutputStream(buffer, "gzip") as stream:
            pyarrow.csv.write_csv(table, stream)
    return buffer.getvalue()
