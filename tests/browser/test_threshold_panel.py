"""The Threshold page as a person uses it: dragging its line, typing, keys, costs, a budget, keeping a choice."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from sklearn.metrics import confusion_matrix, precision_score, recall_score

from dashboard.threshold.numbers import bands_of
from model.bundle import Bundle
from model.registry import Registry
from model.wording import number, percent
from tests.browser.conftest import Noise
from tests.browser.serving import dashboard, settle, turn_to
from tests.browser.test_dashboard import HEADINGS, open_dashboard
from training.panels.components import script
from training.panels.costs import CallCosts
from training.panels.threshold import SCRIPTS, bands_data

NAME = "Decision threshold"
BAND = "No answer within so many points of the threshold"


def open_thresholds(page: Page, url: str) -> None:
    open_dashboard(page, url)
    turn_to(page, "Threshold", heading=HEADINGS["Threshold"])
    expect(page.locator(".figure-value").first).to_be_visible()


def slider(page: Page, name: str = NAME) -> Locator:
    return page.get_by_role("slider", name=name, exact=True)


def box(page: Page, name: str = NAME) -> Locator:
    return page.get_by_role("spinbutton", name=f"{name}, typed")


def type_threshold(page: Page, value: str) -> None:
    box(page).fill(value)
    box(page).press("Enter")


def chart(page: Page, begin: str) -> Locator:
    return page.get_by_role("img", name=re.compile(f"^{begin}"))


def expect_figures_of(page: Page, bundle: Bundle, threshold: float, **patience: float) -> None:
    """Expect what scikit-learn says of *threshold* in the sentence, the figures and the matrix."""
    rows = bundle.out_of_fold
    call = (rows.y_score >= threshold).astype(int)
    right, caught = percent(precision_score(rows.y_true, call)), percent(recall_score(rows.y_true, call))
    (quiet, wrong), (missed, good) = confusion_matrix(rows.y_true, call)
    figures = page.locator(".figure-value")
    expect(figures.nth(1)).to_have_text(right, **patience)
    expect(figures.nth(2)).to_have_text(caught, **patience)
    for name, count in {"hit": good, "wrong": wrong, "missed": missed, "rest": quiet}.items():
        expect(page.locator(f".confusion .{name} b")).to_have_text(f"{count:,}", **patience)
    years = float((rows.day.max() - rows.day.min()).astype(int) + 1) / 365.25
    sentence = page.locator(".deciding .sentence")
    expect(sentence).to_contain_text(f"calls “up” about {number(call.sum() / years, 0)} times a year", **patience)
    expect(sentence).to_contain_text(f"is right on {right} of those; always calling it would be right on", **patience)


@pytest.fixture(scope="module")
def figures(browser: Browser, shipped: Bundle) -> Iterator[list[dict[str, Any]]]:
    """What the browser makes of every step of the slider."""
    page = browser.new_page()
    costs = CallCosts("trade", 5.0, 1.0, 1.0)
    bands = bands_data(shipped, bands_of(shipped, shipped.sha256, costs), costs)
    yield page.evaluate(
        """async ([source, bands]) => {
             const module = await import(URL.createObjectURL(new Blob([source], {type: "text/javascript"})));
             return bands.level.map((_, i) => module.figuresAt(bands, module.snapped(bands, i / 1000)));
           }""",
        [script(*SCRIPTS), bands],
    )
    page.close()


def test_the_browser_counts_as_scikit_learn_at_every_step(figures: list[dict[str, Any]], shipped: Bundle):
    rows = shipped.out_of_fold

    assert len(figures) == 1001
    for step, found in enumerate(figures):
        call = (rows.y_score >= step / 1000).astype(int)
        (quiet, wrong), (missed, good) = confusion_matrix(rows.y_true, call, labels=[0, 1])
        assert [found[name] for name in ("quiet", "wrong", "missed", "hits")] == [quiet, wrong, missed, good], step
        if call.sum() >= 20:
            assert found["precision"]["value"] == pytest.approx(good / call.sum(), abs=1e-9)
        else:
            assert found["precision"]["value"] is None
        assert found["recall"]["value"] == pytest.approx(good / (good + missed), abs=1e-9)


@pytest.mark.parametrize("page", ["light 1360", "dark 390"], indirect=True)
def test_everything_follows_the_line_before_it_is_released(page: Page, url: str, noise: Noise, shipped: Bundle):
    open_thresholds(page, url)
    line = chart(page, "Right when it calls")
    line.scroll_into_view_if_needed()
    place = line.bounding_box()
    assert place
    height = place["y"] + 0.6 * place["height"]
    page.mouse.move(place["x"] + 0.4 * place["width"], height)
    page.mouse.down()
    seen = set()
    for share in (0.5, 0.6, 0.7):
        page.mouse.move(place["x"] + share * place["width"], height)
        shown = slider(page).get_attribute("aria-valuetext") or ""
        expect_figures_of(page, shipped, float(shown), timeout=1000)
        expect(page.locator(".deciding .sentence")).to_be_in_viewport()
        seen.add(shown)
    page.mouse.up()

    assert len(seen) == 3
    expect(line).to_have_accessible_name(re.compile(f"at {shown}; always calling is right on"))
    settle(page)
    turn_to(page, "About", heading=HEADINGS["About"])
    turn_to(page, "Threshold", heading=HEADINGS["Threshold"])
    expect(slider(page)).to_have_attribute("aria-valuetext", shown)
    assert noise == Noise()


def test_everything_follows_the_slider_before_it_is_released(page: Page, url: str, shipped: Bundle):
    open_thresholds(page, url)
    place = slider(page).bounding_box()
    assert place
    height = place["y"] + place["height"] / 2
    page.mouse.move(place["x"] + 0.44 * place["width"], height)
    page.mouse.down()
    for share in (0.47, 0.52):
        page.mouse.move(place["x"] + share * place["width"], height)
        shown = float(slider(page).get_attribute("aria-valuetext") or "")
        assert abs(shown - share) < 0.02
        expect_figures_of(page, shipped, shown, timeout=1000)
    page.mouse.up()


def test_typing_keys_and_the_way_back(page: Page, url: str, shipped: Bundle):
    open_thresholds(page, url)
    type_threshold(page, "0.507")
    expect(slider(page)).to_have_attribute("aria-valuetext", "0.507")
    expect_figures_of(page, shipped, 0.507)

    slider(page).press("ArrowRight")
    expect(box(page)).to_have_value("0.508")
    expect_figures_of(page, shipped, 0.508)
    expect(page.locator(".deciding + .spoken")).to_contain_text("At 0.508: Calls a year")
    page.get_by_role("button", name="Back to 0.440").press("Enter")
    expect(box(page)).to_have_value("0.440")
    expect_figures_of(page, shipped, 0.44)


def test_what_is_no_threshold_is_named_and_the_one_before_stays(page: Page, url: str):
    open_thresholds(page, url)
    box(page).select_text()
    box(page).press_sequentially("1.2")
    box(page).press("Enter")

    expect(page.get_by_text("1.200 is not from 0.000 to 1.000: the value before it stays.")).to_be_visible()
    expect(box(page)).to_have_value("0.440")


def test_without_calls_or_with_few_nothing_is_claimed(page: Page, url: str, shipped: Bundle):
    open_thresholds(page, url)
    type_threshold(page, "1")
    expect(page.locator(".deciding .sentence")).to_contain_text("At 1.000 the model never calls “up”")
    expect(page.locator(".figure-value")).to_have_text(["0", "–", "0.0 %", "–"])

    highest = sorted(shipped.out_of_fold.y_score)[-3]
    type_threshold(page, f"{highest - 0.0005:.3f}")
    expect(page.locator(".deciding .sentence")).to_contain_text("too few to say how often that is right")
    expect(page.locator(".figure-card").nth(1)).to_contain_text("too few rows")


def test_value_is_shown_against_always_calling_on_demand(page: Page, url: str):
    open_thresholds(page, url)
    expect(chart(page, "Value per call after costs")).to_be_visible()
    page.get_by_role("radio", name="Against always “up”").check()

    expect(chart(page, "Value against always calling")).to_be_visible()
    settle(page)
    turn_to(page, "About", heading=HEADINGS["About"])
    turn_to(page, "Threshold", heading=HEADINGS["Threshold"])
    expect(page.get_by_role("radio", name="Against always “up”")).to_be_checked()


def test_other_costs_change_the_figures_and_leave_the_threshold(page: Page, url: str, shipped: Bundle):
    open_thresholds(page, url)
    type_threshold(page, "0.5")
    settle(page)
    cost = page.get_by_role("spinbutton", name="Basis points a trade")
    cost.fill("20")
    cost.press("Enter")
    rows = shipped.out_of_fold
    called = rows.y_score >= 0.5
    worth = 1e4 * rows.next_day_return[called].mean() - 20
    expect(page.locator(".figure-value").nth(3)).to_have_text(f"{number(worth, 1, signed=True)}\u00a0bp")
    expect(slider(page)).to_have_attribute("aria-valuetext", "0.500")

    page.get_by_role("radio", name="Cost of a wrong call and of a missed one").click()
    wrong = np.sum(called & (rows.y_true == 0)) + np.sum(~called & (rows.y_true == 1))
    expect(page.locator(".figure-value").nth(3)).to_have_text(number(100 * wrong / len(called), 1))
    expect(page.locator(".deciding .sentence")).to_contain_text("Its errors cost")


def test_a_budget_is_turned_into_a_threshold(page: Page, url: str, shipped: Bundle):
    open_thresholds(page, url)
    budget = page.get_by_role("spinbutton", name="At most so many calls a month")
    budget.fill("40")
    budget.press("Enter")
    use = page.get_by_role("button", name=re.compile(r"^Use 0\.\d+"))
    expect(use).to_be_enabled()
    threshold = use.inner_text().removeprefix("Use ")
    use.click()

    expect(slider(page)).to_have_attribute("aria-valuetext", threshold)
    expect_figures_of(page, shipped, float(threshold))


def test_the_band_of_no_call_follows_its_slider(page: Page, url: str, shipped: Bundle):
    open_thresholds(page, url)
    slider(page, BAND).scroll_into_view_if_needed()
    rows = shipped.out_of_fold
    for key, half_width in (("ArrowRight", 0.025), ("Home", 0.0)):
        slider(page, BAND).press(key)
        answered = np.mean((rows.y_score >= 0.44 + half_width) | (rows.y_score < 0.44 - half_width))
        expect(page.locator(".no-call .sentence")).to_contain_text(f"{percent(answered)} of the rows get one")
    settle(page)
    turn_to(page, "About", heading=HEADINGS["About"])
    turn_to(page, "Threshold", heading=HEADINGS["Threshold"])
    expect(slider(page, BAND)).to_have_attribute("aria-valuetext", "0.0 points")


def test_a_chart_gives_every_threshold_as_csv(page: Page, url: str, shipped: Bundle):
    open_thresholds(page, url)
    with page.expect_download() as download:
        page.get_by_role("button", name=re.compile("^Save the data of “Right when it calls")).click()

    lines = Path(download.value.path()).read_text("utf-8").splitlines()
    assert lines[0].startswith("threshold,calls,right,right_low,right_high,caught")
    assert len(lines) == 1002
    calls = int(np.sum(shipped.out_of_fold.y_score >= 0.5))
    assert lines[501].startswith(f"0.5,{calls},")


def test_a_threshold_is_kept_after_asking_and_rolled_back(page: Page, tmp_path: Path):
    with dashboard(tmp_path) as url:
        registry = Registry(tmp_path / "artifacts")
        open_thresholds(page, url)
        type_threshold(page, "0.5")
        page.get_by_role("button", name="Keep 0.500").click()
        expect(page.get_by_text("Use 0.500 instead of 0.440?")).to_be_visible()
        page.get_by_role("button", name="Yes, use 0.500").click()
        expect(page.get_by_text("Say why: the reason goes into the history.")).to_be_visible()
        assert registry.load().threshold == 0.44

        page.get_by_role("textbox", name="Reason").fill("fewer calls, please")
        page.get_by_role("textbox", name="Reason").press("Enter")
        page.get_by_role("button", name="Yes, use 0.500").click()
        expect(page.get_by_text("0.500 is kept instead of 0.440")).to_be_visible()
        expect(page.get_by_role("button", name="Back to 0.500")).to_be_visible()
        expect(page.get_by_text("“fewer calls, please”")).to_be_visible()
        assert registry.load().manifest.threshold.reason == "fewer calls, please"

        page.get_by_role("button", name="Roll back to version").click()
        page.get_by_role("textbox", name="Reason").filter(visible=True).fill("no difference")
        page.get_by_role("textbox", name="Reason").filter(visible=True).press("Enter")
        page.get_by_role("button", name="Yes, roll back").click()
        expect(page.get_by_role("button", name="Back to 0.440")).to_be_visible()
        assert registry.load().threshold == 0.44
