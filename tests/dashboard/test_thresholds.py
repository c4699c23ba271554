"""The Threshold page: what it gives the browser and says in words, against scikit-learn and by hand."""

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.calibration import calibration_curve
from sklearn.metrics import confusion_matrix_at_thresholds, precision_recall_curve, precision_score
from streamlit.testing.v1 import AppTest

from model.bundle import Bundle, OutOfFold
from model.registry import Registry
from tests import builders
from tests.dashboard.conftest import open_app
from tests.dashboard.reading import go, html_with, panel, plain, words
from training.panels import costs as costs_of
from training.panels.costs import CallCosts
from training.panels.threshold import decimals_of
from training.train import publish

GRID = np.arange(1001) / 1000


@pytest.fixture
def page(app: AppTest) -> AppTest:
    return go(app, "thresholds")


@pytest.fixture
def calibrated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    """The page on a model whose probabilities can be read as frequencies."""
    registry = Registry(tmp_path / "artifacts")
    publish(builders.result(signal=1.0), registry, by="tester", why="first", when=builders.WHEN)
    monkeypatch.setenv("MODEL_REGISTRY", str(registry.folder))
    assert next(check for check in registry.load().manifest.checks if check.name == "calibration").passed
    return go(open_app(), "thresholds")


def given(page: AppTest, part: str) -> dict[str, Any]:
    """What the one component that is told of *part* is given; the browser shows it."""
    found = [data for mounted in page.get("bidi_component") if part in (data := json.loads(mounted.proto.json)[0])]
    assert len(found) == 1
    return dict(found[0])


def said(page: AppTest, begin: str) -> str:
    """The one text that begins so."""
    found = [text for element in page.markdown if (text := plain(element).replace("\u00a0", " ")).startswith(begin)]
    assert len(found) == 1, [element.value for element in page.markdown]
    return found[0]


def explore(page: AppTest, threshold: float) -> AppTest:
    """Explore a threshold as if the panel had sent it; only a browser can send it in earnest."""
    page.session_state["threshold"] = threshold
    return page.run()


def test_every_threshold_has_the_confusion_matrix_of_scikit_learn(page: AppTest, shipped: Bundle):
    rows, bands = shipped.out_of_fold, given(page, "bands")["bands"]
    tns, fps, fns, tps, at = confusion_matrix_at_thresholds(rows.y_true, rows.y_score)
    # Its thresholds descend; a threshold of the slider calls what the lowest score from it on does.
    place = np.searchsorted(-at, -GRID, side="right") - 1

    level = np.array(bands["level"])
    none = place < 0
    calls, hits = np.array(bands["calls"])[level], np.array(bands["hits"])[level]
    assert hits.tolist() == np.where(none, 0, tps[place]).tolist()
    assert calls.tolist() == np.where(none, 0, (tps + fps)[place]).tolist()
    assert bands["n"] == tns[0] + fps[0] + fns[0] + tps[0]
    assert bands["positives"] == fns[0] + tps[0]


def test_right_and_caught_are_precision_and_recall_of_scikit_learn(page: AppTest, shipped: Bundle):
    rows, bands = shipped.out_of_fold, given(page, "bands")["bands"]
    precision, recall, at = precision_recall_curve(rows.y_true, rows.y_score)

    compared = 0
    for threshold in GRID[350:600]:
        first = int(np.searchsorted(at, threshold))
        level = bands["level"][round(1000 * threshold)]
        assert bands["precision"]["estimate"][level] == pytest.approx(precision[first], abs=1e-9)
        assert bands["recall"]["estimate"][level] == pytest.approx(recall[first], abs=1e-9)
        compared += 1
    assert compared == 250


def test_too_few_calls_have_no_precision_and_no_value(page: AppTest):
    bands = given(page, "bands")["bands"]

    few = [level for level, calls in enumerate(bands["calls"]) if calls < 20]
    assert len(few) > 1
    for name in ("precision", "worth"):
        assert all(bands[name]["estimate"][level] is None for level in few)
        assert all(value is not None for level, value in enumerate(bands[name]["estimate"]) if level not in few)


