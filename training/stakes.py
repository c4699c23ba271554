"""What each row is worth if called and if not, and the thresholds that costs lead to."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from model.bars import FloatArray
from model.errors import Fault, InvalidInputError
from model.thresholds import IntArray

SUBJECT = "What a call is worth"


@dataclass(frozen=True, slots=True)
class Stakes:
    """What each row is worth: `called` if the positive class is called on it, `quiet` if not."""

    called: FloatArray
    quiet: FloatArray

    @property
    def gain(self) -> FloatArray:
        """What calling a row adds to leaving it."""
        return self.called - self.quiet

    @property
    def rounding(self) -> float:
        """Two mean values closer than this are equal: they differ by rounding only."""
        return 1e-12 * float(np.mean(np.abs(self.called) + np.abs(self.quiet)))

    def of(self, calls: FloatArray) -> FloatArray:
        """Return the value of each row under *calls*, 1 where called and 0 where not."""
        return np.where(calls == 1, self.called, self.quiet)

    def always_beaten_by(self, calls: FloatArray) -> FloatArray:
        """Return by how much *calls* beat calling every row, row by row."""
        return np.where(calls == 1, 0.0, -self.gain)


def trade_stakes(next_day_return: FloatArray, cost: float) -> Stakes:
    """Return stakes of a trade held for a day: the return less *cost* if called, nothing if not.

    Both are fractions; 5 basis points a trade are 0.0005.

    >>> trade_stakes(np.array([0.02, -0.01]), 0.001)
    Stakes(called=array([ 0.019, -0.011]), quiet=array([0., 0.]))

    Raises
    ------
    InvalidInputError
        A row has no return, or the cost is negative or not finite.
    """
    _refuse_bad_cost("cost of a trade", cost)
    _refuse_missing_returns(next_day_return)
    return Stakes(called=next_day_return - cost, quiet=np.zeros(len(next_day_return)))


def error_stakes(y_true: IntArray, false_call: float, missed: float) -> Stakes:
    """Return stakes of errors alone: a false call costs *false_call*, a missed positive *missed*.

    >>> error_stakes(np.array([1, 0]), false_call=2, missed=5)
    Stakes(called=array([ 0., -2.]), quiet=array([-5.,  0.]))
    """
    _refuse_bad_errors(false_call, missed)
    positive = y_true == 1
    # Zero is added so that no cost is 0 and not −0.
    return Stakes(called=np.where(positive, 0.0, 0.0 - false_call), quiet=np.where(positive, 0.0 - missed, 0.0))


def threshold_for_errors(false_call: float, missed: float) -> float:
    """Return the threshold at which calling and leaving cost the same, if probabilities are frequencies.

    >>> threshold_for_errors(false_call=1, missed=3)
    0.25
    """
    _refuse_bad_errors(false_call, missed)
    return false_call / (false_call + missed)


def implied_cost_ratio(threshold: float) -> float:
    """Return how many missed positives one false call costs as much as, if *threshold* is right.

    >>> implied_cost_ratio(0.25), implied_cost_ratio(0.5), implied_cost_ratio(1)
    (0.3333333333333333, 1.0, inf)
    """
    if not 0 <= threshold <= 1:
        _refuse("threshold", f"{threshold:g}", "a probability from 0 to 1", "Choose a threshold between them.")
    return threshold / (1 - threshold) if threshold < 1 else math.inf


@dataclass(frozen=True, slots=True)
class TradeThreshold:
    """Where a trade breaks even, from the mean next-day return after positives and after negatives.

    `value` is None where no probability breaks even; `calling` says why: a call pays at any
    probability, at none, or (positives do not return more than negatives) the probability does not matter.
    """

    value: float | None
    calling: Literal["above the threshold", "always", "never", "unrelated"]
    mean_if_positive: float
    mean_if_negative: float


def threshold_for_trades(y_true: IntArray, next_day_return: FloatArray, cost: float) -> TradeThreshold:
    """Return the probability at which the expected return of a trade is its *cost*, if probabilities are frequencies.

    A trade at probability p returns p × (mean after positives) + (1 − p) × (mean after negatives).

    >>> threshold_for_trades(np.array([1, 0]), np.array([0.01, -0.01]), cost=0.002).value
    0.6

    Raises
    ------
    InvalidInputError
        A row has no return, the cost is negative, or all rows are of one class.
    """
    _refuse_bad_cost("cost of a trade", cost)
    _refuse_missing_returns(next_day_return)
    positive = y_true == 1
    if positive.all() or not positive.any():
        found = f"{int(positive.sum()):,} positives among {len(positive):,} rows"
        _refuse("outcomes", found, "positives and negatives", "Use rows with both.")
    up, down = float(next_day_return[positive].mean()), float(next_day_return[~positive].mean())
    if up <= down:
        return TradeThreshold(None, "unrelated", up, down)
    if cost > up:
        return TradeThreshold(None, "never", up, down)
    if cost < down:
        return TradeThreshold(None, "always", up, down)
    return TradeThreshold((cost - down) / (up - down), "above the threshold", up, down)


def _refuse(where: str, found: str, expected: str, remedy: str) -> None:
    raise InvalidInputError(SUBJECT, [Fault(where, found, expected, remedy)])


def _refuse_bad_cost(where: str, cost: float) -> None:
    if not (math.isfinite(cost) and cost >= 0):
        _refuse(where, f"{cost:g}", "a finite number, 0 or more", "Write a cost as a positive number.")


def _refuse_bad_errors(false_call: float, missed: float) -> None:
    _refuse_bad_cost("cost of a false call", false_call)
    _refuse_bad_cost("cost of a missed positive", missed)
    if not false_call + missed > 0:
        _refuse("costs of errors", "0 for both", "at least one above 0", "Say what one of the errors costs.")


def _refuse_missing_returns(next_day_return: FloatArray) -> None:
    missing, n = int(np.sum(~np.isfinite(next_day_return))), len(next_day_return)
    if missing or not n:
        found = f"{missing:,} of {n:,} rows without one" if n else "no rows"
        _refuse("next-day returns", found, "a finite return in every row", "Give the costs of errors instead.")
