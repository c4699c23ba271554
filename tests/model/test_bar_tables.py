"""Columns into bars: which rows are left out, which order they come in."""

from fractions import Fraction

import numpy as np
import pyarrow as pa

from model.bar_tables import add_broken_rules, describe_adjustment, in_order, to_bars
from model.bars import FaultList
from model.splits import Split
from tests.builders import random_bars


def columns(**changes):
    values = {"date": ["2001-01-01", "2001-01-02", "2001-01-03"]}
    values |= {name: ["1", "2", "3"] for name in ("open", "high", "low", "close", "volume")}
    return {name: pa.chunked_array([pa.array(cells)]) for name, cells in (values | changes).items()}


def read(**changes):
    faults = FaultList()
    bars, left_out = to_bars(columns(**changes), np.array([2, 3, 4]), "ABC", faults)
    return bars, left_out, [str(fault) for _, fault in faults.found]


def test_rows_that_cannot_be_read_are_left_out_and_counted_once():
    bars, left_out, faults = read(open=["1", "x", "3"], close=["1", "y", "3"], date=["2001-01-01", "", "2001-01-03"])

    assert bars.row.tolist() == [2, 4]
    assert left_out == 1
    assert len(faults) == 3


def test_bars_without_tickers_get_the_default_one():
    assert read()[0].ticker.tolist() == ["ABC"] * 3


def test_a_ticker_must_be_there_and_of_reasonable_length():
    bars, _, faults = read(ticker=[" A ", None, "B" * 101])

    assert bars.ticker.tolist() == ["A"]
    assert faults == [
        "row 3: found no ticker; expected a ticker in every row. Fill it in.",
        "row 4: found a ticker of 101 characters; expected at most 100. Shorten it.",
    ]


def test_an_endless_ticker_takes_no_room_in_the_other_rows():
    bars, _, _ = read(ticker=["A", "B", "C" * 10_000_000])

    assert bars.ticker.nbytes <= 2 * 4 * 100


def test_bars_come_by_ticker_then_day_and_a_move_within_a_ticker_is_told():
    day = ["2001-01-02", "2001-01-01", "2001-01-01"]

    ordered, moved = in_order(read(date=day, ticker=["B", "A", "B"])[0])
    _, only_grouped = in_order(read(date=sorted(day), ticker=["B", "A", "B"])[0])

    assert ordered.row.tolist() == [3, 4, 2]
    assert moved
    assert not only_grouped


def test_broken_rules_join_the_faults_of_reading():
    faults = FaultList()

    add_broken_rules(random_bars(20), faults, fewest_rows=34)

    assert [fault.found for _, fault in faults.found] == ["20 rows"]


def test_where_every_row_is_faulty_it_is_not_said_that_there_are_none():
    bars, _, _ = read(close=["x", "x", "x"])
    some, none = FaultList(), FaultList()
    some.count = 3

    add_broken_rules(bars, some)
    add_broken_rules(bars, none)

    assert some.found == []
    assert [fault.found for _, fault in none.found] == ["no rows"]


def test_an_adjustment_is_told_with_its_splits():
    splits = [Split("A", np.datetime64("2001-01-02"), Fraction(3, 2))]

    assert describe_adjustment(splits, "splits.csv") == "for splits only, by splits.csv: A 2001-01-02 3:2"
    assert describe_adjustment([], "splits.csv") == "for splits only, by splits.csv: no split in this span"