def test_at_the_bundles_threshold_the_interval_is_that_of_the_manifest(page: AppTest, shipped: Bundle):
    bands, between = given(page, "bands")["bands"], shipped.manifest.metric("call_share").interval

    assert bands["call_share"]["low"][bands["own_level"]] == pytest.approx(between.low, abs=1e-9)
    assert bands["call_share"]["high"][bands["own_level"]] == pytest.approx(between.high, abs=1e-9)


def test_a_trade_is_worth_the_mean_return_of_what_is_called_less_its_cost(page: AppTest, shipped: Bundle):
    rows = shipped.out_of_fold
    page.number_input(key="threshold_trade_cost").set_value(12.5).run()

    bands = given(page, "bands")["bands"]
    called = rows.y_score >= 0.5
    worth = 1e4 * rows.next_day_return[called].mean() - 12.5
    assert bands["worth"]["estimate"][bands["level"][500]] == pytest.approx(worth, abs=1e-8)
    assert bands["worth"]["always"] == pytest.approx(1e4 * rows.next_day_return.mean() - 12.5)
    lost = -1e4 * (rows.next_day_return[~called] - 0.00125).sum() / len(called)
    assert bands["advantage"]["estimate"][bands["level"][500]] == pytest.approx(lost, abs=1e-8)


def test_errors_cost_what_they_are_said_to(page: AppTest, shipped: Bundle):
    page.session_state["threshold_costs"] = "errors"
    page.run()
    page.number_input(key="threshold_wrong_cost").set_value(3.0).run()

    bands, rows = given(page, "bands")["bands"], shipped.out_of_fold
    called = rows.y_score >= 0.5
    wrong, missed = np.sum(called & (rows.y_true == 0)), np.sum(~called & (rows.y_true == 1))
    level = bands["level"][500]
    assert bands["worth"]["kind"] == "errors"
    assert bands["worth"]["estimate"][level] == pytest.approx(100 * (3 * wrong + missed) / len(called))
    assert bands["worth"]["low"][level] < bands["worth"]["estimate"][level] < bands["worth"]["high"][level]


def test_costs_are_kept_while_pages_turn(page: AppTest):
    page.number_input(key="threshold_trade_cost").set_value(7.0).run()
    go(page, "predict")
    go(page, "thresholds")

    assert page.number_input(key="threshold_trade_cost").value == 7.0


def test_the_threshold_survives_turning_pages_and_leaves_predict_alone(page: AppTest):
    explore(page, 0.6)
    go(page, "predict")
    assert panel(page)["model"]["threshold"] == 0.44

    go(page, "thresholds")
    assert given(page, "bands")["threshold"] == 0.6


def test_a_threshold_between_the_steps_is_shown_as_the_nearest_one(page: AppTest):
    assert given(explore(page, 0.50049), "bands")["threshold"] == 0.5


@pytest.mark.parametrize(("threshold", "decimals"), [(0.44, 3), (0.5, 3), (0.4437, 4), (1 / 3, 6)])
def test_a_threshold_is_written_with_the_decimals_it_takes(threshold: float, decimals: int):
    assert decimals_of(threshold) == decimals


def test_where_calibration_failed_costs_lead_to_no_threshold_and_the_page_says_why(page: AppTest, shipped: Bundle):
    text = said(page, "Charged now: **5 bp a trade**")

    finding = next(check.finding for check in shipped.manifest.checks if check.name == "calibration")
    assert "both are switched off" in text
    assert finding in text
    assert page.button(key="use_costs").disabled


def test_where_calibration_holds_costs_lead_to_a_threshold_and_back(calibrated: AppTest):
    page = calibrated
    page.session_state["threshold_costs"] = "errors"
    page.run()
    page.number_input(key="threshold_missed_cost").set_value(3.0).run()
    # A wrong call costs 1, a missed one 3: calling pays where 3p > 1 − p.
    assert "calling pays from **0.250** on" in said(page, "At 1 for a wrong call and 3 for a missed one")
    # The odds at 0.44 are 0.44 / 0.56.
    assert "0.440 is right if a wrong call costs **0.79** times a missed one" in said(page, "At 1 for a wrong call")

    page.button(key="use_costs").click().run()
    assert given(page, "bands")["threshold"] == 0.25
    assert "0.250 is right if a wrong call costs **0.33** times" in said(page, "At 1 for a wrong call")


