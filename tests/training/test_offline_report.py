"""The report in one file: what stands in it, in which order, with which numbers, and that it may ask for nothing."""

import base64
import hashlib
import json
import re
from html import unescape
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier

from model.bundle import Bundle, write_bundle
from model.wording import percent
from tests import builders
from tests.market_words import market_words
from training.background import Background
from training.kept_threshold import ThresholdChoice, keep_threshold
from training.offline import live
from training.offline.html import grid, text
from training.offline.page import as_json
from training.offline.report import offline_report

LAYOUTS = {
    "plain": {},
    "time": {"time": True},
    "group": {"group": True},
    "time and group": {"time": True, "group": True},
}
SECTIONS = [
    "change",
    "metrics",
    "scenario",
    "threshold",
    "calibration",
    "sensitivity",
    "assumptions",
    "risks",
    "meaning",
    "changes",
    "origin",
]


def without_code(page: str) -> str:
    return re.sub(r'<style>.*?</style>|<script type="module">.*?</script>', "", page, flags=re.DOTALL)


def shown(page: str) -> str:
    """What a reader sees before anything is drawn, as one line."""
    plain = re.sub(r"<script.*?</script>", "", without_code(page), flags=re.DOTALL)
    return unescape(" ".join(re.sub(r"<[^>]+>", " ", plain).split())).replace("\u00a0", " ")


def data_in(page: str) -> dict[str, Any]:
    found = re.findall(r'<script type="application/json" id="([\w-]+)-data">(.*?)</script>', page, flags=re.DOTALL)
    return {name: json.loads(value) for name, value in found}


# What names a layer or a model to the scripts, and is shown to nobody.
NOT_SHOWN = {"id", "kind"}


def texts_in(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [one for name, part in value.items() if name not in NOT_SHOWN for one in texts_in(part)]
    if isinstance(value, list):
        return [one for part in value for one in texts_in(part)]
    return [value] if isinstance(value, str) else []


@pytest.fixture(scope="module")
def page(made_up: Bundle) -> str:
    return offline_report(made_up).decode()


def weights_of(bundle: Bundle) -> np.ndarray:
    """The weights in original units, from the steps of the fitted pipeline."""
    scaler, model = bundle.pipeline[0], bundle.pipeline[-1]
    return model.coef_[0] / scaler.scale_


def test_the_verdict_is_the_first_thing_said(page: str, made_up: Bundle):
    first = {"better": "Skill found", "not distinguishable": "No distinguishable skill", "worse": "Worse than"}

    body = shown(page[page.index("<body") :])
    assert body[2:].startswith(first[made_up.manifest.verdict.outcome])


def test_sections_follow_one_another_and_the_contents_lead_to_them(page: str):
    assert re.findall(r'<section id="(\w+)"', page) == SECTIONS
    assert re.findall(r'<a href="#(\w+)"', page) == SECTIONS


def test_the_file_names_nothing_that_would_have_to_be_fetched(page: str):
    assert re.findall(r'\ssrc=|@import|url\(|https?://(?!www\.w3\.org/2000/svg")', page) == []
    assert set(re.findall(r'<link[^>]*href="([^"]*)"', page)) == {"data:,"}


def test_the_policy_allows_the_scripts_of_the_page_and_no_request(page: str):
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)[1]

    modules = re.findall(r'<script type="module">(.*?)</script>', page, flags=re.DOTALL)
    hashes = {f"'sha256-{base64.b64encode(hashlib.sha256(one.encode()).digest()).decode()}'" for one in modules}
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert len(modules) == 3
    assert rules["default-src"] == "'none'"
    assert set(rules["script-src"].split()) == hashes
    assert set(rules) <= {"default-src", "script-src", "style-src", "img-src", "base-uri", "form-action"}
    assert set(rules["img-src"].split()) == {"data:", "blob:"}


def test_version_and_hash_are_said_to_readers_and_to_programs(page: str, made_up: Bundle):
    assert made_up.version in shown(page)
    assert made_up.sha256 in shown(page)
    assert f'<meta name="bundle-version" content="{made_up.version}">' in page[:2000]
    assert f'<meta name="bundle-sha256" content="{made_up.sha256}">' in page[:2000]


def test_the_same_bundle_gives_the_same_bytes(page: str, made_up: Bundle):
    assert offline_report(Bundle.load(made_up.directory)).decode() == page


def test_each_year_has_the_calls_and_hits_counted_from_its_rows(page: str, made_up: Bundle):
    rows = made_up.out_of_fold
    years = rows.day.astype("datetime64[Y]").astype(str)
    called = rows.y_score >= made_up.threshold
    said = shown(page)

    found = 0
    for year in np.unique(years):
        here = years == year
        hits = percent(float(rows.y_true[here & called].mean()))
        assert f"{year} {int((here & called).sum()):,} calls of {int(here.sum()):,} rows {hits}" in said
        found += 1
    assert found > 1


