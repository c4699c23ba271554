"""What features do when their history is cut: no future may show in them, and after a while no beginning."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from model.bars import WARM_UP_ROWS, Bars, FloatArray

Builder = Callable[[Bars], FloatArray]
# In standard deviations of the feature: below this, where a history starts no longer shows.
WARM_UP_TOLERANCE = 0.05
# One formula serves all tickers: with so many, one cut of each shows as much as three.
MANY_TICKERS = 50


def moved_by_the_future(bars: Bars, X: FloatArray, build: Builder) -> tuple[NDArray[np.int64], int]:
    """Cut the future off at several rows of each ticker, at one of each where there are more than `MANY_TICKERS`.

    Returns how many values of each column of *X* before the cuts differ then, and the number of cuts.
    """
    moved, cuts = np.zeros(X.shape[1], dtype=np.int64), 0
    segments = [rows for _, rows in bars.segments()]
    for number, rows in enumerate(segments):
        n_rows = rows.stop - rows.start
        places = (n_rows // 4, n_rows // 2, n_rows - 1)
        for cut in places if len(segments) <= MANY_TICKERS else places[number % 3 : number % 3 + 1]:
            past = slice(rows.start, rows.start + cut)
            same = np.isclose(build(bars.take(past)), X[past], rtol=0, atol=0, equal_nan=True)
            moved += np.sum(~same, axis=0)
            cuts += 1
    return moved, cuts


def moved_by_the_start(bars: Bars, X: FloatArray, build: Builder) -> FloatArray:
    """Start each history `WARM_UP_ROWS` later, and warm up anew.

    Returns the furthest that a settled value of each column of *X* moves, in its standard deviations.
    """
    worst = np.zeros(X.shape[1])
    for _, rows in bars.segments():
        late = slice(rows.start + WARM_UP_ROWS, rows.stop)
        settled = slice(late.start + WARM_UP_ROWS, rows.stop)
        if settled.stop - settled.start < 2:
            continue
        spread = np.nanstd(X[rows], axis=0)
        difference = np.abs(build(bars.take(late))[WARM_UP_ROWS:] - X[settled])
        usable = spread > 0
        of_spread = np.nanmax(difference[:, usable], axis=0, initial=0.0) / spread[usable]
        worst[usable] = np.maximum(worst[usable], of_spread)
    return worst
