"""CSV text into the columns of daily bars, by our names, with the row each value stands in."""

import csv
import io
import re
import textwrap
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from model.bars import FaultList
from model.errors import Fault, InvalidBarsError

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.csv

# Accepted spellings, letters and digits only, in order of preference.
SPELLINGS = {
    "date": ("date", "datetime", "time", "timestamp", "day"),
    "open": ("open",),
    "high": ("high",),
    "low": ("low",),
    "close": ("close", "closelast"),
    "volume": ("volume", "vol"),
    "ticker": ("ticker", "symbol"),
    "adjusted_close": ("adjclose", "adjustedclose"),
}
REQUIRED = ("date", "open", "high", "low", "close", "volume")
NUMERIC = ("open", "high", "low", "close", "volume", "adjusted_close")

LONGEST_HEADER = 10_000
# A file with more lines of another length than this is no table; reading on would only take time.
MOST_RAGGED_LINES = 10_000

_NO_TEXT = {
    b"PK\x03\x04": "an Excel workbook or zip archive",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook",
    b"\x1f\x8b": "a gzip archive",
    b"PAR1": "a Parquet file",
}


def decode_csv(data: bytes, name: str, *, readable: str = "CSV text in UTF-8") -> str:
    """Return the text in *data*; what is no text is a fault that expects *readable* instead.

    Raises
    ------
    InvalidBarsError
        The bytes are no text, or a text without anything in it.
    """
    found = next((kind for start, kind in _NO_TEXT.items() if data.startswith(start)), "")
    text = ""
    if not found:
        encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError as error:
            found = f"bytes that are not text ({error.reason})"
        if "\0" in text:
            found = "binary data"
    if found:
        raise InvalidBarsError(name, [Fault("the file", found, readable, "Export it as CSV (UTF-8).")])
    if not text.strip():
        fault = Fault("the file", "nothing in it", "a header and daily bars", "Supply a file that holds bars.")
        raise InvalidBarsError(name, [fault])
    return text


def csv_columns(
    text: str, name: str, *, text_only: bool = False
) -> tuple[dict[str, "pa.ChunkedArray"], NDArray[np.int64], FaultList]:
    """Return the columns by our names, the source row of each value, and faults of form.

    Rows are counted as a spreadsheet shows them: the header is row 1. With *text_only* every column is
    returned as text, by its own name in small letters.

    Raises
    ------
    InvalidBarsError
        A column that bars need is missing, or this is no CSV at all.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    # The CSV reader would pass over some empty lines and not over others; people count them all.
    rows = np.array([number for number, line in enumerate(lines, 1) if line.strip()])
    header = lines[rows[0] - 1][:LONGEST_HEADER]
    delimiter = max(",;\t|", key=header.count)
    titles = [title.strip() for title in next(csv.reader([header], delimiter=delimiter))]
    if not text_only:
        require_columns(titles, name)
    content = "".join([lines[row - 1] + "\n" for row in rows]).encode()
    table, ragged = _parse(content, name, titles, delimiter, text_only)
    faults = FaultList()
    positions = np.array([row.number - 1 for row in ragged], dtype=np.int64)
    faults.add_rows(
        np.ones(len(ragged), dtype=np.bool_),
        rows[positions],
        lambda i: Fault(
            f"row {rows[positions[i]]}",
            f"{ragged[i].actual_columns} value(s)",
            f"{ragged[i].expected_columns}, as in the header",
            "Mend the line.",
        ),
    )
    if table is None:
        raise InvalidBarsError(name, [fault for _, fault in faults.found], faults.count)
    kept = np.delete(rows, [0, *positions])[: len(table)]
    return columns_by_our_names(table, name, every=text_only), kept, faults


def columns_by_our_names(table: "pa.Table", name: str, *, every: bool = False) -> dict[str, "pa.ChunkedArray"]:
    """Return the columns that bars consist of by our names, or *every* column by its own."""
    if every:
        return {plain(title): table.column(position) for position, title in enumerate(table.column_names)}
    require_columns(table.column_names, name)
    return {ours: table.column(position) for ours, position in our_names(table.column_names).items()}


def our_names(titles: Sequence[str]) -> dict[str, int]:
    """Return where in *titles* each of our columns stands; those that are not there are left out.

    >>> our_names(["Symbol", "Adj Close", "Close/Last"])
    {'close': 2, 'ticker': 0, 'adjusted_close': 1}
    """
    plain_titles = [plain(title) for title in titles]
    found = {}
    for ours, spellings in SPELLINGS.items():
        position = next((plain_titles.index(spelling) for spelling in spellings if spelling in plain_titles), None)
        if position is not None:
            found[ours] = position
    return found


def require_columns(titles: Sequence[str], name: str) -> None:
    """Refuse a table without one of the columns that bars need, naming all that are missing."""
    there = our_names(titles)
    missing = [ours for ours in REQUIRED if ours not in there]
    if missing:
        have = textwrap.shorten(", ".join(titles), 200, placeholder=" …") or "none"
        faults = [
            Fault(
                "the header", f"no column {ours} (columns: {have})", f"a column named {ours}, in any case", "Name it."
            )
            for ours in missing
        ]
        raise InvalidBarsError(name, faults)


def plain(title: str) -> str:
    """Return the small letters and digits of *title*, by which spellings are told.

    >>> plain(" Adj. Close")
    'adjclose'
    """
    return re.sub(r"[^a-z0-9]", "", title.lower())


def _parse(
    content: bytes, name: str, titles: list[str], delimiter: str, text_only: bool
) -> tuple["pa.Table | None", list["pyarrow.csv.InvalidRow"]]:
    """Return the table and the lines that do not fit it; no table where those are too many."""
    import pyarrow as pa
    import pyarrow.csv

    dates_and_tickers = SPELLINGS["date"] + SPELLINGS["ticker"]
    as_text: Iterable[str] = titles if text_only else [title for title in titles if plain(title) in dates_and_tickers]
    ragged: list[pa.csv.InvalidRow] = []

    def skip(row: pa.csv.InvalidRow) -> str:
        ragged.append(row)
        return "skip" if len(ragged) <= MOST_RAGGED_LINES else "error"

    try:
        table = pyarrow.csv.read_csv(
            io.BytesIO(content),
            # Only one thread can say where the ragged lines stand, and several are no faster.
            pyarrow.csv.ReadOptions(use_threads=False, column_names=titles, skip_rows_after_names=1),
            pyarrow.csv.ParseOptions(delimiter=delimiter, invalid_row_handler=skip),
            pyarrow.csv.ConvertOptions(column_types=dict.fromkeys(as_text, pa.string()), strings_can_be_null=False),
        )
    except pa.ArrowInvalid as error:
        if len(ragged) > MOST_RAGGED_LINES:
            return None, ragged
        fault = Fault("the file", f"no readable CSV ({error})", "a header, then rows of values", "Export it as CSV.")
        raise InvalidBarsError(name, [fault]) from error
    return table, ragged
