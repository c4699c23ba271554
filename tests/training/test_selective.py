"""Answers outside a band of no call, by hand and by counting."""

import numpy as np
import pytest
from sklearn.metrics import accuracy_score

from model.bootstrap import DayBootstrap
from model.errors import InvalidInputError
from model.thresholds import confusion_at
from tests.training.scored_rows import out_of_fold, random_rows, resampled
from training.estimates import FEWEST_ROWS
from training.selective import selective_answers


def test_what_is_answered_and_how_well_by_hand():
    # Of each five rows: 0.3 right, 0.39 wrong, 0.45 between, 0.5 wrong, 0.6 right.
    rows = out_of_fold(np.arange(100), np.tile([0, 1, 1, 0, 1], 20), np.tile([0.3, 0.39, 0.45, 0.5, 0.6], 20))
    days = DayBootstrap(rows.day, draws=20)

    ordinary, narrow, wide, none = selective_answers(rows, 0.45, [0, 0.05, 0.1, 0.2], days)

    assert (ordinary.answered, ordinary.negatives, ordinary.coverage.value) == (100, 40, 1.0)
    assert ordinary.accuracy.value == pytest.approx(3 / 5)
    assert (narrow.answered, narrow.negatives, narrow.coverage.value) == (80, 40, 0.8)
    assert (narrow.accuracy.value, narrow.always.value) == pytest.approx((2 / 4, 2 / 4))
    assert (wide.lower, wide.upper) == (0.35, 0.55)
    assert (wide.answered, wide.negatives) == (40, 20)
    assert (wide.accuracy.value, wide.always.value, wide.difference.value) == pytest.approx((1, 1 / 2, 1 / 2))
    assert (none.answered, none.coverage.value) == (0, 0)
    assert (none.accuracy, none.always, none.difference) == (None, None, None)


def test_without_a_band_it_is_the_ordinary_rule(shipped):
    rows = shipped.out_of_fold

    (found,) = selective_answers(rows, 0.44, [0.0], DayBootstrap(rows.day, draws=20))

    confusion = confusion_at(0.44, rows.y_true, rows.y_score)
    assert found.answered == len(rows.day)
    assert found.accuracy.value == pytest.approx(confusion.accuracy)
    assert found.always.value == pytest.approx(confusion.base_rate)
    assert found.negatives == confusion.false_negatives + confusion.true_negatives


def test_figures_and_intervals_are_those_of_the_answered_rows():
    rows = random_rows(200, signal=1.0)
    days = DayBootstrap(rows.day, draws=40)
    (found,) = selective_answers(rows, 0.5, [0.1], days)

    answered = (rows.y_score >= 0.6) | (rows.y_score < 0.4)
    answer = (rows.y_score >= 0.6).astype(int)
    assert found.accuracy.value == pytest.approx(accuracy_score(rows.y_true[answered], answer[answered]))
    accuracies, differences, coverages = [], [], []
    for drawn in resampled(rows, days):
        kept = drawn[answered[drawn]]
        accuracies.append(accuracy_score(rows.y_true[kept], answer[kept]))
        differences.append(accuracies[-1] - rows.y_true[kept].mean())
        coverages.append(len(kept) / len(drawn))
    for estimate, draws in (
        (found.accuracy, accuracies),
        (found.difference, differences),
        (found.coverage, coverages),
    ):
        expected = tuple(np.quantile(draws, [0.025, 0.975]))
        assert (estimate.interval.low, estimate.interval.high) == pytest.approx(expected)


def test_the_upper_bound_is_called_and_the_lower_one_is_not_answered():
    rows = out_of_fold(np.arange(40), np.tile([0, 1], 20), np.tile([0.7, 0.9], 20))

    # 0.8 - 0.1 is 0.7000000000000001 in binary; a score of 0.7 is not below the lower bound all the same.
    (found,) = selective_answers(rows, 0.8, [0.1], DayBootstrap(rows.day, draws=5))

    assert (found.answered, found.negatives) == (20, 0)
    assert found.accuracy.value == 1


def test_a_band_of_no_call_leaves_a_gap_that_binary_fractions_do_not_shift():
    rows = out_of_fold(np.arange(40), np.ones(40), np.full(40, 0.3))

    # 0.1 + 0.2 is 0.30000000000000004 in binary; a score of 0.3 is called all the same.
    (found,) = selective_answers(rows, 0.1, [0.2], DayBootstrap(rows.day, draws=5))

    assert found.answered == 40


@pytest.mark.parametrize(("n", "has_figures"), [(FEWEST_ROWS - 1, False), (FEWEST_ROWS, True)])
def test_a_handful_of_answers_has_no_figures(n, has_figures):
    rows = out_of_fold(np.arange(100), np.arange(100) % 2, np.where(np.arange(100) < n, 0.1, 0.5))

    (found,) = selective_answers(rows, 0.5, [0.2], DayBootstrap(rows.day, draws=20))

    assert found.answered == n
    assert (found.accuracy is not None) is (found.difference is not None) is has_figures


def test_few_negative_answers_decide_no_difference():
    rows = out_of_fold(np.arange(100), np.arange(100) % 2, np.where(np.arange(100) < 5, 0.1, 0.9))

    (found,) = selective_answers(rows, 0.5, [0.2], DayBootstrap(rows.day, draws=20))

    assert found.accuracy.interval is not None
    assert found.difference.value == pytest.approx(0.01)
    assert found.difference.interval is None


@pytest.mark.parametrize("width", [-0.1, np.nan])
def test_a_band_without_width_to_speak_of_is_refused(width):
    rows = random_rows()

    with pytest.raises(InvalidInputError, match=r"half-width: found .*expected 0 or more"):
        selective_answers(rows, 0.5, [0.1, width], DayBootstrap(rows.day, draws=2))
