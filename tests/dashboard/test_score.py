"""The Score page: from a file to the model's answer for each of its rows."""

import csv
import gzip
import io
import zlib
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from dashboard import state
from dashboard.score import examples, files, table
from dashboard.score import words as score_words
from dashboard.score.bars import takes_bars
from dashboard.score.chart import histogram_edges, probability_chart
from dashboard.score.scored_file import ScoredFile, score_file
from model.bundle import Bundle
from model.errors import InvalidInputError
from model.features import FEATURE_NAMES, build_features
from model.registry import Registry
from tests import builders
from tests.dashboard.conftest import open_app
from tests.dashboard.reading import go, html_with, plain, sentence, words
from training import columns
from training.bars import read_bars
from training.places import SHIPPED_BARS
from training.train import TrainingResult, publish

GOOD = ",".join(["0.001", "0.02", "1.0", "0.015", "0.1", "50", "0.001", "0.001"])
HEADER = ",".join(FEATURE_NAMES)


def parquet_of(columns: dict[str, object]) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.table(columns), sink)
    return sink.getvalue()


def bars_csv(n: int, *, ticker: str = "", hours: int = 0, first: str = "2001-01-01") -> str:
    """Daily bars of a random walk as a file; with *hours*, so many bars a day."""
    bars = builders.random_bars(n)
    lines = ["Date,Open,High,Low,Close,Volume" + (",Ticker" if ticker else "")]
    for i in range(n):
        time = str(bars.day[i // hours]) + f" {9 + i % hours}:30" if hours else str(bars.day[i])
        values = [repr(float(getattr(bars, name)[i])) for name in ("open", "high", "low", "close", "volume")]
        lines.append(",".join([time, *values] + ([ticker] if ticker else [])))
    return "\n".join(lines)


def csv_rows(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode())))


def by_pipeline(bundle: Bundle, X: np.ndarray) -> np.ndarray:
    """The probabilities by scikit-learn itself."""
    return bundle.pipeline.predict_proba(X)[:, 1]


def faults_of(bundle: Bundle, data: bytes, name: str = "mine.csv") -> str:
    with pytest.raises(InvalidInputError) as refused:
        score_file(bundle, data, name)
    return str(refused.value)


def upload(page: AppTest, name: str, content: bytes) -> AppTest:
    return page.file_uploader[0].set_value((name, content, "application/octet-stream")).run()


@pytest.fixture
def page(app: AppTest) -> AppTest:
    return go(app, "score")


@pytest.fixture(scope="module")
def reference_rows(shipped: Bundle) -> bytes:
    """Training rows as a Parquet file, with columns that are no features, in another order than the bundle's."""
    reference = shipped.reference
    columns = {"note": pa.array([f"n°{i}" for i in range(len(reference.y))]), "day": pa.array(reference.day)}
    features = {name: pa.array(reference.X[:, i]) for i, name in enumerate(shipped.manifest.feature_names)}
    return parquet_of(columns | dict(reversed(features.items())))


# Reading and scoring


def test_feature_rows_score_as_scikit_learn_does(shipped: Bundle, reference_rows: bytes):
    scored = score_file(shipped, reference_rows, "rows.parquet")

    expected = by_pipeline(shipped, shipped.reference.X)
    out = pq.read_table(pa.BufferReader(scored.parquet()))
    assert np.abs(out["p_up"].to_numpy() - expected).max() < 1e-12
    assert out["prediction"].to_pylist() == (expected >= 0.44).astype(int).tolist()
    assert set(out["threshold"].to_pylist()) == {0.44}
    assert set(out["version"].to_pylist()) == {shipped.version}
    assert not any(out["outside_observed_range"].to_pylist())
    assert out["note"].to_pylist()[:2] == ["n°0", "n°1"]
    assert out["day"].to_pylist()[0] == shipped.reference.day[0].item()


