"""The eight features of one daily bar, as they were known at that day's close."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.bars import Bars, FloatArray


@dataclass(frozen=True, slots=True)
class FeatureDefinition:
    """What a feature is called, what it means, and how people write its values.

    Values are shown multiplied by `display_factor`, with `decimals` decimals and `unit`;
    `minimum` and `maximum` are what the definition itself allows, in original units;
    `first_valid_row` counts from 0 at a ticker's first bar.
    """

    name: str
    label: str
    group: str
    unit: str
    description: str
    decimals: int
    display_factor: float
    first_valid_row: int
    minimum: float | None = None
    maximum: float | None = None


FEATURES = (
    FeatureDefinition(
        name="gap_pct",
        label="Opening gap",
        group="Today's session",
        unit="%",
        description="Today's open against yesterday's close.",
        decimals=2,
        display_factor=100,
        first_valid_row=1,
        minimum=-1.0,
    ),
    FeatureDefinition(
        name="daily_range_pct",
        label="Daily range",
        group="Today's session",
        unit="%",
        description="Today's high minus low, as a share of the close.",
        decimals=2,
        display_factor=100,
        first_valid_row=0,
        minimum=0.0,
    ),
    FeatureDefinition(
        name="ma_ratio_5_20",
        label="5-day / 20-day average",
        group="Trend",
        unit="×",
        description="Mean close of the last 5 days over that of the last 20.",
        decimals=3,
        display_factor=1,
        first_valid_row=19,
        minimum=0.0,
    ),
    FeatureDefinition(
        name="ret_vol_10",
        label="10-day volatility",
        group="Condition",
        unit="% a day",
        description="Sample standard deviation of the last 10 daily returns.",
        decimals=2,
        display_factor=100,
        first_valid_row=10,
        minimum=0.0,
    ),
    FeatureDefinition(
        name="volume_z20",
        label="Volume against 20 days",
        group="Today's session",
        unit="sd",
        description="Today's volume against the last 20 days, today included, in standard deviations.",
        decimals=2,
        display_factor=1,
        first_valid_row=19,
    ),
    FeatureDefinition(
        name="rsi_14",
        label="RSI, 14 days",
        group="Condition",
        unit="of 100",
        description="Wilder's relative strength index: 100 only rises, 0 only falls, 50 no move.",
        decimals=1,
        display_factor=1,
        first_valid_row=14,
        minimum=0.0,
        maximum=100.0,
    ),
    FeatureDefinition(
        name="macd",
        label="MACD",
        group="Trend",
        unit="% of close",
        description="12-day minus 26-day exponential average of the close, as a share of the close.",
        decimals=2,
        display_factor=100,
        first_valid_row=33,
    ),
    FeatureDefinition(
        name="macd_signal",
        label="MACD signal",
        group="Trend",
        unit="% of close",
        description="9-day exponential average of the MACD in price units, as a share of the close.",
        decimals=2,
        display_factor=100,
        first_valid_row=33,
    ),
)
FEATURE_NAMES = tuple(feature.name for feature in FEATURES)


def build_features(bars: Bars) -> FloatArray:
    """Return the features of every bar, as they were known at its close.

    *bars* are checked and adjusted for splits; each ticker is computed on its own, and no value
    looks past its own row. Values depend on where a ticker's history starts until about
    `model.bars.WARM_UP_ROWS` rows in.

    Returns
    -------
    Shape (rows, 8), columns as in `FEATURE_NAMES`; NaN before a feature's first valid row, and in
    volume_z20 where the volume did not change.
    """
    table = np.empty((len(bars), len(FEATURES)))
    for _, rows in bars.segments():
        table[rows] = _features_of_one_ticker(bars.take(rows))
    return table


def _features_of_one_ticker(bars: Bars) -> FloatArray:
    # TA-Lib brings pandas along (0.5 s); programs that only score never come here.
    import talib

    close = np.ascontiguousarray(bars.close)
    columns = np.full((len(FEATURES), len(close)), np.nan)
    gap, daily_range, ma_ratio, volatility, volume_z, rsi, macd_share, signal_share = columns
    gap[1:] = bars.open[1:] / close[:-1] - 1
    daily_range[:] = (bars.high - bars.low) / close
    returns = close[1:] / close[:-1] - 1
    if len(close) >= 20:
        ma_ratio[19:] = _rolling_mean(close[15:], 5) / _rolling_mean(close, 20)
        volume_z[19:] = _rolling_z_of_last(np.ascontiguousarray(bars.volume), 20)
    if len(returns) >= 10:
        volatility[10:] = _rolling_deviation(returns, _rolling_mean(returns, 10), 10)
    rsi[:] = talib.RSI(close, timeperiod=14)
    rsi[_nothing_moved_yet(close) & (rsi == 0)] = 50
    macd, signal, _ = talib.MACD(close, fastperiod=12, slowperiod=26, signalperiod=9)
    macd_share[:] = macd / close
    signal_share[:] = signal / close
    return columns.T


def _rolling_z_of_last(values: FloatArray, size: int) -> FloatArray:
    """Z-score of each window's last value within its window; NaN where all values are equal."""
    mean = _rolling_mean(values, size)
    deviation = _rolling_deviation(values, mean, size)
    deviation[~_any_in_window(values[1:] != values[:-1], size - 1)] = np.nan
    return np.asarray((values[size - 1 :] - mean) / deviation)


