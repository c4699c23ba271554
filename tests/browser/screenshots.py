"""Pictures of every page: `python -m tests.browser.screenshots OUTDIR` (light and dark at 1360 px, light at 390 px)."""

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from tests.browser.serving import dashboard, launch, settle, turn_to

VIEWS = {"light": ("light", 1360, 1000), "dark": ("dark", 1360, 1000), "narrow": ("light", 390, 844)}
PAGES = {
    "predict": ("Predict", "Will the stock close higher tomorrow?"),
    "curve": ("Curve", "How does one value move the answer?"),
    "threshold": ("Threshold", "How sure must the model be before it calls “up”?"),
    "score": ("Score", "Which rows does the model call “up”?"),
    "retrain": ("Retrain", "Is there a better model?"),
    "about": ("About", "What is this model worth?"),
}
# A day on which something happened: at the median row nothing pulls either way.
SCENARIO = {
    "Opening gap (%)": "1.20",
    "Daily range (%)": "9.50",
    "RSI, 14 days (of 100)": "71.5",
    "MACD (% of close)": "3.10",
    "MACD signal (% of close)": "1.90",
}


def main(folder: Path) -> None:
    """Start a dashboard, look at every page in every view, and write what is seen to *folder*."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch, dashboard(Path(scratch)) as url, sync_playwright() as playwright:
        browser = launch(playwright.chromium)
        for view, (scheme, width, height) in VIEWS.items():
            context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
            page = context.new_page()
            page.goto(url)
            settle(page)
            for label, value in SCENARIO.items():
                box = page.get_by_role("spinbutton", name=f"{label}, typed")
                box.fill(value)
                box.press("Enter")
            for name, (title, heading) in PAGES.items():
                turn_to(page, title, heading=heading)
                photograph(page, folder / f"{name}_{view}.png", width, height)
            context.close()
        browser.close()


def photograph(page: Page, path: Path, width: int, height: int) -> None:
    """Write a picture of the whole page, at least one screen high."""
    page.mouse.move(0, 0)
    page.set_viewport_size({"width": width, "height": height})
    page.wait_for_timeout(1000)
    whole = page.get_by_test_id("stMain").evaluate("main => main.scrollHeight")
    page.set_viewport_size({"width": width, "height": max(height, whole)})
    # Charts draw themselves anew for the new size.
    page.wait_for_timeout(500)
    page.screenshot(path=path)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
