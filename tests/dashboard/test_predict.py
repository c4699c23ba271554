"""The Predict page's side of Python: what the live panel is given, what it may send back, and what is kept of it."""

import math
from typing import Any

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier
from streamlit.testing.v1 import AppTest

from dashboard.panel_messages import accepted
from dashboard.predict.panel import model_data, server_answer
from model.bundle import Bundle
from model.explain import log_odds_of
from model.registry import Registry
from tests import builders
from tests.dashboard.conftest import open_app
from tests.dashboard.reading import go, html_with, panel, scenario, set_values, words
from training.panels.display import LARGEST


def by_pipeline(bundle: Bundle, **changes: float) -> float:
    """The probability by scikit-learn itself; *changes* are values as shown, the others rounded medians."""
    row = [
        changes.get(f.name, round(f.median * f.display_factor, f.decimals)) / f.display_factor
        for f in bundle.manifest.features
    ]
    return float(bundle.pipeline.predict_proba(np.array([row]))[0, 1])


def test_the_page_opens_on_the_median_row(app: AppTest, shipped: Bundle):
    assert app.title[0].value == shipped.manifest.target.question
    assert scenario(app) == {f.name: round(f.median * f.display_factor, f.decimals) for f in shipped.manifest.features}


def test_the_weights_given_to_the_panel_are_those_of_the_pipeline(app: AppTest, shipped: Bundle):
    model = panel(app)["model"]
    values = {**scenario(app), "macd": -20.0}

    row = [values[feature["name"]] / feature["factor"] for feature in model["features"]]
    log_odds = model["intercept"] + sum(w * x for w, x in zip(model["weights"], row, strict=True))
    assert 1 / (1 + math.exp(-log_odds)) == pytest.approx(by_pipeline(shipped, macd=-20.0), abs=1e-12)
    assert model["threshold"] == shipped.manifest.threshold.value
    assert model["base_rate"] == pytest.approx(shipped.out_of_fold.y_true.mean())


def test_there_is_a_control_for_every_feature_with_its_unit(app: AppTest, shipped: Bundle):
    model = panel(app)["model"]

    for feature, given in zip(shipped.manifest.features, model["features"], strict=True):
        assert given["labelled"] == f"{feature.label} ({feature.unit})"
        assert feature.min <= given["low"] / feature.display_factor
        assert given["high"] / feature.display_factor <= feature.max
        assert given["step"] == pytest.approx(10.0**-feature.decimals)
        assert sum(given["histogram"]["counts"]) == shipped.manifest.trained_on.rows
    assert sorted(i for group in model["groups"] for i in group["features"]) == list(range(8))


def test_what_the_definition_rules_out_cannot_be_typed(shipped: Bundle):
    given = {feature["name"]: feature for feature in model_data(shipped, 0.5)["features"]}

    assert (given["rsi_14"]["least"], given["rsi_14"]["most"]) == (0.0, 100.0)
    assert given["gap_pct"]["least"] == -100.0
    assert given["macd"]["most"] == LARGEST


@pytest.mark.parametrize(
    ("came", "kept"),
    [
        ({"rsi_14": 71.5, "macd": -20}, {"rsi_14": 71.5, "macd": -20.0}),
        ({"rsi_14": 71.54}, {"rsi_14": 71.5}),
        ({"rsi_14": 250.0}, {"rsi_14": 100.0}),
        ({"gap_pct": -60.0}, {"gap_pct": -60.0}),
        ({"unknown": 1.0}, {}),
        ({"rsi_14": math.nan, "macd": math.inf, "gap_pct": 1e300}, {}),
        ({"rsi_14": "71.5", "macd": None, "gap_pct": [1]}, {}),
    ],
)
def test_only_values_that_a_control_could_show_are_kept(shipped: Bundle, came: dict[str, Any], kept: dict[str, float]):
    assert accepted(shipped.manifest.features, came) == kept


def test_a_scenario_replaced_elsewhere_is_taken_over_by_the_panel(app: AppTest, shipped: Bundle):
    set_values(app, macd=-20.0, gap_pct=3.0)
    before = panel(app)["edition"]
    go(app, "curve")
    app.button(key="reset_curve").click().run()
    go(app, "predict")

    assert scenario(app)["macd"] == 0.38
    assert scenario(app)["gap_pct"] == 0.01
    assert panel(app)["edition"] == before + 1


def test_turning_pages_keeps_the_scenario(app: AppTest):
    set_values(app, macd=-20.0, gap_pct=-60.0)
    for page in ("about", "thresholds", "predict"):
        go(app, page)

    assert scenario(app)["macd"] == -20.0
    assert scenario(app)["gap_pct"] == -60.0


def test_the_verdict_stands_at_the_top(app: AppTest, shipped: Bundle):
    said = words(html_with(app, "verdict-line"))

    assert said.startswith(f"≈ {shipped.manifest.verdict.headline}")
    assert "9,301 out-of-fold rows, 2003-07-23 to 2013-02-28" in said


@pytest.fixture
def not_linear(registry: Registry) -> Bundle:
    """A bundle in use that only its pipeline can score."""
    return builders.bundle_of(HistGradientBoostingClassifier(max_iter=20), registry.folder.parent)


def test_of_a_model_that_is_not_linear_the_panel_gets_the_servers_answer(not_linear: Bundle):
    app = open_app()
    set_values(app, gap_pct=150.0, macd=-40.0)

    assert not app.exception
    given = panel(app)
    assert given["model"]["weights"] is None
    row = [value / f["factor"] for value, f in zip(given["values"], given["model"]["features"], strict=True)]
    probability = float(not_linear.pipeline.predict_proba(np.array([row]))[0, 1])
    assert given["answer"]["probability"] == pytest.approx(probability, abs=1e-12)
    at_median = given["model"]["at_median"]
    assert sum(given["answer"]["points"]) == pytest.approx(probability - at_median, abs=1e-12)
    way = log_odds_of(probability) - log_odds_of(at_median)
    assert sum(given["answer"]["logOdds"]) == pytest.approx(way, abs=1e-9)


def test_the_servers_flips_flip_the_call(not_linear: Bundle):
    row = not_linear.median_row
    called = not_linear.scorer.one(row) >= not_linear.threshold

    found = server_answer(not_linear, row)["flips"]

    flipped = [(i, value) for i, value in enumerate(found) if value is not None]
    assert flipped, "the made-up signal is strong enough"
    for i, value in flipped:
        assert (not_linear.scorer.one([*row[:i], value, *row[i + 1 :]]) >= not_linear.threshold) != called
