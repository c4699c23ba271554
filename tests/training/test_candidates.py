"""Candidates: each can be trained, stored and opened again, or is a rule that needs no fit."""

import numpy as np
import pytest

from model.bundle import Bundle
from model.errors import TrainingError
from model.evaluation import last_outcome
from tests import builders
from training.candidates import (
    CANDIDATES,
    KnownBefore,
    candidates_named,
    imputing,
    pipeline_maker,
)
from training.table import market_target
from training.train import publish, store, train

PIPELINES = [candidate.name for candidate in CANDIDATES.values() if not candidate.trivial]
RULES = [candidate.name for candidate in CANDIDATES.values() if candidate.trivial]


def test_the_baseline_comes_first():
    assert next(iter(CANDIDATES)) == "baseline"


@pytest.mark.parametrize("name", PIPELINES)
def test_a_bundle_of_every_pipeline_is_stored_and_gives_its_probabilities_again(name, tmp_path):
    registry = builders.Registry(tmp_path / "artifacts")
    result = train(builders.table(days=300, signal=1.0), builders.small_settings(candidate=name))

    version = publish(result, registry, by="tester", why="a candidate", when=builders.WHEN)

    bundle = Bundle.load(registry.folder / version)
    X = result.draft.reference.X
    expected = result.draft.pipeline.predict_proba(X)[:, 1]
    np.testing.assert_allclose(bundle.scorer.many(X), expected, rtol=0, atol=1e-12)
    assert bundle.manifest.settings.get("candidate", "baseline") == name


@pytest.mark.parametrize("name", PIPELINES)
def test_every_pipeline_fits_the_same_rows_the_same_way(name):
    table = builders.table(days=200, signal=1.0)
    known = ~np.isnan(table.y)
    fits = [CANDIDATES[name].make().fit(table.X[known], table.y[known].astype(int)) for _ in range(2)]

    one, other = (fit.predict_proba(table.X) for fit in fits)

    np.testing.assert_array_equal(one, other)
    assert one[:, 1].std() > 0.01


def test_strong_regularisation_shrinks_the_weights():
    table = builders.table(days=200, signal=1.0)
    known = ~np.isnan(table.y)

    weak, strong = (
        np.abs(CANDIDATES[name].make().fit(table.X[known], table.y[known])[-1].coef_).max()
        for name in ("baseline", "regularised")
    )

    assert strong < weak / 3


@pytest.mark.parametrize("name", RULES)
def test_no_bundle_is_made_of_a_rule(name, tmp_path):
    with pytest.raises(TrainingError, match=f"{name} is a rule that needs no fit: no bundle is made of it"):
        train(builders.table(days=300), builders.small_settings(candidate=name))


def test_an_unknown_candidate_is_an_error_that_names_those_there_are():
    with pytest.raises(TrainingError, match="no candidate forest; there are baseline, regularised"):
        candidates_named(["baseline", "forest"])


def test_a_candidate_named_twice_competes_once():
    assert [candidate.name for candidate in candidates_named(["base_rate", "baseline", "base_rate"])] == [
        "base_rate",
        "baseline",
    ]


def test_labels_of_rules_follow_the_target():
    ahead = market_target(5)

    assert CANDIDATES["always_positive"].label_for(ahead) == "always up"
    assert CANDIDATES["last_sign"].label_for(market_target(1)) == "yesterday's sign"
    assert CANDIDATES["last_sign"].label_for(ahead) == "sign of the last 5 days"


def test_rules_say_what_their_name_says():
    rows = KnownBefore(np.array([0.4, 0.6]), np.array([1, 0]))

    said = {name: CANDIDATES[name].rule(rows).tolist() for name in RULES}

    assert said == {"base_rate": [0.4, 0.6], "always_positive": [1.0, 1.0], "last_sign": [1.0, 0.0]}


def test_yesterdays_sign_is_refused_where_there_is_no_earlier_outcome():
    with pytest.raises(TrainingError, match="no earlier outcomes to go by"):
        CANDIDATES["last_sign"].rule(KnownBefore(np.array([0.5]), None))


@pytest.mark.parametrize("horizon", [1, 3, 5])
def test_the_last_outcome_never_looks_past_the_close_of_its_row(horizon):
    rng = np.random.default_rng(1)
    close = np.exp(np.cumsum(rng.normal(size=60)))
    y = np.full(60, np.nan)
    y[:-horizon] = close[horizon:] > close[:-horizon]

    found = last_outcome(y, np.full(60, "A"), horizon)

    assert found[horizon:].tolist() == [int(close[t] > close[t - horizon]) for t in range(horizon, 60)]


def test_a_candidate_takes_missing_values_once_it_imputes():
    table = builders.table(days=200, signal=1.0)
    known = ~np.isnan(table.y)
    X = table.X[known].copy()
    X[::7, 0] = np.nan

    fitted = imputing(CANDIDATES["baseline"]).make().fit(X, table.y[known])

    assert np.isfinite(fitted.predict_proba(X)).all()
    assert imputing(CANDIDATES["base_rate"]) is CANDIDATES["base_rate"]


def test_only_what_makes_a_pipeline_can_be_trained():
    assert pipeline_maker("baseline") is CANDIDATES["baseline"].make


def test_a_stored_candidate_is_another_version_than_the_baseline_on_the_same_rows(tmp_path):
    registry = builders.Registry(tmp_path / "artifacts")
    table = builders.table(days=300)

    versions = {
        store(train(table, builders.small_settings(candidate=name)), registry, when=builders.WHEN)
        for name in ("baseline", "regularised")
    }

    assert len(versions) == 2
