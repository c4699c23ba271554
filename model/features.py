"""The eight features of one daily bar, as they were known at that day's close."""

import os
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

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
# Of the squares of a window: below it, their difference to the squared mean has fewer than 13 digits.
_LEAST_SPREAD = 1e-3
# Below it threads would wait for each other longer than they work.
_ROWS_A_PIECE = 100_000


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

    def fill(tickers: list[slice]) -> None:
        rows = slice(tickers[0].start, tickers[-1].stop)
        within = [slice(one.start - rows.start, one.stop - rows.start) for one in tickers]
        table[rows] = _features_of(bars.take(rows), within)

    pieces = _pieces([rows for _, rows in bars.segments()])
    if len(pieces) < 2:
        deque(map(fill, pieces), maxlen=0)
    else:
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            deque(pool.map(fill, pieces), maxlen=0)
    return table


def _pieces(tickers: list[slice]) -> list[list[slice]]:
    """Put tickers that follow one another together until there are `_ROWS_A_PIECE` rows of them."""
    pieces: list[list[slice]] = []
    for rows in tickers:
        if not pieces or pieces[-1][-1].stop - pieces[-1][0].start >= _ROWS_A_PIECE:
            pieces.append([])
        pieces[-1].append(rows)
    return pieces


def _features_of(bars: Bars, tickers: list[slice]) -> FloatArray:
    """Return the features of several tickers.

    What looks back a fixed number of rows is computed for all at once: where it looks into the ticker before, it is
    not valid yet.
    """
    # TA-Lib brings pandas along (0.5 s); programs that only score never come here.
    import talib

    close = np.ascontiguousarray(bars.close)
    columns = np.empty((len(FEATURES), len(close)))
    gap, daily_range, ma_ratio, volatility, volume_z, rsi, macd_share, signal_share = columns
    gap[1:] = bars.open[1:] / close[:-1] - 1
    daily_range[:] = (bars.high - bars.low) / close
    returns = close[1:] / close[:-1] - 1
    if len(close) >= 20:
        # A mean of 5 is a fifth of its sum, one of 20 a twentieth.
        ma_ratio[19:] = 4 * _rolling_sum(close[15:], 5) / _rolling_sum(close, 20)
        volume_z[19:] = _rolling_z_of_last(np.ascontiguousarray(bars.volume), 20)
    if len(returns) >= 10:
        volatility[10:] = _rolling_deviation(returns, _rolling_sum(returns, 10), 10)
    for rows in tickers:
        one = close[rows]
        rsi[rows] = _relative_strength(one)
        macd_share[rows], signal_share[rows], _ = talib.MACD(one, fastperiod=12, slowperiod=26, signalperiod=9)
        for column, feature in zip(columns, FEATURES, strict=True):
            column[rows][: feature.first_valid_row] = np.nan
    macd_share /= close
    signal_share /= close
    return columns.T


def _relative_strength(close: FloatArray) -> FloatArray:
    import talib

    rsi = np.asarray(talib.RSI(close, timeperiod=14))
    # Where no close has moved yet TA-Lib's RSI is 0, as after pure falls.
    zero = rsi == 0
    if zero.any():
        rsi[zero & np.logical_and.accumulate(close == close[0])] = 50
    return rsi


def _rolling_z_of_last(values: FloatArray, size: int) -> FloatArray:
    """Z-score of each window's last value within its window; NaN where all values are equal."""
    sums = _rolling_sum(values, size)
    deviation = _rolling_deviation(values, sums, size)
    deviation[deviation == 0] = np.nan
    return np.asarray((values[size - 1 :] - sums / size) / deviation)


def _rolling_sum(values: FloatArray, size: int) -> FloatArray:
    """Sum of each window of *size*, put together from sums of 1, 2, 4, … values that all windows share.

    A running sum would be quicker still, but carries the rounding of all that went before into every later window.
    """
    n_windows, covered, width = len(values) - size + 1, 0, 1
    total, sums = values[:0], values
    while True:
        if size & width:
            part = sums[covered : covered + n_windows]
            total = total + part if covered else part
            covered += width
        width *= 2
        if width > size:
            return total
        sums = sums[: -(width // 2)] + sums[width // 2 :]


def _rolling_deviation(values: FloatArray, sums: FloatArray, size: int) -> FloatArray:
    """Sample standard deviation of each window of *size* values that add up to *sums*; 0 where all are equal."""
    squares = _rolling_sum(values * values, size)
    spread = squares - sums * sums / size
    # Where values differ by little of what they are, the difference of two large sums has lost digits.
    kept = spread > squares * _LEAST_SPREAD
    if not kept.all():
        spread[~kept] = _spread(sliding_window_view(values, size)[~kept])
    spread /= size - 1
    return np.asarray(np.sqrt(spread, out=spread))


def _spread(windows: FloatArray) -> FloatArray:
    """Sum of the squared deviations of each row of *windows* from its mean; 0 where all values of a row are equal."""
    deviations = windows - windows.mean(axis=1, keepdims=True)
    equal = (windows == windows[:, :1]).all(axis=1)
    return np.where(equal, 0.0, (deviations * deviations).sum(axis=1))
