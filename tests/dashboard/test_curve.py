"""The Curve page: one feature moves, the rest stays as the scenario has it."""

import numpy as np
from streamlit.testing.v1 import AppTest

from dashboard.charts import LIGHT, Sweep, probability_curve
from model.bundle import Bundle
from model.wording import percent
from tests.dashboard.reading import box, go, html_with, scenario, sentence, set_values, slider, words


def test_the_sentence_gives_the_pipelines_probabilities_at_both_ends_of_the_usual_range(app: AppTest, shipped: Bundle):
    set_values(app, rsi_14=80.0)
    go(app, "curve")
    app.selectbox(key="curve_feature").set_value("macd").run()

    features = shipped.manifest.features
    row = [round(f.median * f.display_factor, f.decimals) / f.display_factor for f in features]
    row[[f.name for f in features].index("rsi_14")] = 80.0
    macd = [f.name for f in features].index("macd")
    ends = np.array([row, row])
    ends[:, macd] = features[macd].p1, features[macd].p99
    low, high = shipped.pipeline.predict_proba(ends)[:, 1]
    assert f"from **{percent(low)}** to **{percent(high)}**" in sentence(app)


def test_the_chosen_feature_moves_the_scenario_of_predict(app: AppTest):
    go(app, "curve")
    app.selectbox(key="curve_feature").set_value("rsi_14").run()
    slider(app, "rsi_14").set_value(70.0).run()
    go(app, "predict")

    assert scenario(app)["rsi_14"] == 70.0


def test_the_choice_of_feature_survives_turning_pages(app: AppTest):
    go(app, "curve")
    app.selectbox(key="curve_feature").set_value("volume_z20").run()
    app.toggle(key="close_up").set_value(True).run()
    go(app, "predict")
    go(app, "curve")

    assert app.selectbox(key="curve_feature").value == "volume_z20"
    assert app.toggle(key="close_up").value is True
    assert [moved.label for moved in app.slider] == ["Volume against 20 days (sd)"]


def test_every_feature_can_be_drawn_in_both_views(app: AppTest, shipped: Bundle):
    go(app, "curve")
    for wide in (False, True):
        app.toggle(key="every_value").set_value(wide).run()
        for feature in shipped.manifest.features:
            app.selectbox(key="curve_feature").set_value(feature.name).run()
            assert not app.exception


def test_a_value_typed_far_outside_is_still_in_the_picture(app: AppTest):
    go(app, "curve")
    box(app, "gap_pct").set_value(-95.0).run()

    assert not app.exception
    assert "Outside the training rows: −47.31 to 19.01 %" in words(html_with(app, "beyond"))


def test_the_others_are_listed_with_their_values(app: AppTest):
    set_values(app, rsi_14=80.0)
    go(app, "curve")

    said = words(html_with(app, "What each alone would add"))
    assert "RSI, 14 days 80.0 of 100" in said
    assert "Opening gap" not in said


def test_the_chart_shades_what_lies_outside_the_usual_range(shipped: Bundle):
    feature = shipped.manifest.features[0]
    sweep = Sweep(np.linspace(-10, 10, 5), np.linspace(0.4, 0.6, 5))
    chart = probability_curve(feature, sweep, at=(0.0, 0.5), threshold=0.44, close_up=False, palette=LIGHT).to_dict()

    rows = [row for name, data in chart["datasets"].items() for row in data if set(row) == {"from", "to"}]
    assert rows == [
        {"from": -10.0, "to": 100 * feature.p1},
        {"from": 100 * feature.p99, "to": 10.0},
    ]
