"""Files into columns: CSV, CSV.gz or Parquet, told apart by content, with the row each value stands in."""

import csv
import gzip
import io
import re
import textwrap
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
from numpy.typing import NDArray

from model.bars import FaultList
from model.errors import Fault, InvalidBarsError
from model.storage import read_parquet

# Accepted spellings, letters and digits only, in order of preference.
_SPELLINGS = {
    "date": ("date", "datetime", "time", "timestamp", "day"),
    "open": ("open",),
    "high": ("high",),
    "low": ("low",),
    "close": ("close", "closelast"),
    "volume": ("volume", "vol"),
    "ticker": ("ticker", "symbol"),
    "adjusted_close": ("adjclose", "adjustedclose"),
}
LONGEST_HEADER = 10_000
_REQUIRED = ("date", "open", "high", "low", "close", "volume")


def read_bytes(path: Path) -> bytes:
    """Return the bytes of *path*; a file that cannot be read is a fault like any other."""
    try:
        return path.read_bytes()
    except OSError as error:
        found, expected = f"no readable file ({error.strerror})", "a CSV, CSV.gz or Parquet file of daily bars"
        fault = Fault(str(path), found, expected, "Check the path.")
        raise InvalidBarsError(path.name, [fault]) from error


def read_columns(
    data: bytes, name: str, *, text_only: bool = False
) -> tuple[dict[str, pa.ChunkedArray], NDArray[np.int64], FaultList]:
    """Return the columns by our names, the source row of each value, and faults of form."""
    if data[:4] == b"PAR1" or name.lower().endswith(".parquet"):
        table = _read_parquet(data, name)
        # No header row there: the first row is row 1.
        return _by_our_names(table, name, every=text_only), np.arange(1, table.num_rows + 1), FaultList()
    if data[:2] == b"\x1f\x8b":
        try:
            data = gzip.decompress(data)
        except (OSError, EOFError) as error:
            fault = Fault("the file", f"a broken gzip archive ({error})", "a whole .csv.gz", "Fetch or pack it again.")
            raise InvalidBarsError(name, [fault]) from error
    if data[:4] == b"PK\x03\x04":
        expected = "CSV text in UTF-8, CSV.gz or Parquet"
        fault = Fault("the file", "an Excel workbook or zip archive", expected, "Export it as CSV (UTF-8).")
        raise InvalidBarsError(name, [fault])
    text = _decode(data, name)
    header = text.lstrip().splitlines()[0] if text.strip() else ""
    if not header:
        fault = Fault("the file", "nothing in it", "a header and daily bars", "Supply a file that holds bars.")
        raise InvalidBarsError(name, [fault])
    delimiter = max(",;\t|", key=header.count)
    titles = [title.strip() for title in next(csv.reader([header[:LONGEST_HEADER]], delimiter=delimiter))]
    if not text_only:
        _require(titles, name)
    return _parse_csv(text, name, titles, delimiter, text_only)


def _read_parquet(data: bytes, name: str) -> pa.Table:
    try:
        table = read_parquet(data)
    except (pa.ArrowException, OSError) as error:
        fault = Fault("the file", f"a broken Parquet file ({error})", "a whole one", "Fetch or write it again.")
        raise InvalidBarsError(name, [fault]) from error
    nested = [field for field in table.schema if pa.types.is_nested(field.type)]
    if nested:
        faults = [
            Fault(f"column {field.name}", f"type {field.type}", "one value per cell", "Unnest it.") for field in nested
        ]
        raise InvalidBarsError(name, faults)
    return table


def _decode(data: bytes, name: str) -> str:
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        kind = f"bytes that are not text ({error.reason})"
        fault = Fault("the file", kind, "CSV text in UTF-8, CSV.gz or Parquet", "Export it as CSV (UTF-8).")
        raise InvalidBarsError(name, [fault]) from error
    if "\0" in text:
        fault = Fault("the file", "binary data", "CSV text in UTF-8, CSV.gz or Parquet", "Export it as CSV (UTF-8).")
        raise InvalidBarsError(name, [fault])
    return text


def _parse_csv(
    text: str, name: str, titles: list[str], delimiter: str, text_only: bool
) -> tuple[dict[str, pa.ChunkedArray], NDArray[np.int64], FaultList]:
    as_text = titles if text_only else [t for t in titles if _plain(t) in _SPELLINGS["date"] + _SPELLINGS["ticker"]]
    ragged: list[pa.csv.InvalidRow] = []

    def skip(row: pa.csv.InvalidRow) -> str:
        ragged.append(row)
        return "skip"

    def read(*, threads: bool) -> pa.Table:
        ragged.clear()
        return pyarrow.csv.read_csv(
            io.BytesIO(text.encode()),
            pyarrow.csv.ReadOptions(use_threads=threads, column_names=titles, skip_rows_after_names=1),
            pyarrow.csv.ParseOptions(delimiter=delimiter, invalid_row_handler=skip),
            pyarrow.csv.ConvertOptions(column_types=dict.fromkeys(as_text, pa.string()), strings_can_be_null=False),
        )

    try:
        table = read(threads=True)
        if ragged:
            table = read(threads=False)  # only one thread can say where the ragged lines stand
    except pa.ArrowInvalid as error:
        fault = Fault("the file", f"no readable CSV ({error})", "a header, then rows of values", "Export it as CSV.")
        raise InvalidBarsError(name, [fault]) from error
    # The reader passes over empty lines; people count them.
    lines = (
        np.array([number for number, line in enumerate(text.splitlines(), 1) if line.strip()])
        if re.search(r"(^|\n)\s*\n", text)
        else np.arange(1, 2 + table.num_rows + len(ragged))
    )
    faults = FaultList()
    for row in ragged:
        number = int(lines[row.number - 1])
        expected = f"{row.expected_columns}, as in the header"
        faults.add(number, Fault(f"row {number}", f"{row.actual_columns} value(s)", expected, "Mend the line."))
    rows = np.delete(lines, [0, *(row.number - 1 for row in ragged)])[: table.num_rows]
    return _by_our_names(table, name, every=text_only), rows, faults


def _plain(title: str) -> str:
    return re.sub(r"[^a-z0-9]", "", title.lower())


def _by_our_names(table: pa.Table, name: str, *, every: bool) -> dict[str, pa.ChunkedArray]:
    plain = [_plain(title) for title in table.column_names]
    if every:
        return {title: table.column(position) for position, title in enumerate(plain)}
    _require(table.column_names, name)
    found: dict[str, pa.ChunkedArray] = {}
    for ours, spellings in _SPELLINGS.items():
        position = next((plain.index(spelling) for spelling in spellings if spelling in plain), None)
        if position is not None:
            found[ours] = table.column(position)
    return found


def _require(titles: list[str], name: str) -> None:
    """Refuse a file without one of the columns that bars need, naming all that are missing."""
    plain = {_plain(title) for title in titles}
    missing = [ours for ours in _REQUIRED if plain.isdisjoint(_SPELLINGS[ours])]
    if missing:
        have = textwrap.shorten(", ".join(titles), 200, placeholder=" …") or "none"
        faults = [
            Fault(
                "the header", f"no column {ours} (columns: {have})", f"a column named {ours}, in any case", "Name it."
            )
            for ours in missing
        ]
        raise InvalidBarsError(name, faults)
