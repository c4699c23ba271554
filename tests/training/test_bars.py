"""Files of daily bars as people have them, and what is said of files that cannot be used."""

import gzip
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

from model.errors import InvalidBarsError
from tests.builders import random_bars
from training.bars import read_bars, read_splits


@pytest.fixture
def frame():
    """A file of 200 good bars as pandas sees it."""
    history = random_bars(200)
    return pd.DataFrame(
        {
            "Date": pd.to_datetime(history.day).strftime("%Y-%m-%d"),
            "Open": history.open,
            "High": history.high,
            "Low": history.low,
            "Close": history.close,
            "Volume": history.volume.astype(int),
        }
    )


@pytest.fixture
def write(tmp_path):
    """Write a frame or a text to a file and return its path."""

    def to(name, content, **options):
        path = tmp_path / name
        if isinstance(content, pd.DataFrame):
            content = content.to_csv(index=False, **options)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return to


def assert_same_bars(path):
    """The file holds the bars of the fixture, whatever its form."""
    expected, found = random_bars(200), read_bars(path).bars
    np.testing.assert_array_equal(found.day, expected.day)
    for name in ("open", "high", "low", "close", "volume"):
        np.testing.assert_allclose(getattr(found, name), getattr(expected, name), rtol=1e-12)


def refusal(path, **options):
    with pytest.raises(InvalidBarsError) as caught:
        read_bars(path, **options)
    return str(caught.value)


def test_plain_csv_takes_its_ticker_from_the_file_name(write, frame):
    path = write("IBM.csv", frame)

    assert_same_bars(path)
    assert set(read_bars(path).bars.ticker) == {"IBM"}


def test_zipped_csv(write, frame):
    assert_same_bars(write("x.csv.gz", gzip.compress(frame.to_csv(index=False).encode())))


def test_parquet_with_days_as_text_as_timestamps_and_with_a_time_zone(tmp_path, frame):
    for name, day in (
        ("text", frame["Date"]),
        ("stamp", pd.to_datetime(frame["Date"])),
        ("zone", pd.to_datetime(frame["Date"]).dt.tz_localize("America/New_York")),
        ("date", pd.to_datetime(frame["Date"]).dt.date),
    ):
        path = tmp_path / f"{name}.parquet"
        frame.assign(Date=day).to_parquet(path)

        assert_same_bars(path)


@pytest.mark.parametrize(
    "names",
    [
        ["date", "open", "high", "low", "close", "volume"],
        ["DATETIME", "OPEN", "HIGH", "LOW", "CLOSE", "VOLUME"],
        ["Time", " Open ", "High", "Low", "Close", "Volume"],
    ],
)
def test_column_names_in_any_case(write, frame, names):
    assert_same_bars(write("x.csv", frame.set_axis(names, axis=1)))


@pytest.mark.parametrize(
    "form", ["%Y/%m/%d", "%Y%m%d", "%d.%m.%Y", "%m/%d/%Y", "%d-%m-%Y", "%d %b %Y", "%b %d, %Y", "%Y-%m-%dT%H:%M:%SZ"]
)
def test_days_in_any_unambiguous_form(write, frame, form):
    assert_same_bars(write("x.csv", frame.assign(Date=pd.to_datetime(frame["Date"]).dt.strftime(form))))


@pytest.mark.parametrize("separator", [";", "\t", "|"])
def test_other_separators(write, frame, separator):
    assert_same_bars(write("x.csv", frame, sep=separator))


def test_a_byte_order_mark_and_windows_line_ends(write, frame):
    assert_same_bars(write("x.csv", b"\xef\xbb\xbf" + frame.to_csv(index=False, lineterminator="\r\n").encode()))


@pytest.mark.parametrize("mark", [",", " ", "'"])
def test_thousands_separators(write, frame, mark):
    grouped = frame["Volume"].map(lambda v: f"{v:,}".replace(",", mark))

    assert_same_bars(write("x.csv", frame.assign(Volume=grouped)))


@pytest.mark.parametrize("name", ["Ticker", "symbol"])
def test_many_tickers_in_one_file(write, frame, name):
    path = write("x.csv", pd.concat([frame.assign(**{name: "BBB"}), frame.assign(**{name: "AAA"})]))

    bars = read_bars(path).bars

    assert [(ticker, rows.stop - rows.start) for ticker, rows in bars.segments()] == [("AAA", 200), ("BBB", 200)]
    assert set(read_bars(path, tickers=["BBB"]).bars.ticker) == {"BBB"}


