"""Uploaded bytes into a table: CSV, CSV.gz or Parquet, every column as the file has it."""

import csv
import io
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq
from numpy.typing import NDArray

from model.bar_columns import LONGEST_HEADER, MOST_RAGGED_LINES, decode_csv
from model.bars import FaultList
from model.errors import Fault, InvalidInputError
from model.parquet import read_parquet
from training.columns import unpacked

LARGEST_FILE_MB = 50
MOST_ROWS = 1_000_000
MOST_COLUMNS = 500
READABLE = "CSV text in UTF-8, CSV.gz or Parquet"

_BLANK_LINES = re.compile(r"(?:[ \t]*\n)*")
# A number that says the same when read and written again: no code such as 007, no more digits than a float holds.
_WHOLE = r"^(?:-?[1-9]\d{0,17}|0|)$"
_DECIMAL = r"^(?:-?(?:[1-9]\d{0,14}|0)(?:\.\d*)?(?:[eE][+-]?\d{1,3})?|)$"
# Byte order marks and white space, in one byte a character or in two.
_NOTHING = b"\xef\xbb\xbf\xfe\xff \t\r\n\0"


@dataclass(frozen=True, slots=True)
class FileTable:
    """A table as its file has it; columns of CSV are texts.

    `rows` says where each row stands in the file: in CSV as a spreadsheet shows it (the header is row 1),
    in Parquet counted from 1. `faults` are the lines that do not fit the header.
    """

    name: str
    table: pa.Table
    rows: NDArray[np.int64]
    faults: FaultList


def read_file(data: bytes, name: str) -> FileTable:
    """Read *data*, told apart by content.

    Raises
    ------
    InvalidInputError
        It is no table of the kinds that can be read, too large, or names a column twice.
    """
    if data[:2] == b"\x1f\x8b":
        data = unpacked(data, name)
    if not data.strip(_NOTHING):
        raise _refusal(name, "the file", "nothing in it", "a header, then rows of values", "Supply a file with rows.")
    read = _read_parquet(data, name) if data[:4] == b"PAR1" else _read_csv(data, name)
    if not len(read.rows) and not read.faults.count:
        raise _refusal(name, "the file", "no rows below the header", "at least one row", "Supply a file with rows.")
    return read


def typed(table: pa.Table) -> pa.Table:
    """Return *table* with the texts that are numbers throughout as numbers; what may be a code stays a text."""
    return pa.table([_typed(column) for column in table.columns], names=table.column_names)


