"""The Predict page: what is shown is what the packaged pipeline says of just the values shown."""

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from model.bundle import Bundle
from model.wording import percent
from tests.dashboard.reading import box, go, html_with, sentence, shown_probability, slider, words


def by_pipeline(bundle: Bundle, **changes: float) -> float:
    """The probability by scikit-learn itself; *changes* are values as shown, the others rounded medians."""
    row = [
        changes.get(f.name, round(f.median * f.display_factor, f.decimals)) / f.display_factor
        for f in bundle.manifest.features
    ]
    return float(bundle.pipeline.predict_proba(np.array([row]))[0, 1])


def test_the_page_opens_on_the_median_row(app: AppTest, shipped: Bundle):
    assert app.title[0].value == shipped.manifest.target.question
    assert shown_probability(app) == percent(by_pipeline(shipped))
    assert shown_probability(app) == percent(shipped.scorer.one(shipped.median_row))


def test_moving_a_slider_shows_the_probability_of_the_pipeline(app: AppTest, shipped: Bundle):
    slider(app, "macd").set_value(-20.0).run()

    probability = by_pipeline(shipped, macd=-20.0)
    assert shown_probability(app) == percent(probability)
    assert f"**{percent(probability)}**" in sentence(app)
    assert probability != pytest.approx(by_pipeline(shipped), abs=0.01)


def test_typing_a_value_moves_the_slider_and_the_other_way_round(app: AppTest):
    box(app, "rsi_14").set_value(71.5).run()
    assert slider(app, "rsi_14").value == 71.5

    slider(app, "rsi_14").set_value(33.3).run()
    assert box(app, "rsi_14").value == 33.3


def test_there_is_a_slider_and_a_box_for_every_feature_with_its_unit(app: AppTest, shipped: Bundle):
    for feature in shipped.manifest.features:
        moved, typed = slider(app, feature.name), box(app, feature.name)
        assert moved.label == f"{feature.label} ({feature.unit})"
        assert feature.min <= moved.min / feature.display_factor
        assert moved.max / feature.display_factor <= feature.max
        assert moved.step == typed.step == pytest.approx(10.0**-feature.decimals)


def test_a_typed_value_outside_the_observed_range_is_scored_and_flagged(app: AppTest, shipped: Bundle):
    box(app, "gap_pct").set_value(-60.0).run()

    assert shown_probability(app) == percent(by_pipeline(shipped, gap_pct=-60.0))
    assert "outside the training rows" in app.warning[0].value
    assert "Opening gap −60.00\u00a0%" in app.warning[0].value
    assert slider(app, "gap_pct").value == slider(app, "gap_pct").min


def test_a_value_that_the_definition_rules_out_cannot_be_typed(app: AppTest):
    typed = box(app, "rsi_14")

    assert (typed.min, typed.max) == (0.0, 100.0)


def test_an_unusual_value_is_named(app: AppTest):
    slider(app, "daily_range_pct").set_value(15.0).run()

    assert "Daily range 15.00\u00a0%" in app.info[0].value
    assert not app.warning


def test_an_emptied_box_returns_to_the_value_it_began_with(app: AppTest):
    slider(app, "rsi_14").set_value(33.3).run()
    box(app, "rsi_14").set_value(71.5).run()
    box(app, "rsi_14").set_value(None).run()

    assert box(app, "rsi_14").value == 33.3
    assert slider(app, "rsi_14").value == 33.3


def test_below_the_threshold_there_is_no_call(app: AppTest, shipped: Bundle):
    slider(app, "macd").set_value(6.0).run()
    probability = by_pipeline(shipped, macd=6.0)
    assert probability < shipped.threshold, "chosen to lie below"

    said = words(html_with(app, "answer-probability"))
    assert "○ No call" in said
    assert f"{100 * (shipped.threshold - probability):.1f} points below the 44.0 % threshold" in said


def test_at_or_above_the_threshold_the_positive_class_is_called(app: AppTest, shipped: Bundle):
    said = words(html_with(app, "answer-probability"))

    assert "▲ Call: up" in said
    assert f"{100 * (by_pipeline(shipped) - shipped.threshold):.1f} points above the 44.0 % threshold" in said


def test_what_pulls_the_answer_adds_up_to_it(app: AppTest, shipped: Bundle):
    slider(app, "rsi_14").set_value(80.0).run()
    slider(app, "macd").set_value(2.0).run()

    said = words(html_with(app, "pull-sum"))
    at_median = shipped.scorer.one(shipped.median_row)
    probability = by_pipeline(shipped, rsi_14=80.0, macd=2.0)
    assert f"Median row {percent(at_median)}" in said
    assert f"Answer {percent(probability)}" in said
    assert f"All pulls {100 * (probability - at_median):+.1f} points".replace("-", "−") in said


def test_reset_returns_every_value_to_its_median(app: AppTest, shipped: Bundle):
    slider(app, "macd").set_value(-20.0).run()
    box(app, "gap_pct").set_value(3.0).run()
    app.button(key="reset_scenario").click().run()

    assert slider(app, "macd").value == 0.38
    assert box(app, "gap_pct").value == 0.01
    assert shown_probability(app) == percent(by_pipeline(shipped))


def test_turning_pages_keeps_the_scenario(app: AppTest, shipped: Bundle):
    slider(app, "macd").set_value(-20.0).run()
    box(app, "gap_pct").set_value(-60.0).run()
    for page in ("about", "thresholds", "predict"):
        go(app, page)

    assert slider(app, "macd").value == -20.0
    assert box(app, "gap_pct").value == -60.0
    assert shown_probability(app) == percent(by_pipeline(shipped, macd=-20.0, gap_pct=-60.0))


def test_the_verdict_stands_at_the_top(app: AppTest, shipped: Bundle):
    said = words(html_with(app, "verdict-line"))

    assert said.startswith(f"≈ {shipped.manifest.verdict.headline}")
    assert "9,301 out-of-fold rows, 2003-07-23 to 2013-02-28" in said
