"""Daily bars that are refused: every fault with its place in the body, whatever the body holds."""

import gzip
import json
import re

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from api.bars.prediction import predict_bars
from api.errors import UnreadableBodyError
from api.payloads import encode
from model.bundle import Bundle
from model.errors import InvalidBarsError
from tests.builders import random_bars

JSON, CSV = "application/json", "text/csv"
NAMES = ("date", "open", "high", "low", "close", "volume")


def good(n=120):
    """Return *n* good bars as JSON objects."""
    history = random_bars(n)
    columns = [getattr(history, name).tolist() for name in NAMES[1:]]
    return [dict(zip(NAMES, (str(day), *row), strict=True)) for day, *row in zip(history.day, *columns, strict=True)]


def as_json(bars):
    return json.dumps({"bars": bars}).encode()


def as_csv(bars):
    rows = [",".join("" if bar.get(name) is None else str(bar[name]) for name in bars[0]) for bar in bars]
    return "\n".join([",".join(bars[0]), *rows]).encode()


def refusal(bundle, body, media_type=JSON, *, error=InvalidBarsError, **options):
    with pytest.raises(error) as caught:
        predict_bars(bundle, body, media_type, **options)
    assert caught.value.subject == "The body"
    return caught.value


def faults(bundle, bars):
    return [(fault.where, fault.found) for fault in refusal(bundle, as_json(bars)).faults]


@pytest.mark.parametrize(
    ("position", "change", "where", "found"),
    [
        (17, {"close": "12.5"}, "/bars/17/close", "the text “12.5”"),
        (17, {"close": None}, "/bars/17/close", "null"),
        (17, {"volume": True}, "/bars/17/volume", "true"),
        (17, {"open": []}, "/bars/17/open", "an array"),
        (17, {"high": float("nan")}, "/bars/17/high", "NaN"),
        (17, {"low": float("-inf")}, "/bars/17/low", "-Infinity"),
        (0, {"close": -3}, "/bars/0/close", "close -3"),
        (119, {"volume": -1}, "/bars/119/volume", "volume -1"),
        (5, {"high": 0.01}, "/bars/5/high", "high 0.01 below low"),
        (5, {"open": 1e6}, "/bars/5/open", "open 1e+06 outside low"),
        (5, {"close": 0}, "/bars/5/close", "close 0"),
        (5, {"date": 20010108}, "/bars/5/date", "20010108"),
        (5, {"date": ""}, "/bars/5/date", "the text “”"),
        (5, {"date": "2001-02-30"}, "/bars/5/date", "date '2001-02-30'"),
        (5, {"date": "\ud800"}, "/bars/5/date", r"date '\ud800'"),
        (5, {"ticker": "A"}, "/bars/0/ticker", "nothing"),
        (5, {"adj_close": 3}, "/bars/0/adjusted_close", "nothing"),
    ],
)
def test_a_fault_of_json_points_to_its_cell(shipped, position, change, where, found):
    bars = good()
    bars[position] |= change

    first, text = faults(shipped, bars)[0]

    assert first == where
    assert text.startswith(found)


def test_a_pointer_spells_the_name_as_it_was_sent(shipped):
    bars = [{"Date": bar["date"], "Close/Last": bar["close"]} | bar for bar in good()]
    for bar in bars:
        del bar["close"], bar["date"]
    bars[3]["Close/Last"] = "x"

    assert faults(shipped, bars) == [("/bars/3/Close~1Last", "the text “x”")]


def test_what_is_missing_is_named_as_it_should_be(shipped):
    bars = good()
    del bars[4]["volume"]

    assert faults(shipped, bars) == [("/bars/4/volume", "nothing")]


def test_a_second_bar_of_a_day_points_to_both(shipped):
    bars = good()
    bars[7]["date"] = bars[6]["date"]

    (fault,) = refusal(shipped, as_json(bars)).faults

    assert fault.where == "/bars/7"
    assert fault.found == f"a second row for the ticker on {bars[6]['date']} (the first is /bars/6)"


