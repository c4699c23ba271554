"""Files of feature rows in batches: Parquet and CSV, whatever their size, in a bounded memory."""

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

from model.column_names import plain_names
from model.errors import TrainingError

KINDS = (".parquet", ".csv", ".csv.gz")
# What is read of a file at once: a block of a CSV, a part of a column of a Parquet file.
_BLOCK_BYTES = 4 * 2**20
_COLUMN_BYTES = 2**18
# Batches as they are read, before they are put together.
_READ_ROWS = 16_384
# What stands in a CSV for a missing number.
_EMPTY = pyarrow.csv.ConvertOptions().null_values


@dataclass(frozen=True, slots=True)
class NotANumber:
    """A cell of a feature that holds no number, and is empty in what was read."""

    feature: str
    text: str


# By the number of its row in the file, from 0.
Unread: TypeAlias = dict[int, NotANumber]


@dataclass(frozen=True, slots=True)
class FeatureBatch:
    """Some rows with their features as float64; `unread` says by position which of them hold text instead."""

    rows: pa.Table
    unread: Unread


def kind_of(path: Path) -> str:
    """Return which of `KINDS` a file is by its name, or nothing.

    >>> kind_of(Path("rows.CSV.gz"))
    '.csv.gz'
    """
    return next((kind for kind in KINDS if path.name.lower().endswith(kind)), "")


def read_batches(path: Path, features: Sequence[str], *, rows: int, skip: int = 0) -> Iterator[FeatureBatch]:
    """Yield the rows of *path* after the first *skip*, *rows* at a time.

    Columns other than *features* come along as they are; in a CSV as the text that was written.

    Raises
    ------
    TrainingError
        A feature is missing or its column holds no numbers, or the file cannot be read; it says where.
    """
    kind = kind_of(path)
    if not kind:
        msg = f"{path}: expected a file named {', '.join(KINDS)}. Rename or convert it."
        raise TrainingError(msg)
    unread: Unread = {}
    tables = _parquet_batches(path, features) if kind == ".parquet" else _csv_batches(path, features, unread)
    first = skip
    try:
        for table in _of_equal_size(tables, rows, skip):
            after = first + table.num_rows
            here = {row: unread.pop(row) for row in list(unread) if row < after}
            yield FeatureBatch(table, {row - first: cell for row, cell in here.items() if row >= first})
            first = after
    except (pa.ArrowException, OSError) as error:
        msg = f"{path} cannot be read: {_without_column_number(error, path)}. Correct it, or export it again."
        raise TrainingError(msg) from error


def _parquet_batches(path: Path, features: Sequence[str]) -> Iterator[pa.Table]:
    with pq.ParquetFile(path, buffer_size=_COLUMN_BYTES, pre_buffer=False) as file:
        schema = file.schema_arrow
        titles = list(plain_names(schema.names)[0])
        _require(titles, features, path)
        for name in features:
            kind = schema.field(titles.index(name)).type
            if not (pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)):
                msg = f"{path}: the column {name} holds {kind}, expected numbers. Convert it."
                raise TrainingError(msg)
        for batch in file.iter_batches(_READ_ROWS, use_threads=False):
            table = pa.Table.from_batches([batch]).rename_columns(titles)
            for name in features:
                position = table.column_names.index(name)
                table = table.set_column(position, name, table[name].cast(pa.float64(), safe=False))
            yield table


def _csv_batches(path: Path, features: Sequence[str], unread: Unread) -> Iterator[pa.Table]:
    """Yield the rows of a CSV; cells of *features* that hold no number are noted in *unread*, and empty."""
    _require(plain_names(_header(path)[0])[0], features, path)
    done = 0
    try:
        for table in _parsed(path, numbers=features):
            yield table
            done += table.num_rows
    except pa.ArrowInvalid as error:
        if "conversion error" not in str(error):
            raise
        # Looking at each cell takes longer: it is done only where a block holds text, and from there on.
        first = 0
        for table in _parsed(path, numbers=()):
            rest = table.slice(min(max(done - first, 0), table.num_rows))
            first += table.num_rows
            if rest.num_rows:
                yield _with_numbers(rest, features, first - rest.num_rows, unread)


