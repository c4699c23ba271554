"""Rows by what they are known by: a number for each day and ticker, and a count of rows that share one."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

IntArray = NDArray[np.int64]


def keys_of(*tables: tuple[NDArray[np.datetime64], NDArray[np.str_]]) -> tuple[IntArray, ...]:
    """Return a number for each row of each table, equal where day and ticker are; the numbers leave no gap.

    >>> day = np.array(["2001-01-01", "2001-01-02", "2001-01-01"], dtype="datetime64[D]")
    >>> [key.tolist() for key in keys_of((day, np.array(["A", "A", "A"])), (day[:2], np.array(["B", "A"])))]
    [[0, 2, 0], [1, 2]]
    """
    # Rows without a day are of one day: as dates no two of them would be equal.
    day = np.concatenate([days for days, _ in tables]).astype("datetime64[D]").astype(np.int64)
    tickers, ticker = np.unique(np.concatenate([tickers for _, tickers in tables]), return_inverse=True)
    on_day = np.unique(day, return_inverse=True)[1]
    key = np.unique(on_day * len(tickers) + ticker, return_inverse=True)[1].astype(np.int64)
    return tuple(np.split(key, np.cumsum([len(days) for days, _ in tables])[:-1]))


def number_within(key: NDArray[Any]) -> IntArray:
    """Return how many rows of the same key stand before each row.

    >>> number_within(np.array([7, 0, 7, 7])).tolist()
    [0, 0, 1, 2]
    """
    order = np.argsort(key, kind="stable")
    _, first, count = np.unique(key[order], return_index=True, return_counts=True)
    number = np.empty(len(key), dtype=np.int64)
    number[order] = np.arange(len(key)) - np.repeat(first, count)
    return number
