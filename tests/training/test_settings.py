"""Settings of a run: what would leak is an error that says so, and a manifest holds only what is not the default."""

import numpy as np
import pytest

from model.errors import TrainingError
from model.folds import RowFold
from tests import builders
from training.settings import Settings, check_settings, check_windows, usable_folds
from training.table import market_target
from training.train import train


@pytest.mark.parametrize(
    ("gap", "horizon", "words"),
    [
        (0, 1, "gap 0: below 1 training labels leak into the test; those of the last training day are read from test"),
        (1, 5, "gap 1: below 5 training labels leak into the test; those of the last 4 training days are read from"),
    ],
)
def test_a_gap_below_the_horizon_is_an_error_that_says_which_labels_leak(gap, horizon, words):
    with pytest.raises(TrainingError, match=words):
        check_settings(Settings(gap=gap, horizon=horizon))


def test_the_labels_said_to_leak_are_those_whose_close_is_on_a_test_day():
    horizon, gap, train_stop = 5, 2, 100
    first_test = train_stop + gap
    leaking = [day for day in range(train_stop) if day + horizon >= first_test]

    with pytest.raises(TrainingError, match=f"the last {len(leaking)} training days"):
        check_settings(Settings(gap=gap, horizon=horizon))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"horizon": 0}, "horizon 0: expected 1 to 20 days"),
        ({"horizon": 21, "gap": 21}, "horizon 21: .* would make them too narrow"),
        ({"window": "sliding"}, "window 'sliding': expected expanding or rolling"),
    ],
)
def test_settings_that_allow_no_honest_run_are_refused(changes, words):
    with pytest.raises(TrainingError, match=words):
        check_settings(Settings(**changes))


def fold_of(n_train):
    train = np.zeros(200, dtype=bool)
    train[:n_train] = True
    return RowFold(1, train, ~train)


@pytest.mark.parametrize(
    ("n_train", "rarer", "allowed"), [(80, 8, True), (79, 30, False), (150, 7, False), (150, 8, True)]
)
def test_a_window_needs_ten_rows_a_feature_and_a_row_a_feature_of_either_class(n_train, rarer, allowed):
    y = np.zeros(200)
    y[:rarer] = 1

    if allowed:
        check_windows([fold_of(n_train)], y, n_features=8)
    else:
        with pytest.raises(
            TrainingError, match=rf"fold 1 holds {n_train} rows, {rarer} of the rarer class; 8 features"
        ):
            check_windows([fold_of(n_train)], y, n_features=8)


def test_a_first_window_too_short_for_the_features_is_refused_before_anything_is_fitted():
    with pytest.raises(TrainingError, match=r"holds 60 rows, .* 8 features need at least 80 rows"):
        train(builders.table(days=400), builders.small_settings(first_window=30))


def test_a_table_of_another_horizon_than_the_settings_is_refused():
    with pytest.raises(TrainingError, match=r"looks 1 day ahead, the settings say 5. Build the table anew"):
        usable_folds(builders.table(days=400), builders.small_settings(horizon=5, gap=5))


def test_a_manifest_holds_later_settings_only_where_they_are_not_the_default():
    plain = Settings().as_record()
    other = Settings(candidate="random_forest", window="rolling", horizon=5, tickers=("A", "B")).as_record()

    assert not {"candidate", "window", "horizon"} & set(plain)
    assert (other["candidate"], other["window"], other["horizon"]) == ("random_forest", "rolling", 5)
    assert other["tickers"] == "A,B"


def test_the_target_of_a_longer_horizon_says_so():
    target = market_target(5)

    assert (target.horizon, target.positive_class) == (5, "up")
    assert target.question == "Will the stock close higher in 5 trading days?"
    assert "5 trading days" in target.description
