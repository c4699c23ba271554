"""Thresholds, groups and rates of rows that have no time: resampled and halved by group, or each on its own."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from model.bootstrap import DayBootstrap
from model.bundle import OutOfFold, Reference
from model.errors import InvalidInputError
from model.manifest import Layout
from model.scoring import LinearScorer
from model.uncertainty import weight_uncertainty
from training.observed_rates import observed_rates
from training.stakes import error_stakes
from training.threshold_bands import threshold_bands
from training.threshold_budget import threshold_for_share
from training.threshold_choice import chosen_on_first_half
from training.threshold_scores import by_group

ALONE = Layout(time=None, group=None, returns=False, folds="stratified")
GROUPED = Layout(time=None, group="customer", returns=False, folds="grouped")


def scored(n: int, *, groups: int = 0, seed: int = 0) -> OutOfFold:
    """Return *n* rows whose probability says something, in so many groups."""
    rng = np.random.default_rng(seed)
    p = rng.uniform(0.05, 0.95, n)
    return OutOfFold(
        day=np.full(n, np.datetime64("NaT", "D")),
        ticker=np.array([f"C{i % groups:03}" if groups else "" for i in range(n)]),
        y_true=(rng.random(n) < p).astype(np.int64),
        y_score=p,
        fold=np.ones(n, dtype=np.int64),
        next_day_return=np.full(n, np.nan),
    )


def test_the_interval_of_independent_rows_is_that_of_a_mean():
    rows = scored(2000)
    days = DayBootstrap.of_rows(rows, ALONE, draws=2000)
    bands = threshold_bands(rows, error_stakes(rows.y_true, 1, 1), days)

    called = rows.y_score >= 0.5
    share = rows.y_true[called].mean()
    half = 1.96 * np.sqrt(share * (1 - share) / called.sum())
    level = bands.level_at(0.5)
    assert bands.precision.estimate[level] == pytest.approx(share)
    assert bands.precision.low[level] == pytest.approx(share - half, abs=0.15 * half)
    assert bands.precision.high[level] == pytest.approx(share + half, abs=0.15 * half)
    assert np.isnan(bands.calls_a_month).all()


def test_the_threshold_for_a_share_of_rows_is_the_lowest_that_keeps_it():
    rows = scored(500)
    bands = threshold_bands(rows, error_stakes(rows.y_true, 1, 1), DayBootstrap.of_rows(rows, ALONE, draws=2))
    found = threshold_for_share(bands, 0.2)

    assert found is not None
    assert (rows.y_score >= found).sum() <= 100 < (rows.y_score >= found - 0.001).sum()
    assert threshold_for_share(bands, 1.0) == 0.0
    with pytest.raises(InvalidInputError):
        threshold_for_share(bands, -0.1)


@pytest.mark.parametrize(("layout", "groups", "blocks"), [(ALONE, 0, 200), (GROUPED, 50, 25)])
def test_halves_of_rows_without_a_time_share_no_row_and_no_group(layout: Layout, groups: int, blocks: int):
    rows = scored(400, groups=groups)
    half = chosen_on_first_half(rows, error_stakes(rows.y_true, 1, 1), 0.5, draws=50, layout=layout)

    assert half.first.rows + half.second.rows == 400
    assert (half.first.days, half.second.days) == (blocks, blocks)
    assert half.first.first_day == half.second.last_day == ""
    again = chosen_on_first_half(rows, error_stakes(rows.y_true, 1, 1), 0.5, draws=50, layout=layout)
    assert again == half


def test_too_few_rows_to_halve_are_refused_as_what_they_are():
    rows = scored(300, groups=30)
    with pytest.raises(InvalidInputError) as raised:
        chosen_on_first_half(rows, error_stakes(rows.y_true, 1, 1), 0.5, draws=50, layout=GROUPED)

    (fault,) = raised.value.faults
    assert (fault.where, fault.found) == ("groups", "30")
    assert "day" not in str(raised.value)


def test_a_group_of_rows_needs_rows_enough_and_no_days():
    rows = scored(300)
    here = {"many": np.arange(300) < 200, "few": np.arange(300) >= 285}
    days = DayBootstrap.of_rows(rows, ALONE, draws=50)
    many, few = by_group(0.5, here, rows, error_stakes(rows.y_true, 1, 1), days, fewest_days=20)

    assert many.score is not None
    assert many.days == 200
    assert few.score is None


def test_observed_rates_resample_groups_whole():
    rng = np.random.default_rng(1)
    # Two rows of a group always agree: taken as independent they would look like twice as many.
    y = np.repeat((rng.random(300) < 0.4).astype(np.float64), 2)
    ticker = np.repeat([f"C{i:03}" for i in range(300)], 2)
    nothing = np.full(600, np.nan)
    rows = Reference(np.full(600, np.datetime64("NaT", "D")), ticker, rng.normal(size=(600, 1)), y, nothing)

    def width(layout: Layout) -> float:
        found = observed_rates(rows, draws=1000, seed=0, layout=layout).overall.interval
        assert found is not None
        return found.high - found.low

    assert width(GROUPED) / width(ALONE) == pytest.approx(np.sqrt(2), rel=0.1)


def test_weights_of_independent_rows_are_as_uncertain_as_the_information_says():
    rng = np.random.default_rng(2)
    X = rng.normal(size=(4000, 2))
    y = (rng.random(4000) < 1 / (1 + np.exp(-X[:, 0]))).astype(np.float64)
    fitted = LogisticRegression(C=np.inf, tol=1e-10).fit(X, y)
    scorer = LinearScorer(float(fitted.intercept_[0]), fitted.coef_[0].tolist())
    found = weight_uncertainty(scorer, np.arange(4000), X, y, ALONE)

    assert found is not None
    p = fitted.predict_proba(X)[:, 1]
    design = np.column_stack([np.ones(4000), X])
    covariance = np.linalg.inv((design * (p * (1 - p))[:, None]).T @ design)
    x = np.array([1.0, 0.5, -0.5])
    half = 1.96 * np.sqrt(x @ covariance @ x)
    low, high = (np.log(end / (1 - end)) for end in found.interval([0.5, -0.5]))
    assert (high - low) / 2 == pytest.approx(half, rel=0.05)
    assert "rows taken as independent (sandwich estimator" in found.how
    assert "day" not in found.how


def test_rows_in_the_place_of_days_leave_the_numbers_of_days_as_they_were():
    rows = scored(100)
    dated = replace(rows, day=np.datetime64("2001-01-01", "D") + np.arange(100))
    stakes = error_stakes(rows.y_true, 1, 1)
    of_days = threshold_bands(dated, stakes, DayBootstrap(dated.day, draws=20, block_days=1))
    of_rows = threshold_bands(rows, stakes, DayBootstrap.of_rows(rows, ALONE, draws=20))

    assert np.array_equal(of_days.precision.low, of_rows.precision.low, equal_nan=True)
