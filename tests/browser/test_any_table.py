"""A bundle of any table in a browser: all pages, and everything that can be read on them."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from model.bundle import Bundle
from tests import builders
from tests.browser.conftest import Visit
from tests.browser.serving import dashboard, settle, turn_to
from tests.market_words import market_words

# Every text that is seen or spoken, in shadow roots, too.
TEXTS = """() => {
  const found = [];
  const walk = (node) => {
    for (const child of node.childNodes) {
      if (child.nodeType === Node.TEXT_NODE) found.push(child.textContent);
      if (child.nodeType !== Node.ELEMENT_NODE || ["STYLE", "SCRIPT", "NOSCRIPT"].includes(child.tagName)) continue;
      const spoken = ["aria-label", "aria-valuetext", "title", "placeholder", "alt"];
      found.push(...spoken.map((name) => child.getAttribute(name) ?? ""));
      if (child.tagName === "TEXTAREA") found.push(child.value);
      if (child.shadowRoot) walk(child.shadowRoot);
      walk(child);
    }
  };
  walk(document.body);
  return found.filter((text) => text.trim());
}"""
# Where what has the focus begins, and where the answer that stays in view ends.
FOCUS_AND_ANSWER = """() => {
  let focused = document.activeElement;
  while (focused.shadowRoot?.activeElement) focused = focused.shadowRoot.activeElement;
  const answer = focused.getRootNode().querySelector(".answer-body");
  return [focused.getBoundingClientRect().top, answer.getBoundingClientRect().bottom];
}"""
HEADINGS = {
    "Curve": "How does one value move the answer?",
    "Threshold": "How sure must the model be before it calls “churned”?",
    "Score": "Which rows does the model call “churned”?",
    "Retrain": "Is there a better model?",
    "About": "What is this model worth?",
}


@pytest.fixture(scope="module", params=["plain", "time and group"])
def table(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Bundle, str]]:
    """A bundle of a table, with the address of a dashboard that shows it."""
    folder = tmp_path_factory.mktemp("table")
    timed = request.param != "plain"
    bundle = builders.table_bundle(folder, time=timed, group=timed, missing=not timed)
    with dashboard(folder, empty=True) as address:
        yield bundle, address


@pytest.fixture(params=[1360, 390])
def opened(request: pytest.FixtureRequest, blank_page: Visit, table: tuple[Bundle, str]) -> Page:
    """Its first page, on a wide and on a narrow screen."""
    page = blank_page(request.param)
    page.goto(table[1])
    settle(page)
    page.locator(".answer-probability").filter(has_text="%").wait_for()
    return page


def fits(page: Page) -> bool:
    return bool(page.evaluate("() => document.documentElement.scrollWidth <= innerWidth"))


def test_no_page_has_a_market_word_or_scrolls_sideways(opened: Page, table: tuple[Bundle, str]):
    bundle, _ = table
    opened.get_by_role("button", name="Copy", exact=False).first.click()
    for kind in ("curl", "Python", "JSON", "Link"):
        opened.get_by_label(kind, exact=True).check()
        assert market_words(opened.evaluate(TEXTS), bundle) == []
    # What stands inside of the panel is read, too.
    assert any("Grey bars:" in text for text in opened.evaluate(TEXTS))
    assert fits(opened)
    for title, heading in HEADINGS.items():
        turn_to(opened, title, heading=heading)
        opened.wait_for_timeout(300)
        assert market_words(opened.evaluate(TEXTS), bundle) == []
        assert fits(opened)


def test_a_row_can_be_begun_from_by_its_number_or_its_day(opened: Page, table: tuple[Bundle, str]):
    bundle, _ = table
    opened.get_by_role("button", name="Start from").click()
    if bundle.manifest.layout.time:
        opened.get_by_label("Day").fill(str(bundle.reference.day[-1]))
        opened.get_by_label("A row of").select_option(str(bundle.reference.ticker[-1]))
        said = f"{bundle.reference.ticker[-1]}, {bundle.reference.day[-1]}"
    else:
        opened.get_by_label("Number of the row").fill("42")
        said = "Row 42. What it was: "
    opened.get_by_role("button", name="Load").click()

    expect(opened.locator(".origin-said")).to_contain_text(said)


def test_among_many_features_one_can_be_searched_for(opened: Page):
    controls = opened.locator(".groups .control")
    expect(controls.filter(visible=True)).to_have_count(32)
    opened.get_by_label("Find a feature").fill("worst_2")

    expect(controls.filter(visible=True)).to_have_count(10)
    expect(opened.get_by_role("heading", name="Mean", exact=True)).to_be_hidden()
    opened.get_by_label("Find a feature").fill(" Xyz ")
    none = opened.get_by_role("status").filter(has_text="No feature has “Xyz” in its name.")
    expect(none).to_be_in_viewport()
    assert none.bounding_box()["width"] > 100
    expect(controls.filter(visible=True)).to_have_count(0)
    opened.get_by_label("Find a feature").fill("")
    expect(none).to_have_count(0)
    expect(controls.filter(visible=True)).to_have_count(32)


def test_a_long_table_is_scrolled_by_key_and_what_has_the_focus_is_never_under_the_answer(opened: Page):
    flips = opened.get_by_role("region", name="What would flip the call")
    flips.focus()
    opened.keyboard.press("End")
    opened.wait_for_function(
        "box => box.scrollTop + box.clientHeight >= box.scrollHeight - 1", arg=flips.element_handle()
    )
    assert flips.evaluate("box => box.scrollTop") > 100
    assert flips.evaluate("box => box.scrollWidth <= box.clientWidth")

    # Going back brings every control in from above, where the answer stays.
    opened.get_by_label("Log-odds").focus()
    for _ in range(15):
        opened.keyboard.press("Shift+Tab")
        top, bottom = opened.evaluate(FOCUS_AND_ANSWER)
        assert top >= bottom
