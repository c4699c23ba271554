"""Read files of daily bars as people have them: CSV, CSV.gz or Parquet, one ticker or many."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
import pyarrow as pa

from model.bar_cells import parse_dates
from model.bar_tables import ADJUSTED_CLOSE, add_broken_rules, describe_adjustment, in_order, to_bars
from model.bar_warnings import BarWarning, warnings_for
from model.bars import Bars
from model.errors import Fault, InvalidBarsError
from model.splits import Split, adjust_for_splits, splits_from_adjusted_close
from model.storage import sha256_of
from training.columns import read_bytes, read_columns


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
    data = read_bytes(path)
    columns, rows, faults = read_columns(data, path.name)
    raw, _ = to_bars(columns, rows, _ticker_from(path), faults)
    # pyarrow keeps what reading took, in case of another read.
    columns.clear()
    pa.default_memory_pool().release_unused()
    chosen, unsorted = in_order(_only(raw, tickers, path.name))
    add_broken_rules(chosen, faults)
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
    columns, rows, faults = read_columns(read_bytes(path), path.name, text_only=True)
    missing = [name for name in ("ticker", "day", "ratio") if name not in columns]
    if missing:
        fault = Fault(
            "the header", f"no column {', '.join(missing)}", "the columns ticker, day and ratio", "Name them so."
        )
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
            expected = "new shares for old, such as 2:1 or 3:2"
            faults.add(int(row), Fault(f"row {row}", f"ratio {text!r}", expected, "Correct or remove the row."))
            continue
        splits.append(Split(ticker.strip(), day.astype("datetime64[D]"), ratio))
    faults.raise_if_any(path.name)
    return splits


def _ticker_from(path: Path) -> str:
    return path.name.split(".")[0]


def _only(bars: Bars, tickers: Sequence[str], name: str) -> Bars:
    if not tickers:
        return bars
    there = set(np.unique(bars.ticker).tolist())
    unknown = [ticker for ticker in tickers if ticker not in there]
    if unknown:
        fault = Fault(
            "the tickers asked for", ", ".join(unknown), f"some of {', '.join(sorted(there))}", "Ask for those."
        )
        raise InvalidBarsError(name, [fault])
    return bars.take(np.isin(bars.ticker, list(tickers)))


def _in_force(splits: Sequence[Split], bars: Bars, name: str) -> list[Split]:
    """Keep the splits within the bars; refuse those that the prices do not show."""
    kept: list[Split] = []
    faults: list[Fault] = []
    for ticker, rows in bars.segments():
        day, close = bars.time[rows].astype("datetime64[D]"), bars.close[rows]
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
        return describe_adjustment(splits, table.name)
    if has_adjusted_close:
        return describe_adjustment(splits, ADJUSTED_CLOSE)
    return "none: no table of splits and no adjusted close, so prices are taken as they are"