def test_all_faults_come_at_once_in_the_order_of_the_body(shipped):
    bars = good()
    bars[30] |= {"close": None, "open": "x"}
    bars[2]["date"] = "someday"
    bars[50]["high"] = 0.01
    bars[9] = 5

    assert [where for where, _ in faults(shipped, bars)] == [
        "/bars/2/date",
        "/bars/9",
        "/bars/30/open",
        "/bars/30/close",
        "/bars/50/high",
    ]


def test_a_fault_of_csv_names_the_row_as_a_spreadsheet_counts_it(shipped):
    bars = good()
    bars[16]["close"] = -3
    bars[20]["open"] = "abc"

    found = refusal(shipped, as_csv(bars), CSV).faults

    # The header is row 1, so the bar with index 16 stands in row 18.
    assert [(fault.where, fault.found) for fault in found] == [
        (f"row 18 (the ticker {bars[16]['date']})", "close -3"),
        ("row 22", "'abc' for open"),
    ]


def test_ragged_lines_are_named_past_empty_ones(shipped):
    lines = as_csv(good()).decode().splitlines()
    lines.insert(3, "   ")
    lines[10] = "1,2,3"

    (fault,) = refusal(shipped, "\n".join([*lines, " "]).encode(), CSV).faults

    assert (fault.where, fault.found) == ("row 11", "3 value(s)")


@pytest.mark.parametrize("media_type", [JSON, CSV])
def test_too_few_weekly_and_hourly_bars_are_refused(shipped, media_type):
    write = as_json if media_type == JSON else as_csv
    start = np.datetime64("2001-01-01T00", "h")
    weekly = [bar | {"date": str(start + 168 * i)[:10]} for i, bar in enumerate(good())]
    hourly = [bar | {"date": f"{start + i}:00"} for i, bar in enumerate(good())]

    def only(bars):
        (fault,) = refusal(shipped, write(bars), media_type).faults
        assert fault.where == ("/bars" if media_type == JSON else "")
        return f"{fault.found}; {fault.expected}"

    assert only(good(33)) == "33 rows; at least 34"
    assert "weekly bars" in only(weekly)
    assert "hourly or other intraday bars" in only(hourly)


def test_a_bar_that_cannot_be_read_is_not_missing_too(shipped):
    bars = good(34)
    bars[3]["close"] = None

    assert faults(shipped, bars) == [("/bars/3/close", "null")]
    assert len(faults(shipped, bars[:33])) == 2


def test_several_tickers_are_refused_unless_one_is_picked_that_is_there(shipped):
    bars = [bar | {"ticker": ticker} for ticker in "ABCDEFG" for bar in good(40)]

    (several,) = refusal(shipped, as_json(bars)).faults
    (unknown,) = refusal(shipped, as_csv(bars), CSV, ticker="Z" * 9000).faults

    assert several.where == "/bars"
    assert several.found == "bars of 7 tickers: A, B, C, D, E and 2 more"
    assert several.remedy == "Name one in the address, as in ?ticker=A, or send one only."
    assert unknown.found == f"no bars of ticker {'Z' * 59}…"
    assert predict_bars(shipped, as_json(bars), JSON, ticker=" C ")["ticker"] == "C"


def test_a_volume_that_never_changes_leaves_its_feature_without_a_value(shipped):
    bars = [bar | {"volume": 1000} for bar in good()]

    (fault,) = refusal(shipped, as_json(bars)).faults

    assert fault.where == "/bars"
    assert fault.found == f"no volume_z20 for {bars[-1]['date']}: the volume is 1000 on each of the last 20 days"
    assert fault.expected == "volumes that differ"


@pytest.mark.parametrize("media_type", [JSON, CSV])
def test_prices_too_far_apart_are_refused_by_the_features_they_leave_out(shipped, media_type):
    bars = good()
    bars[-1] |= dict.fromkeys(("open", "high", "low", "close"), 1e308)
    bars[-2] |= dict.fromkeys(("open", "high", "low", "close"), 1e-308)

    found = refusal(shipped, (as_json if media_type == JSON else as_csv)(bars), media_type).faults

    assert any("no finite gap_pct" in fault.found for fault in found)


