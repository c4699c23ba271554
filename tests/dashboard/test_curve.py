"""The Curve page: one feature moves, or two; the rest stays as the scenario has it."""

from typing import Any

import msgspec
import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier
from streamlit.testing.v1 import AppTest

from dashboard.curve.response import view_of
from dashboard.curve.words import column_of
from model.bundle import Bundle
from model.registry import Registry
from model.uncertainty import ProbabilityIntervals
from model.wording import percent
from tests import builders
from tests.dashboard.conftest import open_app
from tests.dashboard.reading import component, go, html_with, scenario, set_values, words
from training.panels.display import scale_of


@pytest.fixture
def page(app: AppTest) -> AppTest:
    return go(app, "curve")


def choose(app: AppTest, **choices: Any) -> dict[str, Any]:
    """Keep choices as if the panel had sent them, and return what it is given then."""
    for key, value in choices.items():
        app.session_state[key] = value
    return component(app.run(), "curve")


def layers(data: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [layer for layer in data["chart"]["layers"] if layer["kind"] == kind]


def named(data: dict[str, Any], name: str) -> dict[str, Any]:
    found = [layer for layer in data["chart"]["layers"] if layer["name"] == name]
    assert len(found) == 1, f"{len(found)} layers are named {name!r}"
    return found[0]


def row_of(bundle: Bundle, **changes: float) -> list[float]:
    """The median row as shown, in original units; *changes* are in display units."""
    return [
        changes.get(f.name, round(f.median * f.display_factor, f.decimals)) / f.display_factor
        for f in bundle.manifest.features
    ]


def by_pipeline(bundle: Bundle, row: list[float], **columns: np.ndarray) -> np.ndarray:
    """The pipeline's own probabilities of *row* with *columns*, in display units, in place of its values."""
    names = bundle.manifest.feature_names
    X = np.tile(row, (len(next(iter(columns.values()))), 1))
    for name, values in columns.items():
        X[:, names.index(name)] = np.asarray(values) / bundle.manifest.features[names.index(name)].display_factor
    return np.asarray(bundle.pipeline.predict_proba(X)[:, 1])


def every_shown_value(bundle: Bundle, name: str) -> np.ndarray:
    """Every value of the observed range that the decimals shown can write."""
    feature = bundle.manifest.features[bundle.manifest.feature_names.index(name)]
    units = 10**feature.decimals
    first, last = (end * feature.display_factor * units for end in (feature.min, feature.max))
    return np.arange(int(np.ceil(first)), int(np.floor(last)) + 1) / units


def crossings(bundle: Bundle, name: str) -> list[float]:
    """The values, by trying every one, at which the call is another than at the value before."""
    values = every_shown_value(bundle, name)
    called = by_pipeline(bundle, row_of(bundle), **{name: values}) >= bundle.threshold
    return list(values[1:][called[1:] != called[:-1]])


@pytest.fixture
def boosted(registry: Registry, tmp_path) -> tuple[AppTest, Bundle]:
    """The page on a model that the browser cannot score."""
    bundle = builders.bundle_of(HistGradientBoostingClassifier(max_iter=20), tmp_path)
    return go(open_app(), "curve"), bundle


# ---- One feature --------------------------------------------------------------------------------


def test_the_sentence_gives_the_pipelines_probabilities_at_both_ends_of_the_usual_range(app: AppTest, shipped: Bundle):
    set_values(app, rsi_14=80.0)
    go(app, "curve")
    moving = choose(app, curve_feature="macd")["sentence"][0]

    macd = shipped.manifest.features[shipped.manifest.feature_names.index("macd")]
    low, high = by_pipeline(shipped, row_of(shipped, rsi_14=80.0), macd=100 * np.array([macd.p1, macd.p99]))
    assert "Moving **MACD** alone from −9.38 to 5.14 % of close" in moving
    assert f"from **{percent(low)}** to **{percent(high)}**" in moving


@pytest.mark.parametrize("name", ["macd", "ma_ratio_5_20", "ret_vol_10", "rsi_14", "gap_pct"])
def test_the_call_changes_where_trying_every_value_says(page: AppTest, shipped: Bundle, name: str):
    changes = choose(page, curve_feature=name)["sentence"][1]

    at = crossings(shipped, name)
    if not at:
        assert changes == "The call stays “up” at every value seen."
        return
    feature = shipped.manifest.features[shipped.manifest.feature_names.index(name)]
    written = f"{at[0]:.{feature.decimals}f}".replace("-", "−")
    assert len(at) == 1
    assert f"The call changes at **{written}" in changes
    weight = shipped.scorer.weights[shipped.manifest.feature_names.index(name)]
    assert ("no longer calls “up”" in changes) == (weight < 0)


def test_the_crossing_is_marked_on_the_chart_where_it_is_in_view(page: AppTest, shipped: Bundle):
    rules = {rule["name"]: rule for rule in layers(choose(page, curve_feature="macd"), "rule")}
    (at,) = crossings(shipped, "macd")
    assert rules[f"no call from {at:.2f} % of close"]["x"] == at
    assert rules["threshold 44.0 %"]["y"] == 0.44

    outside = choose(page, curve_feature="gap_pct")
    assert [rule["name"] for rule in layers(outside, "rule")] == ["threshold 44.0 %"]
    (at,) = crossings(shipped, "gap_pct")
    assert f"**−{-at:.2f} %** (outside the 1–99 % range)" in outside["sentence"][1]


def test_the_line_is_the_pipelines_and_its_band_the_interval_of_each_probability(page: AppTest, shipped: Bundle):
    data = choose(page, curve_feature="macd")
    columns = {name: np.array(values, dtype=float) for name, values in data["chart"]["columns"].items()}

    expected = by_pipeline(shipped, row_of(shipped), macd=columns["MACD (% of close)"])
    assert columns["probability"] == pytest.approx(expected, abs=1e-12)
    assert named(data, "probability")["y"] == pytest.approx(expected, abs=1e-5)
    intervals = ProbabilityIntervals.of(shipped)
    for i in (0, 100, 240):
        between = intervals.interval(row_of(shipped, macd=columns["MACD (% of close)"][i]), expected[i])
        assert between is not None
        assert (columns["interval_low"][i], columns["interval_high"][i]) == pytest.approx(
            (between.low, between.high), abs=1e-6
        )
    assert (columns["interval_low"] < columns["probability"]).all()


def test_the_bars_count_the_training_rows_in_view(page: AppTest, shipped: Bundle):
    bars = named(choose(page, curve_feature="rsi_14"), "training rows")

    rows = pd.DataFrame({"rsi": shipped.reference.X[:, 5], "y": shipped.reference.y}).dropna()
    counted = pd.cut(rows["rsi"], bars["edges"], right=False).value_counts(sort=False)
    assert bars["heights"] == counted.tolist()


def test_the_dots_are_the_observed_rates_of_groups_of_rows(page: AppTest, shipped: Bundle):
    data = choose(page, curve_feature="rsi_14")
    dots = named(data, "observed in groups of rows")

    rows = pd.DataFrame({"rsi": shipped.reference.X[:, 5], "y": shipped.reference.y}).dropna()
    groups = rows.groupby(pd.qcut(rows["rsi"], 10, labels=False))
    assert dots["y"] == pytest.approx(groups["y"].mean().tolist(), abs=0.001)
    assert dots["x"] == pytest.approx(groups["rsi"].median().tolist(), abs=0.05)
    assert all(low < y < high for low, y, high in zip(dots["low"], dots["y"], dots["high"], strict=True))
    whole = percent(rows["y"].mean())
    assert f"over all {len(rows):,} rows (2000-07-24 to 2013-02-28) {whole}" in data["notes"][0]
    assert named(data, f"observed in all rows {whole}")["y"] == pytest.approx([rows["y"].mean()] * 2)


def test_what_lies_outside_the_usual_range_is_shaded_and_outside_all_rows_once_more(page: AppTest, shipped: Bundle):
    gap = shipped.manifest.features[0]
    data = choose(page, curve_feature="gap_pct")
    low, high = data["axes"][0]["low"], data["axes"][0]["high"]
    assert [(one["low"], one["high"]) for one in layers(data, "shade")] == [(low, 100 * gap.p1), (100 * gap.p99, high)]

    set_values(page, gap_pct=-95.0)
    data = component(page, "curve")
    low, high = data["axes"][0]["low"], data["axes"][0]["high"]
    assert low < -95 < high
    assert [(one["low"], one["high"]) for one in layers(data, "shade")] == [
        (low, 100 * gap.p1),
        (100 * gap.p99, high),
        (low, 100 * gap.min),
    ]
    guess = named(data, "a guess")
    assert all(y is None for x, y in zip(guess["x"], guess["y"], strict=True) if x > 100 * gap.min + 1)
    assert guess["y"][0] == pytest.approx(data["chart"]["columns"]["probability"][0], abs=1e-5)


def test_a_close_up_fits_the_axis_to_what_is_drawn(page: AppTest):
    assert choose(page, curve_feature="rsi_14")["chart"]["y"]["low"] == 0.0
    data = choose(page, close_up=True)

    y = data["chart"]["y"]
    drawn = data["chart"]["columns"]["probability"] + named(data, "observed in groups of rows")["low"] + [0.44]
    assert 0 < y["low"] < min(drawn)
    assert max(drawn) < y["high"] < 0.7


def test_every_value_reaches_over_the_observed_range(page: AppTest, shipped: Bundle):
    seen = shipped.manifest.features[0]
    usual, every = choose(page), choose(page, every_value=True)

    ends = [(data["axes"][0]["low"], data["axes"][0]["high"]) for data in (usual, every)]
    assert 100 * seen.min < ends[0][0] < 100 * seen.p1
    assert 100 * seen.p99 < ends[0][1] < 100 * seen.max
    assert ends[1] == pytest.approx((100 * seen.min, 100 * seen.max), abs=0.05)


def test_an_axis_widened_for_a_value_outside_does_not_jump_back_until_a_reset(page: AppTest):
    usual = choose(page)["axes"]
    set_values(page, gap_pct=-60.0)
    wide = component(page, "curve")["axes"]
    set_values(page, gap_pct=1.0)

    assert wide[0]["low"] < -60
    assert component(page, "curve")["axes"] == wide
    page.button(key="reset_curve").click().run()
    assert component(page, "curve")["axes"] == usual


@pytest.mark.parametrize(("name", "value", "end"), [("rsi_14", 100.0, "high"), ("rsi_14", 0.0, "low")])
def test_no_axis_reaches_beyond_what_the_definition_allows(page: AppTest, name: str, value: float, end: str):
    set_values(page, **{name: value})

    assert choose(page, curve_feature=name)["axes"][0][end] == value


def test_a_value_beyond_all_measure_is_still_drawn(page: AppTest):
    set_values(page, volume_z20=1e12)
    data = choose(page, curve_feature="volume_z20")

    assert not page.exception
    assert data["axes"][0]["high"] >= 1e12
    assert None not in data["chart"]["columns"]["probability"]


def test_pinned_scenarios_are_further_lines_with_their_names(page: AppTest, shipped: Bundle):
    pins = [{"name": "A", "values": {"rsi_14": 80.0, "macd": 3.0}}, {"name": "C", "values": {"gap_pct": -2.0}}]
    data = choose(page, curve_feature="macd", pins=pins)

    values = np.array(data["chart"]["columns"]["MACD (% of close)"])
    for name, changes in (("A", {"rsi_14": 80.0}), ("C", {"gap_pct": -2.0})):
        expected = by_pipeline(shipped, row_of(shipped, **changes), macd=values)
        assert named(data, f"pinned {name}")["y"] == pytest.approx(expected.tolist(), abs=1e-5)
        assert data["chart"]["columns"][f"pinned_{name}"] == pytest.approx(expected.tolist(), abs=1e-12)
    assert named(data, "pinned A")["dash"] != named(data, "pinned C")["dash"]
    at_a, at_c = layers(data, "label")
    assert (at_a["text"], at_a["x"], at_c["text"], at_c["x"]) == ("A", 3.0, "C", 0.38)
    assert at_a["y"] == pytest.approx(by_pipeline(shipped, row_of(shipped, rsi_14=80.0), macd=np.array([3.0]))[0])


def test_the_chart_says_in_words_what_it_shows(page: AppTest):
    alt = choose(page, curve_feature="macd")["chart"]["alt"]

    for part in ("Probability of “up” against MACD", "threshold is 44.0 %", "Observed in 10 groups of training rows"):
        assert part in alt


# ---- Two features -------------------------------------------------------------------------------


@pytest.fixture
def mapped(page: AppTest) -> dict[str, Any]:
    return choose(page, curve_view="map", curve_feature="macd", curve_second="gap_pct")


def test_the_map_is_the_pipelines_at_the_middle_of_each_cell(mapped: dict[str, Any], shipped: Bundle):
    columns = {name: np.array(values) for name, values in mapped["chart"]["columns"].items()}
    (heat,) = layers(mapped, "heat")

    expected = by_pipeline(
        shipped, row_of(shipped), macd=columns["MACD (% of close)"], gap_pct=columns["Opening gap (%)"]
    )
    assert len(expected) == 61 * 61
    # Cells are written with two decimals more than the feature, probabilities with six.
    assert columns["probability"] == pytest.approx(expected, abs=3e-5)
    low, high = heat["x"]
    middles = low + (high - low) * (np.arange(61) + 0.5) / 61
    assert np.unique(columns["MACD (% of close)"]) == pytest.approx(middles, abs=1e-4)
    # The threshold has no colour, and what is farther from it has more.
    colour, distance = np.array(heat["values"]).ravel() - 0.5, expected - 0.44
    assert colour == pytest.approx(distance * 0.5 / np.abs(distance).max(), abs=0.001)


def test_the_contour_lies_where_the_pipelines_call_changes(mapped: dict[str, Any], shipped: Bundle):
    (contour,) = layers(mapped, "contour")
    (line,) = (np.array(points) for points in contour["lines"])
    macd, gap = line.T

    fine = np.linspace(*layers(mapped, "heat")[0]["x"], 4001)
    for at in np.linspace(gap.min(), gap.max(), 9):
        called = by_pipeline(shipped, row_of(shipped), macd=fine, gap_pct=np.full(4001, at)) >= 0.44
        (change,) = np.flatnonzero(called[1:] != called[:-1])
        order = np.argsort(gap)
        assert np.interp(at, gap[order], macd[order]) == pytest.approx(fine[change], abs=0.01)


def test_the_marks_are_rows_in_view_evenly_in_time_up_and_not(mapped: dict[str, Any], shipped: Bundle):
    rows = shipped.reference
    macd, gap = (np.round(100 * rows.X[:, column], 4) for column in (6, 0))
    known = pd.DataFrame({"macd": macd, "gap": gap, "y": rows.y, "day": rows.day}).dropna()
    (heat,) = layers(mapped, "heat")
    inside = known[known["macd"].between(*heat["x"]) & known["gap"].between(*heat["y"])]
    marks = {layer["form"]: set(zip(layer["x"], layer["y"], strict=True)) for layer in layers(mapped, "scatter")}

    assert sum(map(len, marks.values())) == 600
    assert f"600 of {len(inside):,} training rows in view, taken evenly in time" in mapped["notes"][0]
    drawn = []
    for form, y in (("triangle", 1), ("circle", 0)):
        here = inside[inside["y"] == y]
        found = here[[pair in marks[form] for pair in zip(here["macd"], here["gap"], strict=True)]]
        assert len(found) == len(marks[form]) > 200
        drawn.append(found["day"])
    days, shown = inside["day"].sort_values(), pd.concat(drawn).sort_values()
    assert shown.iloc[0] == days.iloc[0]
    assert shown.iloc[-1] == days.iloc[-1]
    assert shown.iloc[300].year == days.iloc[len(days) // 2].year


def test_the_map_says_what_it_holds_and_how_much_of_it_is_called(mapped: dict[str, Any], shipped: Bundle):
    p = np.array(mapped["chart"]["columns"]["probability"])

    said = mapped["sentence"][0]
    assert f"from **{percent(p.min())}** to **{percent(p.max())}**" in said
    assert f"**{percent((p >= 0.44).mean(), 0)}** of this map" in said
    (at,) = crossings(shipped, "macd")
    assert mapped["sentence"][1] == f"With Opening gap at 0.01 % the call changes at MACD **{at:.2f} % of close**."
    assert "no colour 44.0 %" in layers(mapped, "heat")[0]["name"]
    assert f"lowest {percent(p.min())}, highest {percent(p.max())}" in mapped["chart"]["alt"]


def test_without_a_change_of_the_call_there_is_no_contour(page: AppTest):
    data = choose(page, curve_view="map", curve_feature="rsi_14", curve_second="volume_z20")

    assert layers(data, "contour") == []
    assert "on **100 %** of this map" in data["sentence"][0]


# ---- The page -----------------------------------------------------------------------------------


def test_every_feature_can_be_drawn_in_every_view(page: AppTest, shipped: Bundle):
    for feature in shipped.manifest.feature_names:
        for view in ("curve", "map"):
            for every in (False, True):
                data = choose(page, curve_feature=feature, curve_view=view, every_value=every)
                assert not page.exception
                assert data["choice"]["feature"] == feature
                assert data["choice"]["second"] != feature
                assert data["choice"]["view"] == view
                assert None not in data["chart"]["columns"]["probability"]


def test_choices_survive_turning_pages(page: AppTest):
    choose(page, curve_feature="volume_z20", curve_second="macd", curve_view="map", close_up=True, every_value=True)
    go(page, "predict")
    go(page, "curve")

    assert component(page, "curve")["choice"] == {
        "view": "map",
        "feature": "volume_z20",
        "second": "macd",
        "every_value": True,
        "close_up": True,
    }


def test_a_choice_that_this_model_does_not_have_is_replaced(page: AppTest):
    data = choose(page, curve_feature="of another model", curve_second="gone", curve_view="globe")

    assert (data["choice"]["feature"], data["choice"]["second"], data["choice"]["view"]) == (
        "gap_pct",
        "daily_range_pct",
        "curve",
    )


def test_what_the_panel_sends_is_kept_only_as_far_as_it_could_have_shown_it(registry: Registry):
    def script() -> None:
        import streamlit as st

        from dashboard.curve.panel import keep_what_came
        from dashboard.state import current_bundle

        choice = {"feature": "macd", "second": "nothing", "view": "globe", "every_value": "yes", "close_up": True}
        values = {"macd": 3.14159, "rsi_14": 101.0, "gap_pct": float("nan"), "other": 1.0, "daily_range_pct": "2"}
        keep_what_came(current_bundle(), {"values": values, "choice": choice})
        st.write("done")

    app = AppTest.from_function(script, default_timeout=60).run()

    assert not app.exception
    assert app.session_state["scenario"] == {"macd": 3.14, "rsi_14": 100.0}
    assert app.session_state["curve_feature"] == "macd"
    assert app.session_state["close_up"] is True
    assert app.session_state["every_value"] is False
    assert "curve_second" not in app.session_state
    assert "curve_view" not in app.session_state


def test_the_panel_moves_the_scenario_of_predict(page: AppTest):
    set_values(page, rsi_14=70.0)
    go(page, "predict")

    assert scenario(page)["rsi_14"] == 70.0


def test_the_others_are_listed_with_their_values(app: AppTest, shipped: Bundle):
    set_values(app, rsi_14=80.0)
    go(app, "curve")

    said = words(html_with(app, "What each alone would add"))
    rsi = shipped.manifest.features[5]
    low, high = by_pipeline(shipped, row_of(shipped, rsi_14=80.0), rsi_14=np.array([rsi.p1, rsi.p99]))
    assert f"RSI, 14 days 80.0 of 100 {100 * (high - low):+.1f}" in said
    assert "Opening gap" not in said
    choose(app, curve_view="map", curve_second="rsi_14")
    assert "RSI" not in words(html_with(app, "What each alone would add"))


# ---- Any feature --------------------------------------------------------------------------------


@pytest.mark.parametrize("every", [False, True])
def test_every_view_holds_its_value_in_few_enough_steps_within_what_is_allowed(shipped: Bundle, every: bool):
    rng = np.random.default_rng(11)
    for feature in shipped.manifest.features:
        scale, units = scale_of(feature), 10**feature.decimals
        span = scale.high - scale.low
        drawn = [*rng.uniform(scale.low - 3 * span, scale.high + 3 * span, 200), -1e12, 1e12, scale.low, scale.high]
        for at in (scale.allowed(round(value, feature.decimals)) for value in drawn):
            view = view_of(feature, at, every_value=every)

            assert view.low <= at <= view.high
            assert scale.allowed(view.low) == view.low
            assert scale.allowed(view.high) == view.high
            assert 10 <= len(view.values) <= 2001
            assert view.values[-1] == view.high
            assert round(view.step * units) == pytest.approx(view.step * units)


def test_a_feature_that_never_varied_still_has_a_view(shipped: Bundle):
    rsi = shipped.manifest.features[5]
    ends = dict.fromkeys(("min", "p1", "p5", "median", "p95", "p99", "max"), 50.0)
    view = view_of(msgspec.structs.replace(rsi, **ends), 50.0, every_value=False)

    assert (view.low, view.high) == (49.0, 51.0)


def test_a_feature_named_as_another_column_keeps_its_own(shipped: Bundle):
    feature = msgspec.structs.replace(shipped.manifest.features[0], label="probability", unit="")

    assert column_of(feature, ["probability"]) == "feature probability"
    assert column_of(shipped.manifest.features[0], ["probability"]) == "Opening gap (%)"


# ---- A model that is not linear -----------------------------------------------------------------


def test_of_a_model_that_is_not_linear_every_step_of_the_slider_is_known(boosted: tuple[AppTest, Bundle]):
    app, bundle = boosted
    for every in (False, True):
        data = choose(app, curve_feature="macd", every_value=every)
        axis, columns = data["axes"][0], data["chart"]["columns"]

        values = np.round(axis["low"] + axis["step"] * np.arange(len(columns["MACD (% of close)"])), 2)
        assert len(values) <= 2001
        assert values[-1] == axis["high"]
        assert columns["MACD (% of close)"] == values.tolist()
        assert columns["probability"] == pytest.approx(by_pipeline(bundle, row_of(bundle), macd=values), abs=1e-12)


def test_of_a_model_that_is_not_linear_every_change_of_the_call_is_found(boosted: tuple[AppTest, Bundle]):
    app, bundle = boosted
    name = bundle.manifest.feature_names[0]
    data = choose(app, curve_feature=name, every_value=True)

    at = crossings(bundle, name)
    assert at, "the call changes somewhere"
    assert [rule["x"] for rule in layers(data, "rule") if rule["x"] is not None] == at


def test_the_band_of_a_model_that_is_not_linear_is_what_came_true_at_such_probabilities(
    boosted: tuple[AppTest, Bundle],
):
    app, bundle = boosted
    data = choose(app, curve_feature="macd")
    columns = data["chart"]["columns"]

    for p, low, high in zip(columns["probability"], columns["interval_low"], columns["interval_high"], strict=True):
        holding = [one for one in bundle.manifest.calibration if one.low <= p <= one.high]
        if holding:
            expected = holding[-1].interval
            assert (low, high) == pytest.approx((expected.low, expected.high), abs=1e-6)
        else:
            assert (low, high) == (None, None)
    assert "how often it came true on the out-of-fold rows" in data["how"][-1]