def _parsed(path: Path, *, numbers: Sequence[str]) -> Iterator[pa.Table]:
    written, delimiter = _header(path)
    titles = list(plain_names(written)[0])
    reader = pyarrow.csv.open_csv(
        pa.input_stream(path, compression="detect"),
        # With one thread a message can say in which row it is.
        pyarrow.csv.ReadOptions(use_threads=False, block_size=_BLOCK_BYTES),
        pyarrow.csv.ParseOptions(delimiter=delimiter, newlines_in_values=True),
        pyarrow.csv.ConvertOptions(
            column_types={
                name: pa.float64() if title in numbers else pa.string()
                for name, title in zip(written, titles, strict=True)
            }
        ),
    )
    for batch in reader:
        yield pa.Table.from_batches([batch]).rename_columns(titles)


def _with_numbers(table: pa.Table, features: Sequence[str], first: int, unread: Unread) -> pa.Table:
    """Return *table*, whose first row is number *first* of the file, with its *features* as numbers where they are."""
    for name in features:
        text = pc.utf8_trim_whitespace(table[name])
        text = pc.if_else(pc.is_in(text, pa.array(_EMPTY)), None, text)
        values = [_number(cell) for cell in text.to_pylist()]
        for position in np.flatnonzero([value is None for value in values]).tolist():
            unread.setdefault(first + position, NotANumber(name, text[position].as_py()))
        numbers = pa.array(values, pa.float64(), from_pandas=True)
        table = table.set_column(table.column_names.index(name), name, numbers)
    return table


def _number(cell: str | None) -> float | None:
    """Return the number in a cell, NaN where it is empty, None where it is something else.

    >>> _number("1e3"), _number("1 %"), _number("1_000")
    (1000.0, None, None)
    """
    if cell is None:
        return float("nan")
    try:
        # Python alone takes 1_000 for a number.
        return None if "_" in cell else float(cell)
    except ValueError:
        return None


def _header(path: Path) -> tuple[list[str], str]:
    with pa.input_stream(path, compression="detect") as stream:
        start = stream.read(_BLOCK_BYTES)
    first = start.split(b"\n", 1)[0].decode("utf-8-sig", "replace")
    delimiter = max(",;\t|", key=first.count)
    if not first.strip():
        msg = f"{path}: nothing in its first row, expected the names of the columns. Add a header."
        raise TrainingError(msg)
    options = pyarrow.csv.ReadOptions(use_threads=False, block_size=_BLOCK_BYTES)
    header = (first + "\n").encode()
    table = pyarrow.csv.read_csv(pa.BufferReader(header), options, pyarrow.csv.ParseOptions(delimiter=delimiter))
    return table.column_names, delimiter


def _require(titles: Sequence[str], features: Sequence[str], path: Path) -> None:
    if missing := [name for name in features if name not in titles]:
        near = difflib.get_close_matches(missing[0], titles, 1)
        hint = f" Did you mean {near[0]}?" if near else ""
        msg = (
            f"{path} has no column {', '.join(missing)}; expected one for each feature of the model:"
            f" {', '.join(features)}.{hint} Name the columns so."
        )
        raise TrainingError(msg)
    if repeated := [name for name in features if list(titles).count(name) > 1]:
        msg = f"{path} has the column {', '.join(repeated)} more than once. Remove all but one."
        raise TrainingError(msg)


def _of_equal_size(tables: Iterator[pa.Table], rows: int, skip: int) -> Iterator[pa.Table]:
    waiting: list[pa.Table] = []
    held = 0
    for table in tables:
        left_out = min(skip, table.num_rows)
        skip -= left_out
        rest = table.slice(left_out)
        while held + rest.num_rows >= rows:
            taken = rows - held
            yield pa.concat_tables([*waiting, rest.slice(0, taken)])
            waiting, held, rest = [], 0, rest.slice(taken)
        waiting.append(rest)
        held += rest.num_rows
    if held:
        yield pa.concat_tables(waiting)


def _without_column_number(error: Exception, path: Path) -> str:
    """Say what Arrow says, with the row first; the number of a column says nothing to whoever has its name."""
    text = str(error).removeprefix("CSV parse error: ")
    if "Row #" in text:
        row, _, what = text.partition("Row #")[2].partition(": ")
        column = text.partition("CSV column #")[2].partition(":")[0]
        where = f" in {_header(path)[0][int(column)]}" if column else ""
        return f"row {row}{where}: {what}"
    return text
