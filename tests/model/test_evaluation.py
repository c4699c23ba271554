"""Metrics and baselines held to scikit-learn; the verdict three ways."""

import numpy as np
import pytest
from sklearn import metrics as sk
from sklearn.calibration import calibration_curve
from sklearn.linear_model import LogisticRegression

from model.bootstrap import DayBootstrap
from model.evaluation import Scored, auc, calibration_table, evaluate, logistic_fit
from model.thresholds import confusion_at
from tests import builders


@pytest.fixture(scope="module")
def scored(shipped):
    """The shipped bundle's out-of-fold rows with a base rate and a made-up yesterday."""
    rows = shipped.out_of_fold
    rng = np.random.default_rng(0)
    rates = {fold.fold: fold.base_rate for fold in shipped.manifest.folds}
    return Scored(
        day=rows.day,
        ticker=rows.ticker,
        y_true=rows.y_true,
        y_score=rows.y_score,
        base_rate=np.array([rates[fold] for fold in rows.fold]),
        yesterday=rng.integers(0, 2, len(rows.day)),
    )


@pytest.fixture(scope="module")
def days(scored):
    """Resamples of the out-of-fold days."""
    return DayBootstrap(scored.day, draws=200)


@pytest.fixture(scope="module")
def found(scored, days):
    """Every metric by its name."""
    return {metric.name: metric for metric in evaluate(scored, 0.44, days)}


def at(metric, name):
    return next(baseline.value for baseline in metric.baselines if baseline.name == name)


def test_values_agree_with_scikit_learn(scored, found):
    y, p = scored.y_true, scored.y_score
    call = p >= 0.44

    assert found["auc"].value == pytest.approx(sk.roc_auc_score(y, p))
    assert found["log_loss"].value == pytest.approx(sk.log_loss(y, p))
    assert found["brier"].value == pytest.approx(sk.brier_score_loss(y, p))
    assert found["balanced_accuracy"].value == pytest.approx(sk.balanced_accuracy_score(y, call))
    assert found["accuracy"].value == pytest.approx(sk.accuracy_score(y, call))
    assert found["call_share"].value == pytest.approx(call.mean())


def test_baselines_stand_on_the_same_rows(scored, found):
    y = scored.y_true
    rate = scored.base_rate

    assert at(found["log_loss"], "training base rate") == pytest.approx(sk.log_loss(y, rate))
    assert at(found["log_loss"], "a constant 0.5") == pytest.approx(np.log(2))
    assert at(found["brier"], "a constant 0.5") == pytest.approx(0.25)
    assert at(found["accuracy"], "always up") == pytest.approx(y.mean())
    assert at(found["accuracy"], "yesterday's sign") == pytest.approx(sk.accuracy_score(y, scored.yesterday))
    assert at(found["balanced_accuracy"], "always up") == pytest.approx(0.5)
    skill = 1 - sk.brier_score_loss(y, scored.y_score) / sk.brier_score_loss(y, rate)
    assert found["brier_skill"].value == pytest.approx(skill)


def test_every_metric_carries_rows_days_period_and_an_interval_around_it(scored, found):
    for metric in found.values():
        assert (metric.n, metric.days) == (len(scored.day), len(np.unique(scored.day)))
        assert (metric.first_day, metric.last_day) == (str(scored.day.min()), str(scored.day.max()))
        assert metric.interval.low < metric.value < metric.interval.high
        assert metric.baselines
        for baseline in metric.baselines:
            assert baseline.difference == pytest.approx(metric.value - baseline.value)
            assert baseline.interval.low < baseline.difference < baseline.interval.high


def test_the_paired_interval_is_that_of_the_difference_row_by_row(scored, found, days):
    y, p, rate = scored.y_true, scored.y_score, scored.base_rate
    loss = -np.where(y == 1, np.log(p), np.log(1 - p)) + np.where(y == 1, np.log(rate), np.log(1 - rate))
    position = np.unique(scored.day, return_inverse=True)[1]
    draws = [np.average(loss, weights=count[position]) for count in days.counts]

    paired = found["log_loss"].baselines[0].interval

    assert (paired.low, paired.high) == pytest.approx(tuple(np.quantile(draws, [0.025, 0.975])))


