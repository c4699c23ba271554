"""Daily bars, and the checks they must pass.

Arrays in, faults out; this module knows no file. Whoever reads bars from somewhere
(`training.bars` from files) brings them here as `Bars`.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.errors import FAULTS_SHOWN, Fault, InvalidBarsError

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

WARM_UP_ROWS = 100
SHORTEST_HISTORY = 34
SHORTEST_FILE = WARM_UP_ROWS + SHORTEST_HISTORY

# Quotes are rounded to a tick, and adjusted ones divided: a high below a low by less than this is rounding.
ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Bars:
    """Daily bars of one ticker or of many, ordered by ticker, then time; arrays of equal length.

    Prices are in any one currency, volumes in shares; `row` is where each bar stands in its
    source, for messages; `adjusted_close` is the supplier's, where there is one.
    """

    ticker: NDArray[np.str_]
    time: NDArray[np.datetime64]
    open: FloatArray
    high: FloatArray
    low: FloatArray
    close: FloatArray
    volume: FloatArray
    row: NDArray[np.int64]
    adjusted_close: FloatArray | None = None

    def __len__(self) -> int:
        return len(self.close)

    @property
    def day(self) -> NDArray[np.datetime64]:
        """Calendar day of each bar."""
        return self.time.astype("datetime64[D]")

    def segments(self) -> Iterator[tuple[str, slice]]:
        """Yield each ticker with the slice of its rows."""
        if not len(self):
            return
        edges = np.flatnonzero(self.ticker[1:] != self.ticker[:-1]) + 1
        for start, stop in zip([0, *edges], [*edges, len(self)], strict=True):
            yield str(self.ticker[start]), slice(int(start), int(stop))

    def take(self, rows: slice | NDArray[np.int64] | BoolArray) -> "Bars":
        """Return the bars of *rows* only."""
        adjusted = self.adjusted_close
        return Bars(
            self.ticker[rows],
            self.time[rows],
            self.open[rows],
            self.high[rows],
            self.low[rows],
            self.close[rows],
            self.volume[rows],
            self.row[rows],
            None if adjusted is None else adjusted[rows],
        )

    def label(self, index: int) -> str:
        """Name one bar the way messages do."""
        return f"row {self.row[index]} ({self.ticker[index]} {self.time[index].astype('datetime64[D]')})"


class FaultList:
    """Faults of one source with their rows: the first of each check, and the count of all."""

    def __init__(self) -> None:
        self.found: list[tuple[int, Fault]] = []
        self.count = 0

    def add(self, row: int, fault: Fault) -> None:
        """Add one fault at *row* of the source."""
        self.found.append((row, fault))
        self.count += 1

    def add_rows(self, mask: BoolArray, rows: NDArray[np.int64], describe: Callable[[int], Fault]) -> None:
        """Add a fault for each true value of *mask*, describing only as many as are ever shown."""
        positions = np.flatnonzero(mask)
        self.count += len(positions)
        self.found += [(int(rows[i]), describe(int(i))) for i in positions[:FAULTS_SHOWN]]

    def raise_if_any(self, source: str) -> None:
        """Raise one `InvalidBarsError` with the faults in the order of the source's rows."""
        if self.count:
            ordered = [fault for _, fault in sorted(self.found, key=lambda item: item[0])]
            raise InvalidBarsError(source, ordered, self.count)


def find_faults(bars: Bars, *, fewest_rows: int = SHORTEST_FILE) -> FaultList:
    """Return everything in which *bars* break the rules of daily bars.

    *fewest_rows* is asked of every ticker.
    """
    faults = FaultList()
    if not len(bars):
        faults.add(0, Fault("the file", "no rows", "daily bars, one row per day", "Supply a file that holds bars."))
    _check_values(bars, faults)
    for ticker, rows in bars.segments():
        _check_days(bars, ticker, rows, faults)
        _check_length(bars, ticker, rows, fewest_rows, faults)
    return faults


