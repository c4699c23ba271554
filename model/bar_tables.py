"""Columns into daily bars: the rows that can be read, in order, and in words what was adjusted."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from model.bar_cells import parse_dates, parse_numbers
from model.bar_columns import NUMERIC
from model.bars import SHORTEST_FILE, Bars, FaultList, find_faults
from model.errors import Fault
from model.splits import Split

if TYPE_CHECKING:
    import pyarrow as pa

# What tells of splits where nothing lists them, in the words of `describe_adjustment`.
ADJUSTED_CLOSE = "what the adjusted close says about them"
# Arrays of texts give every row the room of the longest.
LONGEST_TICKER = 100


def to_bars(
    columns: Mapping[str, "pa.ChunkedArray"], rows: NDArray[np.int64], default_ticker: str, faults: FaultList
) -> tuple[Bars, int]:
    """Turn columns into bars, leaving out the rows that cannot be read; say how many those are."""
    time = parse_dates(columns["date"], rows, faults)
    numbers = {key: parse_numbers(key, columns[key], rows, faults) for key in NUMERIC if key in columns}
    ticker = np.full(len(rows), default_ticker)
    if "ticker" in columns:
        ticker = _parse_tickers(columns["ticker"], rows, faults)
    readable = ~np.isnat(time) & (ticker != "")
    for _, failed in numbers.values():
        readable &= ~failed
    values_of = {key: values for key, (values, _) in numbers.items()}
    bars = Bars(ticker=ticker, time=time, row=rows, **values_of)
    return (bars if readable.all() else bars.take(readable)), int(np.sum(~readable))


def in_order(bars: Bars) -> tuple[Bars, bool]:
    """Return the bars by ticker, then time, and whether they had to be moved within a ticker."""
    if _is_in_order(bars):
        return bars, False
    order = np.lexsort((bars.time, bars.ticker))
    ordered = bars.take(order)
    moved = bool(np.any((ordered.ticker[1:] == ordered.ticker[:-1]) & (ordered.row[1:] < ordered.row[:-1])))
    return ordered, moved


def _is_in_order(bars: Bars) -> bool:
    """Whether tickers stand in order, and each one's times too: most files do, and sorting copies everything."""
    edges = np.flatnonzero(bars.ticker[1:] != bars.ticker[:-1])
    tickers = bars.ticker[np.r_[edges, len(bars) - 1]] if len(bars) else bars.ticker
    later = bars.time[1:] >= bars.time[:-1]
    later[edges] = True
    return bool(np.all(tickers[1:] > tickers[:-1]) and later.all())


def add_broken_rules(bars: Bars, faults: FaultList, *, fewest_rows: int = SHORTEST_FILE) -> None:
    """Add to *faults*, those of reading *bars*, everything in which they break the rules of daily bars."""
    if faults.count and not len(bars):
        return  # every row is faulty already; "no rows" would mislead
    broken = find_faults(bars, fewest_rows=fewest_rows)
    faults.found += broken.found
    faults.count += broken.count


def describe_adjustment(splits: Sequence[Split], by: str) -> str:
    """Say which splits were adjusted for, and *by* what they were known."""
    return f"for splits only, by {by}: {', '.join(map(str, splits)) or 'no split in this span'}"


def _parse_tickers(column: "pa.ChunkedArray", rows: NDArray[np.int64], faults: FaultList) -> NDArray[np.str_]:
    """Return the tickers, empty where there is none to use; those are faults."""
    import pyarrow as pa
    import pyarrow.compute as pc

    # Most rows say what another says: each text is looked at once.
    encoded = pc.fill_null(column.cast(pa.string()), "").combine_chunks().dictionary_encode()
    texts = [text.strip() for text in encoded.dictionary.to_pylist()]
    which = np.from_dlpack(encoded.indices).astype(np.int64)
    length = np.array([len(text) for text in texts], dtype=np.int64)[which]
    faults.add_rows(
        length == 0, rows, lambda i: Fault(f"row {rows[i]}", "no ticker", "a ticker in every row", "Fill it in.")
    )
    faults.add_rows(
        length > LONGEST_TICKER,
        rows,
        lambda i: Fault(
            f"row {rows[i]}", f"a ticker of {length[i]:,} characters", f"at most {LONGEST_TICKER}", "Shorten it."
        ),
    )
    kept = [text if len(text) <= LONGEST_TICKER else "" for text in texts]
    return np.array(kept, dtype=np.str_)[which] if kept else np.empty(0, dtype=np.str_)
