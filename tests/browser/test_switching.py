"""Several people at one dashboard: none disturbs another, and who may not change things can still read them."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from model.registry import ARTIFACTS, Registry
from tests import builders
from tests.browser.conftest import PATIENCE_MS, Visit
from tests.browser.serving import dashboard, settle, turn_to
from training.train import publish

KEY = "correct horse battery staple"
RETRAIN = "Is there a better model?"
PREDICT = "Will the stock close higher tomorrow?"


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    """The registry that the dashboard of this test serves and changes."""
    return Registry(tmp_path / "artifacts")


@pytest.fixture
def with_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the dashboard of this test be started with a key."""
    monkeypatch.setenv("DASHBOARD_KEY", KEY)


@pytest.fixture
def visit(blank_page: Visit, tmp_path: Path) -> Iterator[Visit]:
    """A way for one more visitor to open a page of a dashboard that only this test uses."""
    with dashboard(tmp_path) as url:

        def open_page(path: str, ready: str | None = None, headers: dict[str, str] | None = None) -> Page:
            page = blank_page()
            page.set_extra_http_headers(headers or {})
            page.goto(f"{url}/{path}")
            if ready:
                page.get_by_text(ready).wait_for()
            else:
                settle(page)
            return page

        yield open_page


def roll_back(page: Page, version: str, why: str) -> None:
    page.get_by_role("button", name=f"Roll back to {version}").click()
    page.get_by_role("textbox", name="Reason").last.fill(why)
    page.get_by_role("textbox", name="Reason").last.press("Tab")
    settle(page)
    page.get_by_role("button", name="Roll back", exact=True).click()


def rsi(page: Page) -> str:
    return str(page.get_by_role("slider", name="RSI, 14 days (of 100)").get_attribute("aria-valuetext"))


def test_one_visitor_promotes_and_the_other_is_offered_to_switch(visit: Visit, registry: Registry):
    first = registry.current().version
    second = publish(builders.result(), registry, by="tester", why="second", when=builders.WHEN)
    registry.promote(first, by="tester", why="the first again", when=builders.WHEN)
    actor, reader = visit("retrain"), visit("")
    slider = reader.get_by_role("slider", name="RSI, 14 days (of 100)")
    slider.scroll_into_view_if_needed()
    place = slider.bounding_box()

    def drag_to(share: float) -> str:
        reader.mouse.move(place["x"] + place["width"] * share, place["y"] + place["height"] / 2)
        return rsi(reader)

    drag_to(0.5)
    reader.mouse.down()
    held = drag_to(0.6)

    roll_back(actor, second, "no better")
    expect(actor.get_by_text(f"Rolled back: version {second} is now in use.")).to_be_visible()
    expect(actor.locator("footer")).to_contain_text(second)
    expect(actor.get_by_role("button", name="Switch to it")).to_have_count(0)

    # The offer comes while the reader still holds the slider, and moves nothing under the hand.
    expect(reader.get_by_text(f"Version {second} was promoted by")).to_be_visible()
    assert slider.bounding_box() == place
    assert rsi(reader) == held
    assert drag_to(0.7) != held
    reader.mouse.up()
    dropped = rsi(reader)
    expect(reader.locator("footer")).to_contain_text(first)

    reader.get_by_role("button", name="Switch to it").click()
    expect(reader.locator("footer")).to_contain_text(second)
    expect(reader.get_by_text("was promoted by")).to_have_count(0)
    assert rsi(reader) == dropped


def test_an_offer_can_be_put_aside_and_a_reload_switches(visit: Visit, registry: Registry):
    first = registry.current().version
    reader = visit("about")
    second = publish(builders.result(), registry, by="tester", why="second", when=builders.WHEN)
    reader.get_by_role("button", name="Not now").click()
    expect(reader.get_by_text("was promoted by")).to_have_count(0)
    expect(reader.locator("footer")).to_contain_text(first)

    reader.goto(reader.url.split("?")[0])
    expect(reader.locator("footer")).to_contain_text(second)


def test_the_offer_fits_a_narrow_screen(visit: Visit, registry: Registry):
    reader = visit("")
    reader.set_viewport_size({"width": 390, "height": 800})
    publish(builders.result(), registry, by="tester", why="a reason of some length " * 5, when=builders.WHEN)

    button = reader.get_by_role("button", name="Switch to it")
    expect(button).to_be_in_viewport()
    box = reader.locator(".st-key-switch_offer").bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390
    assert box["height"] < 400
    main = reader.get_by_test_id("stMain")
    assert main.evaluate("main => main.scrollWidth <= main.clientWidth")


def test_a_page_without_a_model_comes_back_by_itself(browser: Browser, tmp_path: Path):
    with dashboard(tmp_path, empty=True) as url:
        page = browser.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.goto(url)
        expect(page.get_by_text("There is no model to show.")).to_be_visible()

        shutil.copytree(ARTIFACTS, tmp_path / "arriving")
        (tmp_path / "arriving").rename(tmp_path / "artifacts")

        expect(page.get_by_role("heading", level=1, name=PREDICT)).to_be_visible()
        expect(page.get_by_text("There is no model to show.")).to_have_count(0)
        page.close()


def test_three_visitors_at_once_keep_what_each_has_set(visit: Visit):
    pages = [visit("") for _ in range(3)]
    for value, page in zip((20, 50, 80), pages, strict=True):
        box = page.get_by_role("spinbutton", name="RSI, 14 days (of 100), typed")
        box.fill(str(value))
        box.press("Enter")
    for page in pages:
        turn_to(page, "Retrain", heading=RETRAIN)
    for page in reversed(pages):
        turn_to(page, "Predict", heading=PREDICT)

    assert [rsi(page) for page in pages] == ["20.0 of 100", "50.0 of 100", "80.0 of 100"]


def test_changing_takes_the_key_where_there_is_one(with_key: None, visit: Visit, registry: Registry):
    first = registry.current().version
    publish(builders.result(), registry, by="tester", why="second", when=builders.WHEN)
    page, other = visit("retrain"), visit("retrain")
    start = page.get_by_role("button", name="Train and compare")
    expect(start).to_be_disabled()

    sign_in(page, "Ada", "wrong")
    expect(page.get_by_text("That is not the key.")).to_be_visible()
    expect(start).to_be_disabled()
    page.wait_for_timeout(1000)  # the wait that the first wrong key costs
    sign_in(page, "Ada", KEY)
    expect(page.get_by_text("What you change is recorded under the name Ada.")).to_be_visible()
    expect(start).to_be_enabled()
    expect(other.get_by_role("button", name="Train and compare")).to_be_disabled()

    roll_back(page, first, "better before")
    expect(page.get_by_text(f"Rolled back: version {first} is now in use.")).to_be_visible()
    assert (registry.current().version, registry.current().by) == (first, "Ada")


def test_without_a_key_only_a_visitor_at_the_machine_itself_may_change_things(visit: Visit):
    near = visit("retrain")
    through_a_proxy = visit("retrain", headers={"X-Forwarded-For": "203.0.113.9"})

    expect(near.get_by_role("button", name="Train and compare")).to_be_enabled()
    expect(through_a_proxy.get_by_text("you come from 203.0.113.9")).to_be_visible()
    expect(through_a_proxy.get_by_role("button", name="Train and compare")).to_be_disabled()


def sign_in(page: Page, name: str, key: str) -> None:
    page.get_by_role("textbox", name="Your name, for the history").fill(name)
    password = page.get_by_role("textbox", name="Key")
    assert password.get_attribute("type") == "password"
    password.fill(key)
    password.press("Enter")
    settle(page)
