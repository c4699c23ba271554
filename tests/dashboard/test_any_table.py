"""A bundle of any table: every page works on it and speaks of what its manifest names, never of markets."""

import csv
import io
import json
import re
from typing import Any

import numpy as np
import pytest
from google.protobuf.json_format import MessageToDict
from sklearn.metrics import confusion_matrix
from streamlit.testing.v1 import AppTest

from dashboard import links
from dashboard.predict.looked_up import looked_up
from dashboard.score.examples import example_rows
from dashboard.score.scored_file import score_file
from model.bundle import Bundle
from model.errors import InvalidInputError
from tests import builders
from tests.dashboard.conftest import open_app
from tests.dashboard.reading import PAGES, address, component, go, panel
from tests.market_words import market_words
from training.kept_threshold import ThresholdChoice, keep_threshold
from training.panels.costs import CallCosts
from training.panels.named_rows import NoSuchRowError
from training.panels.starting_points import row_by_id, row_on

LAYOUTS = {
    "plain": {},
    "time": {"time": True},
    "group": {"group": True},
    "time and group": {"time": True, "group": True},
    "missing values": {"missing": True},
}


@pytest.fixture(scope="module", params=LAYOUTS)
def bundle(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """A bundle of each layout."""
    return builders.table_bundle(tmp_path_factory.mktemp("table"), **LAYOUTS[request.param])


@pytest.fixture
def table_app(bundle: Bundle, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    """The app on such a bundle."""
    monkeypatch.setenv("MODEL_REGISTRY", str(bundle.directory.parent))
    return open_app()


# What is said to browsers and to Python, and shown to nobody.
NOT_SHOWN = {"jsContent", "cssContent", "id", "userKey", "componentName", "formId", "url", "icon", "kind", "type"}
NOT_SHOWN |= {"urlPathname", "pageScriptHash", "persistState"}


def texts_in(value: Any) -> list[str]:
    """Every text in *value* that is shown; JSON in a text is read, too."""
    if isinstance(value, dict):
        return [text for name, part in value.items() if name not in NOT_SHOWN for text in texts_in(part)]
    if isinstance(value, list | tuple):
        return [text for part in value for text in texts_in(part)]
    if not isinstance(value, str):
        return []
    if value[:1] in "[{":
        try:
            return texts_in(json.loads(value))
        except ValueError:
            pass
    return [re.sub(r"<style>.*?</style>", "", value, flags=re.DOTALL)]


def shown_by(app: AppTest) -> list[str]:
    """Every text of the page in view: what it shows, and what it hands to components."""
    return [text for block in (app.main, app.sidebar) for element in block for text in _texts_of(element)]


def _texts_of(element: Any) -> list[str]:
    proto = getattr(element, "proto", None)
    return [] if proto is None else texts_in(MessageToDict(proto))


def test_the_words_of_the_market_are_found_where_they_are(app: AppTest, shipped: Bundle):
    found = market_words(shown_by(app), shipped)

    assert any("AAPL" in text for text in shown_by(app))
    assert any("next-day return" in place for place in found)


@pytest.mark.parametrize("page", PAGES)
def test_every_page_works_and_has_no_market_word(table_app: AppTest, bundle: Bundle, page: str):
    go(table_app, page)

    assert not table_app.exception
    assert not table_app.error
    texts = shown_by(table_app)
    assert len(" ".join(texts)) > 500
    assert market_words(texts, bundle) == []


def test_every_threshold_has_the_confusion_matrix_of_scikit_learn(table_app: AppTest, bundle: Bundle):
    bands = component(go(table_app, "thresholds"), "threshold")["bands"]

    rows = bundle.out_of_fold
    for threshold in (0.2, 0.44, 0.7):
        (quiet, wrong), (missed, hits) = confusion_matrix(rows.y_true, rows.y_score >= threshold)
        level = bands["level"][round(1000 * threshold)]
        assert (bands["hits"][level], bands["calls"][level]) == (hits, hits + wrong)
        assert (bands["positives"], bands["n"]) == (hits + missed, hits + missed + wrong + quiet)
        assert bands["worth"]["estimate"][level] == pytest.approx(100 * (wrong + missed) / len(rows.y_true))


def test_calls_are_counted_by_the_year_only_where_rows_have_a_time(table_app: AppTest, bundle: Bundle):
    bands = component(go(table_app, "thresholds"), "threshold")["bands"]

    # The visits of the builder span less than a year.
    assert bands["years"] is None
    texts = [str(element.value) for element in table_app.markdown]
    month = [text for text in texts if "times a month on average" in text]
    hundred = [text for text in texts if "times per 100 rows" in text]
    assert (len(month), len(hundred)) == ((1, 0) if bundle.manifest.layout.time else (0, 1))


def test_a_budget_of_calls_per_100_rows_leads_to_the_lowest_threshold_that_keeps_it(table_app: AppTest, bundle: Bundle):
    if bundle.manifest.layout.time:
        pytest.skip("has a budget a month")
    go(table_app, "thresholds")
    table_app.number_input(key="threshold_share_budget").set_value(10.0).run()
    table_app.button(key="use_budget").click().run()

    found = component(table_app, "threshold")["threshold"]
    share = [float(np.mean(bundle.out_of_fold.y_score >= at)) for at in (found, found - 0.001)]
    assert share[0] <= 0.1 < share[1]
    assert address(table_app)["page.calls_per_100"] == "10"


def test_costs_are_those_of_errors_and_nothing_else_can_be_chosen(table_app: AppTest):
    go(table_app, "thresholds")

    assert [box.key for box in table_app.number_input if "cost" in box.key] == [
        "threshold_wrong_cost",
        "threshold_missed_cost",
    ]
    assert not [part for part in address(table_app) if part in ("page.costs", "page.trade_cost")]


def test_a_link_with_parts_of_another_layout_names_them(bundle: Bundle):
    found = links.read({"page.trade_cost": "5", "page.wrong_cost": "2"}, bundle)

    assert found.values == {"threshold_wrong_cost": 2.0}
    assert found.faults == ("page.trade_cost: nothing here has that name",)


def test_rows_are_named_by_what_they_have(bundle: Bundle):
    layout, rows = bundle.manifest.layout, bundle.reference
    position = 41
    day, customer = str(rows.day[position]), str(rows.ticker[position])
    same = [i for i in range(position + 1) if (str(rows.day[i]), rows.ticker[i]) == (day, customer)]
    of_customer = [i for i in range(position + 1) if rows.ticker[i] == customer]
    if layout.time and layout.group:
        point = row_on(bundle, customer, f"{day}#{len(same)}")
        assert point.said.startswith(f"{customer}, {day}")
    elif layout.time:
        point = row_on(bundle, "", f"{day}#{len(same)}")
        assert point.said.startswith(f"Row {len(same)} of {day}")
    elif layout.group:
        point = row_on(bundle, customer, str(len(of_customer)))
        assert point.said.startswith(f"Customer {customer}, row {len(of_customer)}. What it was:")
    else:
        point = row_on(bundle, "", "42")
        assert point.said.startswith("Row 42. What it was:")

    assert row_by_id(bundle, point.id) == point
    for feature, value in zip(bundle.manifest.features, rows.X[position].tolist(), strict=True):
        assert point.values[feature.name] == pytest.approx(value, abs=10.0**-feature.decimals)


def test_the_biggest_miss_is_the_row_that_was_scored_worst(bundle: Bundle):
    (miss,) = [point for point in looked_up(bundle).points if point.id == "miss"]

    rows, reference = bundle.out_of_fold, bundle.reference
    worst = int(np.argmax(np.abs(rows.y_true - rows.y_score)))
    alike = [
        i
        for i in range(len(reference.y))
        if all(
            abs(miss.values[f.name] - reference.X[i, k]) <= 10.0**-f.decimals
            for k, f in enumerate(bundle.manifest.features)
        )
    ]
    assert len(alike) == 1
    assert reference.y[alike[0]] == rows.y_true[worst]
    assert reference.ticker[alike[0]] == rows.ticker[worst]
    if not bundle.manifest.layout.time and not bundle.manifest.layout.group:
        assert alike == [worst]


def test_a_row_that_is_not_there_is_refused_with_what_there_is(bundle: Bundle):
    if bundle.manifest.layout.time:
        pytest.skip("rows have days")
    name = "C07" if bundle.manifest.layout.group else ""
    with pytest.raises(NoSuchRowError) as raised:
        row_on(bundle, name, "401")

    assert "Found “401”, expected a row from 1 to " in str(raised.value)


def test_the_panel_offers_rows_by_group_or_number(table_app: AppTest, bundle: Bundle):
    rows, layout = panel(table_app)["model"]["rows"], bundle.manifest.layout

    assert rows["kind"] == ("date" if layout.time else "number")
    assert [group["name"] for group in rows["groups"]] == sorted(set(bundle.reference.ticker.tolist()))
    assert (rows["of"] == "A row of customer") == (bool(layout.group) and not layout.time)


def test_example_rows_hold_what_the_table_held_and_are_scored_as_they_are(bundle: Bundle):
    layout, data = bundle.manifest.layout, example_rows(bundle)
    header, *lines = csv.reader(io.StringIO(data.decode()))

    beside = [name for name in (layout.time, layout.group) if name]
    assert header == [*beside, *bundle.manifest.feature_names, "churned"]
    X = np.array([line[len(beside) : -1] for line in lines], dtype=float)
    scored = score_file(bundle, data, "rows.csv")
    assert scored.probability == pytest.approx(bundle.pipeline.predict_proba(X)[:, 1], abs=1e-12)


def test_an_empty_cell_is_filled_by_a_model_that_knows_missing_values_and_else_refused(bundle: Bundle, tmp_path):
    header, first, *_ = example_rows(bundle).decode().splitlines()
    names, values = header.split(","), first.split(",")
    values[names.index("mean_3")] = ""
    data = f"{header}\n{','.join(values)}\n".encode()
    filling = builders.table_bundle(tmp_path, missing=True)
    row = [float(values[names.index(name)] or "nan") for name in filling.manifest.feature_names]

    scored = score_file(filling, data, "rows.csv")
    assert scored.probability[0] == pytest.approx(filling.pipeline.predict_proba([row])[0, 1], abs=1e-12)
    assert scored.rows.notes[0].startswith("1 cell is empty (mean_3 1): the model puts there")
    if not bundle.manifest.trained_on.warnings:
        with pytest.raises(InvalidInputError) as raised:
            score_file(bundle, data, "rows.csv")
        assert raised.value.faults[0].found == "an empty cell"


def test_a_threshold_can_be_kept_and_says_nothing_of_days_that_are_not_there(bundle: Bundle):
    choice = ThresholdChoice(
        value=0.6, rule="by hand", reason="fewer calls", costs=CallCosts("errors", 0, 2, 1).recorded
    )
    changed = keep_threshold(bundle, choice).manifest

    rows = bundle.out_of_fold
    share = changed.metric("call_share")
    assert share.value == pytest.approx(float(np.mean(rows.y_score >= 0.6)))
    never = ["never churned"] if rows.y_true.mean() < 0.5 else []
    assert [base.name for base in changed.metric("accuracy").baselines] == [*never, "always churned"]
    assert (" to " in changed.threshold.chosen_on) == bool(bundle.manifest.layout.time)
