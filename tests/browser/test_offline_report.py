"""The report opened as a file, with the network off: its numbers are those of the model, the API and scikit-learn."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from sklearn.metrics import confusion_matrix
from sklearn.tree import DecisionTreeClassifier

from api import create_app
from model import making
from model.bundle import Bundle
from model.manifest import FeatureSpec
from model.wording import number, percent
from tests import builders
from tests.browser.test_accessibility import violations
from tests.market_words import market_words
from training.offline.report import offline_report
from training.panels.display import label_of


@dataclass(frozen=True)
class Opened:
    """The page, everything it asked for, and everything its console said."""

    page: Page
    requests: list[str]
    console: list[str]


@contextmanager
def opened(browser: Browser, path: Path, scheme: str, width: int) -> Iterator[Opened]:
    """Open a file with the network off."""
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, offline=True)
    found = Opened(context.new_page(), [], [])
    context.on("request", lambda sent: found.requests.append(sent.url))
    found.page.on("console", lambda message: found.console.append(message.text))
    found.page.on("pageerror", lambda error: found.console.append(str(error)))
    found.page.goto(path.as_uri())
    yield found
    context.close()


def is_as_wide_as_its_window(page: Page) -> bool:
    return page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.fixture(scope="module")
def shipped_report(shipped: Bundle, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_bytes(offline_report(shipped))
    return path


def answered(bundle: Bundle) -> Callable[[list[float]], float]:
    """What the API says of a row in original units."""
    client = create_app(bundle).test_client()

    def ask(row: list[float]) -> float:
        features = dict(zip(bundle.manifest.feature_names, row, strict=True))
        return client.post("/predict", json={"features": features}).get_json()[bundle.probability_key]

    return ask


def values_in_view(panel: Locator, bundle: Bundle) -> list[float]:
    """The row in view in original units, read off the boxes to type in."""
    return [
        float(panel.get_by_label(f"{label_of(feature)}, typed", exact=True).input_value()) / feature.display_factor
        for feature in bundle.manifest.features
    ]


def shown_for(feature: FeatureSpec, value: float) -> str:
    return f"{value * feature.display_factor:.{feature.decimals}f}"


def test_the_shipped_report_answers_without_a_network_as_the_model_and_the_api_do(
    browser: Browser, shipped: Bundle, shipped_report: Path
):
    ask = answered(shipped)
    first, second, *_ = shipped.manifest.features
    with opened(browser, shipped_report, "light", 1360) as report:
        page, panel = report.page, report.page.locator("#scenario-panel")

        def follows() -> float:
            row = values_in_view(panel, shipped)
            expect(panel.locator(".answer-probability")).to_have_text(percent(ask(row)).replace(" ", "\u00a0"))
            assert ask(row) == pytest.approx(shipped.scorer.one(row), abs=1e-12)
            called = ask(row) >= shipped.threshold
            expect(panel.locator(".answer-words")).to_have_text("Call: up" if called else "No call")
            return ask(row)

        at_start = follows()
        slider = panel.get_by_role("slider", name=label_of(first), exact=True)
        for _ in range(20):
            slider.press("ArrowRight")
        slider.press("End")
        moved = follows()
        assert abs(moved - at_start) > 0.001
        box = panel.get_by_label(f"{label_of(second)}, typed", exact=True)
        box.fill(shown_for(second, second.p99))
        box.press("Enter")
        assert follows() != moved

        assert_threshold_follows(page, shipped)
        assert violations(page) == []
        assert is_as_wide_as_its_window(page)
        assert report.requests == [shipped_report.as_uri()]
        assert report.console == []
    assert shipped_report.stat().st_size < 1_500_000


def assert_threshold_follows(page: Page, bundle: Bundle) -> None:
    """By keys and by typing, the threshold shows the counts and shares of scikit-learn's confusion matrix."""
    panel, rows = page.locator("#threshold-panel"), bundle.out_of_fold
    slider = panel.get_by_role("slider", name="Decision threshold", exact=True)
    box = panel.get_by_label("Decision threshold, typed", exact=True)
    for _ in range(31):
        slider.press("ArrowRight")
    for typed in (None, "0.512"):
        if typed:
            box.fill(typed)
            box.press("Enter")
        threshold = float(box.input_value())
        (quiet, wrong), (missed, hits) = confusion_matrix(rows.y_true, rows.y_score >= threshold)
        for name, count in {"hit": hits, "wrong": wrong, "missed": missed, "rest": quiet}.items():
            expect(panel.locator(f".confusion .{name} b")).to_have_text(number(count, 0))
        figures = panel.locator(".figure-value")
        expect(figures.nth(1)).to_have_text(percent(hits / (hits + wrong)).replace(" ", "\u00a0"))
        expect(figures.nth(2)).to_have_text(percent(hits / (hits + missed)).replace(" ", "\u00a0"))
        assert threshold == (float(typed) if typed else pytest.approx(bundle.threshold + 0.031))


