"""Read files of daily bars as people have them: CSV, CSV.gz or Parquet, one ticker or many."""

import csv
import gzip
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq
from numpy.typing import NDArray

from model.bars import (
    Bars,
    BarWarning,
    FaultList,
    Split,
    adjust_for_splits,
    find_faults,
    splits_from_adjusted_close,
    warnings_for,
)
from model.errors import Fault, InvalidBarsError
from model.storage import sha256_of
from training.cells import parse_dates, parse_numbers

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
_REQUIRED = ("date", "open", "high", "low", "close", "volume")
_NUMERIC = ("open", "high", "low", "close", "volume", "adjusted_close")


@dataclass(frozen=True, slots=True)
class BarsFile:
    """The checked, split-adjusted bars of one file, and what was done to them."""

    name: str
    sha256: str
    bars: Bars
    adjustment: str
    warnings: tuple[BarWarning, ...]


def read_bars(path: Path, *, splits: Path | None = None, tickers: Sequence[str] = ()) -> BarsFile:
    """Read *path*, check it, and adjust its prices for splits.

    Parameters
    ----------
    path
        CSV, CSV.gz or Parquet, told apart by content.
    splits
        A table of splits (ticker, day, ratio as 2:1). By default `splits.csv` beside *path*; where
        there is none, splits are read off the adjusted close, if the file has one.
    tickers
        Keep only these; by default all.

    Raises
    ------
    InvalidBarsError
        With every fault of the file: rows are counted as a spreadsheet shows them (the header is row 1).
    """
    data = _read_bytes(path)
    columns, rows, faults = _read_columns(data, path.name)
    raw, unreadable = _to_bars(columns, rows, _ticker_from(path), faults)
    chosen, unsorted = _in_order(_only(raw, tickers, path.name))
    found = find_faults(chosen)
    if unreadable and not len(chosen):
        found = FaultList()  # every row is faulty already; "no rows" would mislead
    faults.found += found.found
    faults.count += found.count
    faults.raise_if_any(path.name)

    beside = path.with_name("splits.csv")
    table = splits if splits is not None else beside if beside.exists() else None
    listed = [] if table is None else _in_force(read_splits(table), chosen, table.name)
    told = splits_from_adjusted_close(chosen)
    applied = listed if table is not None else told
    adjusted = adjust_for_splits(chosen, applied)
    warnings = [BarWarning("unsorted", "", f"{path.name}: rows were not in order of ticker and day; sorted")] * unsorted
    if table is not None:
        warnings += _missing_from(table.name, listed, told)
    return BarsFile(
        name=path.name,
        sha256=sha256_of(data),
        bars=adjusted,
        adjustment=_describe_adjustment(applied, table, chosen.adjusted_close is not None),
        warnings=(*warnings, *warnings_for(adjusted)),
    )


def read_splits(path: Path) -> list[Split]:
    """Read a table of splits with the columns ticker, day and ratio (2:1, 3/2 or 2)."""
    columns, rows, faults = _read_columns(_read_bytes(path), path.name, text_only=True)
    missing = [name for name in ("ticker", "day", "ratio") if name not in columns]
    if missing:
        fault = Fault("the header", f"no column {', '.join(missing)}", "the columns ticker, day and ratio")
        raise InvalidBarsError(path.name, [fault])
    days = parse_dates(columns["day"], rows, faults)
    splits = []
    for row, ticker, day, text in zip(
        rows, columns["ticker"].to_pylist(), days, columns["ratio"].to_pylist(), strict=True
    ):
        try:
            ratio = Fraction(text.strip().replace(":", "/"))
        except (ValueError, ZeroDivisionError):
            ratio = Fraction(0)
        if ratio <= 0:
            faults.add(int(row), Fault(f"row {row}", f"ratio {text!r}", "new shares for old, such as 2:1 or 3:2"))
            continue
        splits.append(Split(ticker.strip(), day.astype("datetime64[D]"), ratio))
    faults.raise_if_any(path.name)
    return splits


