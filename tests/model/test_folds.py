"""Folds: ordered in time, apart by the gap, whole days; and scores from the past only."""

import numpy as np
import pytest
from sklearn.model_selection import TimeSeriesSplit

from model.errors import TrainingError
from model.folds import folds_by_day, label_days, out_of_fold_scores, walk_forward_folds


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


@pytest.mark.parametrize(("step", "gap"), [(50, 1), (25, 5), (10, 10)])
def test_walk_forward_is_scikit_learns_time_series_split_where_that_can_say_it(step, gap):
    """Days chosen so that the last fold is whole, the only case the other one knows."""
    n_folds, first_window = 4, 100
    n_days = first_window + gap + n_folds * step
    expanding = list(TimeSeriesSplit(n_folds, test_size=step, gap=gap).split(np.arange(n_days)))
    rolling = list(TimeSeriesSplit(n_folds, test_size=step, gap=gap, max_train_size=first_window).split(range(n_days)))

    for is_rolling, theirs in ((False, expanding), (True, rolling)):
        ours = walk_forward_folds(n_days, first_window=first_window, step=step, gap=gap, rolling=is_rolling)
        for fold, (train, test) in zip(ours, theirs, strict=True):
            np.testing.assert_array_equal(np.arange(n_days)[fold.train], train)
            np.testing.assert_array_equal(np.arange(n_days)[fold.test], test)


def test_a_rolling_window_keeps_the_length_of_the_first_for_every_ticker():
    day = np.tile(np.datetime64("2001-01-01") + np.arange(200), 2)

    folds = folds_by_day(day, first_window=60, step=40, gap=3, rolling=True)

    assert [int(fold.train.sum()) for fold in folds] == [120] * len(folds)
    for fold in folds:
        assert (day[fold.test].min() - day[fold.train].max()).astype(int) == 3 + 1


@pytest.mark.parametrize("horizon", [1, 2, 5])
def test_a_label_is_known_on_the_day_of_the_tickers_row_that_many_rows_later(horizon):
    rng = np.random.default_rng(0)
    days = [np.sort(rng.choice(50, 30, replace=False)), np.sort(rng.choice(50, 20, replace=False))]
    day = np.concatenate(days).astype("datetime64[D]")
    ticker = np.repeat(["A", "B"], [30, 20])

    found = label_days(day, ticker, horizon)

    for of_ticker, first in zip(days, (0, 30), strict=True):
        for position in range(len(of_ticker)):
            later = position + horizon
            if later < len(of_ticker):
                assert found[first + position].astype(int) == of_ticker[later]
            else:
                assert np.isnat(found[first + position])


def test_a_ticker_that_paused_is_not_trained_on_with_a_label_from_the_test_days():
    # B trades on days 0 to 8, and then again from day 12 on: its label of day 8 is read on day 12.
    a, b = np.arange(20), np.r_[0:9, 12:20]
    day = np.concatenate([a, b]).astype("datetime64[D]")
    ticker = np.repeat(["A", "B"], [len(a), len(b)])
    plan = {"first_window": 10, "step": 5, "gap": 1}

    by_gap_only = folds_by_day(day, **plan)[0]
    checked = folds_by_day(day, **plan, label_day=label_days(day, ticker, 1))[0]

    left_out = by_gap_only.train & ~checked.train
    assert day[checked.test].min() == np.datetime64(11, "D")
    assert list(zip(ticker[left_out], day[left_out].astype(int), strict=True)) == [("B", 8)]
    np.testing.assert_array_equal(by_gap_only.test, checked.test)