def test_csv_holds_every_digit_of_the_probability_and_the_cells_as_they_were(shipped: Bundle):
    text = f'code,{HEADER},said\n007,{GOOD},"a, ""b""\nc"\n1e3,{GOOD.replace("0.001", "1e-3")},\n'
    scored = score_file(shipped, text.encode(), "mine.csv")

    rows = csv_rows(scored.csv())
    expected = by_pipeline(shipped, np.array([[float(cell) for cell in GOOD.split(",")]]))[0]
    assert [row["code"] for row in rows] == ["007", "1e3"]
    assert rows[0]["said"] == 'a, "b"\nc'
    assert rows[1]["gap_pct"] == "1e-3"
    assert abs(float(rows[0]["p_up"]) - expected) < 1e-12
    assert float(rows[1]["p_up"]) == scored.probability[1]
    assert list(rows[0])[-5:] == ["p_up", "prediction", "threshold", "version", "outside_observed_range"]
    # What may be a code stays a text; what is a number becomes one.
    assert scored.typed_columns["code"].type == pa.string()
    assert scored.typed_columns["gap_pct"].type == pa.float64()
    assert scored.rows.row.tolist() == [2, 3]


def test_bars_get_the_features_of_training(shipped: Bundle):
    scored = score_file(shipped, SHIPPED_BARS.read_bytes(), "stocks.csv.gz")

    bars = read_bars(SHIPPED_BARS).bars
    X = build_features(bars)
    complete = np.isfinite(X).all(axis=1)
    assert np.array_equal(scored.rows.X, X[complete])
    assert np.abs(scored.probability - by_pipeline(shipped, X[complete])).max() < 1e-12
    assert scored.rows.table["Ticker"].to_pylist() == bars.ticker[complete].tolist()
    assert scored.rows.table["Date"].to_pylist() == [str(day) for day in bars.day[complete]]
    assert np.array_equal(scored.rows.table["rsi_14"].to_numpy(), X[complete, FEATURE_NAMES.index("rsi_14")])


def test_bars_in_any_order_are_scored_in_order_and_come_back_in_that_of_the_file(shipped: Bundle):
    header, *lines = bars_csv(120, ticker="XYZ").split("\n")
    forwards = score_file(shipped, "\n".join([header, *lines]).encode(), "a.csv")
    backwards = score_file(shipped, "\n".join([header, *reversed(lines)]).encode(), "a.csv")

    # Linear algebra takes some rows together, so that a last digit may depend on where a row stands.
    np.testing.assert_allclose(backwards.probability, forwards.probability[::-1], rtol=0, atol=1e-15)
    assert backwards.rows.row.tolist() == list(range(2, 89))
    assert "The rows were not in order" in " ".join(backwards.rows.notes)


@pytest.mark.parametrize(
    ("rows", "scored", "notes"),
    [
        (34, 1, ["33 rows not scored", "1 row scored on fewer than 100 bars"]),
        (99, 66, ["33 rows not scored", "66 rows scored on fewer than 100 bars"]),
        (150, 117, ["33 rows not scored", "66 rows scored on fewer than 100 bars"]),
    ],
)
def test_short_histories_are_scored_with_a_warning(shipped: Bundle, rows: int, scored: int, notes: list[str]):
    found = score_file(shipped, bars_csv(rows).encode(), "XYZ.csv")

    assert len(found.probability) == scored
    assert all(any(note.startswith(start) for note in found.rows.notes) for start in notes)


def test_fewer_than_34_bars_are_refused(shipped: Bundle):
    said = faults_of(shipped, bars_csv(33).encode(), "XYZ.csv")

    assert "ticker XYZ: found 33 rows; expected at least 34" in said


def test_prices_are_adjusted_for_the_splits_that_the_adjusted_close_tells_of(shipped: Bundle):
    header, *lines = bars_csv(200).split("\n")
    cells = [line.split(",") for line in lines]
    adjusted = [row[4] for row in cells]
    whole = "\n".join([f"{header},Adj Close", *(",".join([*row, row[4]]) for row in cells)])
    for row in cells[:120]:
        row[1:] = [*(str(2 * float(price)) for price in row[1:5]), str(float(row[5]) / 2)]
    halved = "\n".join([f"{header},Adj Close", *(",".join([*row, a]) for row, a in zip(cells, adjusted, strict=True))])

    found = score_file(shipped, halved.encode(), "XYZ.csv")

    expected = score_file(shipped, whole.encode(), "XYZ.csv")
    assert "2:1" in found.rows.read
    assert "no split in this span" in expected.rows.read
    assert found.probability == pytest.approx(expected.probability, abs=1e-12)