def test_on_a_dark_phone_the_report_reads_without_scrolling_sideways_and_leaves_out_what_needs_a_server(
    browser: Browser, shipped_report: Path
):
    with opened(browser, shipped_report, "dark", 390) as report:
        page, panel = report.page, report.page.locator("#scenario-panel")
        expect(panel.get_by_role("slider")).to_have_count(8)
        for name in ("Copy", "Load", "Use its values"):
            expect(panel.get_by_role("button", name=name)).to_have_count(0)
        panel.get_by_role("button", name="Start from").click()
        panel.get_by_role("button", name="A borderline row").click()
        expect(panel.locator(".answer-probability")).to_have_text("44.0\u00a0%")
        page.get_by_role("link", name="Risks").click()
        expect(page.get_by_role("heading", name="Risks, and what should trigger action")).to_be_in_viewport()

        assert violations(page) == []
        assert is_as_wide_as_its_window(page)
        assert report.console == []


def test_a_tree_on_any_table_shows_curves_instead_of_sliders(browser: Browser, tmp_path: Path):
    rows = builders.any_columns()
    X, names = rows.X[:, :6], rows.names[:6]
    tree = DecisionTreeClassifier(max_depth=4, random_state=0).fit(X, rows.y)
    made = making.Bundle.create(tree, X, rows.y, features=names, target="churned", draws=100)
    bundle = made.save(tmp_path / "artifacts", when=builders.WHEN)
    path = tmp_path / "report.html"
    path.write_bytes(offline_report(bundle))
    with opened(browser, path, "dark", 390) as report:
        page = report.page
        expect(page.locator(".curves svg[role=img]").first).to_be_visible()
        assert page.locator("#scenario-panel").count() == 0
        assert page.locator(".curves figure").count() == 6
        assert_threshold_follows(page, bundle)

        assert market_words([page.locator("body").inner_text()], bundle) == []
        assert violations(page) == []
        assert is_as_wide_as_its_window(page)
        assert report.requests == [path.as_uri()]
        assert report.console == []


def test_printed_on_a4_every_chart_fits_its_page_in_light_colours(browser: Browser, shipped_report: Path):
    with opened(browser, shipped_report, "dark", 1360) as report:
        page = report.page
        expect(page.locator("#threshold-panel svg[role=img]").first).to_be_visible()
        page.emulate_media(media="print")
        # What a sheet of A4 holds between its margins of 14 mm, at 96 dots an inch.
        page.set_viewport_size({"width": 688, "height": 1017})

        boxes = page.locator("svg[role=img]").evaluate_all(
            """(all) => all.map((one) => one.getBoundingClientRect()).map((box) => [box.left, box.right, box.height])"""
        )
        assert len(boxes) == 3
        assert all(left >= 0 and right <= 688 and 100 < height < 1017 for left, right, height in boxes)
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        assert page.locator("#scenario-panel .answer").evaluate("(one) => getComputedStyle(one).position") == "static"
        assert is_as_wide_as_its_window(page)
