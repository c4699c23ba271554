"""Intervals for a probability: held to another implementation, to simulation, and at the edges."""

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from model.bundle import Bundle
from model.evaluation import logistic_fit
from model.manifest import CalibrationBin, Interval
from model.scoring import LinearScorer, PipelineScorer
from model.uncertainty import CalibrationUncertainty, ProbabilityIntervals, weight_uncertainty


def rows(n_days: int = 150, tickers: int = 2, k: int = 3, *, seed: int = 0):
    """Days, features in very different units, and outcomes; the rows of a day resemble each other."""
    rng = np.random.default_rng(seed)
    day = np.repeat(np.arange(n_days).astype("datetime64[D]"), tickers)
    shared = np.repeat(rng.normal(size=(n_days, k)), tickers, axis=0)
    Z = shared + 0.5 * rng.normal(size=(n_days * tickers, k))
    X = Z * np.array([0.01, 1.0, 30.0][:k]) + np.array([0.0, 1.0, 50.0][:k])
    y = (rng.random(len(X)) < sigmoid(0.2 + 0.5 * Z[:, 0] - 0.3 * Z[:, 1])).astype(np.float64)
    return day, X, y


def sigmoid(z: NDArray[np.float64]) -> NDArray[np.float64]:
    return 1 / (1 + np.exp(-z))


def fitted(X, y):
    center, scale = X.mean(axis=0), X.std(axis=0)
    beta = logistic_fit(y, np.column_stack([np.ones(len(X)), (X - center) / scale]))
    weights = beta[1:] / scale
    return LinearScorer(float(beta[0] - weights @ center), weights.tolist())


def test_the_interval_is_that_of_statsmodels_with_clustered_errors():
    import statsmodels.api as sm

    day, X, y = rows()
    design = sm.add_constant(X)
    fit = sm.Logit(y, design).fit(disp=False, tol=1e-12, cov_type="cluster", cov_kwds={"groups": day.astype(np.int64)})
    scorer = LinearScorer(fit.params[0], fit.params[1:].tolist())

    low, high = weight_uncertainty(scorer, day, X, y).intervals(X)

    spread = np.sqrt(np.einsum("ij,jk,ik->i", design, fit.cov_params(), design))
    assert low == pytest.approx(sigmoid(design @ fit.params - 1.96 * spread), abs=1e-9)
    assert high == pytest.approx(sigmoid(design @ fit.params + 1.96 * spread), abs=1e-9)


def test_the_interval_holds_the_true_probability_in_95_of_100_samples():
    truth, row = LinearScorer(0.2, [0.5, -0.3]), [1.0, -0.5]
    rng = np.random.default_rng(3)
    held = []
    for _ in range(600):
        X = rng.normal(size=(300, 2))
        y = (rng.random(300) < truth.many(X)).astype(np.float64)
        # Each row twice on its day: twice the rows, no more information.
        day, X, y = np.repeat(np.arange(300).astype("datetime64[D]"), 2), np.repeat(X, 2, axis=0), np.repeat(y, 2)
        low, high = weight_uncertainty(fitted(X, y), day, X, y).interval(row)
        held.append(low <= truth.one(row) <= high)

    # The standard error of this share is 0.9 points.
    assert np.mean(held) == pytest.approx(0.95, abs=0.025)


def test_repeating_the_rows_of_each_day_makes_nothing_more_certain():
    day, X, y = rows(n_days=400, tickers=1)
    scorer = fitted(X, y)

    low, high = weight_uncertainty(scorer, day, X, y).intervals(X)
    low5, high5 = weight_uncertainty(scorer, *(np.repeat(part, 5, axis=0) for part in (day, X, y))).intervals(X)

    # All that differs is (n - 1) / (n - 4), 1.0075 in variance at n = 400.
    assert high5 - low5 == pytest.approx(high - low, rel=0.005)


def test_rows_without_a_known_outcome_do_not_count():
    day, X, y = rows()
    scorer = fitted(X, y)
    unknown = np.append(y, [np.nan, np.nan])
    more = np.append(day, day[-1:] + np.arange(1, 3)), np.vstack([X, X[:2] * 9]), unknown

    assert weight_uncertainty(scorer, *more).interval(X[0]) == weight_uncertainty(scorer, day, X, y).interval(X[0])