class Float32Model:
    """Refuses what float32 cannot hold, as tree models do."""

    def one(self, row):
        if max(map(abs, row)) > float(np.finfo(np.float32).max):
            msg = "Input X contains infinity or a value too large for dtype('float32')."
            raise ValueError(msg)
        return 0.5


def test_features_too_large_for_the_model_are_refused_by_name(shipped):
    bundle = Bundle(shipped.directory, shipped.manifest)
    bundle.scorer = Float32Model()
    bars = good()
    bars[-2] |= dict.fromkeys(NAMES[1:5], 1e-40)

    error = refusal(bundle, as_json(bars))

    assert [fault.where for fault in error.faults] == ["/bars", "/bars"]
    assert re.match(r"bars that make gap_pct \d\.\d+e\+4\d$", error.faults[0].found)
    assert error.faults[1].found.startswith("bars that make ret_vol_10 ")
    assert predict_bars(bundle, as_json(good()), JSON)["p_up"] == 0.5


def test_an_adjusted_close_that_shows_a_split_every_day_is_refused(shipped):
    bars = good(300)
    for position, bar in enumerate(bars):
        factor = 2.0 if position % 2 else 1.0
        bar |= {name: 10 * factor * share for name, share in zip(NAMES[1:5], (1, 1.1, 0.9, 1), strict=True)}
        bar["adjusted close"] = 10.0

    (fault,) = refusal(shipped, as_json(bars)).faults

    assert (fault.found, fault.expected) == ("299 splits by what the adjusted close says", "at most 100")


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (b"", "nothing in it"),
        (b"\n \n", "nothing in it"),
        (b"PK\x03\x04\x14\x00\xff", "an Excel workbook or zip archive"),
        (gzip.compress(b"date,open", mtime=0), "a gzip archive"),
        (b"PAR1....", "a Parquet file"),
        (b"date\xff", "bytes that are not text (invalid start byte)"),
        (b"date\0", "binary data"),
    ],
)
def test_csv_that_is_no_text_is_unreadable(shipped, body, found):
    (fault,) = refusal(shipped, body, CSV, error=UnreadableBodyError).faults

    assert (fault.where, fault.found) == ("", found)


@pytest.mark.parametrize("body", [b"", b"{", b"date,open\n", b"\xff", b"[" * 100, b'{"bars": [], "bars": []}'])
def test_json_that_cannot_be_read_is_unreadable(shipped, body):
    assert refusal(shipped, body, JSON, error=UnreadableBodyError).faults[0].found


def test_an_unreadable_json_body_is_told_what_bars_look_like(shipped):
    (fault,) = refusal(shipped, b"{", JSON, error=UnreadableBodyError).faults

    assert fault.expected.startswith('a JSON object in UTF-8, {"bars": [{"date": "2013-02-28"')


def test_a_name_given_twice_in_a_bar_is_unreadable(shipped):
    body = as_json(good()).replace(b'"open"', b'"close"', 1)

    assert refusal(shipped, body, error=UnreadableBodyError).faults[0].where == "/bars/0/close"


@pytest.mark.parametrize(
    ("document", "found"),
    [
        ([], [("", "an array")]),
        (3, [("", "3")]),
        ({}, [("/bars", "nothing")]),
        ({"bars": {}}, [("/bars", "an object")]),
        ({"bars": None, "ticker": "A"}, [("/ticker", "an unknown name"), ("/bars", "null")]),
        ({"bars": []}, [("/bars", "no bars")]),
        ({"bars": [1, []]}, [("/bars/0", "1"), ("/bars/1", "an array")]),
    ],
)
def test_json_that_is_no_list_of_bars_is_refused(shipped, document, found):
    error = refusal(shipped, json.dumps(document).encode())

    assert [(fault.where, fault.found) for fault in error.faults] == found


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (b"date,open,high,low,close,volume", ["no bars"]),
        (b"date,open,high,low,close,volume\n\n", ["no bars"]),
        (b"hello", [f"no column {name} (columns: hello)" for name in NAMES]),
        (b'"date,open', [f"no column {name}" for name in NAMES]),
    ],
)
def test_csv_that_holds_no_bars_is_refused(shipped, body, found):
    texts = [fault.found for fault in refusal(shipped, body, CSV).faults]

    assert [text[: len(start)] for text, start in zip(texts, found, strict=True)] == found


