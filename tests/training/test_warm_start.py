"""Walk-forward fits that begin where the one before ended: the same coefficients as fits from nothing."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from model import folds, warm_start
from model.folds import folds_by_day, out_of_fold_scores
from model.warm_start import WarmStart, penalty_of
from training.candidates import baseline

DAYS, TICKERS = 400, 5


def rows(*, signal=0.5, seed=0):
    """Features of very different scales, two of them nearly the same, by ticker, then day."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(DAYS * TICKERS, 4)) * [0.01, 20.0, 1.0, 1.0] + [0.0, 50.0, 1.0, 0.0]
    X[:, 3] = X[:, 2] + 0.05 * X[:, 3]
    y = (rng.random(len(X)) < 1 / (1 + np.exp(-signal * (X[:, 2] - 1)))).astype(np.int64)
    return X, y, np.tile(np.arange(DAYS), TICKERS)


def growing(day):
    return [day < last for last in range(100, DAYS, 60)]


def moving(day):
    return [(day >= last - 100) & (day < last) for last in range(100, DAYS, 60)]


def fits(X, y, trains, penalty):
    ready = WarmStart.prepare(X, trains)
    assert ready
    return ready.fits(y, penalty)


@pytest.mark.parametrize("windows_of", [growing, moving])
@pytest.mark.parametrize("C", [1.0, 0.001])
def test_coefficients_are_those_of_scikit_learn_from_nothing(windows_of, C):
    X, y, day = rows()
    trains = windows_of(day)

    found = list(fits(X, y, trains, 1 / C))

    assert len(found) == len(trains)
    for train, (intercept, weights) in zip(trains, found, strict=True):
        regression = LogisticRegression(C=C, solver="newton-cholesky", tol=1e-12)
        scaler, fitted = make_pipeline(StandardScaler(), regression).fit(X[train], y[train])
        np.testing.assert_allclose(np.array(weights) * scaler.scale_, fitted.coef_[0], rtol=0, atol=1e-6)
        assert intercept + np.array(weights) @ scaler.mean_ == pytest.approx(fitted.intercept_[0], abs=1e-6)


def test_rows_that_join_late_because_their_label_was_not_known_are_fitted_with_their_own_window():
    X, y, day = rows(seed=2)
    trains = moving(day)
    trains[0][7] = False

    found = list(fits(X, y, trains, 1.0))

    scaler, fitted = baseline().fit(X[trains[0]], y[trains[0]])
    np.testing.assert_allclose(np.array(found[0][1]) * scaler.scale_, fitted.coef_[0], rtol=0, atol=1e-6)


def test_a_strong_signal_is_fitted_as_well_as_a_weak_one():
    X, y, day = rows(signal=8.0)
    trains = growing(day)

    for train, (_, weights) in zip(trains, fits(X, y, trains, 1.0), strict=True):
        scaler, fitted = baseline().fit(X[train], y[train])
        np.testing.assert_allclose(np.array(weights) * scaler.scale_, fitted.coef_[0], rtol=0, atol=1e-6)


def test_a_fit_that_does_not_settle_is_left_to_scikit_learn(monkeypatch):
    X, y, day = rows()
    walk = folds_by_day(day, first_window=100, step=50, gap=1)
    from_nothing = out_of_fold_scores(X, y, walk, baseline)

    monkeypatch.setattr(folds, "FEWEST_ROWS", 1)
    monkeypatch.setattr(warm_start, "MOST_PASSES", 1)
    warm = out_of_fold_scores(X, y, walk, baseline)

    np.testing.assert_array_equal(warm.y_score, from_nothing.y_score)


def test_classes_that_part_without_an_error_do_not_settle():
    X, _, day = rows()
    parted = (X[:, 2] > 1).astype(np.int64)

    assert set(fits(X, parted, growing(day), 1e-12)) == {None}


def test_what_is_not_a_plain_logistic_regression_is_left_alone():
    plain = LogisticRegression(solver="newton-cholesky")

    assert penalty_of(make_pipeline(StandardScaler(), LogisticRegression(C=0.1, solver="newton-cholesky"))) == 10.0
    assert penalty_of(plain) is None
    assert penalty_of(make_pipeline(StandardScaler(with_mean=False), plain)) is None
    assert penalty_of(make_pipeline(StandardScaler(), LogisticRegression())) is None
    weighted = LogisticRegression(solver="newton-cholesky", class_weight="balanced")
    assert penalty_of(make_pipeline(StandardScaler(), weighted)) is None


@pytest.mark.parametrize("spoil", [np.nan, 0.0])
def test_a_feature_with_a_hole_or_without_variation_is_left_to_scikit_learn(spoil):
    X, _, day = rows()
    X[:, 0] = spoil

    assert WarmStart.prepare(X, growing(day)) is None


def test_rows_that_leave_and_come_back_are_left_to_scikit_learn():
    X, _, day = rows()

    assert WarmStart.prepare(X, [day < 100, day >= 100, day < 200]) is None


@pytest.mark.parametrize("rolling", [False, True])
def test_out_of_fold_scores_of_many_rows_are_those_of_few(monkeypatch, rolling):
    X, y, day = rows()
    walk = folds_by_day(day, first_window=100, step=50, gap=1, rolling=rolling)
    from_nothing = out_of_fold_scores(X, y, walk, baseline)

    monkeypatch.setattr(folds, "FEWEST_ROWS", 1)
    warm = out_of_fold_scores(X, y, walk, baseline)

    np.testing.assert_allclose(warm.y_score, from_nothing.y_score, rtol=0, atol=1e-7)
    np.testing.assert_array_equal(warm.fold, from_nothing.fold)
    np.testing.assert_array_equal(warm.base_rate, from_nothing.base_rate)
