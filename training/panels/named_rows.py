"""The reference rows by name: by what they belong to and their day where they have them, else by number."""

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.bundle import Bundle
from model.errors import ModelError
from model.manifest import Layout

ROW = "row"


class NoSuchRowError(ModelError):
    """There is no row of that name."""


@dataclass(frozen=True, slots=True)
class Group:
    """What some rows belong to, "" where rows belong to nothing, and the first and the last of its rows.

    They are days where rows have a time, else numbers from 1.
    """

    name: str
    first: str
    last: str


def groups_of(bundle: Bundle) -> list[Group]:
    """Return everything the reference rows belong to, in alphabetical order."""
    rows, timed = bundle.reference, bool(bundle.manifest.layout.time)
    found = []
    for name in np.unique(rows.ticker):
        own = rows.ticker == name
        ends = (rows.day[own].min(), rows.day[own].max()) if timed else (1, int(own.sum()))
        found.append(Group(str(name), *map(str, ends)))
    return found


def rows_data(bundle: Bundle) -> dict[str, Any]:
    """How the training rows can be looked up, for starting.js, and how they are spoken of."""
    layout = bundle.manifest.layout
    return {
        "kind": "date" if layout.time else "number",
        "field": "Day" if layout.time else "Number of the row",
        "of": f"A row of{'' if layout.time or not layout.group else f' {layout.group}'}",
        "on": "on" if layout.time else "number" if layout.group else "Row number",
        "latest": "The latest row of" if layout.time else f"The last row of {layout.group or ''}",
        "each": "the latest row" if layout.time else "the last row",
        "similar": f"The most similar row, and what {'followed' if layout.time else 'it was'}",
        "groups": [{"name": group.name, "first": group.first, "last": group.last} for group in groups_of(bundle)],
    }


def row_id(bundle: Bundle, position: int) -> str:
    """Return the id of a reference row: its day, or its number, and what it belongs to."""
    return f"{ROW}:{_place(bundle, position)}:{bundle.reference.ticker[position]}"


def row_name(bundle: Bundle, position: int) -> str:
    """Name a reference row; several of one day are told apart by number.

    Rows without a time are counted from 1, in the order of the training table.
    """
    layout, ticker = bundle.manifest.layout, str(bundle.reference.ticker[position])
    day, _, number = _place(bundle, position).partition("#")
    if not layout.time:
        return f"{layout.group} {ticker}, row {day}" if ticker else f"row {day}"
    if ticker:
        return f"{ticker}, {day}" + (f", row {number} of that day" if number else "")
    return f"row {number} of {day}" if number else f"The row of {day}"


def position_of(bundle: Bundle, ticker: str, wanted: str) -> int:
    """Return the position of the row *wanted* of *ticker*: a day (of several rows the last), or a number.

    Raises
    ------
    NoSuchRowError
        There is none; the message says which there are.
    """
    layout, own = bundle.manifest.layout, np.flatnonzero(bundle.reference.ticker == ticker)
    if not own.size:
        what = layout.group or "group"
        msg = f"There are no rows{_of(layout, ticker)}; choose another {what}."
        raise NoSuchRowError(msg)
    if not layout.time:
        number = int(wanted) if re.fullmatch(r"\d{1,12}", wanted) else 0
        if not 1 <= number <= len(own):
            msg = f"Found “{wanted}”, expected a row from 1 to {len(own):,}{_of(layout, ticker)}."
            raise NoSuchRowError(msg)
        return int(own[number - 1])
    day, _, number_text = wanted.partition("#")
    days = bundle.reference.day[own]
    sought = _day_of(day)
    there = own[days == sought] if sought is not None else own[:0]
    if not there.size:
        raise NoSuchRowError(_no_row(_of(layout, ticker), day, sought, np.sort(days)))
    number = int(number_text) if re.fullmatch(r"\d{1,12}", number_text) else len(there)
    return int(there[min(max(number, 1), len(there)) - 1])


def position_by_id(bundle: Bundle, id_: str) -> int:
    """Return the position of the row of an id that `row_id` gave.

    Raises
    ------
    NoSuchRowError
        This bundle has no such row.
    """
    kind, _, rest = id_.partition(":")
    wanted, _, ticker = rest.partition(":")
    if kind != ROW:
        which = "day" if bundle.manifest.layout.time else "number"
        msg = f"Found {id_!r}, expected {ROW}:<{which}>:<{bundle.manifest.layout.group or 'nothing'}>."
        raise NoSuchRowError(msg)
    return position_of(bundle, ticker, wanted)


def _place(bundle: Bundle, position: int) -> str:
    """Return the day of a row, with its number among several, or its number among the rows it belongs with."""
    rows = bundle.reference
    same = rows.ticker == rows.ticker[position]
    if not bundle.manifest.layout.time:
        return str(int(same[: position + 1].sum()))
    same &= rows.day == rows.day[position]
    day = str(rows.day[position])
    return day if same.sum() == 1 else f"{day}#{int(same[: position + 1].sum())}"


def _of(layout: Layout, ticker: str) -> str:
    if not ticker:
        return ""
    return f" of {ticker}" if layout.time else f" of {layout.group} {ticker}"


def _day_of(text: str) -> np.datetime64 | None:
    try:
        return np.datetime64(text, "D")
    except ValueError:
        return None


def _no_row(of: str, day: str, wanted: np.datetime64 | None, days: NDArray[np.datetime64]) -> str:
    span = f"{days[0]} to {days[-1]}"
    if wanted is None or np.isnat(wanted):
        return f"Found “{day}”, expected a day from {span}."
    after = int(np.searchsorted(days, wanted))
    near = [str(days[i]) for i in (after - 1, after) if 0 <= i < len(days)]
    return f"There is no row{of} on {day}. Rows run from {span}; nearest: {' and '.join(near)}."
