"""Distinct sets of called rows, held to scikit-learn and to counting."""

import numpy as np
import pytest
from sklearn.metrics import confusion_matrix_at_thresholds

from tests.training.scored_rows import random_rows
from training.threshold_levels import LEVELS_AT_ONCE, levels_of, threshold_grid

GRID = threshold_grid()


def test_the_grid_holds_every_thousandth_as_it_is_written():
    assert GRID[[0, 440, 1000]].tolist() == [0.0, 0.44, 1.0]
    assert len(GRID) == 1001


def test_a_level_calls_what_each_of_its_thresholds_calls():
    rows = random_rows(step=0.0125)
    levels = levels_of(rows.y_score, GRID)

    for threshold, level in zip(levels.thresholds, levels.level, strict=True):
        assert np.array_equal(rows.y_score >= threshold, levels.reach > level)


def test_no_two_levels_call_the_same():
    levels = levels_of(random_rows(step=0.0125).y_score, GRID)

    assert (np.diff(levels.calls) < 0).all()
    assert levels.n == levels.level.max() + 1


def test_scores_equal_to_a_threshold_or_all_alike_are_called_together():
    levels = levels_of(np.array([0.3, 0.3, 0.3]), np.array([0.0, 0.3, 0.3001, 1.0]))

    assert levels.level.tolist() == [0, 0, 1, 1]
    assert levels.calls.tolist() == [3, 0]


def test_counts_agree_with_scikit_learn_at_every_threshold_of_the_grid(shipped):
    y, p = shipped.out_of_fold.y_true, shipped.out_of_fold.y_score
    tns, fps, fns, tps, at = confusion_matrix_at_thresholds(y, p)
    levels = levels_of(p, GRID)
    hits, false = levels.called_sums(1.0 * (y == 1)), levels.called_sums(1.0 * (y == 0))
    missed, right = levels.left_sums(1.0 * (y == 1)), levels.left_sums(1.0 * (y == 0))

    # scikit-learn goes through the scores from the top: the lowest score at the threshold or above holds.
    above = np.searchsorted(-at, -GRID, side="right") - 1
    some = above >= 0
    for found, theirs in ((hits, tps), (false, fps), (missed, fns), (right, tns)):
        assert np.array_equal(found[levels.level][some], theirs[above[some]])
    assert not hits[levels.level][~some].any()
    assert (~some).any()


def test_sums_by_group_are_those_of_the_groups_rows_in_every_block():
    rows = random_rows(40, step=0.001)
    levels = levels_of(rows.y_score, GRID)
    group = np.unique(rows.day, return_inverse=True)[1]
    value = rows.next_day_return
    assert levels.n > LEVELS_AT_ONCE

    called = np.concatenate([levels.called_sums_by_group(value, group, 40, block) for block in levels.blocks()], axis=1)
    left = np.concatenate([levels.left_sums_by_group(value, group, 40, block) for block in levels.blocks()], axis=1)

    assert called.shape == left.shape == (40, levels.n)
    for level in range(levels.n):
        here = levels.reach > level
        for one in range(40):
            assert called[one, level] == pytest.approx(value[here & (group == one)].sum())
            assert left[one, level] == pytest.approx(value[~here & (group == one)].sum())
