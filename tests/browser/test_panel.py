"""The live panel as a person uses it: dragging, typing, flipping, resetting."""

import re

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from model.bundle import Bundle
from model.wording import percent
from tests.browser.conftest import Noise
from tests.browser.serving import settle, turn_to
from tests.browser.test_dashboard import HEADINGS, by_pipeline, open_dashboard

MACD, RSI, GAP = "MACD (% of close)", "RSI, 14 days (of 100)", "Opening gap (%)"
CURVE = "How does one value move the answer?"


def slider(page: Page, name: str) -> Locator:
    return page.get_by_role("slider", name=name, exact=True)


def box(page: Page, name: str) -> Locator:
    return page.get_by_role("spinbutton", name=f"{name}, typed")


def type_into(page: Page, name: str, value: str) -> None:
    box(page, name).fill(value)
    box(page, name).press("Enter")


def answer(page: Page) -> Locator:
    return page.locator(".answer-probability")


@pytest.mark.parametrize("page", ["light 1360", "dark 390"], indirect=True)
def test_the_answer_follows_the_pointer_before_it_is_released(page: Page, url: str, noise: Noise, shipped: Bundle):
    open_dashboard(page, url)
    slider(page, RSI).scroll_into_view_if_needed()
    place = slider(page, RSI).bounding_box()
    assert place
    height = place["y"] + place["height"] / 2
    page.mouse.move(place["x"] + place["width"] / 2, height)
    page.mouse.down()
    seen = set()
    for share in (0.3, 0.7, 0.95):
        page.mouse.move(place["x"] + share * place["width"], height)
        shown = (slider(page, RSI).get_attribute("aria-valuetext") or "").removesuffix(" of 100")
        expect(answer(page)).to_have_text(by_pipeline(shipped, rsi_14=float(shown)), timeout=1000)
        expect(answer(page)).to_be_in_viewport()
        seen.add(shown)
    page.mouse.up()

    assert len(seen) == 3
    turn_to(page, "Curve", heading=CURVE)
    page.get_by_role("combobox", name="Feature").select_option(label="RSI, 14 days")
    expect(page.get_by_role("slider", name=RSI)).to_have_attribute("aria-valuetext", f"{shown} of 100")
    assert noise == Noise()


def test_what_is_set_on_the_curve_page_is_set_on_the_panel(page: Page, url: str, shipped: Bundle):
    open_dashboard(page, url)
    type_into(page, MACD, "-20")
    turn_to(page, "Curve", heading=CURVE)
    type_into(page, GAP, "2.5")
    settle(page)
    turn_to(page, "Predict", heading=HEADINGS["Predict"])

    expect(box(page, GAP)).to_have_value("2.50")
    expect(answer(page)).to_have_text(by_pipeline(shipped, macd=-20.0, gap_pct=2.5))


def test_typing_moves_the_slider_and_the_slider_what_is_typed(page: Page, url: str):
    open_dashboard(page, url)
    type_into(page, RSI, "71.54")
    expect(slider(page, RSI)).to_have_attribute("aria-valuetext", "71.5 of 100")
    expect(box(page, RSI)).to_have_value("71.5")

    slider(page, RSI).press("ArrowRight")
    expect(box(page, RSI)).to_have_value("71.6")

    # A comma is a decimal point: a browser on its own would make 485 of it.
    box(page, RSI).click(click_count=3)
    page.keyboard.type("48,5")
    expect(box(page, RSI)).to_have_value("48.5")
    expect(slider(page, RSI)).to_have_js_property("value", "48.5")


def test_a_value_outside_anything_seen_is_scored_and_flagged(page: Page, url: str, shipped: Bundle):
    open_dashboard(page, url)
    type_into(page, GAP, "-60")

    expect(answer(page)).to_have_text(by_pipeline(shipped, gap_pct=-60.0))
    warning = page.locator(".warnings li")
    expect(warning).to_contain_text("Opening gap −60.00\u00a0% is outside the training rows (−47.31 to 19.01\u00a0%)")
    expect(page.get_by_text("Outside the training rows: −47.31 to 19.01 %")).to_be_visible()
    expect(slider(page, GAP)).to_have_value("-47.3")
    expect(slider(page, GAP)).to_have_attribute("aria-valuetext", "−60.00 %")


def test_an_unusual_value_is_named(page: Page, url: str):
    open_dashboard(page, url)
    expect(page.get_by_text("Yes: each value lies where 98\u00a0% of the")).to_be_visible()
    type_into(page, "Daily range (%)", "15")

    expect(page.locator(".warnings li")).to_have_text(re.compile(r"Daily range 15\.00\s% is unusual: 98\s% of the"))
    expect(page.get_by_text("Yes: each value lies")).to_be_hidden()