def _read_bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        fault = Fault(str(path), f"no readable file ({error.strerror})", "a CSV, CSV.gz or Parquet file of daily bars")
        raise InvalidBarsError(path.name, [fault]) from error


def _ticker_from(path: Path) -> str:
    return path.name.split(".")[0]


def _read_columns(
    data: bytes, name: str, *, text_only: bool = False
) -> tuple[dict[str, pa.ChunkedArray], NDArray[np.int64], FaultList]:
    """Return the columns by our names, the source row of each value, and faults of form."""
    if data[:4] == b"PAR1":
        table = _read_parquet(data, name)
        # No header row there: the first row is row 1.
        return _by_our_names(table, name, every=text_only), np.arange(1, table.num_rows + 1), FaultList()
    if data[:2] == b"\x1f\x8b":
        try:
            data = gzip.decompress(data)
        except (OSError, EOFError) as error:
            fault = Fault("the file", f"a broken gzip archive ({error})", "a whole .csv.gz", "Fetch or pack it again.")
            raise InvalidBarsError(name, [fault]) from error
    text = _decode(data, name)
    header = text.lstrip().splitlines()[0] if text.strip() else ""
    if not header:
        fault = Fault("the file", "nothing in it", "a header and daily bars", "Supply a file that holds bars.")
        raise InvalidBarsError(name, [fault])
    delimiter = max(",;\t|", key=header.count)
    titles = [title.strip() for title in next(csv.reader([header], delimiter=delimiter))]
    return _parse_csv(text, name, titles, delimiter, text_only)


def _read_parquet(data: bytes, name: str) -> pa.Table:
    try:
        table = pq.read_table(pa.BufferReader(data))
    except (pa.ArrowException, OSError) as error:
        fault = Fault("the file", f"a broken Parquet file ({error})", "a whole one", "Fetch or write it again.")
        raise InvalidBarsError(name, [fault]) from error
    nested = [field for field in table.schema if pa.types.is_nested(field.type)]
    if nested:
        faults = [Fault(f"column {field.name}", f"type {field.type}", "one value per cell") for field in nested]
        raise InvalidBarsError(name, faults)
    return table


def _decode(data: bytes, name: str) -> str:
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        kind = "an Excel workbook or zip archive" if data[:2] == b"PK" else f"bytes that are not text ({error.reason})"
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
        if re.search(r"\n\s*\n", text)
        else np.arange(1, 2 + table.num_rows + len(ragged))
    )
    faults = FaultList()
    for row in ragged:
        number = int(lines[row.number - 1])
        expected = f"{row.expected_columns}, as in the header"
        faults.add(number, Fault(f"row {number}", f"{row.actual_columns} values", expected, "Mend the line."))
    rows = np.delete(lines, [0, *(row.number - 1 for row in ragged)])[: table.num_rows]
    return _by_our_names(table, name, every=text_only), rows, faults


def _plain(title: str) -> str:
    return re.sub(r"[^a-z0-9]", "", title.lower())


def _by_our_names(table: pa.Table, name: str, *, every: bool) -> dict[str, pa.ChunkedArray]:
    plain = [_plain(title) for title in table.column_names]
    if every:
        return {title: table.column(position) for position, title in enumerate(plain)}
    found: dict[str, pa.ChunkedArray] = {}
    for ours, spellings in _SPELLINGS.items():
        position = next((plain.index(spelling) for spelling in spellings if spelling in plain), None)
        if position is not None:
            found[ours] = table.column(position)
    missing = [ours for ours in _REQUIRED if ours not in found]
    if missing:
        have = ", ".join(table.column_names) or "none"
        faults = [
            Fault(
                "the header", f"no column {ours} (columns: {have})", f"a column named {ours}, in any case", "Name it."
            )
            for ours in missing
        ]
        raise InvalidBarsError(name, faults)
    return found


