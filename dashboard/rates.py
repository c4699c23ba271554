"""The rates at one decision threshold, each with its interval: what the Threshold page says in figures."""

from dataclasses import dataclass

import numpy as np

from model.bars import FloatArray
from model.bundle import OutOfFold
from model.manifest import Interval
from model.thresholds import Confusion, confusion_at
from training.bootstrap import DayBootstrap, interval_of

DAYS_A_YEAR = 365.25
# A percentile interval of a handful of rows claims more than it knows.
FEWEST_ROWS = 20


@dataclass(frozen=True, slots=True)
class Rate:
    """A share of *n* rows; undefined where there are none, and without an interval where there are few."""

    value: float | None
    interval: Interval | None
    n: int


@dataclass(frozen=True, slots=True)
class Rates:
    """What one threshold does to the out-of-fold rows.

    `always` is what always calling the positive class gets right; `calls_a_year` is None where the
    rows span less than a year.
    """

    threshold: float
    confusion: Confusion
    call_share: Rate
    precision: Rate
    recall: Rate
    accuracy: Rate
    always: float
    calls_a_year: float | None


def rates_at(threshold: float, rows: OutOfFold, days: DayBootstrap) -> Rates:
    """Return the rates at *threshold*; *days* are the resampled days of *rows*."""
    confusion = confusion_at(threshold, rows.y_true, rows.y_score)
    called = (rows.y_score >= threshold).astype(np.float64)
    positive = (rows.y_true == 1).astype(np.float64)
    every = np.ones(len(called))

    def rate(value: float | None, part: FloatArray, whole: FloatArray) -> Rate:
        return Rate(value, _interval(part, whole, days), int(whole.sum()))

    years = float((rows.day.max() - rows.day.min()).astype(int) + 1) / DAYS_A_YEAR
    return Rates(
        threshold=threshold,
        confusion=confusion,
        call_share=rate(confusion.call_share, called, every),
        precision=rate(confusion.precision, called * positive, called),
        recall=rate(confusion.recall, called * positive, positive),
        accuracy=rate(confusion.accuracy, (called == positive).astype(np.float64), every),
        always=float(positive.mean()),
        calls_a_year=confusion.calls / years if years >= 1 else None,
    )


def _interval(part: FloatArray, whole: FloatArray, days: DayBootstrap) -> Interval | None:
    if whole.sum() < FEWEST_ROWS:
        return None
    parts, wholes = days.sums(part), days.sums(whole)
    there = wholes > 0
    return interval_of(parts[there] / wholes[there])