@pytest.mark.parametrize(
    "extra",
    [
        pytest.param(lambda X: np.full(len(X), 0.1), id="constant"),
        pytest.param(lambda X: 3 * X[:, 0] - X[:, 1] + 2, id="collinear"),
    ],
)
def test_a_feature_that_adds_nothing_changes_no_interval_and_is_named(extra):
    day, X, y = rows()
    scorer = fitted(X, y)
    wider = LinearScorer(scorer.intercept, [*scorer.weights, 0.0])
    more = np.column_stack([X, extra(X)])

    found = weight_uncertainty(wider, day, more, y)

    expected = weight_uncertainty(scorer, day, X, y)
    assert np.column_stack(found.intervals(more)) == pytest.approx(np.column_stack(expected.intervals(X)), abs=1e-9)
    assert "nor 1 combination(s) of features" in found.how
    assert "combination" not in expected.how


@pytest.mark.parametrize("units", [1e-8, 1e8])
def test_the_units_of_a_feature_do_not_matter(units):
    day, X, y = rows()
    scorer = fitted(X, y)
    other = LinearScorer(scorer.intercept, [scorer.weights[0] / units, *scorer.weights[1:]])
    scaled = X * np.array([units, 1.0, 1.0])

    low, high = weight_uncertainty(other, day, scaled, y).intervals(scaled)

    expected = weight_uncertainty(scorer, day, X, y).intervals(X)
    assert np.column_stack([low, high]) == pytest.approx(np.column_stack(expected), abs=1e-12)


def test_rows_that_cannot_tell_give_no_interval():
    day, X, y = rows()
    scorer = fitted(X, y)

    assert weight_uncertainty(scorer, day, X, np.ones_like(y)) is None
    assert weight_uncertainty(scorer, day, X, np.full_like(y, np.nan)) is None
    assert weight_uncertainty(scorer, day[:8], X[:8], y[:8]) is None
    assert weight_uncertainty(LinearScorer(1e6, [0.0] * 3), day, X, y) is None


@pytest.mark.parametrize("size", [1e3, 1e100, 1e200, 1e306, 1.7e308])
def test_far_outside_the_training_rows_next_to_nothing_is_known(size):
    day, X, y = rows()

    low, high = weight_uncertainty(fitted(X, y), day, X, y).interval([size, -size, size])

    assert 0 <= low <= high <= 1
    assert math.isfinite(low + high)


def test_the_interval_of_every_shipped_row_holds_its_probability_and_one_row_is_as_many(shipped):
    found = ProbabilityIntervals.of(shipped).source
    X = shipped.reference.X

    low, high = found.intervals(X)

    p = shipped.scorer.many(X)
    assert ((low < p) & (p < high)).all()
    assert found.interval(X[17].tolist()) == pytest.approx((low[17], high[17]), abs=1e-15)
    days = len(np.unique(shipped.reference.day[~np.isnan(shipped.reference.y)]))
    assert f"{shipped.manifest.trained_on.rows:,} training rows" in found.how
    assert f"{days:,} days" in found.how


BINS = tuple(
    CalibrationBin(
        low=low, high=high, n=1200, mean_probability=low, observed=0.5, interval=Interval(low=low / 2, high=high / 2)
    )
    for low, high in ((0.2, 0.4), (0.4, 0.6))
)


@pytest.mark.parametrize(
    ("probability", "ends"),
    [(0.2, (0.1, 0.2)), (0.3, (0.1, 0.2)), (0.4, (0.2, 0.3)), (0.6, (0.2, 0.3)), (0.19, None), (0.61, None)],
)
def test_a_model_without_weights_answers_with_what_came_true_in_the_bin_of_the_probability(probability, ends):
    found = CalibrationUncertainty(BINS).interval_at(probability)

    assert (found and (found.low, found.high)) == ends
    assert found is None or "1,200 out-of-fold rows" in found.how


def test_a_bundle_is_read_by_what_its_scorer_is(made_up):
    other = Bundle(made_up.directory, made_up.manifest)
    other.scorer = PipelineScorer(made_up.pipeline)
    row = made_up.median_row
    p = made_up.scorer.one(row)

    by_weights = ProbabilityIntervals.of(made_up).interval(row, p)
    by_bins = ProbabilityIntervals.of(other).interval(row, p)

    assert "covariance of the weights" in by_weights.how
    assert by_weights.low < p < by_weights.high
    assert "came true" in by_bins.how
    assert ProbabilityIntervals(None).interval(row, p) is None
