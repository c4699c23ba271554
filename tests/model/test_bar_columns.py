"""CSV text into columns: which bytes are text, which row a line is, which column is meant."""

import numpy as np
import pytest

from model.bar_columns import MOST_RAGGED_LINES, csv_columns, decode_csv, our_names
from model.errors import InvalidBarsError

HEADER = "date,open,high,low,close,volume"


def refusal(call, *arguments):
    with pytest.raises(InvalidBarsError) as caught:
        call(*arguments)
    return caught.value


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (b"PK\x03\x04\x14\x00", "an Excel workbook or zip archive"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Excel workbook"),
        (b"\x1f\x8b\x08\x00", "a gzip archive"),
        (b"PAR1 and so on", "a Parquet file"),
        (b"date\xff", "bytes that are not text (invalid start byte)"),
        (b"\xff\xfea", "bytes that are not text (truncated data)"),
        (b"date\0", "binary data"),
        (b"", "nothing in it"),
        (b" \r\n\t\n", "nothing in it"),
    ],
)
def test_bytes_that_are_no_text_are_refused_by_what_they_are(data, found):
    (fault,) = refusal(decode_csv, data, "bars").faults

    assert fault.found == found


def test_text_in_utf_16_is_text():
    assert decode_csv("date,öpen".encode("utf-16"), "bars") == "date,öpen"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_rows_keep_their_number_past_lines_that_are_empty_or_blank(end):
    lines = ["", HEADER, "2001-01-01,1,1,1,1,1", "", "2001-01-02,1,1,1,1,1", "   ", "2001-01-03,1,1,1,1,1", " "]

    columns, rows, faults = csv_columns(end.join(lines), "bars")

    assert rows.tolist() == [3, 5, 7]
    assert columns["date"].to_pylist() == ["2001-01-01", "2001-01-02", "2001-01-03"]
    assert faults.count == 0


def test_a_ragged_line_is_a_fault_at_its_own_row_and_leaves_the_others():
    text = "\n".join([HEADER, "2001-01-01,1,1,1,1,1", "", "1,2", "2001-01-02,1,1,1,1,1"])

    _, rows, faults = csv_columns(text, "bars")

    assert rows.tolist() == [2, 5]
    assert [(row, fault.where, fault.found) for row, fault in faults.found] == [(4, "row 4", "2 value(s)")]


def test_a_text_with_hardly_a_line_as_its_header_is_not_read_to_the_end():
    text = HEADER + "\n1" * (3 * MOST_RAGGED_LINES)

    assert refusal(csv_columns, text, "bars").count == MOST_RAGGED_LINES + 1


def test_of_two_spellings_of_a_column_the_preferred_one_is_meant():
    names = our_names(["Timestamp", "Close", "DATE", "close", "Adj. Close", "Symbol"])

    assert names == {"date": 2, "close": 1, "ticker": 5, "adjusted_close": 4}


def test_text_only_columns_keep_their_own_names_and_what_is_written():
    columns, rows, _ = csv_columns("Ticker,Ratio\nA,2\nB,3:2\n", "splits", text_only=True)

    assert {name: column.to_pylist() for name, column in columns.items()} == {
        "ticker": ["A", "B"],
        "ratio": ["2", "3:2"],
    }
    np.testing.assert_array_equal(rows, [2, 3])
