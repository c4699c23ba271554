"""Two bundles row by row: whether the challenger is better than the champion on the same out-of-fold rows."""

from dataclasses import dataclass

import numpy as np

from model.bootstrap import DayBootstrap, interval_of
from model.bundle import Bundle
from model.evaluation import log_loss_of
from model.manifest import Interval
from model.wording import interval, number


@dataclass(frozen=True, slots=True)
class Comparison:
    """Challenger minus champion in log loss, row by row on the same out-of-fold rows."""

    difference: float
    interval: Interval
    n: int
    days: int

    @property
    def outcome(self) -> str:
        """better, worse or not distinguishable."""
        if self.interval.high < 0:
            return "better"
        return "worse" if self.interval.low > 0 else "not distinguishable"

    @property
    def sentence(self) -> str:
        """What the difference comes to, in words."""
        words = {
            "better": "The challenger is **better** than the champion",
            "worse": "The challenger is **worse** than the champion",
            "not distinguishable": "The challenger is **not distinguishable** from the champion",
        }[self.outcome]
        return (
            f"{words} on the same {self.n:,} out-of-fold rows ({self.days:,} days): its log loss differs by"
            f" {number(self.difference, 5, signed=True)} (95 % interval"
            f" {interval(self.interval.low, self.interval.high, 5, signed=True)}; below zero is better)."
        )


def compare(challenger: Bundle, champion: Bundle, days: DayBootstrap) -> Comparison | None:
    """Compare two bundles row by row, or return None where their out-of-fold rows differ.

    *days* are the resampled days of the challenger's out-of-fold rows.
    """
    new, old = challenger.out_of_fold, champion.out_of_fold
    same = len(new.day) == len(old.day) and all(
        np.array_equal(getattr(new, name), getattr(old, name)) for name in ("day", "ticker", "y_true")
    )
    if not same:
        return None
    difference = log_loss_of(new.y_true, new.y_score) - log_loss_of(old.y_true, old.y_score)
    return Comparison(float(difference.mean()), interval_of(days.means(difference)), len(new.day), days.n_days)