def test_more_splits_than_any_share_had_are_refused(shipped: Bundle):
    lines = ["Date,Open,High,Low,Close,Volume,Adj Close"]
    for i, day in enumerate(builders.trading_days(400).astype("datetime64[D]")):
        price = 100 * (1 + i % 2)
        lines.append(f"{day},{price},{price},{price},{price},{1000 + i},100")

    said = faults_of(shipped, "\n".join(lines).encode())

    assert "399 splits by what the adjusted close says; expected at most 100 for a ticker" in said


def test_rows_without_a_feature_are_left_out_and_counted(shipped: Bundle):
    header, *lines = bars_csv(150).split("\n")
    for i in range(100, 130):
        lines[i] = ",".join([*lines[i].split(",")[:5], "1000"])

    scored = score_file(shipped, "\n".join([header, *lines]).encode(), "XYZ.csv")

    # Rows 119 to 129 (counted from 0) look back on 20 equal volumes.
    assert len(scored.probability) == 150 - 33 - 11
    assert any(note.startswith("11 rows not scored: some feature has no value there") for note in scored.rows.notes)


def test_both_line_ends_utf_16_semicolons_and_empty_lines_are_read(shipped: Bundle):
    text = f"\n\n{HEADER}\n{GOOD}\n\n,,,,,,,\n{GOOD}\n".replace(",", ";").replace("\n", "\r\n")

    for data in (text.encode("utf-16"), b"\xef\xbb\xbf" + text.encode(), gzip.compress(text.encode())):
        scored = score_file(shipped, data, "mine")
        assert scored.rows.row.tolist() == [4, 7]
        assert scored.probability[0] == scored.probability[1]


def test_a_file_that_was_scored_before_is_scored_anew(shipped: Bundle):
    text = f"{HEADER}\n{GOOD}\n".encode()
    once = score_file(shipped, text, "mine.csv")
    twice = score_file(shipped, once.csv().replace(b"0.44", b"0.99"), "mine-scored.csv")

    assert twice.csv() == once.csv()
    assert "The file's own `p_up`" in score_words.what_is_downloaded(twice)
    assert "gave way" not in score_words.what_is_downloaded(once)


def test_numbers_are_read_from_every_numeric_type_of_parquet(shipped: Bundle):
    values = [float(cell) for cell in GOOD.split(",")]
    as_floats = parquet_of({name: [value] for name, value in zip(FEATURE_NAMES, values, strict=True)})
    mixed: dict[str, object] = {name: pa.array([value]) for name, value in zip(FEATURE_NAMES, values, strict=True)}
    mixed["rsi_14"] = pa.array([50], pa.int16())
    mixed["ma_ratio_5_20"] = pa.array(["1.0"]).dictionary_encode()
    mixed["tags"] = pa.array([["a", "b"]])
    found = score_file(shipped, parquet_of(mixed), "rows.parquet")

    assert found.probability.tolist() == score_file(shipped, as_floats, "rows.parquet").probability.tolist()
    assert pq.read_table(pa.BufferReader(found.parquet()))["tags"].to_pylist() == [["a", "b"]]


