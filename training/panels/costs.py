"""What calls cost, and what of that a bundle's own threshold was chosen with."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from model.bundle import Bundle, OutOfFold
from model.manifest import Costs
from model.wording import interval, number
from training.estimates import Estimate
from training.stakes import Stakes, error_stakes, trade_stakes

Kind = Literal["trade", "errors"]

KIND_WORDS: dict[Kind, str] = {
    "trade": "Per trade, in basis points",
    "errors": "Cost of a wrong call and of a missed one",
}
# What the numbers are called in a manifest.
TRADE_RECORDED, WRONG_RECORDED, MISSED_RECORDED = "basis points a trade", "wrong call", "missed call"
# In the middle of what trading a large share for a day is usually taken to cost, there and back.
USUAL = {TRADE_RECORDED: 5.0, WRONG_RECORDED: 1.0, MISSED_RECORDED: 1.0}
BASIS_POINTS = 1e4


@dataclass(frozen=True, slots=True)
class CallCosts:
    """What a call costs: a trade (in basis points), or an error of either kind (in any unit)."""

    kind: Kind
    trade: float
    wrong: float
    missed: float

    def stakes(self, rows: OutOfFold) -> Stakes:
        """Return what each of *rows* is worth, called and not."""
        if self.kind == "trade":
            return trade_stakes(rows.next_day_return, self.trade / BASIS_POINTS)
        return error_stakes(rows.y_true, self.wrong, self.missed)

    @property
    def recorded(self) -> Costs:
        """Return the costs as a manifest keeps them."""
        errors = {WRONG_RECORDED: self.wrong, MISSED_RECORDED: self.missed}
        return Costs(
            kind=KIND_WORDS[self.kind], numbers={TRADE_RECORDED: self.trade} if self.kind == "trade" else errors
        )

    @property
    def written(self) -> str:
        """Say what is charged."""
        if self.kind == "trade":
            return f"{self.trade:g} bp a trade"
        return f"{self.wrong:g} for a wrong call and {self.missed:g} for a missed one"

    @property
    def factor(self) -> float:
        """Turns a value per row into what is shown: basis points a row, or costs of 100 rows."""
        return BASIS_POINTS if self.kind == "trade" else 100.0

    @property
    def unit(self) -> str:
        """What a shown value per row is counted in."""
        return "bp a row" if self.kind == "trade" else "per 100 rows"

    @property
    def decimals(self) -> int:
        """Decimals of a shown value: one of basis points, and three significant digits or so of other costs."""
        if self.kind == "trade":
            return 1
        return max(0, 3 - math.floor(math.log10(self.factor * max(self.wrong, self.missed))))

    def value(self, per_row: float | None) -> str:
        """Write a value per row, without its unit."""
        return number(None if per_row is None else per_row * self.factor, self.decimals, signed=True)

    def estimate(self, per_row: Estimate) -> str:
        """Write a value per row over its interval, or over the reason why it has none."""
        if per_row.interval is None:
            return f"{self.value(per_row.value)}\ntoo few rows differ"
        low, high = per_row.interval.low * self.factor, per_row.interval.high * self.factor
        return f"{self.value(per_row.value)}\n{interval(low, high, self.decimals, signed=True)}"


def returns_known(rows: OutOfFold) -> bool:
    """Whether it is known of every row what followed, so that a trade on it can be valued."""
    return len(rows.next_day_return) > 0 and bool(np.isfinite(rows.next_day_return).all())


def kinds_of(bundle: Bundle) -> list[Kind]:
    """The kinds of costs that the rows of *bundle* allow."""
    return ["trade", "errors"] if returns_known(bundle.out_of_fold) else ["errors"]


def usual_costs(bundle: Bundle) -> CallCosts:
    """Return the costs that the bundle's own threshold was chosen with; usual ones where it was chosen without."""
    kinds, kept = kinds_of(bundle), bundle.manifest.threshold.costs
    numbers = USUAL | (kept.numbers if kept else {})
    of_kept: list[Kind] = [kind for kind in kinds if kept and kept.kind == KIND_WORDS[kind]]
    values = (numbers[name] for name in (TRADE_RECORDED, WRONG_RECORDED, MISSED_RECORDED))
    return CallCosts((of_kept or kinds)[0], *values)
