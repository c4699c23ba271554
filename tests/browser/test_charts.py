"""Charts: what is drawn, what is said to those who do not see it, what can be taken away."""

import csv
import io
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.browser.modules import Module
from training.panels.drawing import DRAWING, Axis, Chart, band, bars, dots, line, rule, shade

SVG = "{http://www.w3.org/2000/svg}"
CHART = Chart(
    title="Right when it calls",
    alt="Precision falls from 60 % to 50 %.",
    file="precision",
    x=Axis("Decision threshold", 0.3, 0.7),
    y=Axis("", 0.0, 1.0, "percent", 0),
    layers=[
        bars("rows", [0.3, 0.5, 0.7], [1, 3], share=0.5),
        band("95 % interval", [0.3, 0.5, 0.7], [0.5, 0.45, 0.4], [0.7, 0.65, 0.6]),
        line("precision", [0.3, 0.4, 0.5, 0.6, 0.7], [0.6, 0.58, np.nan, 0.52, 0.5]),
        dots("observed", [0.4], [0.55], low=[0.5], high=[0.6]),
        rule("threshold 0.44", x=0.44),
        shade("outside", 0.3, 0.35),
    ],
    columns={"threshold": [0.3, 0.4, 0.5, 0.6, 0.7], "precision": [0.6, 0.58, np.nan, 0.52, 0.5]},
)


@pytest.fixture(params=["light", "dark"])
def scheme(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def shown(browser: Browser, scheme: str) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 700, "height": 600}, color_scheme=scheme)
    page = context.new_page()
    module = Module(
        page, *DRAWING, "chart.js", body='<style>:root { color-scheme: light dark }</style><div class="still"></div>'
    )
    module.run("module.mountChart(document.body, given);", CHART.as_data())
    yield page
    context.close()


def downloaded(page: Page, kind: str, folder: Path) -> Path:
    with page.expect_download() as waiting:
        page.get_by_role("button", name=f"as {kind}").click()
    found = waiting.value
    assert found.suggested_filename == f"precision.{kind.lower()}"
    found.save_as(folder / found.suggested_filename)
    return folder / found.suggested_filename


def test_it_has_a_text_for_those_who_do_not_see_it(shown: Page):
    expect(shown.get_by_role("img", name="Precision falls from 60 % to 50 %.")).to_be_visible()


def test_axes_are_labelled_with_round_numbers(shown: Page):
    texts = shown.locator(".drawn svg text").all_text_contents()

    percentages = ["0\u00a0%", "25\u00a0%", "50\u00a0%", "75\u00a0%", "100\u00a0%"]
    assert [text for text in texts if text.endswith("%")] == percentages
    assert "Decision threshold" in texts
    assert "threshold 0.44" in texts


def test_a_value_that_is_not_known_breaks_the_line(shown: Page):
    path = shown.locator(".drawn path[stroke='var(--blue)'][fill=none]").get_attribute("d")

    assert path is not None
    assert path.count("M") == 2
    assert path.count("L") == 2


def test_the_legend_names_what_is_drawn_but_not_what_is_named_on_the_chart(shown: Page):
    assert shown.locator(".legend > span").all_text_contents() == [
        "rows",
        "95 % interval",
        "precision",
        "observed",
        "outside",
    ]


def test_its_numbers_can_be_read_and_taken_away(shown: Page, tmp_path: Path):
    shown.get_by_text("Data table").click()
    cells = shown.get_by_role("region", name="Data of the chart").locator("tbody tr").nth(2).locator("td")
    expect(cells).to_have_text(["0.5", "–"])

    rows = list(csv.reader(io.StringIO(downloaded(shown, "CSV", tmp_path).read_text("utf-8"))))
    assert rows[0] == ["threshold", "precision"]
    assert [row[1] for row in rows[1:]] == ["0.6", "0.58", "", "0.52", "0.5"]


def test_the_saved_drawing_stands_alone_in_the_colours_in_view(shown: Page, tmp_path: Path, scheme: str):
    text = downloaded(shown, "SVG", tmp_path).read_text("utf-8")
    root = ET.fromstring(text)

    assert root.findtext(f"{SVG}title") == CHART.title
    assert root.findtext(f"{SVG}desc") == CHART.alt
    assert "var(" not in text
    assert "http" not in text.replace("http://www.w3.org/", "")
    written = [element.text for element in root.iter(f"{SVG}text")]
    assert {"Right when it calls", "precision", "Decision threshold"} <= set(written)
    paper = root.find(f"{SVG}rect")
    assert paper is not None
    assert paper.get("fill") == {"light": "rgb(255, 255, 255)", "dark": "rgb(14, 21, 28)"}[scheme]


def test_the_saved_picture_is_twice_as_sharp_as_the_screen(shown: Page, tmp_path: Path):
    with Image.open(downloaded(shown, "PNG", tmp_path)) as picture:
        width, height = picture.size

    drawn = shown.locator(".drawn svg").bounding_box()
    assert drawn is not None
    assert width == pytest.approx(2 * drawn["width"], abs=2)
    assert height > 2 * CHART.height


def test_pointing_at_it_says_the_nearest_numbers(shown: Page):
    place = shown.locator(".drawn svg").bounding_box()
    assert place is not None
    shown.mouse.move(place["x"] + place["width"] - 14, place["y"] + 50)

    expect(shown.locator(".tip")).to_have_text("Decision threshold 0.70precision 50.0\u00a0%")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([0, 1, 5], [0, 0.2, 0.4, 0.6, 0.8, 1]),
        ([-47.3, 19.1, 4], [-40, -20, 0]),
        ([0.38, 0.62, 4], [0.4, 0.5, 0.6]),
        ([0, 9, 4], [0, 2.5, 5, 7.5]),
        ([0, 9, 4, True], [0, 2, 4, 6, 8]),
        ([0, 3, 8, True], [0, 1, 2, 3]),
    ],
)
def test_ticks_are_round(browser: Browser, given: list[float], expected: list[float]):
    page = browser.new_page()
    found = Module(page, *DRAWING).run("return module.ticks(...given);", given)
    page.close()

    assert found == pytest.approx(expected)
