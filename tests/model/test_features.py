"""The features: values by hand and by other means, and nothing from the future."""

import itertools
import math
import statistics
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
import talib
from hypothesis import given, settings
from hypothesis import strategies as st

from model import features
from model.bars import WARM_UP_ROWS
from model.features import FEATURE_NAMES, FEATURES, build_features
from model.splits import Split, adjust_for_splits
from tests.builders import bars, random_bars

COLUMN = {name: position for position, name in enumerate(FEATURE_NAMES)}


def column(name, table):
    return table[:, COLUMN[name]]


def test_gap_and_range_are_the_ratios_they_are_named_for():
    two = replace(
        bars([100.0, 110.0], open_=[100.0, 104.0]), high=np.array([101.0, 112.0]), low=np.array([99.0, 101.0])
    )

    table = build_features(two)

    assert column("gap_pct", table)[1] == pytest.approx(0.04)
    assert column("daily_range_pct", table) == pytest.approx([2 / 100, 11 / 110])


def test_moving_average_ratio_of_one_to_twenty():
    table = build_features(bars(np.arange(1.0, 21.0)))

    # mean(16..20) = 18, mean(1..20) = 10.5
    assert column("ma_ratio_5_20", table)[19] == pytest.approx(18 / 10.5)


def test_volatility_is_the_sample_deviation_of_the_last_ten_returns():
    close = [100, 101, 99, 102, 98, 103, 97, 104, 96, 105, 95, 106]
    returns = [b / a - 1 for a, b in itertools.pairwise(close)]

    table = build_features(bars(np.array(close, dtype=float)))

    assert column("ret_vol_10", table)[10] == pytest.approx(statistics.stdev(returns[:10]), rel=1e-12)
    assert column("ret_vol_10", table)[11] == pytest.approx(statistics.stdev(returns[1:]), rel=1e-12)


def test_volume_z_score_includes_today_and_uses_the_sample_deviation():
    volume = [100.0] * 19 + [300.0]

    table = build_features(bars(np.full(20, 10.0), volume=volume))

    # mean 110, squared deviations 19·100 + 190² = 38,000, over 19
    assert column("volume_z20", table)[19] == pytest.approx(190 / math.sqrt(38_000 / 19))


def test_volume_z_score_is_missing_where_the_volume_did_not_change():
    table = build_features(bars(np.linspace(10, 12, 40), volume=np.full(40, 0.1)))

    assert np.isnan(column("volume_z20", table)).all()


def test_rsi_follows_wilder():
    rng = np.random.default_rng(3)
    close = 100 * np.exp(np.cumsum(rng.normal(0, 0.02, 60)))
    change = np.diff(close)
    gain, loss = np.maximum(change, 0), np.maximum(-change, 0)
    mean_gain, mean_loss = gain[:14].mean(), loss[:14].mean()
    expected = [100 * mean_gain / (mean_gain + mean_loss)]
    for up, down in zip(gain[14:], loss[14:], strict=True):
        mean_gain, mean_loss = (13 * mean_gain + up) / 14, (13 * mean_loss + down) / 14
        expected.append(100 * mean_gain / (mean_gain + mean_loss))

    table = build_features(bars(close))

    assert column("rsi_14", table)[14:] == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(
    ("close", "expected"),
    [(np.full(30, 7.0), 50.0), (np.arange(10.0, 40.0), 100.0), (np.arange(40.0, 10.0, -1.0), 0.0)],
    ids=["nothing moved", "only rises", "only falls"],
)
def test_rsi_at_its_limits(close, expected):
    table = build_features(bars(close))

    assert column("rsi_14", table)[14:] == pytest.approx(np.full(16, expected))


def test_macd_by_hand():
    rng = np.random.default_rng(4)
    close = 100 * np.exp(np.cumsum(rng.normal(0, 0.02, 80)))

    def average(values, period, start):
        """Exponential average seeded with the plain mean of the period that ends at *start*."""
        value = np.mean(values[start - period + 1 : start + 1])
        out = {start: value}
        for i in range(start + 1, len(values)):
            value += (values[i] - value) * 2 / (period + 1)
            out[i] = value
        return out

    fast, slow = average(close, 12, 25), average(close, 26, 25)
    line = np.array([fast[i] - slow[i] if i >= 25 else np.nan for i in range(80)])
    signal = average(line, 9, 33)

    table = build_features(bars(close))

    rows = range(33, 80)
    assert column("macd", table)[33:] == pytest.approx([line[i] / close[i] for i in rows], abs=1e-9)
    assert column("macd_signal", table)[33:] == pytest.approx([signal[i] / close[i] for i in rows], abs=1e-9)


def test_agreement_with_ta_lib_from_the_first_valid_row():
    history = random_bars(400, seed=5)
    close = history.close

    table = build_features(history)

    macd, signal, _ = talib.MACD(close)
    previous = np.r_[np.nan, close[:-1]]
    mean, deviation = talib.SMA(history.volume, 20), talib.STDDEV(history.volume, 20) * math.sqrt(20 / 19)
    returns = np.r_[0.0, np.diff(close) / close[:-1]]
    expected = {
        "gap_pct": history.open / previous - 1,
        "ma_ratio_5_20": talib.SMA(close, 5) / talib.SMA(close, 20),
        "ret_vol_10": talib.STDDEV(returns, 10) * math.sqrt(10 / 9),
        "volume_z20": (history.volume - mean) / deviation,
        "rsi_14": talib.RSI(close, 14),
        "macd": macd / close,
        "macd_signal": signal / close,
    }
    for feature in FEATURES:
        if feature.name in expected:
            rows = slice(feature.first_valid_row, None)
            assert column(feature.name, table)[rows] == pytest.approx(expected[feature.name][rows], abs=1e-9)


