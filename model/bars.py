"""What daily bars must satisfy: checks, warnings and split adjustment.

Arrays in, faults out; this module knows no file. Whoever reads bars from somewhere
(`training.bars` from files) brings them here as `Bars`.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from model.errors import FAULTS_SHOWN, Fault, InvalidBarsError

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

WARM_UP_ROWS = 100
SHORTEST_HISTORY = 34
SHORTEST_FILE = WARM_UP_ROWS + SHORTEST_HISTORY

LONG_GAP_DAYS = 10
ZERO_RETURNS_SHARE = 0.05
COPIED_OPENS_SHARE = 0.5

# Quotes are rounded to a tick, and adjusted ones divided: a high below a low by less than this is rounding.
ROUNDING = 1e-9

# Ratios that companies choose, new shares for old. Smaller ones (21:20) drown in dividends and ordinary moves.
_FORWARD_SPLITS = [Fraction(n) for n in (2, 3, 4, 5, 6, 7, 8, 10, 15, 20, 25, 30, 40, 50, 100)]
SPLIT_RATIOS = (
    *_FORWARD_SPLITS,
    *(Fraction(3, 2), Fraction(4, 3), Fraction(5, 4), Fraction(5, 2), Fraction(5, 3), Fraction(6, 5)),
    *(1 / ratio for ratio in _FORWARD_SPLITS),
)
# An adjusted close moves by the split and, the same day, perhaps by a dividend of a percent or two.
ADJUSTED_CLOSE_TOLERANCE = 0.02
# The raw open after an unadjusted split is the split times the night's ordinary move.
RAW_MOVE_TOLERANCE = 0.05


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
        return f"row {self.row[index]} ({self.ticker[index]} {self.day[index]})"


@dataclass(frozen=True, slots=True)
class Split:
    """*ratio* new shares for one old, in force from the open of *day*."""

    ticker: str
    day: np.datetime64
    ratio: Fraction

    def __str__(self) -> str:
        return f"{self.ticker} {self.day} {self.ratio.numerator}:{self.ratio.denominator}"


@dataclass(frozen=True, slots=True)
class BarWarning:
    """Something about the bars of one ticker that a reader of the results should know."""

    code: str
    ticker: str
    message: str


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
    day, time = bars.day[rows], bars.time[rows]
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
    in_all = np.zeros(len(bars), dtype=np.bool_)
    in_all[rows] = repeated
    faults.add_rows(
        in_all,
        bars.row,
        lambda i: Fault(
            bars.label(i),
            f"a second row for {ticker} on {bars.day[i]} (the first is row {bars.row[i - 1]})",
            "one row per ticker and day",
            "Remove one of them.",
        ),
    )
    steps = np.diff(np.unique(day)).astype(np.int64)
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


def warnings_for(bars: Bars) -> list[BarWarning]:
    """What a reader should know about bars that passed the checks; prices as adjusted so far."""
    found: list[BarWarning] = []
    for ticker, rows in bars.segments():
        part = bars.take(rows)
        found += [
            BarWarning(code, ticker, f"{ticker}: {message}")
            for code, message in (
                *_zero_volume(part),
                *_zero_returns(part),
                *_copied_opens(part),
                *_split_like_moves(part),
                *_long_gaps(part),
            )
        ]
    return found


def _zero_volume(bars: Bars) -> Iterator[tuple[str, str]]:
    zero = np.flatnonzero(bars.volume == 0)
    if len(zero):
        yield "zero_volume", f"no volume on {_days(len(zero))}, first {bars.day[zero[0]]}"


def _zero_returns(bars: Bars) -> Iterator[tuple[str, str]]:
    share = float(np.mean(np.diff(bars.close) == 0)) if len(bars) > 1 else 0.0
    if share > ZERO_RETURNS_SHARE:
        yield (
            "zero_returns",
            f"{share:.1%} of days close exactly where the day before did (rounded prices?); such ties count as not up",
        )


def _copied_opens(bars: Bars) -> Iterator[tuple[str, str]]:
    copied = bars.open[1:] == bars.close[:-1]
    year = bars.day[1:].astype("datetime64[Y]")
    years = [str(y) for y in np.unique(year) if np.mean(copied[year == y]) > COPIED_OPENS_SHARE]
    if years:
        yield (
            "copied_opens",
            f"the open equals the previous close on most days of {', '.join(years)}; gap_pct is not real there",
        )


def _split_like_moves(bars: Bars) -> Iterator[tuple[str, str]]:
    overnight = bars.close[:-1] / bars.open[1:]
    for position in np.flatnonzero((overnight > 1.15) | (overnight < 0.85)):
        ratio = nearest_split(float(overnight[position]), RAW_MOVE_TOLERANCE)
        stays = ratio is not None and abs(bars.close[position] / bars.close[position + 1] / float(ratio) - 1) < 0.15
        if ratio is not None and stays and not _adjusted_close_moved_too(bars, int(position)):
            yield (
                "split_like_move",
                f"the price went from {bars.close[position]:g} to {bars.open[position + 1]:g} overnight on"
                f" {bars.day[position + 1]}, which looks like an unadjusted"
                f" {ratio.numerator}:{ratio.denominator} split",
            )


def _adjusted_close_moved_too(bars: Bars, position: int) -> bool:
    """Whether the supplier's adjusted close shows the move as a real one."""
    if bars.adjusted_close is None:
        return False
    raw = bars.close[position] / bars.close[position + 1]
    adjusted = bars.adjusted_close[position] / bars.adjusted_close[position + 1]
    return bool(abs(adjusted / raw - 1) < 0.1)


