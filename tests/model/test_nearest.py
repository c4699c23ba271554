"""The smallest joint change that flips a call, held to a general optimiser, and the rows most like a scenario."""

import math

import numpy as np
import pytest
from scipy.optimize import minimize

from model.bundle import Bundle, Reference
from model.manifest import FeatureSpec, Histogram
from model.nearest import joint_flip, nearest_with_other_call, similar_rows, squared_distances
from model.scoring import LinearScorer


def spec(low: float = -100.0, high: float = 100.0, *, sd: float = 1.0) -> FeatureSpec:
    """A feature seen between *low* and *high*."""
    words = {"name": "x", "label": "x", "group": "", "unit": "", "description": "", "decimals": 2}
    ends = {"min": low, "p1": low, "p5": low, "p95": high, "p99": high, "max": high}
    return FeatureSpec(
        **words,
        **ends,
        display_factor=1.0,
        hard_minimum=None,
        hard_maximum=None,
        median=0.0,
        mean=0.0,
        sd=sd,
        histogram=Histogram(edges=[low, high], counts=[1]),
    )


def test_the_shortest_way_is_straight_towards_the_boundary():
    found = joint_flip(LinearScorer(-25.0, [3.0, 4.0]), [spec(), spec()], [0.0, 0.0], 0.5)

    assert found is not None
    assert found.row == pytest.approx([3.0, 4.0])
    assert found.distance == pytest.approx(5.0)


def test_a_feature_that_reaches_its_end_stays_there_and_the_others_go_on():
    found = joint_flip(LinearScorer(-25.0, [3.0, 4.0]), [spec(), spec(high=1.0)], [0.0, 0.0], 0.5)

    assert found is not None
    assert found.row == pytest.approx([7.0, 1.0])
    assert found.row[1] == 1.0


def test_distance_is_in_standard_deviations():
    # In standard deviations the slopes are 3 and 8: the way is 25 / sqrt(73) long.
    found = joint_flip(LinearScorer(-25.0, [3.0, 4.0]), [spec(), spec(sd=2.0)], [0.0, 0.0], 0.5)

    assert found is not None
    assert found.distance == pytest.approx(25 / math.sqrt(73))
    assert found.row == pytest.approx([75 / 73, 2 * 200 / 73])


def test_a_value_outside_its_range_only_moves_back_towards_it():
    scorer = LinearScorer(-25.0, [3.0, 4.0])

    away = joint_flip(scorer, [spec(), spec(high=1.0)], [0.0, 2.0], 0.5)
    back = joint_flip(scorer, [spec(), spec(low=4.0)], [0.0, 3.0], 0.5)

    assert away is not None
    assert away.row[1] == 2.0
    assert back is not None
    assert back.row[1] > 3.0


def test_a_feature_that_never_varied_or_has_no_weight_stays():
    found = joint_flip(LinearScorer(-6.0, [3.0, 4.0, 0.0]), [spec(), spec(sd=0.0), spec()], [0.0, 0.0, 0.0], 0.5)

    assert found is not None
    assert found.row == pytest.approx([2.0, 0.0, 0.0])
    assert found.row[1:] == [0.0, 0.0]


@pytest.mark.parametrize(
    ("intercept", "high", "threshold"), [(-25.0, 1.0, 0.5), (-25.0, 100.0, 1.0), (3.0, 100.0, 0.0)]
)
def test_where_nothing_within_the_ranges_flips_the_call_there_is_none(intercept, high, threshold):
    assert joint_flip(LinearScorer(intercept, [3.0, 4.0]), [spec(high=high)] * 2, [0.0, 0.0], threshold) is None


def test_a_row_that_is_called_by_a_hair_is_flipped_by_a_hair():
    scorer = LinearScorer(0.0, [1.0, 1.0])

    found = joint_flip(scorer, [spec(), spec()], [0.25, -0.25], 0.5)

    assert found is not None
    assert scorer.one(found.row) < 0.5
    assert found.distance < 1e-12