def test_each_feature_is_missing_before_its_first_valid_row_and_never_after():
    table = build_features(random_bars(200))

    for feature in FEATURES:
        missing = np.isnan(column(feature.name, table))
        assert missing[: feature.first_valid_row].all()
        assert not missing[feature.first_valid_row :].any()


@settings(max_examples=40, deadline=None)
@given(n=st.integers(2, 300), cut=st.floats(0.01, 1), seed=st.integers(0, 10_000))
def test_cutting_the_future_off_moves_no_value(n, cut, seed):
    history = random_bars(n, seed=seed)
    kept = max(1, int(cut * n))

    whole, past = build_features(history), build_features(history.take(slice(0, kept)))

    np.testing.assert_array_equal(past, whole[:kept])


def test_the_warm_up_makes_the_start_of_the_history_irrelevant():
    history = random_bars(700, seed=6)
    whole = build_features(history)

    late = build_features(history.take(slice(300, 700)))

    difference = np.abs(late[WARM_UP_ROWS:] - whole[300 + WARM_UP_ROWS :])
    # Wilder's average forgets by 13/14 a day: 0.06 % of a first difference is left after 100 days.
    assert np.all(difference < 0.01 * np.nanstd(whole, axis=0))


def test_the_currency_of_the_prices_does_not_matter():
    history = random_bars(300, seed=7)
    times_seven = replace(
        history, open=history.open * 7, high=history.high * 7, low=history.low * 7, close=history.close * 7
    )

    np.testing.assert_allclose(build_features(times_seven), build_features(history), rtol=1e-9, atol=1e-11)


def test_a_split_in_the_middle_changes_nothing():
    history = random_bars(300, seed=8)
    before = np.arange(300) < 150
    factor = np.where(before, 2.0, 1.0)
    quoted = replace(
        history,
        open=history.open * factor,
        high=history.high * factor,
        low=history.low * factor,
        close=history.close * factor,
        volume=history.volume / factor,
    )

    adjusted = adjust_for_splits(quoted, [Split("ABC", quoted.day[150], 2)])

    np.testing.assert_allclose(build_features(adjusted), build_features(history), rtol=1e-12, atol=1e-14)


def test_a_panel_gives_each_ticker_what_it_gets_alone():
    one, other = random_bars(150, seed=1, ticker="AAA"), random_bars(90, seed=2, ticker="BBB")
    fields = ("ticker", "time", "open", "high", "low", "close", "volume", "row")
    panel = replace(one, **{name: np.concatenate([getattr(one, name), getattr(other, name)]) for name in fields})

    table = build_features(panel)

    np.testing.assert_array_equal(table[:150], build_features(one))
    np.testing.assert_array_equal(table[150:], build_features(other))


@pytest.mark.parametrize("rows_a_piece", [1, 200, 10_000], ids=["each its own", "some together", "all together"])
def test_tickers_computed_together_or_in_several_threads_know_nothing_of_each_other(monkeypatch, rows_a_piece):
    monkeypatch.setattr(features, "_ROWS_A_PIECE", rows_a_piece)
    lengths = [150, 3, 60, 1, 34, 120]
    alone = [replace(random_bars(n, seed=n), ticker=np.full(n, f"T{place}")) for place, n in enumerate(lengths)]
    fields = ("ticker", "time", "open", "high", "low", "close", "volume", "row")
    panel = replace(alone[0], **{name: np.concatenate([getattr(one, name) for one in alone]) for name in fields})

    found = build_features(panel)

    np.testing.assert_array_equal(found, np.concatenate([build_features(one) for one in alone]))


@pytest.mark.parametrize("n", [1, 2, 5, 19, 33])
def test_short_histories_give_missing_values_and_no_error(n):
    table = build_features(random_bars(n))

    assert table.shape == (n, 8)
    assert np.isnan(column("macd", table)).all()


def test_rolling_figures_are_those_of_numpy_over_each_window():
    there = random_bars(200, seed=5)
    found = build_features(there)
    windows = np.lib.stride_tricks.sliding_window_view
    close, volume = windows(there.close, 20), windows(there.volume, 20)
    returns = windows(there.close[1:] / there.close[:-1] - 1, 10)

    short = windows(there.close, 5)[15:].mean(axis=1)
    np.testing.assert_allclose(column("ma_ratio_5_20", found)[19:], short / close.mean(axis=1), rtol=1e-14)
    np.testing.assert_allclose(column("ret_vol_10", found)[10:], returns.std(axis=1, ddof=1), rtol=1e-13)
    z = (volume[:, -1] - volume.mean(axis=1)) / volume.std(axis=1, ddof=1)
    np.testing.assert_allclose(column("volume_z20", found)[19:], z, rtol=1e-12, atol=1e-13)


def test_a_volume_that_hardly_changes_keeps_its_digits():
    # Against a volume of billions its changes are small: a difference of sums of squares would have lost them.
    volume = 4_000_000_000 + np.random.default_rng(6).integers(0, 50, 60)

    found = column("volume_z20", build_features(bars(np.linspace(10, 12, 60), volume=volume.astype(float))))

    for row in range(19, 60):
        window = [Fraction(int(value)) for value in volume[row - 19 : row + 1]]
        expected = float(window[-1] - statistics.mean(window)) / math.sqrt(statistics.variance(window))
        assert found[row] == pytest.approx(expected, rel=1e-6, abs=1e-6), row