# What cannot be used


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "the file: found nothing in it"),
        (b"\xef\xbb\xbf \n\n", "the file: found nothing in it"),
        (HEADER.encode(), "the file: found no rows below the header"),
        (b"PK\x03\x04" + bytes(range(256)), "an Excel workbook or zip archive; expected CSV text in UTF-8"),
        (b"\xd0\xcf\x11\xe0" + bytes(99), "an old Excel workbook"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "the file: found bytes that are not text"),
        (f"{HEADER}\n{GOOD}\n".encode("utf-16-le"), "the file: found binary data"),
        ("größe\n1\n".encode("latin-1"), "the file: found bytes that are not text"),
        (b"\x1f\x8b nothing packed", "the file: found a broken gzip archive"),
        (gzip.compress(HEADER.encode(), mtime=0)[:-9], "the file: found a broken gzip archive (it ends early)"),
        (b"PAR1 and then nothing", "the file: found a broken Parquet file"),
        (b"a,b\n1,2\n", "the header: found the columns a, b; expected daily bars (date, open"),
        (b"a\n1\n", "one column for each feature (gap_pct, daily_range_pct"),
        (
            f"{HEADER}\n{GOOD}\n".replace("rsi_14", "RSI-14").encode(),
            "the header: found no column rsi_14; expected a column of that name (RSI, 14 days). Is it “RSI-14”?",
        ),
        (
            f"{HEADER},macd\n{GOOD},1\n".encode(),
            "the header: found column macd more than once; expected each name once",
        ),
        (f"note,note,{HEADER}\n1,2,{GOOD}\n".encode(), "found column note more than once"),
        (f"{HEADER}\n{GOOD}\n{GOOD},9\n".encode(), "row 3: found 9 value(s); expected 8, as in the header"),
        (
            f"{HEADER}\n{GOOD}\n\n{GOOD.replace('50', '')}\n".encode(),
            "row 4, rsi_14: found an empty cell; expected a number from 0 to 100",
        ),
        (
            f"{HEADER}\n{GOOD.replace('50', 'NaN')}\n".encode(),
            "row 2, rsi_14: found 'NaN'; expected a number from 0 to 100. Write it with a decimal point",
        ),
        (f"{HEADER}\n{GOOD.replace('50', '101')}\n".encode(), "row 2, rsi_14: found '101'; expected a number from"),
        (f"{HEADER}\n-1e999{GOOD[5:]}\n".encode(), "row 2, gap_pct: found '-1e999'; expected a number of at least −1"),
        (
            f"{HEADER}\n{GOOD}\n".replace(",", ";").replace("0.001", "0,001").encode(),
            "row 2, gap_pct: found '0,001'; expected a number of at least −1. Write it with a decimal point",
        ),
        (
            parquet_of({name: [float("nan")] for name in FEATURE_NAMES}),
            "row 1, gap_pct: found nan; expected a number of at least −1",
        ),
        (parquet_of({name: pa.array([None], pa.float64()) for name in FEATURE_NAMES}), "gap_pct: found an empty cell"),
        (parquet_of({name: [True] for name in FEATURE_NAMES}), "column gap_pct: found values of the type bool"),
        (parquet_of({name: [[1.0]] for name in FEATURE_NAMES}), "column gap_pct: found values of the type list"),
        (b"Date,Open,High,Low,Close\n2001-01-01,1,1,1,1\n", "the header: found no column volume"),
        (bars_csv(200, hours=7).encode(), "(hourly or other intraday bars); expected one row per day"),
        (bars_csv(60).replace("\n", "\nx,", 1).encode(), "row 2: found 7 value(s); expected 6, as in the header"),
        (
            bars_csv(60).replace("2001-01-03", "soon").encode(),
            "row 4: found date 'soon'; expected a date such as 2000-12-31",
        ),
    ],
)
def test_what_cannot_be_scored_is_refused_with_its_place(shipped: Bundle, content: bytes, said: str):
    assert said in faults_of(shipped, content)


def test_every_fault_of_a_file_is_counted(shipped: Bundle):
    bad = GOOD.replace("50", "-1")
    with pytest.raises(InvalidInputError) as refused:
        score_file(shipped, "\n".join([HEADER, *[bad] * 1234, GOOD]).encode(), "mine.csv")

    assert refused.value.count == 1234
    assert refused.value.faults[0].where == "row 2, rsi_14"


def test_sizes_are_limited_before_anything_is_unpacked(shipped: Bundle, monkeypatch: pytest.MonkeyPatch):
    packer = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    bomb = packer.compress(b"0" * 5_000_000) + packer.flush()
    monkeypatch.setattr(columns, "LARGEST_UNPACKED_MB", 1)
    monkeypatch.setattr(files, "MOST_ROWS", 3)

    assert "more than 1 MB when unpacked" in faults_of(shipped, bomb)
    assert "4 rows; expected at most 3" in faults_of(shipped, "\n".join([HEADER, *[GOOD] * 4]).encode())
    assert "4 rows; expected at most 3" in faults_of(shipped, parquet_of({name: [1.0] * 4 for name in FEATURE_NAMES}))
    assert "600 columns; expected at most 500" in faults_of(shipped, ",".join(f"c{i}" for i in range(600)).encode())