# Of these, in one nothing flips the call, and in the others up to three features end at their bounds.
@pytest.mark.parametrize("seed", range(12))
def test_no_other_row_within_the_ranges_is_nearer_and_flips(seed: int):
    rng = np.random.default_rng(seed)
    n = 5
    weights, sd = rng.normal(size=n), rng.uniform(0.3, 3.0, n)
    row = rng.normal(size=n)
    ends = np.sort(rng.normal(scale=1.5, size=(n, 2)), axis=1)
    features = [spec(low, high, sd=s) for (low, high), s in zip(ends.tolist(), sd.tolist(), strict=True)]
    scorer = LinearScorer(float(rng.normal()), weights.tolist())
    called = scorer.one(row.tolist()) >= 0.5

    found = joint_flip(scorer, features, row.tolist(), 0.5)

    towards = -1.0 if called else 1.0
    solved = minimize(
        lambda x: float(np.sum(((x - row) / sd) ** 2)),
        row,
        jac=lambda x: 2 * (x - row) / sd**2,
        method="SLSQP",
        bounds=np.column_stack([np.minimum(ends[:, 0], row), np.maximum(ends[:, 1], row)]),
        constraints={"type": "ineq", "fun": lambda x: towards * (scorer.intercept + weights @ x)},
        options={"ftol": 1e-14, "maxiter": 500},
    )
    if found is None:
        assert not solved.success or towards * (scorer.intercept + weights @ solved.x) < -1e-9
        return
    assert (scorer.one(found.row) >= 0.5) != called
    assert found.distance == pytest.approx(math.sqrt(solved.fun), abs=1e-5)
    assert found.row == pytest.approx(solved.x.tolist(), abs=1e-4)


def test_the_shipped_models_median_row_flips_nearer_together_than_by_any_feature_alone(shipped: Bundle):
    features, row = shipped.manifest.features, shipped.median_row
    assert isinstance(shipped.scorer, LinearScorer)

    found = joint_flip(shipped.scorer, features, row, shipped.threshold)

    assert found is not None
    assert shipped.pipeline.predict_proba(np.array([found.row]))[0, 1] == pytest.approx(shipped.threshold, abs=1e-9)
    gap = math.log(shipped.threshold / (1 - shipped.threshold)) - shipped.scorer.log_odds(row)
    alone = [abs(gap / (w * f.sd)) for w, f in zip(shipped.scorer.weights, features, strict=True)]
    assert found.distance == pytest.approx(1 / math.sqrt(sum(1 / a**2 for a in alone)))
    assert found.distance < min(alone)


def reference(X: np.ndarray, y: np.ndarray) -> Reference:
    n = len(X)
    day = np.arange(n).astype("datetime64[D]")
    return Reference(day=day, ticker=np.full(n, "A"), X=X, y=y, next_day_return=np.full(n, np.nan))


def test_similar_rows_are_the_nearest_of_known_outcome():
    X = np.array([[0.0], [1.0], [2.0], [3.0], [0.1]])
    y = np.array([1.0, 0.0, 1.0, 1.0, np.nan])

    found = similar_rows(reference(X, y), [spec()], [0.2], 2)

    assert found is not None
    assert (found.n, found.positives, found.share) == (2, 1, 0.5)
    assert similar_rows(reference(X, y), [spec()], [0.2], 5) is None


def test_the_nearest_row_with_the_other_call_is_found_by_looking_at_them_all():
    rng = np.random.default_rng(3)
    X = rng.normal(size=(200, 2))
    scorer, features, row = LinearScorer(-1.0, [1.0, 0.5]), [spec(sd=2.0), spec()], [0.3, 0.1]

    position = nearest_with_other_call(scorer, X, scorer.many(X), features, row, 0.5)

    others = [i for i in range(200) if (scorer.one(X[i].tolist()) >= 0.5) != (scorer.one(row) >= 0.5)]
    by_hand = min(others, key=lambda i: ((X[i, 0] - row[0]) / 2) ** 2 + (X[i, 1] - row[1]) ** 2)
    assert position == by_hand
    assert nearest_with_other_call(scorer, X, scorer.many(X), features, row, 0.0) is None


def test_a_feature_that_never_varied_counts_for_nothing_in_a_distance():
    assert squared_distances(np.array([[3.0, 7.0]]), [spec(sd=2.0), spec(sd=0.0)], [1.0, 0.0]).tolist() == [1.0]