def _typed(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if not pa.types.is_string(column.type):
        return column
    for pattern, kind in ((_WHOLE, pa.int64()), (_DECIMAL, pa.float64())):
        if pc.all(pc.match_substring_regex(column, pattern)).as_py() and pc.any(pc.not_equal(column, "")).as_py():
            return pc.if_else(pc.equal(column, ""), pa.scalar(None, pa.string()), column).cast(kind)
    return column


def _read_parquet(data: bytes, name: str) -> FileTable:
    try:
        metadata = pq.read_metadata(pa.BufferReader(data))
        _check_size(metadata.num_rows, metadata.num_columns, name)
        table = read_parquet(data)
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise _refusal(
            name, "the file", f"a broken Parquet file ({error})", "a whole one", "Write it again."
        ) from error
    _check_titles(table.column_names, name)
    return FileTable(name, table, np.arange(1, table.num_rows + 1), FaultList())


def _read_csv(data: bytes, name: str) -> FileTable:
    text = decode_csv(data, name, readable=READABLE).replace("\r\n", "\n").replace("\r", "\n")
    start = _BLANK_LINES.match(text)
    skipped = 0 if start is None else start.end()
    header_row = text.count("\n", 0, skipped) + 1
    # Without an end the last line is no line to the CSV reader.
    text = text[skipped:] + ("" if text.endswith("\n") else "\n")
    line = text.split("\n", 1)[0][:LONGEST_HEADER]
    delimiter = max(",;\t|", key=line.count)
    titles = _titles(text, delimiter)
    _check_titles(titles, name)
    table, ragged = _parse(text.encode(), name, titles, delimiter)
    rows = np.arange(header_row + 1, header_row + 1 + table.num_rows + len(ragged))
    rows = np.delete(rows, [line.number - 2 for line in ragged])
    _check_size(len(rows), len(titles), name)
    # Spreadsheets write lines of nothing but separators where rows were deleted.
    filled = np.zeros(len(rows), dtype=np.bool_)
    for column in table.columns:
        filled |= pc.not_equal(pc.utf8_trim_whitespace(column), "").to_numpy()
    faults = FaultList()
    for line in (line for line in ragged if line.text.strip(f" {delimiter}")):
        where = header_row + line.number - 1
        found = f"{line.actual_columns} value(s)"
        faults.add(where, Fault(f"row {where}", found, f"{len(titles)}, as in the header", "Mend the line."))
    return FileTable(name, table.filter(pa.array(filled)), rows[filled], faults)


def _titles(text: str, delimiter: str) -> list[str]:
    first = next(csv.reader(io.StringIO(text[:LONGEST_HEADER]), delimiter=delimiter))
    return [title.strip() or f"column_{number}" for number, title in enumerate(first, 1)]


def _parse(
    content: bytes, name: str, titles: Sequence[str], delimiter: str
) -> tuple[pa.Table, list[pyarrow.csv.InvalidRow]]:
    """Return the table, every cell a text, and the lines that do not fit it."""
    ragged: list[pyarrow.csv.InvalidRow] = []

    def skip(row: pyarrow.csv.InvalidRow) -> str:
        ragged.append(row)
        return "skip" if len(ragged) <= MOST_RAGGED_LINES else "error"

    try:
        table = pyarrow.csv.read_csv(
            io.BytesIO(content),
            # Only one thread can say where the ragged lines stand.
            pyarrow.csv.ReadOptions(use_threads=False, column_names=list(titles), skip_rows_after_names=1),
            pyarrow.csv.ParseOptions(
                delimiter=delimiter, newlines_in_values=True, ignore_empty_lines=False, invalid_row_handler=skip
            ),
            pyarrow.csv.ConvertOptions(column_types=dict.fromkeys(titles, pa.string()), strings_can_be_null=False),
        )
    except pa.ArrowException as error:
        expected = "a header, then rows with as many values as it has names"
        found = f"no readable CSV ({error})"
        if len(ragged) > MOST_RAGGED_LINES:
            found = f"more than {MOST_RAGGED_LINES:,} lines of another length than the header"
        raise _refusal(name, "the file", found, expected, "Export it as CSV (UTF-8).") from error
    return table, ragged


def _check_titles(titles: Sequence[str], name: str) -> None:
    repeated = [title for title, count in Counter(titles).items() if count > 1]
    if repeated:
        remedy = "Rename or remove one of them: which one would count is not defined."
        faults = [Fault("the header", f"column {title} more than once", "each name once", remedy) for title in repeated]
        raise InvalidInputError(name, faults)
    _check_size(0, len(titles), name)


def _check_size(n_rows: int, n_columns: int, name: str) -> None:
    if n_rows > MOST_ROWS:
        expected, remedy = f"at most {MOST_ROWS:,}", "Split it into several files."
        raise _refusal(name, "the file", f"{n_rows:,} rows", expected, remedy)
    if n_columns > MOST_COLUMNS:
        expected, remedy = f"at most {MOST_COLUMNS:,}", "Leave out those that are not needed."
        raise _refusal(name, "the file", f"{n_columns:,} columns", expected, remedy)


def _refusal(name: str, where: str, found: str, expected: str, remedy: str) -> InvalidInputError:
    return InvalidInputError(name, [Fault(where, found, expected, remedy)])