def test_of_very_many_faults_a_hundred_are_listed_and_all_counted(shipped):
    error = refusal(shipped, as_json([{}] * 5000))
    ragged = refusal(shipped, b"date,open,high,low,close,volume\n" + b"1\n" * 5000, CSV)

    assert (len(error.faults), error.count) == (100, 6 * 5000)
    assert (len(ragged.faults) <= 100, ragged.count) == (True, 5000)


def test_what_is_quoted_from_a_body_is_short(shipped):
    bars = good()
    bars[0] |= {"date": "a" * 10_000, "ticker": "b" * 10_000, "open": "c" * 10_000, "d" * 10_000: 1}

    for body, media_type in ((as_json(bars), JSON), (as_csv(bars), CSV)):
        assert all(len(str(fault)) < 600 for fault in refusal(shipped, body, media_type).faults)


cells = st.one_of(
    st.floats(), st.integers(), st.none(), st.booleans(), st.text(max_size=3), st.just([]), st.just(10**400)
)
prices = st.sampled_from([1e-320, 1e-300, 0.5, 1.0, 1.0001, 2.0, 1e9, 1e150, 1e300, 1.7e308])
spelled = st.sampled_from([*NAMES, "Date", "Adj Close", "ticker", "Symbol", "close/last", "x"])
changes = st.lists(st.tuples(st.integers(0, 39), st.dictionaries(spelled, cells, max_size=3)), max_size=4)


def answered_or_refused(bundle, body, media_type):
    """Whatever is sent is answered with a reply that can be encoded, or refused with faults."""
    try:
        reply = predict_bars(bundle, body, media_type)
    except (UnreadableBodyError, InvalidBarsError) as error:
        found = error.faults
    else:
        assert 0 <= reply["p_up"] <= 1
        assert all(np.isfinite(list(reply["features"].values())))
        encode(reply)
        return
    assert 0 < len(found) <= 100
    for fault in found:
        assert fault.found
        assert fault.expected
        assert media_type == CSV or re.fullmatch(r"(/.*)?", fault.where, re.DOTALL)
        (fault.where + fault.found).encode()


@settings(deadline=None)
@given(changes)
@example([])
def test_good_bars_with_any_cells_changed_are_answered_or_refused(shipped, changes):
    bars = good(40)
    for position, cells in changes:
        bars[position] |= cells

    answered_or_refused(shipped, as_json(bars), JSON)
    answered_or_refused(shipped, as_csv(bars).decode("utf-8", "replace").encode(), CSV)


@settings(deadline=None)
@given(st.lists(st.tuples(prices, prices, prices), min_size=34, max_size=40))
def test_bars_of_any_size_are_answered_or_refused(shipped, rows):
    bars = [
        bar | dict.fromkeys(NAMES[1:5], price) | {"volume": volume, "adj_close": adjusted}
        for bar, (price, volume, adjusted) in zip(good(len(rows)), rows, strict=True)
    ]

    answered_or_refused(shipped, as_json(bars), JSON)
    answered_or_refused(shipped, as_csv(bars), CSV)


@settings(deadline=None)
@given(
    st.recursive(cells, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(spelled | st.just("bars"), inner))
)
def test_any_document_is_answered_or_refused(shipped, document):
    answered_or_refused(shipped, json.dumps(document).encode(), JSON)
    answered_or_refused(shipped, json.dumps({"bars": document}).encode(), JSON)


@settings(deadline=None)
@given(st.binary(max_size=80) | st.text(alphabet=' ,;\t|"\n\r\x0c\x1c\x85 date1.e+-/', max_size=200).map(str.encode))
@example(b'date,open,high,low,close,volume\n"\n1,2\n')
@example(b" \ndate,open,high,low,close,volume\n \n")
@example(b"date,open,high,low,close,volume,volume,\n1,2,3,4,5,6,7,8")
def test_any_bytes_are_answered_or_refused(shipped, body):
    answered_or_refused(shipped, body, JSON)
    answered_or_refused(shipped, body, CSV)
    answered_or_refused(shipped, b"date,open,high,low,close,volume\n" + body, CSV)