def test_unsorted_rows_are_sorted_and_that_is_said(write, frame):
    path = write("x.csv", frame.iloc[::-1])

    assert_same_bars(path)
    assert [warning.code for warning in read_bars(path).warnings] == ["unsorted"]


def test_the_shipped_file_is_adjusted_by_its_splits_table_without_a_warning():
    from training.places import SHIPPED_BARS

    source = read_bars(SHIPPED_BARS)

    assert len(source.bars) == 12_154
    assert source.adjustment == (
        "for splits only, by splits.csv: AAPL 2000-06-21 2:1, AAPL 2005-02-28 2:1, MSFT 2003-02-18 2:1"
    )
    assert source.warnings == ()
    apple = source.bars.take(source.bars.ticker == "AAPL")
    assert apple.close[0] == 130.31 / 4  # two splits of 2:1 lie ahead
    assert apple.volume[0] == 9_616_100 * 4


def test_without_a_table_the_adjusted_close_gives_the_same_splits(tmp_path):
    from training.places import SHIPPED_BARS

    alone = tmp_path / "stocks.csv.gz"
    alone.write_bytes(SHIPPED_BARS.read_bytes())

    told, listed = read_bars(alone), read_bars(SHIPPED_BARS)

    assert told.adjustment.startswith(
        "for splits only, by what the adjusted close says about them: AAPL 2000-06-21 2:1"
    )
    np.testing.assert_array_equal(told.bars.close, listed.bars.close)
    np.testing.assert_array_equal(told.bars.volume, listed.bars.volume)


def test_without_table_and_adjusted_close_prices_stay_and_the_split_is_warned_about(write, frame):
    halved = frame.copy()
    halved.loc[100:, ["Open", "High", "Low", "Close"]] /= 2

    source = read_bars(write("x.csv", halved))

    assert source.adjustment.startswith("none")
    assert [warning.code for warning in source.warnings] == ["split_like_move"]


def test_a_split_that_only_the_adjusted_close_knows_is_warned_about(write, frame, tmp_path):
    halved = frame.copy()
    halved.loc[100:, ["Open", "High", "Low", "Close"]] /= 2
    halved["adj_close"] = frame["Close"] / 2
    splits = write("none.csv", "ticker,day,ratio\n")

    source = read_bars(write("x.csv", halved), splits=splits)

    assert {"split_not_listed"} <= {warning.code for warning in source.warnings}
    assert read_bars(tmp_path / "x.csv").warnings == ()


def test_a_listed_split_that_the_prices_do_not_show_is_refused(write, frame):
    splits = write("some.csv", f"ticker,day,ratio\nx,{frame['Date'][100]},2:1\n")

    assert "found no such jump in the prices" in refusal(write("x.csv", frame), splits=splits)


def test_splits_tables_take_ratios_as_people_write_them(write):
    path = write("s.csv", "Ticker,Day,Ratio\nA,2000-01-03,2:1\nB,2000-01-04,3/2\nC,2000-01-05,0.1\n")

    assert [split.ratio for split in read_splits(path)] == [2, Fraction(3, 2), Fraction(1, 10)]


def test_every_fault_of_a_splits_table_is_named(write):
    with pytest.raises(InvalidBarsError) as caught:
        read_splits(write("s.csv", "ticker,day,ratio\nA,2000-01-03,two\nB,someday,2:1\nC,2000-01-05,0\n"))

    text = str(caught.value)
    assert "3 faults" in text
    assert all(f"row {n}:" in text for n in (2, 3, 4))


def test_all_faults_of_a_file_come_in_one_report_in_the_order_of_its_rows(write, frame):
    bad = frame.astype(object)
    bad.loc[5, "Open"] = "abc"
    bad.loc[7, "Date"] = "2001-02-30"
    bad.loc[9, "High"] = 0.01
    bad.loc[11, "Close"] = -3
    bad.loc[20, "Date"] = bad.loc[19, "Date"]
    bad.loc[30, "Volume"] = None

    lines = refusal(write("x.csv", bad)).splitlines()

    assert lines[0] == "x.csv cannot be used: 6 faults."
    # A spreadsheet shows the header as row 1, so the bar with index 5 stands in row 7.
    assert [line.split(":")[0].split(" (")[0] for line in lines[1:]] == [
        f"  row {index + 2}" for index in (5, 7, 9, 11, 20, 30)
    ]
    assert "found 'abc' for open; expected a number such as 1234.5" in lines[1]
    assert "found date '2001-02-30'; expected a date such as 2000-12-31" in lines[2]
    assert "found nothing for volume" in lines[6]


