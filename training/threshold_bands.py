"""What every threshold does to out-of-fold rows, each figure with a bootstrap band."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from model.bars import FloatArray
from model.bootstrap import DayBootstrap
from model.bundle import OutOfFold
from model.errors import Fault, InvalidInputError
from model.thresholds import IntArray
from training.estimates import FEWEST_ROWS, BoolArray, bounds_of
from training.stakes import Stakes
from training.threshold_levels import Levels, levels_of, threshold_grid

DAYS_A_MONTH = 365.25 / 12
# Thresholds that differ by less are one, written or reckoned differently.
_SAME = 1e-9
CHOICE = "The threshold"


@dataclass(frozen=True, slots=True)
class Band:
    """One figure at each level: the estimate and both ends of its 95 % interval; NaN where undefined."""

    estimate: FloatArray
    low: FloatArray
    high: FloatArray


@dataclass(frozen=True, slots=True)
class ThresholdBands:
    """What each threshold of a grid does to the rows; one entry a level, a distinct set of called rows.

    An interval is NaN where fewer than `FEWEST_ROWS` rows are called; so are precision and value per
    call themselves. `advantage` is the value per row above that of calling every row: its interval is
    NaN, too, where that rests on fewer rows left uncalled.

    Parameters
    ----------
    thresholds
        The grid, ascending.
    level
        Level of each threshold: `bands.precision.estimate[bands.level]` has an entry for each threshold.
    calls_a_month
        Calls in a month on average over the span of the rows; NaN where that is shorter than a month, or unknown.
    busiest_month
        Calls in the calendar month that has most of them; all calls where rows have no time.
    always
        Value per row of calling every row.
    """

    thresholds: FloatArray
    level: IntArray
    calls: IntArray
    true_positives: IntArray
    false_positives: IntArray
    call_share: Band
    precision: Band
    recall: Band
    accuracy: Band
    value_per_call: Band
    value_per_row: Band
    advantage: Band
    calls_a_month: FloatArray
    busiest_month: IntArray
    always: float
    base_rate: float
    n: int
    days: int

    def level_at(self, threshold: float) -> int:
        """Return the level of a threshold of the grid.

        Raises
        ------
        InvalidInputError
            The threshold is not on the grid.
        """
        nearest = int(np.argmin(np.abs(self.thresholds - threshold)))
        if not abs(self.thresholds[nearest] - threshold) <= _SAME:
            fault = Fault(
                "threshold",
                f"{threshold:g}",
                f"one of the {len(self.thresholds):,} thresholds of the grid",
                "Make the grid with `threshold_grid(threshold)`.",
            )
            raise InvalidInputError(CHOICE, [fault])
        return int(self.level[nearest])


def threshold_bands(
    rows: OutOfFold,
    stakes: Stakes,
    days: DayBootstrap,
    thresholds: FloatArray | None = None,
    *,
    on_progress: Callable[[int, int], None] | None = None,
) -> ThresholdBands:
    """Return every figure at each of *thresholds* (by default `threshold_grid()`), with its band.

    *days* are the resampled days (groups, or rows) of *rows*. *on_progress* is called with the number of
    levels that are done, and of all.
    """
    levels = levels_of(rows.y_score, threshold_grid() if thresholds is None else thresholds)
    sums = _Sums(rows, stakes, levels)
    figures, calls = sums.figures(), levels.calls
    enough = calls >= FEWEST_ROWS
    left = len(rows.day) - calls
    drawn = dict.fromkeys(FIGURES, enough) | {"advantage": enough & ((left == 0) | (left >= FEWEST_ROWS))}
    for name in ("precision", "value_per_call"):
        getattr(figures, name)[~enough] = np.nan
    bands = _bands(sums, figures, drawn, days, on_progress)
    hits = levels.called_sums(sums.positive).astype(np.int64)
    return ThresholdBands(
        thresholds=levels.thresholds,
        level=levels.level,
        calls=calls,
        true_positives=hits,
        false_positives=calls - hits,
        calls_a_month=calls / (months if (months := _months(rows)) >= 1 else np.nan),
        busiest_month=_busiest_month(rows, levels),
        always=float(stakes.called.mean()),
        base_rate=float(sums.positive.mean()),
        n=len(rows.day),
        days=days.n_days,
        **bands,
    )


@dataclass(frozen=True, slots=True)
class _Figures:
    """The seven figures, arrays that end in levels: of the rows themselves, or in every resample."""

    call_share: FloatArray
    precision: FloatArray
    recall: FloatArray
    accuracy: FloatArray
    value_per_call: FloatArray
    value_per_row: FloatArray
    advantage: FloatArray


FIGURES = [field.name for field in fields(_Figures)]


class _Sums:
    """The sums all figures are made of, over the rows and over resamples of their days."""

    def __init__(self, rows: OutOfFold, stakes: Stakes, levels: Levels) -> None:
        self.levels = levels
        self.positive = (rows.y_true == 1).astype(np.float64)
        #: Rows, positives, and what calling is worth: summed over the called rows, and over all.
        self.counted = (np.ones(len(rows.day)), self.positive, stakes.called)
        self.gain = stakes.gain

    def figures(self) -> _Figures:
        """Return the figures of the rows themselves."""
        called = [self.levels.called_sums(values) for values in self.counted]
        return _figures(
            called, self.levels.left_sums(self.gain), [values.sum(keepdims=True) for values in self.counted]
        )

    def resampled(self, days: DayBootstrap, block: slice) -> _Figures:
        """Return the figures in each resample, shape (draws, levels of *block*)."""
        where = (days.day_of_row, days.n_days, block)
        by_day = [self.levels.called_sums_by_group(values, *where) for values in self.counted]
        by_day.append(self.levels.left_sums_by_group(self.gain, *where))
        # One product of wide matrices is faster than four of narrow ones.
        *called, left_gain = np.split(days.counts @ np.concatenate(by_day, axis=1), len(by_day), axis=1)
        return _figures(called, left_gain, [days.sums(values)[:, None] for values in self.counted])


def _figures(called: Sequence[FloatArray], left_gain: FloatArray, every: Sequence[FloatArray]) -> _Figures:
    (calls, hits, paid), (n, positives, always) = called, every
    with np.errstate(invalid="ignore", divide="ignore"):
        return _Figures(
            call_share=calls / n,
            precision=hits / calls,
            recall=hits / positives,
            accuracy=(2 * hits + n - positives - calls) / n,
            value_per_call=paid / calls,
            # What the rows left uncalled would have added: exactly zero where every row is called.
            value_per_row=(always - left_gain) / n,
            advantage=(0.0 - left_gain) / n,
        )


def _bands(
    sums: _Sums,
    figures: _Figures,
    drawn: dict[str, BoolArray],
    days: DayBootstrap,
    on_progress: Callable[[int, int], None] | None,
) -> dict[str, Any]:
    n = sums.levels.n
    bands = {name: Band(getattr(figures, name), np.full(n, np.nan), np.full(n, np.nan)) for name in FIGURES}
    for block in sums.levels.blocks():
        resampled = sums.resampled(days, block)
        for name, band in bands.items():
            here = drawn[name][block] & ~np.isnan(band.estimate[block])
            if here.any():
                low, high = bounds_of(getattr(resampled, name)[:, here])
                band.low[block][here], band.high[block][here] = low, high
        if on_progress:
            on_progress(block.stop, n)
    return bands


def _months(rows: OutOfFold) -> float:
    if np.isnat(rows.day).any():
        return np.nan
    return float((rows.day.max() - rows.day.min()).astype(int) + 1) / DAYS_A_MONTH


def _busiest_month(rows: OutOfFold, levels: Levels) -> IntArray:
    months, month = np.unique(rows.day.astype("datetime64[M]"), return_inverse=True)
    one, where = np.ones(len(rows.day)), (month, len(months))
    busiest = [levels.called_sums_by_group(one, *where, block).max(axis=0) for block in levels.blocks()]
    return np.concatenate(busiest).astype(np.int64)
