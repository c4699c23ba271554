"""What a row is worth, worked by hand; the thresholds costs lead to; what is refused."""

import math

import numpy as np
import pytest

from model.errors import InvalidInputError
from training.stakes import (
    error_stakes,
    implied_cost_ratio,
    threshold_for_errors,
    threshold_for_trades,
    trade_stakes,
)


def test_a_trade_earns_the_return_less_its_cost_and_nothing_where_not_made():
    stakes = trade_stakes(np.array([0.03, -0.02, 0.0]), cost=0.01)

    assert stakes.called == pytest.approx([0.02, -0.03, -0.01])
    assert stakes.quiet.tolist() == [0, 0, 0]


def test_only_errors_cost_where_errors_are_the_stakes():
    stakes = error_stakes(np.array([1, 1, 0, 0]), false_call=2, missed=5)
    calls = np.array([1.0, 0.0, 1.0, 0.0])

    assert stakes.of(calls).tolist() == [0, -5, -2, 0]


def test_calls_beat_calling_always_only_by_the_rows_they_leave():
    stakes = trade_stakes(np.array([0.03, -0.02, 0.01]), cost=0.01)
    calls = np.array([1.0, 0.0, 0.0])

    # Leaving the second row saves 0.03, leaving the third, which breaks even, nothing.
    assert stakes.always_beaten_by(calls) == pytest.approx([0, 0.03, 0])
    assert stakes.of(calls) - stakes.called == pytest.approx(stakes.always_beaten_by(calls))


def test_no_cost_is_zero_and_not_minus_zero():
    stakes = error_stakes(np.array([1, 0]), false_call=0, missed=1)

    assert not np.signbit(stakes.called).any()


def test_rows_without_returns_are_refused_with_the_way_out():
    with pytest.raises(InvalidInputError, match=r"found 2 of 3 rows without one.*costs of errors instead"):
        trade_stakes(np.array([np.nan, 0.01, np.inf]), cost=0.0)
    with pytest.raises(InvalidInputError, match="found no rows"):
        trade_stakes(np.array([]), cost=0.0)


@pytest.mark.parametrize("cost", [-0.001, math.nan, math.inf])
def test_a_cost_that_is_none_is_refused(cost):
    with pytest.raises(InvalidInputError, match=r"cost of a trade: found .*expected a finite number, 0 or more"):
        trade_stakes(np.array([0.01]), cost)
    with pytest.raises(InvalidInputError, match="cost of a trade"):
        threshold_for_trades(np.array([1, 0]), np.array([0.01, -0.01]), cost)
    with pytest.raises(InvalidInputError, match="cost of a false call"):
        threshold_for_errors(cost, 1)
    with pytest.raises(InvalidInputError, match="cost of a missed positive"):
        error_stakes(np.array([1]), 1, cost)


def test_errors_that_both_cost_nothing_are_refused():
    with pytest.raises(InvalidInputError, match="found 0 for both; expected at least one above 0"):
        threshold_for_errors(0, 0)


@pytest.mark.parametrize(("false_call", "missed"), [(1, 1), (1, 3), (9, 1), (0, 1), (1, 0)])
def test_at_the_threshold_of_the_errors_calling_and_leaving_cost_the_same(false_call, missed):
    p = threshold_for_errors(false_call, missed)

    assert (1 - p) * false_call == pytest.approx(p * missed)


@pytest.mark.parametrize("threshold", [0.0, 0.2, 0.44, 0.9])
def test_the_cost_ratio_a_threshold_implies_leads_back_to_it(threshold):
    assert threshold_for_errors(implied_cost_ratio(threshold), 1) == pytest.approx(threshold)


def test_at_threshold_one_no_number_of_missed_outweighs_a_false_call():
    assert implied_cost_ratio(1.0) == math.inf


@pytest.mark.parametrize("threshold", [-0.1, 1.1, math.nan])
def test_a_threshold_that_is_no_probability_implies_nothing(threshold):
    with pytest.raises(InvalidInputError, match="expected a probability from 0 to 1"):
        implied_cost_ratio(threshold)


def test_a_trade_breaks_even_where_the_mean_returns_outweigh_the_cost():
    y = np.array([1, 1, 0, 0])
    returns = np.array([0.01, 0.03, -0.02, 0.0])

    found = threshold_for_trades(y, returns, cost=0.005)

    # Means 0.02 and -0.01: 0.02 p - 0.01 (1 - p) = 0.005 at p = 0.5.
    assert found.value == pytest.approx(0.5)
    assert (found.mean_if_positive, found.mean_if_negative) == pytest.approx((0.02, -0.01))
    assert found.calling == "above the threshold"


@pytest.mark.parametrize(
    ("returns", "cost", "calling"),
    [
        ([0.02, -0.01], 0.03, "never"),
        ([0.02, 0.01], 0.005, "always"),
        ([-0.01, 0.02], 0.0, "unrelated"),
        ([0.01, 0.01], 0.0, "unrelated"),
    ],
)
def test_where_no_probability_breaks_even_it_says_why(returns, cost, calling):
    found = threshold_for_trades(np.array([1, 0]), np.array(returns), cost)

    assert (found.value, found.calling) == (None, calling)


@pytest.mark.parametrize(("cost", "expected"), [(0.02, 1.0), (0.0, 1 / 3)])
def test_a_cost_equal_to_the_mean_return_of_positives_needs_certainty(cost, expected):
    found = threshold_for_trades(np.array([1, 0]), np.array([0.02, -0.01]), cost)

    assert found.value == pytest.approx(expected)


def test_rows_of_one_class_give_no_threshold_for_trades():
    with pytest.raises(InvalidInputError, match="found 2 positives among 2 rows; expected positives and negatives"):
        threshold_for_trades(np.array([1, 1]), np.array([0.01, 0.02]), 0.0)
