"""Where the out-of-fold rows of a bundle stand among its reference rows."""

import numpy as np
from numpy.typing import NDArray

from model.bundle import OutOfFold, Reference
from model.thresholds import IntArray


def places_in(reference: Reference, rows: OutOfFold) -> IntArray:
    """Return the position of each of *rows* among the reference rows; -1 where it cannot be told.

    A row is known by its day and by what it belongs to. Rows that share both, or have neither, are told apart by
    their order, which a bundle keeps: that works where all of them that have a known outcome were scored.
    """
    known = np.flatnonzero(~np.isnan(reference.y))
    held, wanted = _keys(
        (reference.day[known], reference.ticker[known]),
        (rows.day, rows.ticker),
    )
    n_keys = int(max(held.max(initial=-1), wanted.max(initial=-1))) + 1
    held_count, wanted_count = np.bincount(held, minlength=n_keys), np.bincount(wanted, minlength=n_keys)
    order, first = np.argsort(held, kind="stable"), np.cumsum(held_count) - held_count
    certain = (held_count == wanted_count)[wanted]
    places = np.full(len(wanted), -1, dtype=np.int64)
    places[certain] = known[order[(first[wanted] + _number_within(wanted))[certain]]]
    return places


def _keys(*rows: tuple[NDArray[np.datetime64], NDArray[np.str_]]) -> tuple[IntArray, ...]:
    """Return one number for each row, equal where day and ticker are; the numbers leave no gap."""
    day = np.concatenate([days for days, _ in rows]).astype("datetime64[D]").astype(np.int64)
    ticker = np.unique(np.concatenate([tickers for _, tickers in rows]), return_inverse=True)[1]
    on_day = np.unique(day, return_inverse=True)[1].astype(np.int64)
    key = np.unique(on_day * (int(ticker.max(initial=0)) + 1) + ticker, return_inverse=True)[1].astype(np.int64)
    return tuple(np.split(key, np.cumsum([len(days) for days, _ in rows])[:-1]))


def _number_within(key: IntArray) -> IntArray:
    """Return how many rows of the same key stand before each row.

    >>> _number_within(np.array([1, 0, 1, 1])).tolist()
    [0, 0, 1, 2]
    """
    order = np.argsort(key, kind="stable")
    count = np.bincount(key)
    number = np.empty(len(key), dtype=np.int64)
    number[order] = np.arange(len(key)) - np.repeat(np.cumsum(count) - count, count)
    return number
