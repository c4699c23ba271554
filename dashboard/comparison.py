"""Two bundles row by row: whether the challenger is better than the champion on the out-of-fold rows both know."""

from dataclasses import dataclass
from statistics import NormalDist
from typing import Literal

import numpy as np

from model.bootstrap import DayBootstrap, interval_of
from model.bundle import Bundle, OutOfFold
from model.evaluation import log_loss_of
from model.manifest import Interval, Layout
from model.wording import interval, number
from training.estimates import FEWEST_DAYS
from training.panels.row_words import blocks, period, rows_counted
from training.rows_by_value import same_out_of_fold

Outcome = Literal["better", "not distinguishable", "worse"]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Challenger and champion in log loss, row by row on the out-of-fold rows both know.

    `interval` is that of the difference at 95 %; `corrected` is as wide as it has to be after as many looks at
    these rows as there have been, None where this is the first. `identical` says that no probability differs.
    """

    challenger: float
    champion: float
    interval: Interval
    corrected: Interval | None
    n: int
    blocks: int
    first_day: str
    last_day: str
    identical: bool
    layout: Layout

    @property
    def difference(self) -> float:
        """Challenger less champion: below zero is better."""
        return self.challenger - self.champion

    @property
    def outcome(self) -> Outcome:
        """What the difference comes to once the looks before it are allowed for."""
        return _outcome(self.corrected or self.interval)

    @property
    def at_first_sight(self) -> Outcome:
        """What the difference would come to if these rows had never been looked at."""
        return _outcome(self.interval)

    @property
    def sentence(self) -> str:
        """What the difference comes to, in words."""
        same_rows = f"the same {rows_counted(self.layout, self.n, self.blocks, period(self.first_day, self.last_day))}"
        if self.identical:
            why = (
                "Both were tested there by models of the same earlier rows; what is new comes after them, and only"
                " later rows can tell."
                if self.layout.time
                else "In every fold both were trained on the same rows, in the same way: there is nothing to choose"
                " between."
            )
            return (
                f"The challenger is **not distinguishable** from the champion: on {same_rows} the two give the very"
                f" same probabilities. {why}"
            )
        words = {
            "better": "The challenger is **better** than the champion",
            "worse": "The challenger is **worse** than the champion",
            "not distinguishable": "The challenger is **not distinguishable** from the champion",
        }[self.outcome]
        return (
            f"{words} on {same_rows}: its log loss differs by {number(self.difference, 5, signed=True)} (95 % interval"
            f" {interval(self.interval.low, self.interval.high, 5, signed=True)}; below zero is better)."
        )


def _outcome(between: Interval) -> Outcome:
    if between.high < 0:
        return "better"
    return "worse" if between.low > 0 else "not distinguishable"


def compare(challenger: Bundle, champion: Bundle, *, level: float = 0.95) -> Comparison | str:
    """Compare two bundles on the out-of-fold rows both know, or say in words why they cannot be compared.

    *level* is what an interval has to be at, after all looks at these rows, to mean what 95 % means after one.
    """
    layout = challenger.manifest.layout
    if challenger.manifest.target != champion.manifest.target:
        return "the two answer different questions"
    shared = same_out_of_fold(challenger, champion)
    if shared is None:
        return "which rows the two have in common cannot be told"
    new = challenger.out_of_fold
    rows = OutOfFold(*(getattr(new, name)[shared.new] for name in OutOfFold.__slots__))
    settings = challenger.manifest.settings
    drawn = {"draws": int(settings.get("draws") or 1000), "seed": int(settings.get("seed") or 0)}
    days = DayBootstrap.of_rows(rows, layout, **drawn) if len(shared) else None
    if days is None or days.n_days < FEWEST_DAYS:
        known = f"{0 if days is None else days.n_days:,} {blocks(layout)}"
        return f"of the rows that tested them they have {known} in common, and {FEWEST_DAYS} are needed"
    was = champion.out_of_fold.y_score[shared.old]
    losses = log_loss_of(rows.y_true, rows.y_score), log_loss_of(rows.y_true, was)
    draws = days.means(losses[0] - losses[1])
    return Comparison(
        challenger=float(losses[0].mean()),
        champion=float(losses[1].mean()),
        interval=interval_of(draws),
        corrected=_widened(float(np.mean(losses[0] - losses[1])), float(draws.std()), level) if level > 0.95 else None,
        n=len(shared),
        blocks=days.n_days,
        first_day=str(rows.day.min()) if layout.time else "",
        last_day=str(rows.day.max()) if layout.time else "",
        identical=bool(np.array_equal(rows.y_score, was)),
        layout=layout,
    )


def _widened(difference: float, error: float, level: float) -> Interval:
    # So far out, a thousand resamples hold next to nothing: their spread and the normal distribution stand in.
    reach = NormalDist().inv_cdf((1 + level) / 2) * error
    return Interval(low=difference - reach, high=difference + reach)