def test_values_a_model_cannot_hold_are_refused(tmp_path: Path):
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    forest = RandomForestClassifier(n_estimators=3, max_depth=2, random_state=0)
    bundle = builders.bundle_of(make_pipeline(StandardScaler(), forest), tmp_path)
    good = score_file(bundle, f"{HEADER}\n{GOOD}\n".encode(), "a.csv")

    expected = by_pipeline(bundle, np.array([[float(cell) for cell in GOOD.split(",")]]))
    assert good.probability.tolist() == expected.tolist()
    huge = HEADER + "\n" + ",".join(["3.4e38"] * 5 + ["50"] + ["3.4e38"] * 2)
    assert "too large to score" in faults_of(bundle, huge.encode())


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_no_bytes_lead_to_anything_but_scores_or_a_refusal(shipped: Bundle, data: st.DataObject):
    good = data.draw(st.sampled_from([f"{HEADER}\n{GOOD}\n".encode(), bars_csv(40).encode(), _SMALL_PARQUET, b""]))
    start = data.draw(st.integers(0, len(good)))
    stop = data.draw(st.integers(start, min(len(good), start + 8)))
    damaged = good[:start] + data.draw(st.binary(max_size=12)) + good[stop:]

    try:
        scored = score_file(shipped, damaged, "any.csv")
    except InvalidInputError:
        return
    assert np.isfinite(scored.probability).all()
    assert len(csv_rows(scored.csv())) == len(scored.probability)
    scored.parquet()


_SMALL_PARQUET = parquet_of({name: [0.5, 0.5] for name in FEATURE_NAMES})


# What the scores come to


def hand_made(shipped: Bundle, p: list[float], outcome: list[float] | None = None) -> ScoredFile:
    """A scored file with probabilities made up."""
    text = "\n".join([HEADER, *[GOOD] * len(p)])
    scored = score_file(shipped, text.encode(), "made up.csv")
    told = None if outcome is None else np.array(outcome)
    return replace(scored, probability=np.array(p), rows=replace(scored.rows, outcome=told))


def test_called_rows_are_those_at_the_threshold_or_more(shipped: Bundle):
    assert hand_made(shipped, [0.43999, 0.44, 0.5]).called.tolist() == [False, True, True]


def test_outcomes_count_only_rows_whose_outcome_is_known(shipped: Bundle):
    nan = float("nan")
    found = hand_made(shipped, [0.5, 0.5, 0.5, 0.5, 0.1, 0.1], [1, 1, 0, nan, 1, 0]).outcomes

    assert found is not None
    assert (found.known, found.positive, found.called, found.called_positive) == (5, 3, 3, 2)
    assert hand_made(shipped, [0.5], [nan]).outcomes is None
    assert hand_made(shipped, [0.5]).outcomes is None


def test_the_outcome_is_said_beside_the_base_rate_of_the_file(shipped: Bundle):
    said = score_words.outcome_sentence(hand_made(shipped, [0.5] * 30 + [0.1] * 10, [1.0] * 15 + [0.0] * 25))

    assert said is not None
    said = said.replace("\u00a0", " ").replace("**", "")
    # Wilson's interval of 15 of 30, by hand: 0.5 ± 1.96·√(0.25/30 + 1.96²/3600) / (1 + 1.96²/30).
    assert "“up” came true on 50.0 % of 30 called rows (95 % interval 33.2 to 66.8" in said
    assert "beside 37.5 % of all 40 rows" in said
    assert "Rows the model was trained on may be among them" in said


def test_values_outside_the_observed_range_are_counted_by_feature_and_row(shipped: Bundle):
    gap, rsi = (shipped.manifest.features[FEATURE_NAMES.index(name)] for name in ("gap_pct", "rsi_14"))
    lines = [GOOD.split(",") for _ in range(4)]
    lines[0][0] = repr(gap.max)
    lines[1][0] = str(np.nextafter(gap.max, 1))
    lines[2][0], lines[2][5] = str(np.nextafter(gap.min, -1)), repr(rsi.max + 1)
    scored = score_file(shipped, "\n".join([HEADER, *map(",".join, lines)]).encode(), "a.csv")

    assert scored.outside.tolist() == [False, True, True, False]
    found = [(one.feature.name, one.below, one.above) for one in scored.outside_by_feature]
    assert found == [("gap_pct", 1, 1), ("rsi_14", 0, 1)]
    assert [row["outside_observed_range"] for row in csv_rows(scored.csv())] == ["False", "True", "True", "False"]


