"""What moves a probability, what flips a call, and which training row is nearest."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.bundle import Reference
from model.explain import contributions, log_odds_of, nearest_day, shapley
from model.flips import flips
from model.manifest import FeatureSpec, Histogram
from model.scoring import LinearScorer, PipelineScorer


def spec(low=-10.0, high=10.0, *, median=0.0, sd=1.0, name="x"):
    """A feature seen between *low* and *high*."""
    words = {"label": name, "group": "", "unit": "", "description": "", "decimals": 2, "display_factor": 1.0}
    return FeatureSpec(
        name=name,
        **words,
        hard_minimum=None,
        hard_maximum=None,
        min=low,
        p1=low,
        p5=low,
        median=median,
        p95=high,
        p99=high,
        max=high,
        mean=median,
        sd=sd,
        histogram=Histogram(edges=[low, high], counts=[1]),
    )


class Scores:
    """A scorer from a function of the columns, which counts how often it is asked."""

    def __init__(self, function, *, one_is_lower_by=0.0):
        self.function, self.one_is_lower_by, self.asked = function, one_is_lower_by, 0

    def one(self, row):
        return float(self.function(*np.array(row))) - self.one_is_lower_by

    def many(self, X):
        self.asked += 1
        return np.asarray(self.function(*X.T), dtype=np.float64)


def with_value(row, position, value):
    return [*row[:position], value, *row[position + 1 :]]


def test_a_call_of_two_opposite_features_flips_where_they_meet():
    scorer = LinearScorer(0.0, [1.0, -1.0])

    first, second = flips(scorer, [spec(), spec()], [1.0, 0.0], 0.5)

    # At 0.5 exactly the class is still called, so each has to go a little further.
    assert first.value == pytest.approx(0.0, abs=1e-15)
    assert scorer.one([first.value, 0.0]) < 0.5
    assert second.value == pytest.approx(1.0, abs=1e-15)
    assert scorer.one([1.0, second.value]) < 0.5


@pytest.mark.parametrize(
    ("present", "expected"),
    [
        (3.0, None),  # a call; only values below 1 flip it, none of them seen
        (9.0, None),  # the same, from outside the range
        (0.0, 2.0),  # no call; all values seen flip it, the nearest is the smallest
        (1.0, 2.0),  # a call by a hair would need the same
    ],
)
def test_only_values_seen_in_training_count_also_from_outside_them(present, expected):
    threshold = 1 / (1 + math.exp(-1.5))

    (flip,) = flips(LinearScorer(0.0, [1.0]), [spec(2.0, 4.0)], [present], threshold)

    assert flip.value == expected


def test_the_end_of_the_range_itself_can_be_the_flip():
    scorer = LinearScorer(0.0, [1.0])
    threshold = scorer.one([4.0])

    (flip,) = flips(scorer, [spec(2.0, 4.0)], [3.0], threshold)
    (beyond,) = flips(scorer, [spec(2.0, 4.0)], [3.0], math.nextafter(threshold, 1))

    # So near to 1 several numbers share one probability.
    assert flip.value == pytest.approx(4.0, abs=1e-13)
    assert scorer.one([flip.value]) >= threshold
    assert beyond.value is None


@pytest.mark.parametrize("scorer", [LinearScorer(0.3, [2.0, 0.0]), Scores(lambda x, y: 0.5 + 0.04 * x + 0 * y)])
@pytest.mark.parametrize(("row", "threshold"), [([1.0, 1.0], 0.0), ([-5.0, 1.0], 1.0)])
def test_a_threshold_that_no_probability_crosses_cannot_be_crossed(scorer, row, threshold):
    assert [flip.value for flip in flips(scorer, [spec(), spec()], row, threshold)] == [None, None]


def test_a_saturated_probability_has_its_flip_at_a_threshold_of_one():
    # 1 / (1 + exp(-x)) rounds to 1 from about x = 36.7 = 53 ln 2 on.
    (flip,) = flips(LinearScorer(0.0, [1.0]), [spec(0.0, 100.0)], [1.0], 1.0)

    assert flip.value == pytest.approx(53 * math.log(2), rel=0.01)
    assert LinearScorer(0.0, [1.0]).one([flip.value]) == 1.0
    assert LinearScorer(0.0, [1.0]).one([math.nextafter(flip.value, 0)]) < 1.0


finite = st.floats(-1e3, 1e3)


@given(
    intercept=finite,
    weights=st.lists(finite, min_size=3, max_size=3),
    row=st.lists(st.one_of(finite, st.floats(-20, 20)), min_size=3, max_size=3),
    threshold=st.floats(0.001, 0.999),
)
def test_what_is_said_to_flip_flips_and_nothing_nearer_does(intercept, weights, row, threshold):
    scorer = LinearScorer(intercept, weights)
    called = scorer.one(row) >= threshold
    size = abs(intercept) + sum(abs(w * x) for w, x in zip(weights, row, strict=True))

    for position, flip in enumerate(flips(scorer, [spec()] * 3, row, threshold)):

        def other_call(value, position=position):
            return (scorer.one(with_value(row, position, value)) >= threshold) != called

        if flip.value is None:
            assert not other_call(-10.0)
            assert not other_call(10.0)
            continue
        assert -10 <= flip.value <= 10
        assert other_call(flip.value)
        # Nearer by more than the sum itself is rounded by: no flip.
        slack = 1e-9 * abs(flip.value) + 1e-14 * (size / abs(weights[position]) + 1)
        nearer = flip.value + math.copysign(slack, row[position] - flip.value)
        if -10 <= nearer <= 10 and abs(nearer - row[position]) < abs(flip.value - row[position]):
            assert not other_call(nearer)


def test_every_flip_of_the_shipped_model_is_real_and_agrees_with_the_search(shipped):
    features, scorer = shipped.manifest.features, shipped.scorer

    for row in shipped.reference.X[::500].tolist():
        called = scorer.one(row) >= shipped.threshold
        exact = flips(scorer, features, row, shipped.threshold)
        searched = flips(PipelineScorer(shipped.pipeline), features, row, shipped.threshold)
        for position, (one, other) in enumerate(zip(exact, searched, strict=True)):
            assert (one.value is None) == (other.value is None)
            if one.value is not None:
                assert (scorer.one(with_value(row, position, one.value)) >= shipped.threshold) != called
                width = features[position].max - features[position].min
                assert other.value == pytest.approx(one.value, abs=3e-10 * width)


def test_of_a_flip_on_either_side_the_nearer_is_found_though_tried_values_say_otherwise():
    # Ends at 1.02 above and at -0.03 below, where the values tried lie 0.1 apart: -0.05 and 1.05 flip.
    scorer = Scores(lambda x: np.where((x > -0.03) & (x < 1.02), 0.9, 0.1))
    features = [spec(-9.95, 9.95)]

    from_the_middle, from_the_low_end = (flips(scorer, features, [x], 0.5)[0].value for x in (0.6, 0.01))

    assert from_the_middle == pytest.approx(1.02, abs=1e-8)
    assert from_the_low_end == pytest.approx(-0.03, abs=1e-8)


def test_a_stretch_of_flips_wider_than_the_tried_values_is_found_and_one_out_of_range_is_not():
    scorer = Scores(lambda x: np.where((np.abs(x - 3) < 0.06) | (x > 10), 0.9, 0.1))

    assert flips(scorer, [spec()], [0.0], 0.5)[0].value == pytest.approx(2.94, abs=1e-8)
    assert flips(scorer, [spec(4.0, 10.0)], [6.0], 0.5)[0].value is None


def test_from_outside_the_range_the_search_finds_its_end_or_the_nearest_flip_within():
    scorer = Scores(lambda x: np.where(x < 5, 0.1, 0.9))

    assert flips(scorer, [spec(-1.0, 4.0)], [7.0], 0.5)[0].value == 4.0
    assert flips(scorer, [spec(-1.0, 6.0)], [7.0], 0.5)[0].value == pytest.approx(5.0, abs=1e-8)


def test_a_search_asks_for_all_features_at_once():
    scorer = Scores(lambda *x: 0.5 + 0.01 * sum(x))

    found = flips(scorer, [spec()] * 5, [1.0, 0.0, 0.0, 0.0, 0.0], 0.5)

    assert [flip.value for flip in found] == pytest.approx([0.0, -1.0, -1.0, -1.0, -1.0], abs=1e-8)
    assert scorer.asked == 5


def test_a_flip_holds_for_a_row_on_its_own_where_a_matrix_gives_another_last_digit():
    scorer = Scores(lambda x: 0.5 + 0.01 * x, one_is_lower_by=1e-9)

    (flip,) = flips(scorer, [spec()], [-3.0], 0.5)

    assert scorer.one([flip.value]) >= 0.5
    assert flip.value == pytest.approx(0.0, abs=1e-2)


def test_what_yields_no_probability_flips_nothing():
    scorer = Scores(lambda x: np.where(x > 1, np.nan, 0.9))

    assert flips(scorer, [spec()], [0.0], 0.5)[0].value is None


def test_the_flips_of_a_tree_model_are_real_and_none_is_nearer_on_a_fine_grid():
    from sklearn.ensemble import HistGradientBoostingClassifier

    rng = np.random.default_rng(1)
    X = rng.normal(size=(600, 3))
    y = (X[:, 0] * X[:, 1] + 0.5 * X[:, 2] > 0).astype(int)
    scorer = PipelineScorer(HistGradientBoostingClassifier(max_iter=10).fit(X, y))
    features = [spec(low, high) for low, high in zip(X.min(axis=0), X.max(axis=0), strict=True)]
    row = X[7].tolist()
    called = scorer.one(row) >= 0.5

    for position, flip in enumerate(flips(scorer, features, row, 0.5)):
        fine = np.tile(row, (20001, 1))
        fine[:, position] = np.linspace(features[position].min, features[position].max, 20001)
        others = fine[(scorer.many(fine) >= 0.5) != called, position]
        if flip.value is None:
            assert len(others) == 0
            continue
        assert (scorer.one(with_value(row, position, flip.value)) >= 0.5) != called
        width = features[position].max - features[position].min
        distance = abs(flip.value - row[position])
        assert distance <= np.abs(others - row[position]).min() + 1e-9 * width
        assert distance == pytest.approx(np.abs(others - row[position]).min(), abs=width / 20000)


def test_two_features_that_only_count_together_share_what_they_add():
    scorer = Scores(lambda x, y, z: 0.1 + 0.8 * x * y + 0 * z)

    found = shapley(scorer, [spec()] * 3, [1.0, 1.0, 5.0])

    assert [part.points for part in found] == pytest.approx([0.4, 0.4, 0.0])
    half = (log_odds_of(0.9) - log_odds_of(0.1)) / 2
    assert [part.log_odds for part in found] == pytest.approx([half, half, 0.0])


def test_shapley_values_are_the_mean_over_all_orders_of_the_features():
    def probability(a, b, c, d):
        return 1 / (1 + np.exp(-(a * b - c**2 + 0.3 * d + np.maximum(a, d))))

    row, medians = [0.5, -1.2, 0.7, 2.0], [0.1, 0.2, 0.3, 0.4]
    orders = list(itertools.permutations(range(4)))
    means = np.zeros(4)
    for order in orders:
        values = list(medians)
        for position in order:
            before = probability(*values)
            values[position] = row[position]
            means[position] += (probability(*values) - before) / len(orders)

    found = shapley(Scores(probability), [spec(median=m) for m in medians], row)

    assert [part.points for part in found] == pytest.approx(means, abs=1e-15)


@pytest.mark.parametrize("n", [1, 8, 10, 13])
def test_shapley_values_add_up_and_are_the_contributions_where_the_model_is_linear(n):
    rng = np.random.default_rng(n)
    features = [spec(median=float(m)) for m in rng.normal(size=n)]
    scorer = LinearScorer(0.2, rng.normal(size=n).tolist())
    row = rng.normal(size=n).tolist()
    medians = [feature.median for feature in features]

    found = shapley(scorer, features, row)

    assert sum(part.points for part in found) == pytest.approx(scorer.one(row) - scorer.one(medians), abs=1e-14)
    expected = [part.log_odds for part in contributions(scorer, features, row)]
    assert [part.log_odds for part in found] == pytest.approx(expected, abs=1e-12)


def test_many_features_get_the_same_values_each_time_and_near_the_exact_ones():
    # A product of the first two of 14: exactly, each has half of it.
    scorer = Scores(lambda *x: 0.1 + 0.8 * x[0] * x[1])

    found = [shapley(scorer, [spec()] * 14, [1.0] * 14) for _ in range(2)]

    assert found[0] == found[1]
    assert [part.points for part in found[0]] == pytest.approx([0.4, 0.4] + [0.0] * 12, abs=1e-12)


def test_the_median_row_has_nothing_to_explain():
    found = shapley(Scores(lambda x, y: 0.3 + 0 * x * y), [spec()] * 2, [0.0, 0.0])

    assert [(part.log_odds, part.points) for part in found] == [(0.0, 0.0)] * 2


def test_a_probability_of_one_has_points_but_no_log_odds():
    found = shapley(Scores(lambda x, y: np.where(x > 0, 1.0, 0.5) + 0 * y), [spec()] * 2, [1.0, 1.0])

    assert [(part.log_odds, part.points) for part in found] == [(None, 0.5), (None, 0.0)]


def reference(X, days, *, y=None, later=None):
    n = len(X)
    return Reference(
        day=np.array(days, dtype="datetime64[D]"),
        ticker=np.array([f"T{i}" for i in range(n)]),
        X=np.array(X, dtype=np.float64),
        y=np.full(n, np.nan) if y is None else np.array(y, dtype=np.float64),
        next_day_return=np.full(n, np.nan) if later is None else np.array(later, dtype=np.float64),
    )


def test_the_nearest_day_is_nearest_in_standard_deviations():
    rows = reference([[3.0, 0.0], [0.0, 50.0]], ["2020-01-02", "2020-01-03"], y=[0, 1], later=[-0.01, 0.02])

    # 3 sd away in one of two features, and 0.5 sd in the other row.
    found = nearest_day(rows, [spec(name="a", sd=1.0), spec(name="b", sd=100.0)], [0.0, 0.0])

    assert (found.day, found.ticker, found.values) == ("2020-01-03", "T1", {"a": 0.0, "b": 50.0})
    assert found.distance == pytest.approx(0.5 / math.sqrt(2))
    assert (found.y, found.next_day_return) == (1, 0.02)


def test_of_equally_near_days_the_latest_counts_and_its_tomorrow_may_be_unknown():
    rows = reference([[1.0], [-1.0], [1.0]], ["2020-01-02", "2020-01-06", "2020-01-03"])

    found = nearest_day(rows, [spec()], [0.0])

    assert (found.day, found.y, found.next_day_return) == ("2020-01-06", None, None)


def test_a_feature_that_never_varied_counts_for_nothing():
    rows = reference([[5.0, 1.0], [5.0, 2.0]], ["2020-01-02", "2020-01-03"])

    found = nearest_day(rows, [spec(sd=0.0), spec()], [99.0, 1.0])

    assert (found.day, found.distance) == ("2020-01-02", 0.0)


@pytest.mark.parametrize("row", [[1e308, 0.0], [-1.7e308, 1.7e308]])
def test_a_row_beyond_any_distance_and_an_empty_reference_have_no_nearest_day(row):
    features = [spec(sd=0.001), spec(sd=1.0)]

    assert nearest_day(reference([[5.0, 1.0]], ["2020-01-02"]), features, row) is None
    assert nearest_day(reference(np.empty((0, 2)), []), features, [0.0, 0.0]) is None


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 11_000))
def test_a_training_row_is_its_own_nearest_day(shipped, index):
    rows = shipped.reference

    found = nearest_day(rows, shipped.manifest.features, rows.X[index].tolist())

    assert (found.day, found.ticker, found.distance) == (str(rows.day[index]), str(rows.ticker[index]), 0.0)