def test_where_calibration_holds_a_trade_breaks_even_where_its_mean_return_is_its_cost(calibrated: AppTest):
    rows = Registry(Path(os.environ["MODEL_REGISTRY"])).load().out_of_fold
    up, down = (rows.next_day_return[rows.y_true == outcome].mean() for outcome in (1, 0))

    value = (0.0005 - down) / (up - down)
    assert f"breaks even at a probability of **{value:.3f}**" in said(calibrated, "At 5 bp a trade")


def test_a_budget_leads_to_the_lowest_threshold_that_keeps_to_it(page: AppTest, shipped: Bundle):
    rows = shipped.out_of_fold
    page.number_input(key="threshold_budget").set_value(40.0).run()
    months = ((rows.day.max() - rows.day.min()).astype(int) + 1) / (365.25 / 12)
    found = next(t for t in GRID if np.sum(rows.y_score >= t) / months <= 40)
    in_month = rows.day.astype("datetime64[M]")[rows.y_score >= found]
    busiest = np.unique(in_month, return_counts=True)[1].max()

    text = said(page, "At 0.440 the model calls")
    assert f"from **{found:.3f}** on" in text
    assert f"{busiest} in the busiest" in text
    page.button(key="use_budget").click().run()
    assert given(page, "bands")["threshold"] == found


def test_a_budget_for_the_busiest_month_counts_that_month(page: AppTest, shipped: Bundle):
    rows = shipped.out_of_fold
    page.number_input(key="threshold_budget").set_value(40.0).run()
    page.toggle(key="threshold_busiest").set_value(True).run()
    month = rows.day.astype("datetime64[M]")

    def busiest(threshold: float) -> int:
        counts = np.unique(month[rows.y_score >= threshold], return_counts=True)[1]
        return int(counts.max()) if len(counts) else 0

    found = next(t for t in GRID if busiest(t) <= 40)
    assert f"in any month: from **{found:.3f}** on" in said(page, "At 0.440 the model calls")


def test_the_best_threshold_is_the_one_that_trying_all_of_them_finds(page: AppTest, shipped: Bundle):
    rows = shipped.out_of_fold
    values = [np.where(rows.y_score >= t, rows.next_day_return - 0.0005, 0).mean() for t in GRID]
    best = [t for t, value in zip(GRID, values, strict=True) if value > max(values) - 1e-12]

    assert said(page, "On these rows **").split("**")[1] in {f"{t:.3f}" for t in best}


