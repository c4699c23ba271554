"""Probabilities for one row, many rows and a sweep."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.explain import contributions, out_of_range
from model.scoring import LinearScorer, PipelineScorer, sigmoid, sweep


@pytest.mark.parametrize("log_odds", [-800.0, -40.0, -1.0, 0.0, 1.0, 40.0, 800.0])
def test_the_sigmoid_is_right_at_any_size(log_odds):
    exact = 1 / (1 + math.exp(-log_odds)) if log_odds > -700 else 0.0

    assert sigmoid(log_odds) == pytest.approx(exact, rel=1e-15)


@given(st.lists(st.floats(-1e3, 1e3), min_size=3, max_size=3), st.floats(-50, 50))
def test_one_row_and_many_rows_agree(row, intercept):
    scorer = LinearScorer(intercept, [0.3, -2.0, 0.01])

    assert scorer.one(row) == pytest.approx(scorer.many(np.array([row]))[0], abs=1e-15)


def test_a_sweep_moves_one_feature_and_no_other():
    scorer = LinearScorer(0.5, [1.0, -1.0])

    found = sweep(scorer, [9.0, 2.0], 0, np.array([-1.0, 0.0, 1.0]))

    assert found == pytest.approx([1 / (1 + math.exp(-(0.5 + x - 2.0))) for x in (-1, 0, 1)])


def test_a_pipeline_is_scored_by_its_second_class(shipped):
    row = shipped.median_row

    assert PipelineScorer(shipped.pipeline).one(row) == shipped.pipeline.predict_proba([row])[0, 1]


def test_contributions_add_up_to_the_distance_from_the_median_row(shipped):
    row = shipped.reference.X[123].tolist()
    features = shipped.manifest.features

    total = sum(part.log_odds for part in contributions(shipped.scorer, features, row))

    assert total == pytest.approx(shipped.scorer.log_odds(row) - shipped.scorer.log_odds(shipped.median_row), abs=1e-12)


def test_values_outside_the_observed_range_are_flagged_and_the_edge_is_not(shipped):
    features = shipped.manifest.features
    row = shipped.median_row
    row[0] = features[0].max
    row[3] = features[3].max * 2

    assert [flag.feature.name for flag in out_of_range(features, row)] == [features[3].name]


@pytest.mark.parametrize("length", [0, 2, 4])
def test_a_row_of_another_length_is_refused_by_both_lengths(length):
    scorer = LinearScorer(0.0, [0.3, -2.0, 0.01])

    with pytest.raises(ValueError, match=f"A row of {length} values was given; the model takes 3"):
        scorer.one([1.0] * length)


def test_one_row_is_the_sum_of_weights_times_values():
    scorer = LinearScorer(0.25, [0.5, -2.0])

    assert scorer.log_odds([3.0, 0.125]) == 0.25 + 1.5 - 0.25
    assert scorer.one([3.0, 0.125]) == pytest.approx(1 / (1 + math.exp(-1.5)), rel=1e-15)
