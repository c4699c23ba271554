"""What a person does with the dashboard, in a real browser."""

import re
from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
from playwright.sync_api import Page, WebSocketRoute, expect
from sklearn.metrics import precision_score, recall_score

from model.bundle import Bundle
from model.wording import percent
from tests.browser.conftest import Noise
from tests.browser.serving import settle, turn_to

HEADINGS = {
    "Predict": "Will the stock close higher tomorrow?",
    "Curve": "How does one value move the answer?",
    "Threshold": "How sure must the model be before it calls “up”?",
    "Score": "Which rows does the model call “up”?",
    "Retrain": "Is there a better model?",
    "About": "What is this model worth?",
}


def by_pipeline(bundle: Bundle, **changes: float) -> str:
    """The probability by scikit-learn itself, as written; *changes* are values as shown."""
    row = [
        changes.get(f.name, round(f.median * f.display_factor, f.decimals)) / f.display_factor
        for f in bundle.manifest.features
    ]
    return percent(float(bundle.pipeline.predict_proba(np.array([row]))[0, 1]))


def open_dashboard(page: Page, url: str) -> None:
    page.goto(url)
    expect(page.get_by_role("heading", level=1)).to_have_text(HEADINGS["Predict"])
    settle(page)


@pytest.mark.parametrize("page", ["light 1360", "dark 390"], indirect=True)
def test_a_person_moves_a_value_then_the_threshold(page: Page, url: str, noise: Noise, shipped: Bundle):
    open_dashboard(page, url)
    answer = page.locator(".answer-probability")
    expect(answer).to_have_text(by_pipeline(shipped))

    slider = page.get_by_role("slider", name="RSI, 14 days (of 100)")
    slider.focus()
    slider.press("End")
    highest = float((slider.get_attribute("aria-valuetext") or "").removesuffix(" of 100"))
    expect(answer).to_have_text(by_pipeline(shipped, rsi_14=highest))
    for _ in range(25):
        slider.press("ArrowLeft")
    expect(slider).to_have_attribute("aria-valuetext", f"{highest - 2.5:.1f} of 100")
    expect(answer).to_have_text(by_pipeline(shipped, rsi_14=round(highest - 2.5, 1)))

    box = page.get_by_role("spinbutton", name="MACD (% of close), typed")
    box.fill("-20")
    box.press("Enter")
    moved = by_pipeline(shipped, rsi_14=round(highest - 2.5, 1), macd=-20.0)
    expect(answer).to_have_text(moved)
    expect(page.get_by_role("slider", name="MACD (% of close)")).to_have_attribute(
        "aria-valuetext", "−20.00 % of close"
    )
    # The answer is in view wherever the person is on the page.
    page.get_by_role("button", name="Reset to the median row").scroll_into_view_if_needed()
    expect(answer).to_be_in_viewport()

    turn_to(page, "Threshold", heading=HEADINGS["Threshold"])
    slider = page.get_by_role("slider", name="Decision threshold")
    slider.focus()
    for _ in range(60):
        slider.press("ArrowRight")
    expect(slider).to_have_attribute("aria-valuetext", "0.500")
    rows = shipped.out_of_fold
    call = (rows.y_score >= 0.5).astype(int)
    precision = percent(precision_score(rows.y_true, call))
    recall = percent(recall_score(rows.y_true, call))
    expect(page.locator(".figure-value").nth(1)).to_have_text(precision)
    expect(page.locator(".figure-value").nth(2)).to_have_text(recall)
    expect(page.get_by_text("At 0.500 the model calls “up” about")).to_contain_text(f"is right on {precision} of those")
    hits = int(np.sum((call == 1) & (rows.y_true == 1)))
    expect(page.locator(".confusion .hit b")).to_have_text(f"{hits:,}")

    turn_to(page, "Predict", heading=HEADINGS["Predict"])
    expect(page.locator(".answer-probability")).to_have_text(moved)
    turn_to(page, "Threshold", heading=HEADINGS["Threshold"])
    expect(page.get_by_role("slider", name="Decision threshold")).to_have_attribute("aria-valuetext", "0.500")
    assert noise == Noise()


@pytest.mark.parametrize("page", ["light 1360", "light 390"], indirect=True)
def test_every_page_fits_its_screen_and_talks_to_nobody_else(page: Page, url: str, noise: Noise):
    open_dashboard(page, url)
    for title, heading in reversed(HEADINGS.items()):
        turn_to(page, title, heading=heading)
        main = page.get_by_test_id("stMain")
        assert main.evaluate("main => main.scrollWidth <= main.clientWidth"), f"{title} scrolls sideways"
        expect(page.get_by_text("Traceback")).to_have_count(0)
        expect(page.get_by_test_id("stException")).to_have_count(0)
    assert noise == Noise()


def test_charts_have_a_text_for_those_who_do_not_see_them(page: Page, url: str):
    open_dashboard(page, url)
    turn_to(page, "Curve", heading=HEADINGS["Curve"])
    expect(page.get_by_role("img", name=re.compile("Probability of “up” against Opening gap"))).to_be_visible()

    turn_to(page, "Threshold", heading=HEADINGS["Threshold"])
    for begin in ("Value per call after costs", "Right when it calls", "Best threshold in", "Share of “up” against"):
        expect(page.get_by_role("img", name=re.compile(f"^{begin}"))).to_be_visible()


@pytest.mark.parametrize("page", ["light 1360"], indirect=True)
def test_a_page_is_not_left_before_a_busy_server_has_heard_what_was_set_on_it(page: Page, url: str):
    held: list[Callable[[], None]] = []
    busy = False

    def pass_on(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()

        def send(message: str | bytes) -> None:
            if busy:
                held.append(partial(server.send, message))
            else:
                server.send(message)

        socket.on_message(send)

    page.route_web_socket("**/_stcore/stream", pass_on)
    page.goto(f"{url}/thresholds")
    settle(page)
    box = page.get_by_role("spinbutton", name="Decision threshold, typed")
    busy = True
    for value in ("0.470", "0.500"):
        box.fill(value)
        box.press("Enter")
        page.wait_for_timeout(300)
    page.get_by_role("link", name="About", exact=True).filter(visible=True).click()
    page.wait_for_timeout(300)
    busy = False
    for send in held:
        send()
    page.get_by_role("heading", level=1, name=HEADINGS["About"]).wait_for()
    settle(page)

    turn_to(page, "Threshold", heading=HEADINGS["Threshold"])
    expect(page.get_by_role("slider", name="Decision threshold")).to_have_attribute("aria-valuetext", "0.500")
