"""The live panel of a model that the browser cannot score: the server answers while values move."""

import json
import re
from collections.abc import Iterator

import numpy as np
import pytest
from playwright.sync_api import Page, expect
from sklearn.ensemble import HistGradientBoostingClassifier

from model.bundle import Bundle
from model.uncertainty import ProbabilityIntervals
from model.wording import percent
from tests import builders
from tests.browser.conftest import Visit
from tests.browser.serving import dashboard, settle, turn_to


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Bundle]]:
    folder = tmp_path_factory.mktemp("served")
    with dashboard(folder) as url:
        yield url, builders.bundle_of(HistGradientBoostingClassifier(max_iter=20), folder)


@pytest.fixture
def served(blank_page: Visit, server: tuple[str, Bundle]) -> tuple[Page, Bundle]:
    url, bundle = server
    page = blank_page()
    page.goto(url)
    settle(page)
    return page, bundle


def by_pipeline(bundle: Bundle, **changes: float) -> str:
    row = [
        changes.get(f.name, round(f.median * f.display_factor, f.decimals)) / f.display_factor
        for f in bundle.manifest.features
    ]
    return percent(float(bundle.pipeline.predict_proba(np.array([row]))[0, 1]))


def test_the_server_answers_while_the_pointer_drags_and_for_the_last_value(served: tuple[Page, Bundle]):
    page, bundle = served
    answer = page.locator(".answer-probability")
    expect(answer).to_have_text(by_pipeline(bundle))
    moved = page.get_by_role("slider", name="MACD (% of close)", exact=True)
    place = moved.bounding_box()
    assert place
    height = place["y"] + place["height"] / 2

    page.mouse.move(place["x"] + place["width"] / 2, height)
    page.mouse.down()
    for share in (0.2, 0.9):
        for step in range(8):
            page.mouse.move(place["x"] + (share - 0.01 * step) * place["width"], height)
        text = moved.get_attribute("aria-valuetext") or ""
        value = float(text.removesuffix(" % of close").replace("−", "-").replace(",", ""))
        # The button is still down: this is the answer to the last of the moves.
        expect(answer).to_have_text(by_pipeline(bundle, macd=value))
    page.mouse.up()
    expect(page.locator(".at-answer")).to_have_text(by_pipeline(bundle, macd=value))

    turn_to(page, "Curve", heading="How does one value move the answer?")
    page.get_by_role("combobox", name="Feature").select_option(label="MACD")
    expect(page.get_by_role("slider", name="MACD")).to_have_attribute("aria-valuetext", text)


def test_a_flip_that_the_server_found_flips_the_call(served: tuple[Page, Bundle]):
    page, _ = served
    call = page.locator(".answer-words")
    before = call.inner_text()
    page.locator(".flips tbody").get_by_role("button").first.click()

    expect(call).not_to_have_text(before)


def test_the_server_gives_the_interval_and_the_nearest_row_with_the_other_call(served: tuple[Page, Bundle]):
    page, bundle = served
    row = [round(f.median * f.display_factor, f.decimals) / f.display_factor for f in bundle.manifest.features]
    found = ProbabilityIntervals.of(bundle).interval(row, bundle.scorer.one(row))
    assert found
    expect(page.locator(".interval-words")).to_have_text(
        f"95\u00a0% interval {100 * found.low:.1f} to {100 * found.high:.1f}\u00a0%"
    )
    page.get_by_role("button", name="How was this interval obtained?").click()
    expect(page.locator(".how")).to_contain_text("From what came true on the")

    expect(page.locator(".joint-sentence")).to_contain_text("cannot be computed for this kind of model")
    call = page.locator(".answer-words")
    before = call.inner_text()
    page.get_by_role("button", name="Apply").click()
    expect(call).not_to_have_text(before)
    page.get_by_role("button", name="Undo", exact=True).click()
    expect(call).to_have_text(before)


def test_pins_copies_and_starting_points_wait_for_the_servers_answer(served: tuple[Page, Bundle]):
    page, bundle = served
    for value in (1.0, -2.0):
        box = page.get_by_role("spinbutton", name="MACD (% of close), typed")
        box.fill(str(value))
        box.press("Enter")
        page.get_by_role("button", name="Pin", exact=True).click()

    chips = page.locator(".pinned .chips button")
    expected = [by_pipeline(bundle, macd=value) for value in (1.0, -2.0)]
    expect(chips.nth(0)).to_contain_text(expected[0])
    expect(chips.nth(1)).to_contain_text(expected[1])
    page.get_by_role("button", name="Copy", exact=True).first.click()
    page.get_by_role("radio", name="JSON").check()
    text = page.get_by_role("textbox", name="Text to copy")
    expect(text).to_have_value(re.compile(r'"prediction": [01]'))
    assert percent(json.loads(text.input_value())["p_up"]) == expected[1]

    page.get_by_role("button", name="Start from", exact=True).click()
    page.get_by_role("button", name=re.compile("^The median row")).click()
    expect(page.locator(".answer-probability")).to_have_text(by_pipeline(bundle))
    page.keyboard.press("Control+z")
    expect(page.locator(".answer-probability")).to_have_text(expected[1])
