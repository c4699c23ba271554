"""A mean with its interval: over the rows it is about, and silent where few rows decide it."""

import numpy as np
import pytest
from scipy.stats import binomtest

from model.bootstrap import DayBootstrap, interval_of
from model.manifest import Interval
from tests.training.scored_rows import random_rows, resampled
from training.estimates import FEWEST_ROWS, bounds_of, mean_over, wilson


@pytest.fixture(scope="module")
def rows():
    return random_rows(80)


@pytest.fixture(scope="module")
def days(rows):
    return DayBootstrap(rows.day, draws=60)


def test_the_mean_and_its_interval_are_those_of_the_rows_that_are_here(rows, days):
    here = rows.y_score > 0.5

    found = mean_over(rows.next_day_return, here, days)

    draws = [rows.next_day_return[drawn[here[drawn]]].mean() for drawn in resampled(rows, days)]
    assert found.value == pytest.approx(rows.next_day_return[here].mean())
    assert (found.interval.low, found.interval.high) == pytest.approx(tuple(np.quantile(draws, [0.025, 0.975])))
    assert found.n == here.sum()


def test_without_rows_there_is_no_figure(rows, days):
    found = mean_over(rows.next_day_return, np.zeros(len(rows.day), dtype=bool), days)

    assert (found.value, found.interval, found.n) == (None, None, 0)


@pytest.mark.parametrize(("n", "has_interval"), [(FEWEST_ROWS - 1, False), (FEWEST_ROWS, True)])
def test_a_handful_of_rows_has_no_interval(rows, days, n, has_interval):
    found = mean_over(rows.next_day_return, np.arange(len(rows.day)) < n, days)

    assert found.value == pytest.approx(rows.next_day_return[:n].mean())
    assert (found.interval is not None) is has_interval


def test_a_value_that_is_missing_elsewhere_does_no_harm(rows, days):
    here = np.arange(len(rows.day)) >= 10
    values = np.where(here, rows.next_day_return, np.nan)

    assert mean_over(values, here, days) == mean_over(rows.next_day_return, here, days)


@pytest.mark.parametrize(("n", "has_interval"), [(1, False), (FEWEST_ROWS - 1, False), (FEWEST_ROWS, True)])
def test_a_difference_that_a_handful_of_rows_decides_has_no_interval(rows, days, n, has_interval):
    differs = np.arange(len(rows.day)) < n

    found = mean_over(differs.astype(float), np.ones(len(differs), dtype=bool), days, decided_by=n)

    assert found.value == pytest.approx(n / len(differs))
    assert (found.interval is not None) is has_interval


def test_a_difference_that_no_row_can_make_is_zero_for_certain(rows, days):
    nothing = np.zeros(len(rows.day))

    assert mean_over(nothing, nothing == 0, days, decided_by=0).interval == Interval(low=0.0, high=0.0)


def test_bounds_leave_undefined_draws_out_column_by_column():
    rng = np.random.default_rng(0)
    draws = rng.normal(size=(400, 5))
    draws[rng.random(draws.shape) < 0.1] = np.nan
    draws[:, 2] = rng.normal(size=400)

    low, high = bounds_of(draws)

    for column in range(5):
        expected = interval_of(draws[:, column])
        assert (low[column], high[column]) == pytest.approx((expected.low, expected.high))


def test_wilsons_interval_is_that_of_scipy():
    for hits, n in ((0, 25), (13, 25), (25, 25), (480, 1000), (1, 50)):
        expected = binomtest(hits, n).proportion_ci(0.95, method="wilson")
        found = wilson(hits, n)
        assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=1e-4)
