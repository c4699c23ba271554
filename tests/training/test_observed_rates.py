"""The observed rate in bins of a feature: the rows' own, with intervals by whole days."""

import numpy as np
import pandas as pd
import pytest

from model.bootstrap import DayBootstrap
from model.bundle import Bundle, Reference
from training.observed_rates import binned_rates, observed_rates, quantile_bins


@pytest.fixture(scope="module")
def found(shipped: Bundle):
    return observed_rates(shipped.reference, draws=40, seed=3)


@pytest.mark.parametrize("position", range(8))
def test_bins_hold_the_rows_and_rates_that_pandas_finds(found, shipped: Bundle, position: int):
    rows = shipped.reference
    known = pd.DataFrame({"x": rows.X[:, position], "y": rows.y}).dropna()
    tenth = pd.qcut(known["x"], 10, labels=False)
    by_pandas = known.groupby(tenth).agg(
        n=("y", "size"), rate=("y", "mean"), low=("x", "min"), high=("x", "max"), middle=("x", "median")
    )

    bins = found.by_feature[position]
    assert len(bins) == 10
    # A value on an edge may be counted on either side of it.
    assert np.abs([one.rate.n for one in bins] - by_pandas["n"]).max() <= 1
    assert sum(one.rate.n for one in bins) == len(known) == 11_554
    assert [one.rate.value for one in bins] == pytest.approx(by_pandas["rate"].tolist(), abs=0.002)
    for name in ("low", "middle", "high"):
        spread = known["x"].std()
        assert [getattr(one, name) for one in bins] == pytest.approx(by_pandas[name].tolist(), abs=0.01 * spread)


def test_over_all_rows_it_is_the_share_of_positives_among_the_known(found, shipped: Bundle):
    y = shipped.reference.y

    assert found.overall.n == np.sum(~np.isnan(y))
    assert found.overall.value == pytest.approx(np.nanmean(y))
    assert found.overall.interval.low < found.overall.value < found.overall.interval.high


def test_intervals_resample_whole_days():
    rng = np.random.default_rng(5)
    day = np.repeat(np.arange("2001-01-01", "2001-04-11", dtype="datetime64[D]"), 6)
    values, y = rng.normal(size=len(day)), (rng.random(len(day)) < 0.4).astype(float)
    days = DayBootstrap(day, draws=80, seed=1)

    found = binned_rates(values, y, days, bins=3)

    number = np.unique(day, return_inverse=True)[1]
    cuts = np.sort(values)[[199, 399]]
    thirds = (values <= cuts[0], (values > cuts[0]) & (values <= cuts[1]), values > cuts[1])
    for one, here in zip(found, thirds, strict=True):
        draws = []
        for counts in days.counts:
            weight = counts[number[here]]
            draws.append(np.average(y[here], weights=weight))
        assert (one.rate.interval.low, one.rate.interval.high) == pytest.approx(
            tuple(np.quantile(draws, [0.025, 0.975]))
        )


def test_few_rows_have_a_rate_but_no_interval():
    day = np.arange("2001-01-01", "2001-01-31", dtype="datetime64[D]")
    found = binned_rates(np.arange(30.0), np.tile([0.0, 1.0], 15), DayBootstrap(day, draws=20), bins=3)

    assert [(one.rate.value, one.rate.interval, one.rate.n) for one in found] == [(0.5, None, 10)] * 3


def test_equal_values_share_a_bin_and_bins_without_rows_are_left_out():
    values = np.array([0.0] * 7 + [1.0, 2.0, 3.0])

    assert quantile_bins(values, 5).tolist() == [0] * 7 + [1, 2, 2]


def test_a_constant_feature_is_one_bin():
    assert set(quantile_bins(np.full(50, 2.5), 10)) == {0}


def test_a_row_without_value_or_outcome_is_in_no_bin():
    day = np.arange("2001-01-01", "2001-05-01", dtype="datetime64[D]")
    X = np.arange(120.0)[:, None].copy()
    X[3] = np.nan
    y = np.tile([0.0, 1.0], 60)
    y[5] = np.nan
    rows = Reference(day, np.full(120, "A"), X, y, y)

    found = observed_rates(rows, draws=20, seed=0)

    assert found.overall.n == 119
    assert sum(one.rate.n for one in found.by_feature[0]) == 118