@pytest.mark.parametrize(("typed", "why"), [("101", "101.0 is not from 0.0 to 100.0"), ("", "That is no number")])
def test_what_cannot_be_is_named_and_the_value_before_it_stays(page: Page, url: str, typed: str, why: str):
    open_dashboard(page, url)
    type_into(page, RSI, "71.5")
    # Key by key: on the way to 101 the values 1 and 10 are passed.
    box(page, RSI).select_text()
    box(page, RSI).press("Delete")
    box(page, RSI).press_sequentially(typed)
    box(page, RSI).press("Enter")

    expect(page.get_by_text(why)).to_be_visible()
    expect(box(page, RSI)).to_have_value("71.5")
    expect(slider(page, RSI)).to_have_attribute("aria-valuetext", "71.5 of 100")
    type_into(page, RSI, "40")
    expect(page.get_by_text(why)).to_be_hidden()


def test_below_the_threshold_there_is_no_call_and_a_flip_brings_it_back(page: Page, url: str, shipped: Bundle):
    open_dashboard(page, url)
    expect(page.locator(".answer-call")).to_have_text(re.compile(r"▲\s+Call: up"))
    type_into(page, MACD, "6")
    expect(page.locator(".answer-call")).to_have_text(re.compile(r"○\s+No call"))
    expect(page.locator(".answer-distance")).to_contain_text("points below the 44.0 % threshold")
    expect(page.locator(".sentence")).to_contain_text("does not call “up”")
    expect(page.locator(".spoken")).to_have_text(f"{by_pipeline(shipped, macd=6.0)}. No call.")

    flips = page.locator(".flips tr", has_text="MACD").first.get_by_role("button")
    flips.click()
    expect(page.locator(".answer-call")).to_have_text(re.compile(r"▲\s+Call: up"))
    expect(answer(page)).to_have_text("44.0 %")


def test_a_feature_that_cannot_flip_the_call_says_so(page: Page, url: str):
    open_dashboard(page, url)

    row = page.locator(".flips tr", has_text="RSI, 14 days")
    expect(row.get_by_text("not within the observed range")).to_be_visible()
    expect(row.get_by_role("button")).to_be_hidden()


def test_what_pulls_the_answer_adds_up_in_points_and_in_log_odds(page: Page, url: str, shipped: Bundle):
    open_dashboard(page, url)
    type_into(page, RSI, "80")
    type_into(page, MACD, "2")
    expect(page.locator(".at-median")).to_have_text(percent(shipped.scorer.one(shipped.median_row)))
    expect(page.locator(".at-answer")).to_have_text(by_pipeline(shipped, rsi_14=80.0, macd=2.0))
    assert added_up(page) == pytest.approx(number_in(page.locator(".all-pulls")), abs=0.41)

    page.get_by_role("checkbox", name="Log-odds").check()
    expect(page.get_by_text("Log-odds added or taken, against the median row")).to_be_visible()
    assert added_up(page) == pytest.approx(number_in(page.locator(".all-pulls")), abs=0.0041)


def added_up(page: Page) -> float:
    return sum(float(text.replace("−", "-")) for text in page.locator(".pulls .figure").all_inner_texts())


def number_in(element: Locator) -> float:
    found = re.search(r"[\d.]+", element.inner_text().replace("−", "-"))
    assert found
    return float(found[0]) * (-1 if "−" in element.inner_text() else 1)


def test_a_double_click_resets_one_value_and_the_button_all(page: Page, url: str, shipped: Bundle):
    open_dashboard(page, url)
    type_into(page, RSI, "80")
    type_into(page, MACD, "-20")
    slider(page, RSI).dblclick()
    expect(box(page, RSI)).to_have_value("52.2")
    expect(answer(page)).to_have_text(by_pipeline(shipped, macd=-20.0))

    page.get_by_role("button", name="Reset to the median row").click()
    expect(box(page, MACD)).to_have_value("0.38")
    expect(answer(page)).to_have_text(by_pipeline(shipped))


def test_two_visitors_do_not_disturb_each_other(page: Page, browser: Browser, url: str, shipped: Bundle):
    open_dashboard(page, url)
    context = browser.new_context()
    other = context.new_page()
    open_dashboard(other, url)
    type_into(page, MACD, "-20")
    settle(page)

    expect(answer(page)).to_have_text(by_pipeline(shipped, macd=-20.0))
    other.reload()
    settle(other)
    expect(answer(other)).to_have_text(by_pipeline(shipped))
    context.close()


def test_what_a_value_means_is_told_on_demand(page: Page, url: str, shipped: Bundle):
    open_dashboard(page, url)
    text = page.get_by_text(shipped.manifest.features[0].description)
    expect(text).to_be_hidden()

    page.get_by_role("button", name="What is Opening gap?").press("Enter")
    expect(text).to_be_visible()


def test_turning_the_page_at_once_takes_the_last_key_press_along(page: Page, url: str):
    open_dashboard(page, url)
    slider(page, RSI).focus()
    for _ in range(3):
        slider(page, RSI).press("ArrowRight")
    turn_to(page, "Curve", heading=CURVE)
    turn_to(page, "Predict", heading=HEADINGS["Predict"])

    expect(box(page, RSI)).to_have_value("52.5")