def test_calibration_lists_what_was_said_and_what_came_true(page: str, made_up: Bundle):
    bins, rows = made_up.manifest.calibration, made_up.out_of_fold
    order = np.argsort(rows.y_score, kind="stable")

    lowest = order[: bins[0].n]
    said, true = percent(float(rows.y_score[lowest].mean())), percent(float(rows.y_true[lowest].mean()))
    assert f"{bins[0].n:,} rows {said} {true}" in shown(page)


def test_the_first_version_says_that_there_is_none_before_it(page: str):
    assert "This is the first version" in shown(page)


def test_what_changed_since_the_version_before_is_listed(tmp_path: Path):
    registry = builders.registry(tmp_path)
    before = registry.load()
    choice = ThresholdChoice(value=0.5, rule="by hand", reason="fewer calls")
    draft = keep_threshold(before, choice)
    bundle = Bundle.load(write_bundle(registry.folder, draft))

    said = shown(offline_report(bundle, Background(before)).decode())

    known = before.reference.X[~np.isnan(before.reference.y)]
    p = before.pipeline.predict_proba(known)[:, 1]
    lost = int(np.sum((p >= 0.44) & (p < 0.5)))
    assert f"This version, {bundle.version} Before, {before.version}" in said
    assert "Decision threshold 0.50 0.44" in said
    assert f"{len(known):,} are the same, 0 are new, 0 are left out" in said
    assert lost > 0
    assert f"{lost:,} are called differently ({percent(lost / len(known))}): 0 are “up” now only" in said
    assert offline_report(bundle, Background(before)) != offline_report(bundle)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_report_of_any_table_has_no_market_word(layout: str, tmp_path: Path):
    bundle = builders.table_bundle(tmp_path, **LAYOUTS[layout])
    page = offline_report(bundle).decode()

    texts = [shown(page), *texts_in(data_in(page))]
    assert len(" ".join(texts)) > 5000
    assert market_words(texts, bundle) == []


@pytest.fixture(scope="module")
def forest(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return builders.bundle_of(
        RandomForestClassifier(20, max_depth=4, random_state=0), tmp_path_factory.mktemp("forest")
    )


def test_a_model_no_browser_can_score_has_curves_reckoned_by_its_pipeline(forest: Bundle):
    page = offline_report(forest).decode()
    curves = [data for name, data in data_in(page).items() if name.startswith("curve-")]

    assert "not a weighted sum" in shown(page)
    assert "scenario-panel" not in page
    features = forest.manifest.features
    assert {curve["file"] for curve in curves} == {f"curve_{feature.name}" for feature in features}
    for curve in curves:
        place = next(i for i, feature in enumerate(features) if curve["file"] == f"curve_{feature.name}")
        feature = features[place]
        x = np.array(curve["columns"][feature.name]) / feature.display_factor
        assert [x[0], x[-1]] == pytest.approx([feature.p1, feature.p99])
        rows = np.tile([one.median for one in features], (len(x), 1))
        rows[:, place] = x
        assert curve["columns"]["probability"] == pytest.approx(forest.pipeline.predict_proba(rows)[:, 1], abs=1e-12)
    swings = [np.ptp(curve["columns"]["probability"]) for curve in curves]
    assert swings == sorted(swings, reverse=True)


def test_all_curves_have_one_scale_that_holds_them_and_the_threshold(forest: Bundle):
    curves = [data for name, data in data_in(offline_report(forest).decode()).items() if name.startswith("curve-")]

    assert len({(curve["y"]["low"], curve["y"]["high"]) for curve in curves}) == 1
    low, high = curves[0]["y"]["low"], curves[0]["y"]["high"]
    held = [forest.threshold, *(p for curve in curves for p in curve["columns"]["probability"])]
    assert low <= min(held) <= max(held) <= high


def test_a_linear_model_of_very_many_features_has_curves_of_those_that_move_it_most(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(live, "MOST_SLIDERS", 31)
    bundle = builders.table_bundle(tmp_path)
    page = offline_report(bundle).decode()

    curves = [data for name, data in data_in(page).items() if name.startswith("curve-")]
    spans = [feature.p99 - feature.p1 for feature in bundle.manifest.features]
    moves = dict(zip(bundle.manifest.feature_names, np.abs(weights_of(bundle)) * spans, strict=True))
    assert "has 32 features, too many for sliders" in shown(page)
    assert {curve["file"].removeprefix("curve_") for curve in curves} == set(sorted(moves, key=moves.get)[-24:])


def test_what_comes_from_outside_is_never_read_as_html():
    hostile = "</script><b onclick=x>&"

    assert "<" not in text(hostile)
    assert "<b" not in grid((hostile, hostile), [(hostile, hostile)], hostile)
    assert "<" not in as_json({hostile: hostile})
    assert json.loads(as_json({hostile: hostile})) == {hostile: hostile}


def test_dates_and_percentages_stay_on_one_line_and_names_of_versions_as_they_are():
    assert text("51.2 % since 2003-07-23") == '51.2\u00a0% since <span class="unbroken">2003-07-23</span>'
    assert text("version 2013-02-28-81933079ecbb") == "version 2013-02-28-81933079ecbb"
