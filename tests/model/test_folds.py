"""Folds: ordered in time, apart by the gap, whole days; and scores from the past only."""

import numpy as np
import pytest

from model.errors import TrainingError
from model.folds import folds_by_day, out_of_fold_scores, walk_forward_folds


@pytest.mark.parametrize("gap", [0, 1, 5])
def test_training_ends_a_full_gap_before_the_test_begins(gap):
    folds = list(walk_forward_folds(300, first_window=100, step=50, gap=gap))

    assert all(fold.train.stop + gap == fold.test.start for fold in folds)
    assert all(fold.train.start == 0 for fold in folds)


def test_the_window_grows_by_a_step_and_every_later_day_is_tested_once():
    folds = list(walk_forward_folds(1000, first_window=750, step=100, gap=1))

    assert [fold.train.stop for fold in folds] == [750, 850, 950]
    tested = np.concatenate([np.arange(1000)[fold.test] for fold in folds])
    np.testing.assert_array_equal(tested, np.arange(751, 1000))


@pytest.mark.parametrize(("days", "n_folds"), [(751, 0), (752, 1), (1001, 1), (1002, 2)])
def test_there_is_a_fold_as_soon_as_one_day_is_left_to_test(days, n_folds):
    assert len(list(walk_forward_folds(days, first_window=750, step=250, gap=1))) == n_folds


def test_rows_of_a_day_are_on_one_side_in_every_fold():
    rng = np.random.default_rng(0)
    day = np.datetime64("2001-01-01") + np.sort(rng.integers(0, 90, 400))

    for fold in folds_by_day(day, first_window=40, step=10, gap=1):
        assert not set(day[fold.train]) & set(day[fold.test])
        assert day[fold.train].max() < day[fold.test].min()


def test_too_short_a_history_is_an_error_that_says_how_long_it_must_be():
    day = np.datetime64("2001-01-01") + np.arange(100)

    with pytest.raises(TrainingError, match="100 usable days; walk-forward evaluation needs more than 751"):
        folds_by_day(day, first_window=750, step=250, gap=1)


class Remembering:
    """A stand-in for a pipeline that answers the latest training row's number."""

    def fit(self, X, y):
        self.latest = X[:, 0].max()
        return self

    def predict_proba(self, X):
        return np.column_stack([np.zeros(len(X)), np.full(len(X), self.latest)])


def test_every_row_is_scored_by_a_pipeline_fitted_on_earlier_days_only():
    day = np.datetime64("2001-01-01") + np.arange(20)
    X, y = np.arange(20.0)[:, None], np.arange(20) % 2

    scores = out_of_fold_scores(X, y, folds_by_day(day, first_window=10, step=5, gap=2), Remembering)

    assert np.isnan(scores.y_score[:12]).all()
    assert scores.y_score[12:17].tolist() == [9.0] * 5
    assert scores.y_score[17:].tolist() == [14.0] * 3
    assert scores.fold.tolist() == [0] * 12 + [1] * 5 + [2] * 3
    assert scores.base_rate[12] == y[:10].mean()


def test_one_class_in_training_is_an_error_that_names_the_fold():
    day = np.datetime64("2001-01-01") + np.arange(20)

    with pytest.raises(TrainingError, match="fold 1 hold one class only"):
        out_of_fold_scores(
            np.ones((20, 1)), np.ones(20, dtype=int), folds_by_day(day, first_window=10, step=5, gap=1), Remembering
        )
