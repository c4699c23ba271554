"""The shuffled-target check: chance passes it, small tables included, and copies of test rows do not."""

from itertools import combinations

import numpy as np
import pytest
from scipy.stats import mannwhitneyu
from sklearn.neighbors import KNeighborsClassifier

from model.bootstrap import DayBootstrap
from model.checks import area_within_folds, check_shuffled_target
from model.folds import folds_by_day, out_of_fold_scores
from model.stratified import stratified_folds
from training.candidates import baseline


def rows(seed, n=200, share=0.4):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, 8)), rng.permutation((np.arange(n) < share * n).astype(np.int64))


def folds_of(y, in_order):
    if not in_order:
        return stratified_folds(y)
    return folds_by_day(np.datetime64("2000-01-01") + np.arange(len(y)), first_window=80, step=40, gap=1)


def checked(X, y, folds, make, in_order):
    scores = out_of_fold_scores(X, y, folds, make)
    tested = scores.fold > 0
    days = DayBootstrap(np.arange(tested.sum()), draws=20, block_days=1)
    return check_shuffled_target(y[tested], scores.y_score[tested], days, scores.fold[tested], in_order=in_order)


@pytest.mark.parametrize("in_order", [True, False])
def test_small_tables_of_chance_pass(in_order):
    failed = 0
    for seed in range(60):
        X, y = rows(seed)
        # Folds are made for the target as it was, before it was shuffled.
        folds = folds_of(np.random.default_rng(seed).permutation(y), in_order)
        failed += not checked(X, y, folds, baseline, in_order).passed

    # Of 60 at 1 %, more than 3 would be seen once in 280 times.
    assert failed <= 3


@pytest.mark.parametrize("in_order", [True, False])
def test_small_tables_with_copies_of_test_rows_among_the_training_rows_fail(in_order):
    for seed in range(5):
        X, y = rows(seed, n=80)
        X, y = np.tile(X, (3, 1)), np.tile(y, 3)

        found = checked(X, y, folds_of(y, in_order), lambda: KNeighborsClassifier(1), in_order)

        assert not found.passed
        assert "within folds); " in found.finding
        assert found.finding.endswith("was required there, as chance gives in 99 % of cases.")


def test_many_rows_are_held_to_a_fixed_reach():
    y = np.arange(4000) % 2
    days = DayBootstrap(np.arange(4000) // 10, draws=100)
    score = np.random.default_rng(0).normal(size=4000) + 0.2 * y

    found = check_shuffled_target(y, score, days)

    assert not found.passed
    assert found.finding.endswith("; within 0.03 of 0.5 was required.")


def test_the_deviation_within_folds_is_that_of_all_orders_of_their_outcomes():
    score = np.array([0.1, 0.4, 0.4, 0.9, 0.2, 0.3, 0.3, 0.3, 0.8])
    fold = np.array([1, 1, 1, 1, 2, 2, 2, 2, 2])
    areas = []
    for first in combinations(range(4), 2):
        for second in combinations(range(4, 9), 1):
            y = np.zeros(9, dtype=np.int64)
            y[[*first, *second]] = 1
            areas.append(area_within_folds(y, score, fold).area)

    found = area_within_folds(y, score, fold)

    assert np.mean(areas) == pytest.approx(0.5)
    assert found.deviation == pytest.approx(np.std(areas))


def test_the_area_within_one_fold_is_mann_and_whitneys():
    _, y = rows(3)
    score = np.round(np.random.default_rng(4).normal(size=200), 1)

    statistic = mannwhitneyu(score[y == 1], score[y == 0]).statistic
    assert area_within_folds(y, score).area == pytest.approx(statistic / (80 * 120))


def test_a_fold_that_tests_one_outcome_only_does_not_count():
    y, score = np.array([0, 0, 0, 1, 0, 1]), np.array([0.1, 0.9, 0.5, 0.2, 0.3, 0.4])

    found = area_within_folds(y, score, np.array([1, 1, 2, 2, 2, 2]))

    assert found == area_within_folds(y[2:], score[2:])
