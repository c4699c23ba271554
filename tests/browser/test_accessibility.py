"""axe-core finds nothing on any page, in light and dark, wide and narrow, with what folds away opened."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.screenshots import PAGES
from tests.browser.serving import settle, turn_to

# Streamlit's own uploader is a <section> that says it is for presentation only, and can have the focus.
OF_STREAMLIT = {("presentation-role-conflict", "stFileUploaderDropzone")}
VIEWS = [("light", 1360), ("dark", 1360), ("dark", 390), ("light", 390)]


def violations(page: Page) -> list[str]:
    """What axe-core finds, one line an element."""
    found = Axe().run(page).response["violations"]
    return [
        f"{rule['id']}: {node['target']} {node['failureSummary']}"
        for rule in found
        for node in rule["nodes"]
        if not any(rule["id"] == known and part in node["html"] for known, part in OF_STREAMLIT)
    ]


def test_every_page_can_be_used_without_seeing_it(page: Page, url: str):
    page.goto(url)
    settle(page)
    found = {}
    for title, heading in PAGES.values():
        turn_to(page, title, heading=heading)
        for folded in page.get_by_text("Data table").all():
            folded.click()
        for scheme, width in VIEWS:
            page.set_viewport_size({"width": width, "height": 900})
            page.emulate_media(color_scheme=scheme)
            # The page as it has become, not as it was.
            expect(page.locator(".stApp")).to_have_css("color-scheme", scheme)
            found[title, scheme, width] = violations(page)

    assert len(found) == len(PAGES) * len(VIEWS)
    assert {view: lines for view, lines in found.items() if lines} == {}
