"""The report where nothing can be moved: without scripts, and on paper."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from model.bundle import Bundle
from training.offline.report import offline_report

# What a sheet of A4 holds between its margins of 14 mm, at 96 dots an inch.
SHEET = {"width": 688, "height": 1017}
LIVE = ("#scenario-panel", "#threshold-panel", "#calibration-chart-0")


@pytest.fixture(scope="module")
def report(shipped: Bundle, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_bytes(offline_report(shipped))
    return path


def test_without_scripts_a_sentence_stands_where_a_panel_would_be_empty(browser: Browser, report: Path):
    for runs in (False, True):
        page = browser.new_page(java_script_enabled=runs)
        page.goto(report.as_uri())
        for name in LIVE:
            expect(page.locator(name)).to_be_visible(visible=runs)
        # A browser that runs scripts takes what stands in <noscript> for a text that nobody sees.
        said = page.locator("noscript p").all_inner_texts()
        assert said == (
            []
            if runs
            else [
                "Scripts do not run here, so the sliders and charts are left out. Open the file in a browser to see"
                " them; the tables hold their numbers everywhere.",
                "The sliders are left out here: scripts do not run.",
                "The slider and the charts are left out here: scripts do not run.",
                "The chart is left out here: scripts do not run.",
            ]
        )
        expect(page.get_by_role("table", name="Within it: whether the interval")).to_be_visible()
        page.close()


def test_the_pages_of_a_print_are_full(browser: Browser, report: Path):
    page = browser.new_page(viewport={"width": 1360, "height": 900})
    page.goto(report.as_uri())
    expect(page.locator("#threshold-panel svg[role=img]").first).to_be_visible()
    pages = max(int(count) for count in re.findall(rb"/Count (\d+)", page.pdf(prefer_css_page_size=True)))
    page.emulate_media(media="print")
    page.set_viewport_size(SHEET)
    length = page.evaluate("document.body.getBoundingClientRect().height")
    page.close()

    assert pages > 5
    # Room is lost only where something does not fit whole at the foot of a page.
    assert length > 0.9 * pages * SHEET["height"]
