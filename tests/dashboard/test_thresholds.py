"""The Threshold page: its figures are scikit-learn's, over the out-of-fold rows."""

import pytest
from sklearn.metrics import accuracy_score, confusion_matrix, precision_score, recall_score
from streamlit.testing.v1 import AppTest

from dashboard.charts import DARK, precision_chart, reach_chart
from model.bundle import Bundle
from model.thresholds import threshold_curve
from model.wording import percent
from tests.dashboard.reading import box, go, html_with, panel, sentence, slider, words


@pytest.fixture
def page(app: AppTest) -> AppTest:
    return go(app, "thresholds")


@pytest.mark.parametrize("threshold", [0.44, 0.5, 0.555])
def test_figures_and_matrix_are_those_of_scikit_learn(page: AppTest, shipped: Bundle, threshold: float):
    slider(page, "threshold").set_value(threshold).run()

    rows = shipped.out_of_fold
    call = (rows.y_score >= threshold).astype(int)
    (quiet, wrong), (missed, good) = confusion_matrix(rows.y_true, call)
    matrix = words(html_with(page, "confusion"))
    for count, name in ((good, "good calls"), (wrong, "wrong calls"), (missed, "missed"), (quiet, "rightly quiet")):
        assert f"{count:,} {name}" in matrix
    figures = words(html_with(page, "figure-grid"))
    assert f"Rows called {percent(call.mean())}" in figures
    assert f"Right when it calls {percent(precision_score(rows.y_true, call))}" in figures
    assert f"“up” caught {percent(recall_score(rows.y_true, call))}" in figures
    assert f"Right overall {percent(accuracy_score(rows.y_true, call))}" in figures
    assert f"**{percent(precision_score(rows.y_true, call))}**" in sentence(page)
    assert f"**{percent(rows.y_true.mean())}**" in sentence(page)


def test_at_the_bundles_threshold_the_intervals_are_those_of_the_manifest(page: AppTest, shipped: Bundle):
    figures = words(html_with(page, "figure-grid"))

    for name in ("call_share", "accuracy"):
        between = shipped.manifest.metric(name).interval
        assert f"95 % interval {100 * between.low:.1f} to {100 * between.high:.1f}" in figures


def test_slider_and_box_stay_in_step(page: AppTest):
    box(page, "threshold").set_value(0.513).run()
    assert slider(page, "threshold").value == 0.513

    slider(page, "threshold").set_value(0.6).run()
    assert box(page, "threshold").value == 0.6


def test_at_0_everything_is_called(page: AppTest):
    slider(page, "threshold").set_value(0.0).run()

    assert not page.exception
    assert "calls “up” on **100.0 %** of the rows" in sentence(page)
    assert "0 missed –" not in words(html_with(page, "confusion"))
    assert "0 missed 0.0 %" in words(html_with(page, "confusion"))


def test_at_1_nothing_is_called_and_the_undefined_rate_is_a_dash(page: AppTest):
    slider(page, "threshold").set_value(1.0).run()

    assert not page.exception
    assert "never calls “up”" in sentence(page)
    assert "Right when it calls – no rows of 0 calls" in words(html_with(page, "figure-grid"))


def test_a_handful_of_calls_gets_no_interval(page: AppTest, shipped: Bundle):
    highest = sorted(shipped.out_of_fold.y_score)[-3]
    box(page, "threshold").set_value(round(highest - 0.0005, 3)).run()

    assert "too few rows for an interval" in words(html_with(page, "figure-grid"))


def test_back_returns_to_the_bundles_threshold(page: AppTest):
    slider(page, "threshold").set_value(0.6).run()
    page.button(key="reset_threshold").click().run()

    assert slider(page, "threshold").value == 0.44


def test_the_threshold_survives_turning_pages_and_leaves_predict_alone(page: AppTest):
    slider(page, "threshold").set_value(0.6).run()
    go(page, "predict")
    assert panel(page)["model"]["threshold"] == 0.44

    go(page, "thresholds")
    assert slider(page, "threshold").value == 0.6
    assert box(page, "threshold").value == 0.6


def test_it_is_said_that_all_rows_are_out_of_fold(page: AppTest):
    assert any(caption.value.startswith("All rows here are out-of-fold") for caption in page.caption)


@pytest.mark.parametrize("threshold", [0.0, 0.44, 1.0])
def test_the_charts_hold_the_threshold_wherever_it_is(shipped: Bundle, threshold: float):
    import numpy as np

    rows = shipped.out_of_fold
    curve = threshold_curve(rows.y_true, rows.y_score, np.linspace(0, 1, 401))
    at = (threshold, None if threshold == 1 else 0.5)
    charts = (
        precision_chart(curve, at=at, fewest_called=0.002, palette=DARK),
        reach_chart(curve, at=at, palette=DARK),
    )

    for chart in charts:
        axes = [
            layer["encoding"]["x"]["scale"]["domain"]
            for layer in chart.to_dict()["layer"]
            if "scale" in layer["encoding"].get("x", {})
        ]
        assert axes
        assert all(low <= threshold <= high for low, high in axes)
