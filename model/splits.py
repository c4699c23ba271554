"""Share splits: what they are, how an adjusted close shows them, and adjusting bars for them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from model.bars import Bars

# Ratios that companies choose, new shares for old. Smaller ones (21:20) drown in dividends and ordinary moves.
_FORWARD_SPLITS = [Fraction(n) for n in (2, 3, 4, 5, 6, 7, 8, 10, 15, 20, 25, 30, 40, 50, 100)]
SPLIT_RATIOS = (
    *_FORWARD_SPLITS,
    *(Fraction(3, 2), Fraction(4, 3), Fraction(5, 4), Fraction(5, 2), Fraction(5, 3), Fraction(6, 5)),
    *(1 / ratio for ratio in _FORWARD_SPLITS),
)
_LOG_RATIOS = np.log([float(ratio) for ratio in SPLIT_RATIOS])
# An adjusted close moves by the split and, the same day, perhaps by a dividend of a percent or two.
ADJUSTED_CLOSE_TOLERANCE = 0.02


@dataclass(frozen=True, slots=True)
class Split:
    """*ratio* new shares for one old, in force from the open of *day*."""

    ticker: str
    day: np.datetime64
    ratio: Fraction

    def __str__(self) -> str:
        return f"{self.ticker} {self.day} {self.ratio.numerator}:{self.ratio.denominator}"


def nearest_split(ratio: float, tolerance: float) -> Fraction | None:
    """Return the split ratio nearest to *ratio* if it is within *tolerance* of it, relatively.

    >>> nearest_split(1.99, 0.02)
    Fraction(2, 1)
    >>> nearest_split(1.11, 0.02) is None
    True
    """
    nearest = SPLIT_RATIOS[int(np.argmin(np.abs(np.log(ratio) - _LOG_RATIOS)))]
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
    factor, day = bars.adjusted_close / bars.close, bars.day
    for ticker, rows in bars.segments():
        jump = factor[rows][1:] / factor[rows][:-1]
        move = bars.close[rows][:-1] / bars.close[rows][1:]
        for position in np.flatnonzero((jump > 1.15) | (jump < 0.85)):
            ratio = nearest_split(float(jump[position]), ADJUSTED_CLOSE_TOLERANCE)
            if ratio is not None and 0.7 < move[position] / float(ratio) < 1.4:
                splits.append(Split(ticker, day[rows][position + 1], ratio))
    return splits


def adjust_for_splits(bars: Bars, splits: Sequence[Split]) -> Bars:
    """Return *bars* in the shares of each ticker's last day; dividends are left in.

    Adjusting for dividends too would let later payments change earlier rows.
    """
    if not splits:
        return bars
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
