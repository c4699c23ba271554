"""The day-block bootstrap: whole days, blocks, and statistics that are right in every resample."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from model import bootstrap
from model.bootstrap import BLOCK_DAYS, DayBootstrap, interval_of


def days_of(rows_per_day):
    return np.repeat(np.datetime64("2001-01-01") + np.arange(len(rows_per_day)), rows_per_day)


def test_each_resample_has_as_many_days_as_there_are():
    days = DayBootstrap(days_of([2] * 60), draws=50)

    assert days.counts.shape == (50, 60)
    assert (days.counts.sum(axis=1) == 60).all()


def test_the_same_seed_gives_the_same_resamples_and_another_one_others():
    day = days_of([1] * 80)

    assert np.array_equal(DayBootstrap(day, draws=20, seed=3).counts, DayBootstrap(day, draws=20, seed=3).counts)
    assert not np.array_equal(DayBootstrap(day, draws=20, seed=3).counts, DayBootstrap(day, draws=20, seed=4).counts)


def test_neighbouring_days_are_drawn_together():
    counts = DayBootstrap(days_of([1] * 3000), draws=200).counts
    centred = counts - 1

    def correlation(lag):
        return (centred[:, :-lag] * centred[:, lag:]).mean() / centred.var()

    # In the stationary bootstrap a block goes on with probability 1 - 1/20 a day.
    assert correlation(1) == pytest.approx(1 - 1 / BLOCK_DAYS, abs=0.03)
    assert correlation(40) == pytest.approx((1 - 1 / BLOCK_DAYS) ** 40, abs=0.05)


def test_means_are_those_of_the_resampled_rows():
    rng = np.random.default_rng(0)
    rows = rng.integers(1, 4, 30)
    day, value = days_of(rows), rng.normal(size=rows.sum())
    days = DayBootstrap(day, draws=5)

    for draw, mean in enumerate(days.means(value)):
        weight = days.counts[draw][np.repeat(np.arange(30), rows)]
        assert mean == pytest.approx(np.average(value, weights=weight))


def test_auc_agrees_with_scikit_learn_in_every_resample_ties_included():
    rng = np.random.default_rng(1)
    rows = rng.integers(1, 4, 40)
    y = rng.integers(0, 2, rows.sum())
    score = (rng.random(rows.sum()) + 0.3 * y).round(1)
    days = DayBootstrap(days_of(rows), draws=120)

    for draw, area in enumerate(days.auc(y, score)):
        weight = days.counts[draw][np.repeat(np.arange(40), rows)]
        assert area == pytest.approx(roc_auc_score(y, score, sample_weight=weight))


def test_many_rows_of_few_distinct_scores_have_exact_areas(monkeypatch):
    rng = np.random.default_rng(2)
    rows = rng.integers(1, 4, 400)
    y = rng.integers(0, 2, rows.sum())
    score = (rng.random(rows.sum()) + 0.3 * y).round(2)
    days = DayBootstrap(days_of(rows), draws=30)
    exact = days.auc(y, score)

    monkeypatch.setattr(bootstrap, "EXACT_AUC_ROWS", 0)

    np.testing.assert_array_equal(days.auc(y, score), exact)


def test_many_rows_of_distinct_scores_have_areas_within_what_is_promised(monkeypatch):
    rng = np.random.default_rng(3)
    y = rng.integers(0, 2, 6000)
    score = rng.normal(size=6000) + 0.3 * y
    days = DayBootstrap(days_of([3] * 2000), draws=30)
    exact = days.auc(y, score)

    monkeypatch.setattr(bootstrap, "EXACT_AUC_ROWS", 0)
    monkeypatch.setattr(bootstrap, "RANK_BINS", 300)

    off = np.abs(days.auc(y, score) - exact)
    assert 0 < off.max() < 1 / (2 * 300)
    assert off.max() < exact.std() / 20


def test_bins_by_rank_never_part_equal_scores(monkeypatch):
    y = np.array([0, 1] * 50)
    days = DayBootstrap(days_of([1] * 100), draws=20)
    monkeypatch.setattr(bootstrap, "EXACT_AUC_ROWS", 0)
    monkeypatch.setattr(bootstrap, "RANK_BINS", 7)

    assert set(days.auc(y, np.full(100, 0.5)).tolist()) == {0.5}


def test_the_interval_is_that_of_the_percentiles():
    found = interval_of(np.arange(1001.0))

    assert (found.low, found.high) == pytest.approx((25.0, 975.0))


def test_the_interval_of_a_mean_covers_it_about_as_often_as_it_says():
    covered = 0
    for seed in range(100):
        rng = np.random.default_rng(seed)
        value = rng.normal(size=300)
        found = interval_of(DayBootstrap(days_of([1] * 300), draws=200, seed=seed).means(value))
        covered += found.low <= 0 <= found.high

    # 95 promised; a block bootstrap of 15 blocks is known to fall a few short.
    assert 86 <= covered <= 99