def test_rows_are_counted_as_people_see_them_past_empty_and_ragged_lines(write, frame):
    lines = frame.to_csv(index=False).splitlines()
    lines.insert(4, "")
    lines[10] = "1,2,3"
    lines[20] += ",5"

    text = refusal(write("x.csv", "\n".join(lines) + "\n\n"))

    assert "row 11: found 3 value(s); expected 6, as in the header" in text
    assert "row 21: found 7 value(s); expected 6, as in the header" in text


def test_missing_columns_are_all_named_with_what_was_found(write):
    text = refusal(write("x.csv", "Date,Open,Shut\n2000-01-03,1,2\n"))

    assert "4 faults" in text
    assert "found no column close (columns: Date, Open, Shut); expected a column named close, in any case" in text


def test_days_that_may_be_either_way_round_are_refused(write, frame):
    ambiguous = frame.head(12).assign(Date=[f"0{m}/0{d}/2001" for m in (1, 2, 3) for d in (1, 2, 3, 4)])

    assert "may be day/month or month/day (no other date settles it)" in refusal(write("x.csv", ambiguous))


def test_days_that_contradict_each_other_are_refused(write, frame):
    mixed = frame.head(4).assign(Date=["13/01/2001", "01/14/2001", "15/01/2001", "02/03/2001"])

    assert "(the dates contradict each other)" in refusal(write("x.csv", mixed))


def test_one_impossible_day_leaves_the_others_readable(write, frame):
    days = pd.to_datetime(frame["Date"]).dt.strftime("%d/%m/%Y")
    days[3] = "13/13/2001"

    assert refusal(write("x.csv", frame.assign(Date=days))).splitlines()[0] == "x.csv cannot be used: 1 fault."


def test_decimal_commas_are_refused_and_not_guessed(write, frame):
    text = refusal(write("x.csv", frame.assign(Open="12,5"), sep=";"))

    assert "found '12,5' for open" in text


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("empty.csv", b"", "found nothing in it"),
        ("blank.csv", b"\n\n \n", "found nothing in it"),
        ("header.csv", b"Date,Open,High,Low,Close,Volume\n", "found no rows"),
        ("book.xlsx", b"PK\x03\x04\x14\x00\xff\xfe", "an Excel workbook or zip archive"),
        ("noise.csv", bytes(range(256)), "bytes that are not text"),
        ("zeros.csv", b"Date,Open\0\0\0", "binary data"),
        ("half.csv.gz", gzip.compress(b"Date,Open" * 100, mtime=0)[:30], "a broken gzip archive"),
        ("half.parquet", b"PAR1 and then nothing", "a broken Parquet file"),
        ("word.csv", b"hello", "no column open"),
        ("long.csv", b"a" * 300_000, "no column open"),
        ("prose.csv", b"Dear all,\nplease find the prices attached.\n", "no column open"),
    ],
)
def test_files_that_hold_no_bars_are_refused_by_what_they_are(write, name, content, expected):
    text = refusal(write(name, content))

    assert text.startswith(f"{name} cannot be used")
    assert expected in text


def test_a_file_that_is_not_there_is_refused(tmp_path):
    assert "no readable file" in refusal(tmp_path / "gone.csv")


def test_an_unknown_ticker_is_refused_with_those_that_are_there(write, frame):
    text = refusal(write("x.csv", frame.assign(Ticker="AAA")), tickers=["BBB"])

    assert "found BBB; expected some of AAA" in text


def test_hourly_weekly_and_short_files_are_refused(write, frame):
    hourly = frame.assign(Date=pd.date_range("2001-01-01", periods=200, freq="h").astype(str))
    weekly = frame.assign(Date=pd.date_range("2001-01-01", periods=200, freq="7D").astype(str))

    assert "hourly or other intraday bars" in refusal(write("h.csv", hourly))
    assert "weekly bars" in refusal(write("w.csv", weekly))
    assert "found 133 rows; expected at least 134" in refusal(write("s.csv", frame.head(133)))