def test_what_was_chosen_on_the_first_half_is_scored_on_the_second(page: AppTest, shipped: Bundle):
    rows = shipped.out_of_fold
    days = np.unique(rows.day)
    second = rows.day >= days[len(days) // 2]
    chosen = float(said(page, "Chosen on the first half").split("**")[1])

    table = words(html_with(page, "On the second half"))
    called = second & (rows.y_score >= chosen)
    assert f"Chosen {chosen:.3f} {called.sum():,} {100 * rows.y_true[called].mean():.1f}" in table
    called = second & (rows.y_score >= 0.44)
    assert f"In use 0.440 {called.sum():,} {100 * rows.y_true[called].mean():.1f}" in table


def test_groups_are_scored_as_by_hand_or_too_few(page: AppTest, shipped: Bundle):
    rows = shipped.out_of_fold
    years = words(html_with(page, "<caption>By year"))

    here = rows.day.astype("datetime64[Y]") == np.datetime64("2008")
    call = (rows.y_score >= 0.44).astype(int)
    right = precision_score(rows.y_true[here], call[here])
    assert f"2008 {call[here].sum():,} calls of {here.sum():,} rows {100 * right:.1f}" in years
    # Some forty days of a year do not make an interval.
    assert "rows too few rows – –" in years[years.index("2013") :]


def test_thirds_can_be_those_of_any_feature(page: AppTest, shipped: Bundle):
    assert page.selectbox(key="threshold_feature").value == "ret_vol_10"
    before = words(html_with(page, "<caption>By third"))
    page.selectbox(key="threshold_feature").set_value("rsi_14").run()

    after = words(html_with(page, "<caption>By third"))
    assert "Lowest third" in after
    assert before != after


def test_calibration_is_that_of_scikit_learn(page: AppTest, shipped: Bundle):
    rows = shipped.out_of_fold
    observed, said_mean = calibration_curve(rows.y_true, rows.y_score, n_bins=10, strategy="quantile")

    chart = next(
        data
        for mounted in page.get("bidi_component")
        if (data := json.loads(mounted.proto.json)[0]).get("file") == "calibration"
    )
    assert chart["columns"]["mean_probability"] == pytest.approx(said_mean.tolist(), abs=2e-4)
    assert chart["columns"]["observed"] == pytest.approx(observed.tolist(), abs=2e-3)
    assert sum(chart["columns"]["rows"]) == len(rows.y_true)


def test_outside_a_band_of_no_call_the_answers_are_counted_as_by_hand(page: AppTest, shipped: Bundle):
    rows, data = shipped.out_of_fold, given(explore(page, 0.5), "sentences")
    at = round(1.5 / data["step"])

    up, down = rows.y_score >= 0.515, rows.y_score < 0.485
    right = (up & (rows.y_true == 1)) | (down & (rows.y_true == 0))
    assert data["answered"][at] == pytest.approx(np.mean(up | down))
    assert data["right"][at] == pytest.approx(right.sum() / (up | down).sum())
    assert f"**{100 * np.mean(up | down):.1f}\u00a0%** of the rows get one" in data["sentences"][at]


@pytest.mark.parametrize(("kept", "shown"), [(1.3, 1.5), (99.0, 10.0)])
def test_a_half_width_is_shown_as_the_nearest_there_is(page: AppTest, kept: float, shown: float):
    page.session_state["threshold_half_width"] = kept

    assert given(page.run(), "sentences")["half_width"] == shown


def test_keeping_asks_for_a_reason_then_makes_a_version_that_can_be_rolled_back(page: AppTest, registry: Registry):
    before = registry.current()
    assert before
    explore(page, 0.5)
    assert "From then on every page, the API and the reports" in said(page, "**Use 0.500 instead of 0.440?**")
    page.button(key="confirm_keep_0.500").click().run()
    assert "Say why" in page.warning[0].value
    assert registry.current() == before

    page.text_input(key="why_threshold").set_value("fewer calls").run()
    page.button(key="confirm_keep_0.500").click().run()
    kept = registry.load().manifest.threshold
    assert (kept.value, kept.reason) == (0.5, "fewer calls")
    assert kept.costs
    assert kept.costs.numbers == {"basis points a trade": 5.0}
    assert "chosen by hand" in kept.rule
    assert any("0.500 is kept instead of 0.440" in message.value for message in page.success)

    page.text_input(key="why_threshold_back").set_value("back to the default").run()
    now = registry.current()
    assert now
    page.button(key=f"confirm_back_{now.version}").click().run()
    assert registry.load().threshold == 0.44


def test_the_rule_a_threshold_came_by_is_kept_with_it(page: AppTest, registry: Registry):
    page.number_input(key="threshold_budget").set_value(40.0).run()
    page.button(key="use_budget").click().run()
    written = f"{given(page, 'bands')['threshold']:.3f}"
    page.text_input(key="why_threshold").set_value("as many as we can check").run()
    page.button(key=f"confirm_keep_{written}").click().run()

    assert registry.load().manifest.threshold.rule.endswith("at most 40 calls a month on average")


def test_nobody_else_may_keep_a_threshold(app: AppTest, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DASHBOARD_KEY", "a long random key")
    page = explore(go(app, "thresholds"), 0.5)

    assert not [button for button in page.button if str(button.key).startswith("confirm_keep")]
    assert page.text_input(key="access_key")


def test_rows_without_returns_offer_no_costs_per_trade(shipped: Bundle):
    rows = shipped.out_of_fold
    without = rows.next_day_return.copy()
    without[3] = np.nan
    columns = {name: getattr(rows, name) for name in ("day", "ticker", "y_true", "y_score", "fold")}

    assert costs_of.returns_known(rows)
    assert not costs_of.returns_known(OutOfFold(**columns, next_day_return=without))


@pytest.mark.parametrize(("dearest", "decimals"), [(0.01, 3), (1.0, 1), (25.0, 0), (1e6, 0)])
def test_costs_are_written_to_about_three_digits(dearest: float, decimals: int):
    assert CallCosts("errors", 5.0, dearest, 0.01).decimals == decimals


def test_it_is_said_that_all_rows_are_out_of_fold(page: AppTest):
    assert any(caption.value.startswith("All rows here are out-of-fold") for caption in page.caption)
