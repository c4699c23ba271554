"""The eight features of one daily bar, as they were known at that day's close."""

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
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
    table = np.full((len(bars), len(FEATURES)), np.nan)
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
    changes = np.cumsum(np.r_[False, values[1:] != values[:-1]])
    moved = changes[size - 1 :] > changes[: len(values) - size + 1]
    mean = _rolling_mean(values, size)
    deviation = np.where(moved, _rolling_deviation(values, mean, size), np.nan)
    return np.asarray((values[size - 1 :] - mean) / deviation)


def _rolling_mean(values: FloatArray, size: int) -> FloatArray:
    return _sum_in_order(sliding_window_view(values, len(values) - size + 1)) / size


def _rolling_deviation(values: FloatArray, mean: FloatArray, size: int) -> FloatArray:
    """Sample standard deviation of each window of *size* values around its *mean*."""
    squares = sliding_window_view(values, len(mean)) - mean
    squares *= squares
    return np.asarray(np.sqrt(_sum_in_order(squares) / (size - 1)))


def _sum_in_order(terms: FloatArray) -> FloatArray:
    """Sum *terms* over their first axis in the order in which numpy sums a row, to the last digit.

    A window's values stand below each other here, so that one addition serves all windows: several
    times faster than `sum(axis=1)` over windows side by side.
    """
    whole = len(terms) - len(terms) % 8
    if not whole:
        return np.asarray(terms.sum(axis=0))
    eight = [terms[j] if whole == 8 else terms[j:whole:8].sum(axis=0) for j in range(8)]
    total = ((eight[0] + eight[1]) + (eight[2] + eight[3])) + ((eight[4] + eight[5]) + (eight[6] + eight[7]))
    for term in terms[whole:]:
        total += term
    return np.asarray(total)


def _nothing_moved_yet(close: FloatArray) -> NDArray[np.bool_]:
    """Whether every close up to each row equals the first: there TA-Lib's RSI is 0, as after pure falls."""
    return np.asarray(np.logical_and.accumulate(close == close[0]))