def _check_values(bars: Bars, faults: FaultList) -> None:
    prices = {"open": bars.open, "high": bars.high, "low": bars.low, "close": bars.close}
    if bars.adjusted_close is not None:
        prices["adjusted close"] = bars.adjusted_close
    usable = np.ones(len(bars), dtype=np.bool_)
    for name, values in prices.items():
        bad = ~(np.isfinite(values) & (values > 0))
        usable &= ~bad
        faults.add_rows(
            bad,
            bars.row,
            lambda i, name=name, values=values: Fault(  # type: ignore[misc]
                bars.label(i), f"{name} {values[i]:g}", "a positive, finite price", "Correct or remove the row."
            ),
        )
    bad_volume = ~(np.isfinite(bars.volume) & (bars.volume >= 0))
    faults.add_rows(
        bad_volume,
        bars.row,
        lambda i: Fault(
            bars.label(i), f"volume {bars.volume[i]:g}", "a finite number, zero or more", "Correct or remove the row."
        ),
    )
    slack = ROUNDING * bars.high
    crossed = usable & (bars.high < bars.low - slack)
    faults.add_rows(
        crossed,
        bars.row,
        lambda i: Fault(
            bars.label(i),
            f"high {bars.high[i]:g} below low {bars.low[i]:g}",
            "high at or above low",
            "Correct the row; the two may be swapped.",
        ),
    )
    for name in ("open", "close"):
        values = prices[name]
        outside = usable & ~crossed & ((values > bars.high + slack) | (values < bars.low - slack))
        faults.add_rows(
            outside,
            bars.row,
            lambda i, name=name, values=values: Fault(  # type: ignore[misc]
                bars.label(i),
                f"{name} {values[i]:g} outside low {bars.low[i]:g} to high {bars.high[i]:g}",
                f"{name} within the day's range",
                "Correct the row, or adjust all four prices alike.",
            ),
        )


def _check_days(bars: Bars, ticker: str, rows: slice, faults: FaultList) -> None:
    time = bars.time[rows]
    day = time.astype("datetime64[D]")
    repeated = np.r_[False, day[1:] == day[:-1]]
    same_time = np.r_[False, time[1:] == time[:-1]]
    if np.sum(repeated & ~same_time) > len(day) / 3:
        rate = len(day) / len(np.unique(day))
        fault = Fault(
            f"ticker {ticker}",
            f"about {rate:.0f} rows a day at different times (hourly or other intraday bars)",
            "one row per day",
            "Aggregate to daily bars first: first open, highest high, lowest low, last close, summed volume.",
        )
        faults.add(int(bars.row[rows.start]), fault)
        return
    faults.add_rows(
        repeated,
        bars.row[rows],
        lambda i: Fault(
            bars.label(rows.start + i),
            f"a second row for {ticker} on {day[i]} (the first is row {bars.row[rows.start + i - 1]})",
            "one row per ticker and day",
            "Remove one of them.",
        ),
    )
    steps = np.diff(day[~repeated]).astype(np.int64)
    if len(steps) >= 3 and (typical := float(np.median(steps))) > 2:
        kind = "weekly" if typical <= 10 else "monthly or rarer"
        fault = Fault(
            f"ticker {ticker}",
            f"typically {typical:g} calendar days from one row to the next ({kind} bars)",
            "daily bars",
            "Supply daily bars; coarser ones cannot be turned into them.",
        )
        faults.add(int(bars.row[rows.start]), fault)


def _check_length(bars: Bars, ticker: str, rows: slice, fewest_rows: int, faults: FaultList) -> None:
    n_rows = rows.stop - rows.start
    if n_rows < fewest_rows:
        fault = Fault(
            f"ticker {ticker}",
            f"{n_rows} rows",
            f"at least {fewest_rows} ({WARM_UP_ROWS} to warm the features up, then {SHORTEST_HISTORY})"
            if fewest_rows == SHORTEST_FILE
            else f"at least {fewest_rows}",
            "Supply a longer history, or leave this ticker out.",
        )
        faults.add(int(bars.row[rows.start]), fault)
