"""Retraining as a person does it: choose data, train, compare, publish, and think better of it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from model.registry import Registry
from tests.browser.conftest import Visit
from tests.browser.serving import dashboard, settle
from tests.builders import random_bars
from training.places import account


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    """The registry that the dashboard of this test serves and changes."""
    return Registry(tmp_path / "artifacts")


@pytest.fixture
def page(blank_page: Visit, tmp_path: Path) -> Iterator[Page]:
    """The Retrain page of a dashboard that nobody else uses."""
    with dashboard(tmp_path) as url:
        opened = blank_page(height=1100)
        opened.goto(f"{url}/retrain")
        settle(opened)
        yield opened


def bars_file(folder: Path, *, rows: int) -> Path:
    """Write a file of daily bars as a person might have it."""
    history = random_bars(rows)
    lines = ["Date,Open,High,Low,Close,Volume"]
    columns = (history.day, history.open, history.high, history.low, history.close, history.volume)
    lines += [",".join(map(str, row)) for row in zip(*columns, strict=True)]
    path = folder / "MINE.csv"
    path.write_text("\n".join(lines))
    return path


def test_settings_follow_the_data_from_an_upload_back_to_the_shipped_bars(page: Page, tmp_path: Path):
    start = page.get_by_role("button", name="Train and compare")
    expect(start).to_have_text("Train and compare: 10 folds")

    page.get_by_role("radio", name="Upload").click()
    page.locator("input[type=file]").set_input_files(bars_file(tmp_path, rows=500))
    expect(page.get_by_text("500 daily bars from MINE.csv")).to_be_visible()
    expect(start).to_have_text("Train and compare: 0 folds")
    expect(start).to_be_disabled()

    page.get_by_role("radio", name="Shipped").click()
    expect(page.get_by_text("12,154 daily bars from stocks.csv.gz")).to_be_visible()
    expect(start).to_have_text("Train and compare: 10 folds")
    expect(start).to_be_enabled()


def test_a_model_is_trained_published_and_rolled_back(page: Page, registry: Registry):
    before = registry.load().version
    window = page.get_by_role("spinbutton", name="First window, days")
    window.fill("1000")
    window.press("Enter")
    expect(page.get_by_role("button", name="Train and compare")).to_have_text("Train and compare: 9 folds")
    page.get_by_role("button", name="Train and compare").click()

    expect(page.get_by_text("Challenger beside champion")).to_be_visible(timeout=60_000)
    assert registry.load().version == before
    page.get_by_role("textbox", name="Reason").first.fill("a longer first window")
    page.get_by_role("textbox", name="Reason").first.press("Tab")
    settle(page)
    page.get_by_role("button", name="Publish the challenger").click()
    expect(page.get_by_text("is now in use.")).to_be_visible()
    assert registry.load().version != before

    page.get_by_role("button", name=f"Roll back to {before}").click()
    page.get_by_role("textbox", name="Reason").last.fill("thought better of it")
    page.get_by_role("textbox", name="Reason").last.press("Tab")
    settle(page)
    page.get_by_role("button", name="Roll back", exact=True).click()
    expect(page.get_by_text("Rolled back: version")).to_be_visible()

    assert registry.load().version == before
    assert [promotion.why for promotion in registry.history()][-2:] == ["a longer first window", "thought better of it"]


def test_another_candidate_is_trained_compared_and_discarded(page: Page, registry: Registry):
    before = registry.versions()
    page.get_by_role("combobox", name="Candidate").click()
    page.get_by_role("option", name="Logistic regression, strongly regularised").click()
    settle(page)
    page.get_by_role("button", name="Train and compare").click()

    expect(page.get_by_text("from the champion on the same 9,301 out-of-fold rows")).to_be_visible(timeout=60_000)
    expect(page.get_by_text("are called differently")).to_be_visible()
    expect(page.get_by_text("11,554 rows are the same, 0 are new and 0 are left out")).to_be_visible()
    expect(page.get_by_text("Weights are no importances")).to_be_visible()
    (made,) = set(registry.versions()) - set(before)
    assert registry.load(made).manifest.settings["candidate"] == "regularised"
    page.get_by_role("button", name="Discard it").click()
    expect(page.get_by_role("button", name="Train and compare")).to_be_visible()

    assert registry.versions() == before


def test_what_would_leak_is_said_before_anything_starts(page: Page):
    start = page.get_by_role("button", name="Train and compare")
    horizon = page.get_by_role("spinbutton", name="Horizon, days")
    horizon.fill("5")
    horizon.press("Enter")

    expect(page.get_by_text("those of the last 4 training days are read from test days")).to_be_visible()
    expect(start).to_be_disabled()

    gap = page.get_by_role("spinbutton", name="Gap, days")
    gap.fill("5")
    gap.press("Enter")
    expect(start).to_be_enabled()


def test_a_second_run_is_refused_and_the_first_is_found_by_everyone(page: Page, registry: Registry):
    draws = page.get_by_role("spinbutton", name="Resamples")
    draws.fill("50000")
    draws.press("Enter")
    settle(page)
    other = page.context.new_page()
    other.goto(page.url)
    settle(other)
    other.get_by_role("button", name="Train and compare").wait_for()

    page.get_by_role("button", name="Train and compare").click()
    expect(page.get_by_role("button", name="Cancel")).to_be_visible()
    other.get_by_role("button", name="Train and compare").click()

    expect(other.get_by_text(f"by {account()}. This page may be left or reloaded")).to_be_visible()
    assert len(list((registry.folder.parent / "jobs").glob("*Z-*"))) == 1
    page.reload()
    expect(page.get_by_role("button", name="Cancel")).to_be_visible()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("was cancelled by")).to_be_visible()


def test_a_run_is_cancelled(page: Page, registry: Registry):
    before = registry.versions()
    draws = page.get_by_role("spinbutton", name="Resamples")
    draws.fill("50000")
    draws.press("Enter")
    settle(page)
    page.get_by_role("button", name="Train and compare").click()

    page.get_by_role("button", name="Cancel").click()

    expect(page.get_by_text(f"was cancelled by {account()}. The model in use is as it was.")).to_be_visible()
    assert registry.versions() == before
