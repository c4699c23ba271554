"""The explanation of a prediction: complete, adding up, and writable as JSON whatever the row."""

import json
import math

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.explanations import explain
from model.bundle import Bundle
from model.scoring import PipelineScorer
from model.uncertainty import ProbabilityIntervals


def explained(bundle, row):
    """The explanation after a way through strict JSON, as a client sees it."""
    found = explain(bundle, row, bundle.scorer.one(row), ProbabilityIntervals.of(bundle))
    return json.loads(json.dumps(found, allow_nan=False))


def with_scorer(bundle, scorer, threshold=None):
    manifest = bundle.manifest
    if threshold is not None:
        manifest = msgspec.structs.replace(
            manifest, threshold=msgspec.structs.replace(manifest.threshold, value=threshold)
        )
    other = Bundle(bundle.directory, manifest)
    other.scorer = scorer
    return other


class Step:
    """Sure of everything: 1 where the first feature is above 0, else 0."""

    def one(self, row):
        return float(row[0] > 0)

    def many(self, X):
        return (X[:, 0] > 0).astype(np.float64)


@pytest.fixture(scope="module")
def trees(made_up):
    """The made-up bundle with gradient-boosted trees in place of its linear model."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    rows = made_up.reference
    known = ~np.isnan(rows.y)
    model = HistGradientBoostingClassifier(max_iter=10, random_state=0).fit(rows.X[known], rows.y[known])
    return with_scorer(made_up, PipelineScorer(model), threshold=0.5)


@pytest.fixture(scope="module")
def intervals(shipped):
    """Those of the shipped bundle, prepared once as a server does."""
    return ProbabilityIntervals.of(shipped)


def test_the_margin_is_the_way_to_the_threshold(shipped):
    row = shipped.reference.X[100].tolist()
    p = shipped.scorer.one(row)

    margin = explained(shipped, row)["margin"]

    assert margin["points"] == pytest.approx(p - 0.44, abs=1e-15)
    assert margin["log_odds"] == pytest.approx(math.log(p / (1 - p)) - math.log(0.44 / 0.56), abs=1e-12)


@pytest.mark.parametrize("kind", ["shipped", "made_up", "trees"])
def test_contributions_lead_from_the_median_row_to_the_row(kind, request):
    bundle = request.getfixturevalue(kind)
    row = bundle.reference.X[123].tolist()
    p, at_median = bundle.scorer.one(row), bundle.scorer.one(bundle.median_row)

    found = explained(bundle, row)

    parts = found["contributions"]
    assert [part["feature"] for part in parts] == list(bundle.manifest.feature_names)
    assert found["baseline"]["probability"] == pytest.approx(at_median, abs=1e-15)
    assert at_median + sum(part["points"] for part in parts) == pytest.approx(p, abs=1e-12)
    log_odds = found["baseline"]["log_odds"] + sum(part["log_odds"] for part in parts)
    assert log_odds == pytest.approx(math.log(p / (1 - p)), abs=1e-12)


@pytest.mark.parametrize("kind", ["shipped", "trees"])
def test_a_value_said_to_flip_the_call_does_so_when_sent_back(kind, request):
    bundle = request.getfixturevalue(kind)
    row = bundle.reference.X[123].tolist()
    called = bundle.scorer.one(row) >= bundle.threshold

    found = explained(bundle, row)["flips"]

    flipping = [(i, flip["value"]) for i, flip in enumerate(found) if flip["value"] is not None]
    assert flipping
    for position, value in flipping:
        other = [*row[:position], value, *row[position + 1 :]]
        assert (bundle.scorer.one(other) >= bundle.threshold) != called
    for feature, flip in zip(bundle.manifest.features, found, strict=True):
        assert (flip["feature"], flip["observed_minimum"], flip["observed_maximum"]) == (
            feature.name,
            feature.min,
            feature.max,
        )


def test_a_training_row_is_found_again_with_what_came_of_it(shipped):
    rows = shipped.reference
    known = int(np.flatnonzero(rows.y == 1)[50])

    found = explained(shipped, rows.X[known].tolist())["nearest_day"]

    assert found == {
        "day": str(rows.day[known]),
        "ticker": str(rows.ticker[known]),
        "distance": 0.0,
        "features": dict(zip(shipped.manifest.feature_names, rows.X[known].tolist(), strict=True)),
        "target": 1,
        "next_day_return": rows.next_day_return[known],
    }


def test_the_interval_says_its_level_and_where_it_comes_from(shipped, trees):
    for bundle in (shipped, trees):
        found = explained(bundle, bundle.median_row)["interval"]

        assert set(found) == {"low", "high", "level", "how"}
        assert 0 < found["low"] < found["high"] < 1
        assert found["level"] == 0.95
        assert "does not include" in found["how"]


def test_without_an_interval_the_reply_says_null(shipped):
    row = shipped.median_row

    assert explain(shipped, row, shipped.scorer.one(row), ProbabilityIntervals(None))["interval"] is None


@pytest.mark.parametrize("first", [1.0, -1.0, 0.0])
@pytest.mark.parametrize("threshold", [0.0, 0.5, 1.0])
def test_a_model_that_is_sure_has_points_and_no_log_odds(made_up, first, threshold):
    bundle = with_scorer(made_up, Step(), threshold)
    row = [first, *made_up.median_row[1:]]

    found = explained(bundle, row)

    assert found["margin"] == {"points": (first > 0) - threshold, "log_odds": None}
    assert found["baseline"]["log_odds"] is None
    assert {part["log_odds"] for part in found["contributions"]} == {None}
    assert sum(part["points"] for part in found["contributions"]) == (first > 0) - found["baseline"]["probability"]


@settings(deadline=None, max_examples=100)
@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=8, max_size=8), st.floats(0, 1))
def test_any_row_that_has_a_probability_has_an_explanation_in_json(shipped, intervals, row, threshold):
    bundle = with_scorer(shipped, shipped.scorer, threshold)
    p = bundle.scorer.one(row)
    if math.isnan(p):
        return

    found = explain(bundle, row, p, intervals)

    json.dumps(found, allow_nan=False)
    assert 0 <= found["interval"]["low"] <= found["interval"]["high"] <= 1
