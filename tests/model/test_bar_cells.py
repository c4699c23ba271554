"""Single cells of daily bars: numbers and days as people write them."""

import numpy as np
import pyarrow as pa
import pytest

from model.bar_cells import parse_date_texts, parse_dates, parse_numbers, quote
from model.bars import FaultList


def numbers(cells):
    faults = FaultList()
    column = pa.chunked_array([pa.array(cells)])
    values, failed = parse_numbers("close", column, np.arange(2, len(cells) + 2), faults)
    return values, failed, [str(fault) for _, fault in faults.found]


@pytest.mark.parametrize(
    ("text", "value"),
    [("1,234.5", 1234.5), ("1'234'567", 1234567.0), ("+2.5e3", 2500.0), (" .5 ", 0.5), ("1e999", np.inf), ("3.", 3.0)],
)
def test_numbers_are_read_as_people_write_them(text, value):
    values, failed, _ = numbers([text])

    assert values.tolist() == [value]
    assert not failed.any()


@pytest.mark.parametrize("text", ["", "12,5", "1,23", "0,512", "abc", "1 2", "0x10", "$5", "--1", "1.2.3", "true"])
def test_what_is_no_number_is_a_fault_and_not_guessed(text):
    _, failed, faults = numbers(["1", text])

    assert failed.tolist() == [False, True]
    assert faults == [
        f"row 3: found {repr(text) if text else 'nothing'} for close; expected a number such as 1234.5."
        " Write it with a decimal point, and no unit."
    ]


def test_texts_and_columns_of_texts_hold_the_same_days():
    texts = ["13/01/2001", " 2001-01-14", "15 Jan 2001 16:00", "", "2001-02-30", "13/01/2001"]
    of_texts, of_column = FaultList(), FaultList()
    rows = np.arange(len(texts))

    time = parse_date_texts(texts, rows, of_texts)

    np.testing.assert_array_equal(time, parse_dates(pa.chunked_array([texts]), rows, of_column))
    assert [str(day)[:10] for day in time] == ["2001-01-13", "2001-01-14", "2001-01-15", "NaT", "NaT", "2001-01-13"]
    assert of_texts.found == of_column.found
    assert [fault.found for _, fault in of_texts.found] == ["no date", "date '2001-02-30'"]


def test_no_texts_are_no_days():
    assert len(parse_date_texts([], np.arange(0), FaultList())) == 0


def test_a_cell_is_quoted_up_to_sixty_characters():
    assert quote("a" * 60) == repr("a" * 60)
    assert quote("a" * 1_000_000) == repr("a" * 59 + "…")