def test_values_in_percent_lead_to_the_question_of_units(shipped: Bundle):
    percent = GOOD.replace("0.02,", "2,")
    hints = score_words.unit_hints(score_file(shipped, f"{HEADER}\n{percent}\n".encode(), "a.csv"))

    assert len(hints) == 1
    assert "Most values of daily\\_range\\_pct are outside what was seen in training" in hints[0]
    assert not score_words.unit_hints(score_file(shipped, f"{HEADER}\n{GOOD}\n".encode(), "a.csv"))


@pytest.mark.parametrize(
    ("p", "threshold"),
    [([0.3, 0.5], 0.44), ([0.0, 1.0], 0.44), ([0.9], 0.44), ([0.1], 0.44), ([0.44], 0.44), ([0.1, 0.2], 0.97)],
)
def test_the_histogram_counts_every_row_on_its_side_of_the_threshold(p: list[float], threshold: float):
    values = np.array(p)
    edges = histogram_edges(values, threshold)
    counts, _ = np.histogram(values, edges)

    assert threshold in edges.tolist()
    assert counts[edges[:-1] >= threshold].sum() == np.sum(values >= threshold)
    assert counts.sum() == len(values)
    assert 2 <= len(edges) <= 41
    assert edges[0] >= 0
    assert edges[-1] <= 1
    assert (np.diff(edges) > 0).all()


def test_the_chart_says_and_holds_its_counts(shipped: Bundle):
    chart = probability_chart(hand_made(shipped, [0.40, 0.45, 0.50, 0.50]))

    assert "Histogram of 4 probabilities of “up”, from 40.0 % to 50.0 %" in chart.alt
    assert "3 at or above the threshold of 44.0 %, 1 below it" in chart.alt
    assert sum(chart.columns["rows"]) == 4
    called = np.array(chart.columns["called"]) == "yes"
    assert np.asarray(chart.columns["rows"])[called].sum() == 3


def test_the_rows_come_in_the_order_asked_for(shipped: Bundle):
    scored = hand_made(shipped, [0.5, 0.43, 0.9, 0.43])

    def rows(order: str) -> list[int]:
        return table.table_in_order(scored, order)["Row"].to_pylist()

    assert rows(table.IN_FILE_ORDER) == [2, 3, 4, 5]
    assert rows(table.HIGHEST) == [4, 2, 3, 5]
    assert rows(table.LOWEST) == [3, 5, 2, 4]
    assert rows(table.NEAREST) == [3, 5, 2, 4]
    shown = table.table_in_order(scored, table.HIGHEST)
    assert shown["Call"].to_pylist() == ["▲ up", "▲ up", "○ no call", "○ no call"]
    assert shown["Probability"].to_pylist() == [90.0, 50.0, 43.0, 43.0]


def test_columns_of_the_file_keep_their_place_beside_those_of_the_table(shipped: Bundle):
    scored = score_file(shipped, f"Row,Call,{HEADER}\nx,y,{GOOD}\n".encode(), "a.csv")

    shown = table.table_in_order(scored, table.IN_FILE_ORDER)
    assert shown["Row"].to_pylist() == [2]
    assert shown["Row (file)"].to_pylist() == ["x"]


# The examples


def test_the_example_files_are_what_their_command_makes(shipped: Bundle):
    assert (examples.EXAMPLES / examples.BARS).read_bytes() == examples.example_bars()
    assert (examples.EXAMPLES / examples.ROWS).read_bytes() == examples.example_rows(shipped)


def test_no_row_of_the_example_bars_was_trained_on(shipped: Bundle):
    assert examples.TICKER not in shipped.reference.ticker
    assert examples.TICKER not in shipped.out_of_fold.ticker


# The page


def test_before_a_file_the_page_says_what_to_do(page: AppTest):
    assert sentence(page).startswith("Choose a file of daily bars or a table of feature rows, or try an example")
    assert "a number from 0 to 100" in words(html_with(page, "The columns of a table of feature rows"))
    assert "at most 50 MB and 1,000,000 rows" in page.caption[0].value
    assert not page.exception