def test_calibration_line_agrees_with_an_unpenalised_regression(scored, found):
    z = np.log(scored.y_score / (1 - scored.y_score))
    line = LogisticRegression(C=np.inf, tol=1e-10, max_iter=1000).fit(z[:, None], scored.y_true)
    shift = found["calibration_intercept"].value

    assert found["calibration_slope"].value == pytest.approx(line.coef_[0, 0], abs=1e-4)
    # With the slope held at 1 the best intercept makes the mean probability the observed share.
    assert np.mean(1 / (1 + np.exp(-(z + shift)))) == pytest.approx(scored.y_true.mean())


def test_one_newton_step_is_enough_in_a_resample(scored, found, days):
    z = np.log(scored.y_score / (1 - scored.y_score))
    design = np.column_stack([np.ones(len(z)), z])
    position = np.unique(scored.day, return_inverse=True)[1]
    exact = []
    for count in days.counts[:40]:
        rows = np.repeat(np.arange(len(z)), count[position].astype(int))
        exact.append(logistic_fit(scored.y_true[rows].astype(float), design[rows])[1])
    spread = found["calibration_slope"].interval

    assert np.mean((np.array(exact) > spread.low) & (np.array(exact) < spread.high)) > 0.85
    assert np.std(exact) == pytest.approx((spread.high - spread.low) / (2 * 1.96), rel=0.35)


def test_calibration_bins_are_tenths_that_hold_every_row(scored, days):
    bins = calibration_table(scored.y_true, scored.y_score, days)

    assert len(bins) == 10
    assert sum(bin_.n for bin_ in bins) == len(scored.y_true)
    came, said = calibration_curve(scored.y_true, scored.y_score, n_bins=10, strategy="quantile")
    assert [bin_.mean_probability for bin_ in bins] == pytest.approx(said, abs=1e-3)
    assert [bin_.observed for bin_ in bins] == pytest.approx(came, abs=5e-3)


def test_auc_of_ties_and_of_one_class():
    assert auc(np.array([0, 1]), np.array([0.3, 0.3])) == 0.5
    assert np.isnan(auc(np.array([1, 1]), np.array([0.1, 0.2])))


def test_a_planted_signal_is_found():
    result = builders.result(signal=2.0)

    assert result.verdict.outcome == "better"
    assert result.verdict.headline == "Better than the base rate"
    assert next(metric for metric in result.metrics if metric.name == "auc").value > 0.7


@pytest.mark.parametrize("seed", range(5))
def test_no_signal_is_never_called_better(seed):
    assert builders.result(signal=0.0, seed=seed).verdict.outcome != "better"


def test_a_shuffled_target_is_never_called_better():
    from training.train import train

    table = builders.table(days=400, signal=2.0)
    known = ~np.isnan(table.y)
    table.y[known] = np.random.default_rng(0).permutation(table.y[known])

    assert train(table, builders.small_settings()).verdict.outcome != "better"


def test_the_shipped_model_is_not_distinguishable_and_says_up_nearly_always(shipped):
    verdict = shipped.manifest.verdict

    assert verdict.outcome == "not distinguishable"
    assert "No skill was found" in verdict.sentence
    assert shipped.manifest.metric("auc").value == pytest.approx(0.5, abs=0.02)
    rows = shipped.out_of_fold
    assert 0.95 < confusion_at(0.44, rows.y_true, rows.y_score).call_share < 0.99


def test_an_auc_too_good_to_be_true_fails_its_check():
    result = builders.result(signal=3.0)

    (check,) = [check for check in result.checks if check.name == "plausible_auc"]
    assert not check.passed