def _long_gaps(bars: Bars) -> Iterator[tuple[str, str]]:
    gap = np.diff(bars.day).astype(np.int64)
    long = np.flatnonzero(gap > LONG_GAP_DAYS)
    if len(long):
        longest = int(long[np.argmax(gap[long])])
        gaps = "gap" if len(long) == 1 else "gaps"
        yield (
            "long_gap",
            f"{len(long)} {gaps} of more than {LONG_GAP_DAYS} calendar days;"
            f" the longest, {gap[longest]} days, ends {bars.day[longest + 1]}",
        )


def _days(count: int) -> str:
    return "1 day" if count == 1 else f"{count:,} days"


def nearest_split(ratio: float, tolerance: float) -> Fraction | None:
    """Return the split ratio nearest to *ratio* if it is within *tolerance* of it, relatively.

    >>> nearest_split(1.99, 0.02)
    Fraction(2, 1)
    >>> nearest_split(1.11, 0.02) is None
    True
    """
    nearest = min(SPLIT_RATIOS, key=lambda candidate: abs(np.log(ratio / float(candidate))))
    return nearest if abs(ratio / float(nearest) - 1) <= tolerance else None


def splits_from_adjusted_close(bars: Bars) -> list[Split]:
    """Read the splits off the supplier's adjusted close.

    The factor adjusted close / close jumps by the ratio on the day a split takes effect, and by a
    percent or so at a dividend. A jump counts as a split if it is near a ratio that companies use
    and the raw price made the opposite move.
    """
    if bars.adjusted_close is None:
        return []
    splits: list[Split] = []
    factor = bars.adjusted_close / bars.close
    for ticker, rows in bars.segments():
        jump = factor[rows][1:] / factor[rows][:-1]
        move = bars.close[rows][:-1] / bars.close[rows][1:]
        for position in np.flatnonzero((jump > 1.15) | (jump < 0.85)):
            ratio = nearest_split(float(jump[position]), ADJUSTED_CLOSE_TOLERANCE)
            if ratio is not None and 0.7 < move[position] / float(ratio) < 1.4:
                splits.append(Split(ticker, bars.day[rows][position + 1], ratio))
    return splits


def adjust_for_splits(bars: Bars, splits: Sequence[Split]) -> Bars:
    """Return *bars* in the shares of each ticker's last day; dividends are left in.

    Adjusting for dividends too would let later payments change earlier rows.
    """
    divisor = np.ones(len(bars))
    for split in splits:
        before = (bars.ticker == split.ticker) & (bars.day < split.day)
        divisor[before] *= float(split.ratio)
    return replace(
        bars,
        open=bars.open / divisor,
        high=bars.high / divisor,
        low=bars.low / divisor,
        close=bars.close / divisor,
        volume=bars.volume * divisor,
    )