def _to_bars(
    columns: Mapping[str, pa.ChunkedArray], rows: NDArray[np.int64], default_ticker: str, faults: FaultList
) -> tuple[Bars, int]:
    """Turn columns into bars, leaving out the rows that cannot be read; say how many those are."""
    time = parse_dates(columns["date"], rows, faults)
    numbers = {key: parse_numbers(key, columns[key], rows, faults) for key in _NUMERIC if key in columns}
    if "ticker" in columns:
        ticker = np.char.strip(pc.fill_null(columns["ticker"].cast(pa.string()), "").to_numpy().astype(np.str_))
        unnamed = ticker == ""
        faults.add_rows(
            unnamed, rows, lambda i: Fault(f"row {rows[i]}", "no ticker", "a ticker in every row", "Fill it in.")
        )
    else:
        ticker = np.full(len(rows), default_ticker)
        unnamed = np.zeros(len(rows), dtype=np.bool_)
    readable = ~np.isnat(time) & ~unnamed
    for _, failed in numbers.values():
        readable &= ~failed
    values_of = {key: values for key, (values, _) in numbers.items()}
    bars = Bars(ticker=ticker, time=time, row=rows, **values_of)
    return (bars if readable.all() else bars.take(readable)), int(np.sum(~readable))


def _only(bars: Bars, tickers: Sequence[str], name: str) -> Bars:
    if not tickers:
        return bars
    there = set(np.unique(bars.ticker).tolist())
    unknown = [ticker for ticker in tickers if ticker not in there]
    if unknown:
        fault = Fault("the tickers asked for", ", ".join(unknown), f"some of {', '.join(sorted(there))}")
        raise InvalidBarsError(name, [fault])
    return bars.take(np.isin(bars.ticker, list(tickers)))


def _in_order(bars: Bars) -> tuple[Bars, bool]:
    """Return the bars by ticker, then time, and whether they had to be moved within a ticker."""
    order = np.lexsort((bars.time, bars.ticker))
    ordered = bars.take(order)
    moved = bool(np.any((ordered.ticker[1:] == ordered.ticker[:-1]) & (ordered.row[1:] < ordered.row[:-1])))
    return ordered, moved


def _in_force(splits: Sequence[Split], bars: Bars, name: str) -> list[Split]:
    """Keep the splits within the bars; refuse those that the prices do not show."""
    kept: list[Split] = []
    faults: list[Fault] = []
    for ticker, rows in bars.segments():
        day, close = bars.day[rows], bars.close[rows]
        for split in splits:
            if split.ticker != ticker or not day[0] < split.day <= day[-1]:
                continue
            first = int(np.searchsorted(day, split.day))
            move = float(np.log(close[first - 1] / close[first]))
            asked = float(np.log(float(split.ratio)))
            if abs(move - asked) < abs(move):
                kept.append(split)
            else:
                found = f"no such jump in the prices ({close[first - 1]:g} to {close[first]:g} on {day[first]})"
                remedy = f"Remove the line from {name} if the prices are adjusted already."
                faults.append(Fault(f"split {split}", found, "prices as they were quoted", remedy))
    if faults:
        raise InvalidBarsError(name, faults)
    return kept


def _missing_from(name: str, listed: Sequence[Split], told: Sequence[Split]) -> list[BarWarning]:
    known = {(split.ticker, split.day) for split in listed}
    return [
        BarWarning("split_not_listed", split.ticker, f"{split}: the adjusted close shows this split, {name} does not")
        for split in told
        if (split.ticker, split.day) not in known
    ]


def _describe_adjustment(splits: Sequence[Split], table: Path | None, has_adjusted_close: bool) -> str:
    if table is not None:
        by = f"by {table.name}"
    elif has_adjusted_close:
        by = "by what the adjusted close says about them"
    else:
        return "none: no table of splits and no adjusted close, so prices are taken as they are"
    return f"for splits only, {by}: {', '.join(map(str, splits)) or 'no split in this span'}"
