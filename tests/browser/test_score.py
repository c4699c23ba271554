"""Scoring a file as a person does it: choose it, read the answer, download the rows, mend a bad file."""

import csv
import io
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from playwright.sync_api import Download, Page, expect

from dashboard.score.examples import BARS, EXAMPLES
from model.bundle import Bundle
from model.features import FEATURE_NAMES, build_features
from tests.browser.conftest import Noise
from tests.browser.serving import settle, turn_to
from training.bars import read_bars

HEADING = "Which rows does the model call “up”?"


@pytest.fixture
def score(page: Page, url: str) -> Page:
    """The Score page, reached by the navigation."""
    page.goto(url)
    settle(page)
    turn_to(page, "Score", heading=HEADING)
    return page


def choose(page: Page, name: str, content: bytes) -> None:
    page.locator("input[type=file]").set_input_files(
        {"name": name, "mimeType": "application/octet-stream", "buffer": content}
    )


def downloaded(page: Page, button: str) -> Download:
    with page.expect_download() as download:
        page.get_by_role("button", name=button, exact=True).click()
    return download.value


def rows_as_parquet(shipped: Bundle) -> bytes:
    columns = dict(zip(shipped.manifest.feature_names, shipped.reference.X.T, strict=True))
    sink = io.BytesIO()
    pq.write_table(pa.table({"ticker": shipped.reference.ticker.tolist(), **columns}), sink)
    return sink.getvalue()


@pytest.mark.parametrize("page", ["light 1360", "dark 390"], indirect=True)
def test_bars_are_scored_and_downloaded_in_full_precision(score: Page, shipped: Bundle, noise: Noise):
    choose(score, "FB.csv", (EXAMPLES / BARS).read_bytes())
    expect(score.get_by_text("Of 163 rows in FB.csv (2012-07-06 to 2013-03-01)")).to_be_visible()
    expect(score.get_by_text("33 rows not scored")).to_be_visible()
    settle(score)
    assert score.get_by_test_id("stMain").evaluate("main => main.scrollWidth <= main.clientWidth")

    download = downloaded(score, "Download as CSV")
    rows = list(csv.DictReader(io.StringIO(Path(download.path()).read_text())))

    X = build_features(read_bars(EXAMPLES / BARS).bars)[33:]
    expected = shipped.pipeline.predict_proba(X)[:, 1]
    assert download.suggested_filename == "FB-scored.csv"
    assert np.abs(np.array([float(row["p_up"]) for row in rows]) - expected).max() < 1e-12
    assert [row["prediction"] for row in rows] == [str(int(p >= 0.44)) for p in expected]
    assert {row["version"] for row in rows} == {shipped.version}
    assert [row["Date"] for row in rows][:: len(rows) - 1] == ["2012-07-06", "2013-03-01"]
    assert noise == Noise()


def test_feature_rows_as_parquet_come_back_with_their_scores(score: Page, shipped: Bundle):
    choose(score, "rows.parquet", rows_as_parquet(shipped))
    n = len(shipped.reference.y)
    expect(score.get_by_text(f"Of {n:,} rows in rows.parquet the model calls “up” on")).to_be_visible()

    table = pq.read_table(Path(downloaded(score, "Download as Parquet").path()))

    expected = shipped.pipeline.predict_proba(shipped.reference.X)[:, 1]
    assert np.abs(table["p_up"].to_numpy() - expected).max() < 1e-12
    assert table["ticker"].to_pylist() == shipped.reference.ticker.tolist()
    assert table.column_names[-5:] == ["p_up", "prediction", "threshold", "version", "outside_observed_range"]


def test_bad_files_get_a_sentence_and_a_good_one_follows(score: Page, tmp_path: Path):
    header, good = ",".join(FEATURE_NAMES), "0.001,0.02,1.0,0.015,0.1,50,0.001,0.001"
    for name, content, said in (
        ("empty.csv", b"", "nothing in it"),
        ("workbook.xlsx", b"PK\x03\x04" + bytes(range(256)), "an Excel workbook or zip archive"),
        ("picture.png", b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "bytes that are not text"),
        ("other.csv", b"a,b\n1,2\n", "the columns a, b"),
        ("names.csv", f"{header}\n{good}\n".replace("macd_signal", "macd_sig").encode(), "Is it “macd_sig”?"),
        ("cell.csv", f"{header}\n{good}\n{good.replace('50', 'fifty')}\n".encode(), "row 3, rsi_14"),
    ):
        choose(score, name, content)
        expect(score.get_by_text(f"{name} cannot be scored: 1 fault.")).to_be_visible()
        expect(score.get_by_text(said)).to_be_visible()

    large = tmp_path / "large.csv"
    with large.open("wb") as file:
        file.truncate(51 * 2**20)
    score.locator("input[type=file]").set_input_files(large)
    expect(score.get_by_text("50.0MB or smaller")).to_be_visible()

    choose(score, "good.csv", f"{header}\n{good}\n".encode())
    expect(score.get_by_text("Of 1 row in good.csv the model calls “up” on")).to_be_visible()
    expect(score.get_by_text("cannot be scored")).to_have_count(0)


def test_by_keyboard_an_example_is_scored_kept_and_removed(score: Page):
    button = score.get_by_role("button", name="Score example daily bars")
    button.focus()
    button.press("Enter")
    said = score.get_by_text("Of 163 rows in bars.csv")
    expect(said).to_be_visible()

    turn_to(score, "About", heading="What is this model worth?")
    turn_to(score, "Score", heading=HEADING)
    expect(said).to_be_visible()

    order = score.get_by_role("combobox", name="Order")
    order.press_sequentially("nearest")
    order.press("ArrowDown")
    order.press("Enter")
    settle(score)
    expect(order).to_have_value("Nearest to the threshold")

    remove = score.get_by_role("button", name="Remove bars.csv")
    remove.focus()
    remove.press("Enter")
    expect(score.get_by_text("Choose a file of daily bars or a table of feature rows")).to_be_visible()
    expect(said).to_have_count(0)


def test_the_chart_has_a_text_for_those_who_do_not_see_it(score: Page):
    score.get_by_role("button", name="Score example daily bars").click()

    expect(score.get_by_role("img", name="Histogram of 163 probabilities of “up”")).to_be_visible()
