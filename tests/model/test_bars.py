"""What daily bars must satisfy, what is only warned about, and split adjustment."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from model.bar_warnings import BarWarning, warnings_for
from model.bars import find_faults
from model.errors import InvalidBarsError
from model.splits import Split, adjust_for_splits, splits_from_adjusted_close
from tests.builders import bars, random_bars, trading_days


def changed(history, **cells):
    """Return *history* with single cells changed: close=(row, value)."""
    for name, (row, value) in cells.items():
        values = getattr(history, name).copy()
        values[row] = value
        history = replace(history, **{name: values})
    return history


def fault_texts(history):
    return [str(fault) for _, fault in find_faults(history).found]


def codes(history):
    return {warning.code for warning in warnings_for(history)}


def test_good_bars_have_no_fault_and_no_warning():
    history = random_bars(200)

    assert find_faults(history).count == 0
    assert warnings_for(history) == []


@pytest.mark.parametrize("value", [0.0, -1.0, np.nan, np.inf])
@pytest.mark.parametrize("name", ["open", "high", "low", "close"])
def test_a_price_must_be_positive_and_finite(name, value):
    texts = fault_texts(changed(random_bars(200), **{name: (7, value)}))

    assert len(texts) == 1
    assert texts[0].startswith("row 9 (ABC 2001-01-10): found " + name)
    assert "expected a positive, finite price" in texts[0]


def test_a_high_below_the_low_is_one_fault():
    history = random_bars(200)
    texts = fault_texts(changed(history, high=(3, history.low[3] / 2)))

    assert len(texts) == 1
    assert "below low" in texts[0]


@pytest.mark.parametrize(("name", "factor"), [("open", 1.5), ("close", 0.5)])
def test_open_and_close_must_lie_within_the_range(name, factor):
    history = random_bars(200)
    texts = fault_texts(changed(history, **{name: (3, getattr(history, name)[3] * factor)}))

    assert len(texts) == 1
    assert f"expected {name} within the day's range" in texts[0]


def test_a_second_row_of_a_day_names_both_rows():
    history = random_bars(200)
    texts = fault_texts(changed(history, time=(5, history.time[4])))

    assert texts == [
        f"row 7 (ABC {history.day[4]}): found a second row for ABC on {history.day[4]} (the first is row 6);"
        " expected one row per ticker and day. Remove one of them."
    ]


@pytest.mark.parametrize(("every", "word"), [(7, "weekly"), (30, "monthly")])
def test_coarser_bars_are_refused_by_name(every, word):
    first = np.datetime64("2001-01-01")
    history = replace(random_bars(200), time=(first + every * np.arange(200)).astype("datetime64[s]"))

    (text,) = fault_texts(history)

    assert word in text
    assert "expected daily bars" in text


def test_hourly_bars_are_refused_once_and_not_as_duplicates():
    hours = np.datetime64("2001-01-01T00:00:00") + np.timedelta64(3600, "s") * np.arange(200)

    (text,) = fault_texts(replace(random_bars(200), time=hours))

    assert "about 22 rows a day" in text


def test_a_ticker_needs_134_rows():
    assert find_faults(random_bars(134)).count == 0
    assert "found 133 rows; expected at least 134 (100 to warm" in fault_texts(random_bars(133))[0]


def test_the_first_twenty_faults_are_shown_and_the_others_counted():
    history = random_bars(200)
    negative = replace(history, volume=np.where(np.arange(200) < 25, -1.0, 10.0))

    with pytest.raises(InvalidBarsError) as caught:
        find_faults(negative).raise_if_any("some.csv")

    lines = str(caught.value).splitlines()
    assert lines[0] == "some.csv cannot be used: 25 faults."
    assert len(lines) == 22
    assert lines[-1] == "  … and 5 more."


def test_days_without_volume_are_warned_about():
    history = random_bars(200)

    assert warnings_for(changed(history, volume=(11, 0.0))) == [
        BarWarning("zero_volume", "ABC", f"ABC: no volume on 1 day, first {history.day[11]}")
    ]


def test_more_than_a_twentieth_of_zero_returns_is_warned_about():
    # 199 returns: 9 of them zero is 4.5 %, 10 is 5.03 %.
    def history(zeros):
        steps = np.where(np.arange(200) % 2 == 0, 1.0, -1.0) * 0.1 + 0.01
        steps[10 : 10 + zeros] = 0.0
        return bars(50 + np.cumsum(steps), open_=50 + np.cumsum(steps) * 1.0001)

    assert "zero_returns" not in codes(history(9))
    assert "zero_returns" in codes(history(10))


def test_opens_copied_from_the_previous_close_are_warned_about_with_their_year():
    rng = np.random.default_rng(0)
    close = 50 * np.exp(np.cumsum(rng.normal(0, 0.01, 500)))
    copied = np.r_[close[0], close[:-1]]
    year = trading_days(500).astype("datetime64[Y]")
    opening = np.where(year == np.datetime64("2002"), copied, copied * 1.001)

    (warning,) = warnings_for(bars(close, open_=opening))

    assert warning.code == "copied_opens"
    assert "most days of 2002; gap_pct is not real" in warning.message


def test_a_price_that_halves_overnight_and_stays_there_looks_like_a_split():
    history = random_bars(200)
    factor = np.where(np.arange(200) < 100, 1.0, 0.5)
    halved = replace(
        history,
        open=history.open * factor,
        high=history.high * factor,
        low=history.low * factor,
        close=history.close * factor,
    )

    (warning,) = warnings_for(halved)

    assert warning.code == "split_like_move"
    assert f"overnight on {history.day[100]}, which looks like an unadjusted 2:1 split" in warning.message


def test_a_real_crash_that_the_adjusted_close_shows_too_is_not_called_a_split():
    close = np.r_[np.linspace(100, 101, 100), np.linspace(50, 51, 100)]

    assert "split_like_move" in codes(bars(close))
    assert "split_like_move" not in codes(bars(close, adjusted_close=close * 0.9))


def test_a_gap_of_eleven_days_is_warned_about_and_one_of_ten_is_not():
    def history(days):
        time = trading_days(200)
        time[100:] += np.timedelta64(24 * 3600, "s") * (days - 1 - int((time[100] - time[99]).astype(int) // 86400 - 1))
        return replace(random_bars(200), time=time)

    assert "long_gap" not in codes(history(10))
    assert "long_gap" in codes(history(11))


def test_splits_divide_earlier_prices_and_multiply_earlier_volumes():
    history = bars([90.0, 93.0, 30.0, 31.0], volume=[10, 10, 30, 30])

    adjusted = adjust_for_splits(history, [Split("ABC", history.day[2], Fraction(3))])

    assert adjusted.close.tolist() == [30.0, 31.0, 30.0, 31.0]
    assert adjusted.volume.tolist() == [30, 30, 30, 30]


def test_splits_of_other_tickers_are_left_alone():
    history = bars([90.0, 93.0])

    adjusted = adjust_for_splits(history, [Split("XYZ", history.day[1], Fraction(2))])

    assert adjusted.close.tolist() == [90.0, 93.0]


def test_the_adjusted_close_tells_splits_from_dividends():
    # A 2 % dividend before row 1, a 3:2 split before row 2, a 1:10 reverse split before row 3.
    close = np.array([100.0, 98.5, 66.0, 655.0])
    factor = np.array([0.98 / 1.5 * 10, 10 / 1.5, 10.0, 1.0])
    history = bars(close, adjusted_close=close * factor)

    splits = splits_from_adjusted_close(history)

    assert [(split.day, split.ratio) for split in splits] == [
        (history.day[2], Fraction(3, 2)),
        (history.day[3], Fraction(1, 10)),
    ]


def test_a_large_dividend_is_not_taken_for_a_split():
    # MSFT paid 3 dollars on 30 in November 2004: the adjusted close jumped by 11 %, which no split does.
    close = np.array([29.97, 27.39])
    history = bars(close, adjusted_close=close * np.array([1 / 1.11245, 1.0]))

    assert splits_from_adjusted_close(history) == []
