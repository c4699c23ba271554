"""Numbers the way people write them: minus signs, percent, points, intervals."""

import math

MISSING = "–"
MINUS = "−"


def number(value: float | None, decimals: int, *, signed: bool = False) -> str:
    """Write a number with a true minus sign and thousands separators.

    >>> number(-1234.5, 1), number(0.04, 1, signed=True)
    ('−1,234.5', '0.0')
    """
    if value is None or math.isnan(value):
        return MISSING
    text = f"{abs(value):,.{decimals}f}"
    if float(text.replace(",", "")) == 0:
        return text
    return (MINUS if value < 0 else "+" if signed else "") + text


def percent(share: float | None, decimals: int = 1, *, signed: bool = False) -> str:
    """Write a share as a percentage.

    >>> percent(0.5117), percent(None)
    ('51.2 %', '–')
    """
    text = number(None if share is None else 100 * share, decimals, signed=signed)
    return text if text == MISSING else f"{text} %"


def points(share: float | None, decimals: int = 1) -> str:
    """Write a difference of two shares in percentage points, with its sign.

    >>> points(-0.0213)
    '−2.1 points'
    """
    text = number(None if share is None else 100 * share, decimals, signed=True)
    return text if text == MISSING else f"{text} points"


def interval(low: float, high: float, decimals: int, *, signed: bool = False) -> str:
    """Write an interval.

    >>> interval(-0.1, 0.25, 2)
    '−0.10 to 0.25'
    """
    return f"{number(low, decimals, signed=signed)} to {number(high, decimals, signed=signed)}"


def in_display_units(value: float, factor: float, decimals: int, unit: str, *, signed: bool = False) -> str:
    """Write a feature value with its unit.

    >>> in_display_units(0.0123, 100, 2, "%")
    '1.23 %'
    """
    separator = "" if unit in {"", "×"} else " "
    return f"{number(value * factor, decimals, signed=signed)}{separator}{unit}"


def threshold_written(threshold: float) -> str:
    """Write a decision threshold: two decimals, three where it has them.

    >>> threshold_written(0.44), threshold_written(0.515)
    ('0.44', '0.515')
    """
    return f"{threshold:.3f}".removesuffix("0")