def _any_in_window(flags: NDArray[np.bool_], size: int) -> NDArray[np.bool_]:
    """Whether any flag is set in each window of *size*."""
    found, covered = flags, 1
    while covered < size:
        step = min(covered, size - covered)
        found, covered = found[:-step] | found[step:], covered + step
    return found


# Sums are taken in the order in which numpy sums the values of one window, to the last digit: eight partial sums
# of every eighth value, those by pairs, then what is left over. Done for all windows at once.


def _rolling_mean(values: FloatArray, size: int) -> FloatArray:
    n_windows, whole = len(values) - size + 1, size - size % 8
    if not whole:
        total = values[:n_windows].copy()
        rest = range(1, size)
    else:
        # What one window adds up a later one does too, so that each partial sum is taken once.
        eighths = values[: len(values) - whole + 8].copy()
        for first in range(8, whole, 8):
            eighths += values[first : first + len(eighths)]
        pairs = eighths[:-1] + eighths[1:]
        fours = pairs[:-2] + pairs[2:]
        total = (fours[:-4] + fours[4:])[:n_windows]
        rest = range(whole, size)
    for position in rest:
        total += values[position : position + n_windows]
    total /= size
    return total


def _rolling_deviation(values: FloatArray, mean: FloatArray, size: int) -> FloatArray:
    """Sample standard deviation of each window of *size* values around its *mean*; *size* is at least 8."""
    whole = size - size % 8
    room = np.empty((5, len(mean)))
    square_of_one = room[4]

    def square(position: int, out: FloatArray) -> None:
        np.subtract(values[position : position + len(mean)], mean, out=out)
        np.multiply(out, out, out=out)

    def eighth(first: int, out: FloatArray) -> FloatArray:
        square(first, out)
        for position in range(first + 8, whole, 8):
            square(position, square_of_one)
            out += square_of_one
        return out

    def pair(first: int, out: FloatArray, other: FloatArray) -> FloatArray:
        eighth(first, out)
        out += eighth(first + 1, other)
        return out

    total = pair(0, room[0], room[3])
    total += pair(2, room[1], room[3])
    upper = pair(4, room[1], room[3])
    upper += pair(6, room[2], room[3])
    total += upper
    for position in range(whole, size):
        square(position, square_of_one)
        total += square_of_one
    total /= size - 1
    return np.asarray(np.sqrt(total, out=total))


def _nothing_moved_yet(close: FloatArray) -> NDArray[np.bool_]:
    """Whether every close up to each row equals the first: there TA-Lib's RSI is 0, as after pure falls."""
    return np.asarray(np.logical_and.accumulate(close == close[0]))
