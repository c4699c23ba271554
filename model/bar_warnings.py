"""What a reader should know about daily bars that passed the checks."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from model.bars import Bars
from model.splits import nearest_split

LONG_GAP_DAYS = 10
ZERO_RETURNS_SHARE = 0.05
COPIED_OPENS_SHARE = 0.5
# The raw open after an unadjusted split is the split times the night's ordinary move.
RAW_MOVE_TOLERANCE = 0.05


@dataclass(frozen=True, slots=True)
class BarWarning:
    """Something about the bars of one ticker that a reader of the results should know."""

    code: str
    ticker: str
    message: str


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
    # Smaller splits than 3:2 are rarer than bad news that moves a price as far.
    overnight, day = bars.close[:-1] / bars.open[1:], bars.day
    for position in np.flatnonzero((overnight > 1.4) | (overnight < 0.7)):
        ratio = nearest_split(float(overnight[position]), RAW_MOVE_TOLERANCE)
        stays = ratio is not None and abs(bars.close[position] / bars.close[position + 1] / float(ratio) - 1) < 0.15
        if ratio is not None and stays and not _adjusted_close_moved_too(bars, int(position)):
            yield (
                "split_like_move",
                f"the price went from {bars.close[position]:g} to {bars.open[position + 1]:g} overnight on"
                f" {day[position + 1]}, which looks like an unadjusted"
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
