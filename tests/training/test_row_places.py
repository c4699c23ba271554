"""Where out-of-fold rows stand among the reference rows."""

import numpy as np

from model.bundle import OutOfFold, Reference
from training.row_places import places_in

NAT = np.datetime64("NaT", "D")


def reference(day: list[object], ticker: list[str], y: list[float]) -> Reference:
    n = len(y)
    days = np.array(day, dtype="datetime64[D]")
    return Reference(days, np.array(ticker), np.zeros((n, 1)), np.array(y), np.full(n, np.nan))


def scored(day: list[object], ticker: list[str]) -> OutOfFold:
    n = len(ticker)
    zeros = np.zeros(n, dtype=np.int64)
    return OutOfFold(
        np.array(day, dtype="datetime64[D]"), np.array(ticker), zeros, np.full(n, 0.5), zeros, np.full(n, np.nan)
    )


def test_rows_are_found_by_day_and_group_whatever_their_order():
    held = reference(["2001-01-01", "2001-01-02", "2001-01-01"], ["A", "A", "B"], [0, 1, 0])
    rows = scored(["2001-01-01", "2001-01-01", "2001-01-02"], ["B", "A", "A"])

    assert places_in(held, rows).tolist() == [2, 0, 1]


def test_rows_without_a_day_or_a_group_are_those_of_known_outcome_in_their_order():
    held = reference([NAT] * 4, [""] * 4, [0, np.nan, 1, 1])

    assert places_in(held, scored([NAT] * 3, [""] * 3)).tolist() == [0, 2, 3]


def test_several_rows_of_one_group_are_told_apart_by_their_order():
    held = reference([NAT] * 4, ["B", "A", "B", "A"], [0, 1, 0, 1])

    assert places_in(held, scored([NAT] * 4, ["A", "A", "B", "B"])).tolist() == [1, 3, 0, 2]


def test_where_only_some_of_them_were_scored_their_place_is_not_known():
    held = reference([NAT] * 3, ["A", "A", "B"], [0, 1, 0])

    assert places_in(held, scored([NAT] * 3, ["A", "B", "C"])).tolist() == [-1, 2, -1]