def test_example_bars_are_scored_and_said_in_one_sentence(page: AppTest, shipped: Bundle):
    page.button(key="try_bars.csv").click().run()

    bars = read_bars(examples.EXAMPLES / examples.BARS).bars
    X = build_features(bars)[33:]
    calls = int(np.sum(by_pipeline(shipped, X) >= 0.44))
    up = bars.close[34:] > bars.close[33:-1]
    base = 100 * shipped.out_of_fold.y_true.mean()
    assert not page.exception
    assert f"Of **163** rows in bars.csv (2012-07-06 to 2013-03-01) the model calls “up” on **{calls}**" in sentence(
        page
    )
    assert f"**{base:.1f} %** of them were “up” (the base rate)" in sentence(page)
    assert f"beside **{100 * up.mean():.1f} %** of all 162 rows" in page.markdown[1].value.replace("\u00a0", " ")
    assert any("33 rows not scored" in plain(warning) for warning in page.warning)
    assert len(page.dataframe[0].value) == 163


def test_an_upload_is_scored_and_a_bad_one_leaves_the_page_working(page: AppTest, reference_rows: bytes):
    upload(page, "<b>bad</b>.csv", b"a,b\n1,2\n")
    assert "cannot be scored: 1 fault" in plain(page.error[0])
    assert "<b>" not in page.error[0].value.replace("\\<", "")
    assert "the columns a, b" in words(html_with(page, "Faults, in the order"))

    upload(page, "rows.parquet", reference_rows)
    assert not page.error
    assert not page.exception
    assert "rows in rows.parquet the model calls “up”" in sentence(page)


def test_turning_pages_keeps_the_scores_and_removing_forgets_them(page: AppTest):
    upload(page, "mine.csv", f"{HEADER}\n{GOOD}\n".encode())
    go(page, "about")
    go(page, "score")
    assert sentence(page).startswith("Of **1** row in mine.csv")

    page.button(key="remove_scored").click().run()
    assert sentence(page).startswith("Choose a file")
    assert [button.key for button in page.button if button.key == "remove_scored"] == []
    upload(page, "next.csv", f"{HEADER}\n{GOOD}\n{GOOD}\n".encode())
    assert sentence(page).startswith("Of **2** rows in next.csv")


def test_emptying_the_uploader_forgets_the_scores(page: AppTest):
    upload(page, "mine.csv", f"{HEADER}\n{GOOD}\n".encode())
    page.file_uploader[0].set_value(None).run()

    assert sentence(page).startswith("Choose a file")


def test_another_version_scores_the_same_file_anew(page: AppTest, registry: Registry):
    data = f"{HEADER}\n{GOOD}\n".encode()
    upload(page, "mine.csv", data)
    publish(builders.result(), registry, by="tester", why="another", when=builders.WHEN + timedelta(days=1))
    promotion = registry.current()
    page.session_state[state.SHOWN] = (promotion.version, promotion.sha256)
    page.run()

    expected = score_file(registry.load(), data, "mine.csv")
    shown = page.dataframe[0].value
    assert shown["Probability"].iloc[0] == pytest.approx(100 * expected.probability[0])
    assert "Of **1** row in mine.csv" in sentence(page)


def other_features() -> TrainingResult:
    """A model of features that are no daily bars."""
    draft = builders.result().draft
    target = msgspec.structs.replace(draft.manifest.target, column="ripe", positive_class="ripe")
    features = [
        msgspec.structs.replace(
            feature, name=f"measure_{i}", label=f"Measure {i}", hard_minimum=None, hard_maximum=None
        )
        for i, feature in enumerate(draft.manifest.features)
    ]
    manifest = msgspec.structs.replace(draft.manifest, target=target, features=features)
    return TrainingResult(replace(draft, manifest=manifest))


def test_another_model_speaks_of_its_own_features_and_takes_no_bars(registry: Registry):
    publish(other_features(), registry, by="tester", why="fruit", when=builders.WHEN + timedelta(days=1))
    bundle = registry.load()
    assert not takes_bars(bundle.manifest)
    page = go(open_app(), "score")

    assert page.title[0].value == "Which rows does the model call “ripe”?"
    assert "bars" not in sentence(page)
    assert [button.key for button in page.button] == ["try_rows.csv"]
    page.button(key="try_rows.csv").click().run()
    assert "the model calls “ripe” on" in sentence(page)
    assert "“ripe” came true on" in page.markdown[1].value
    upload(page, "bars.csv", bars_csv(200).encode())
    assert "one column for each feature (measure_0" in words(html_with(page, "Faults, in the order"))
    assert "daily bars" not in words(html_with(page, "Faults, in the order"))
