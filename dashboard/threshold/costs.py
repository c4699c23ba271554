"""What calls cost: chosen on the Threshold page, kept in the session, and written into a bundle with a threshold."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import streamlit as st

from model.bundle import Bundle, OutOfFold
from model.manifest import Costs
from model.wording import interval, number
from training.estimates import Estimate
from training.stakes import Stakes, error_stakes, trade_stakes

Kind = Literal["trade", "errors"]

KIND, TRADE, WRONG, MISSED = "threshold_costs", "threshold_trade_cost", "threshold_wrong_cost", "threshold_missed_cost"
KIND_WORDS: dict[Kind, str] = {
    "trade": "Per trade, in basis points",
    "errors": "Cost of a wrong call and of a missed one",
}
# In the middle of what trading a large share for a day is usually taken to cost, there and back.
USUAL = {TRADE: 5.0, WRONG: 1.0, MISSED: 1.0}
BASIS_POINTS = 1e4
DEAREST_TRADE, CHEAPEST_ERROR, DEAREST_ERROR = 1000.0, 0.01, 1e9
# What the numbers are called in a manifest.
RECORDED = {TRADE: "basis points a trade", WRONG: "wrong call", MISSED: "missed call"}


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
        keys = (TRADE,) if self.kind == "trade" else (WRONG, MISSED)
        values = {TRADE: self.trade, WRONG: self.wrong, MISSED: self.missed}
        return Costs(kind=KIND_WORDS[self.kind], numbers={RECORDED[key]: values[key] for key in keys})

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


def shown_costs(bundle: Bundle) -> CallCosts:
    """The costs of this session; those the bundle's own threshold was chosen with, or usual ones, if untouched."""
    kinds, kept = kinds_of(bundle), bundle.manifest.threshold.costs
    numbers = kept.numbers if kept else {}
    if st.session_state.get(KIND) not in kinds:
        of_kept: list[Kind] = [kind for kind in kinds if kept and kept.kind == KIND_WORDS[kind]]
        st.session_state[KIND] = (of_kept or kinds)[0]
    for key, usual in USUAL.items():
        least, most = bounds_of(key)
        value = st.session_state.get(key)
        value = numbers.get(RECORDED[key], usual) if value is None else value
        st.session_state[key] = min(max(float(value), least), most)
    return CallCosts(st.session_state[KIND], *(st.session_state[key] for key in (TRADE, WRONG, MISSED)))


def bounds_of(key: str) -> tuple[float, float]:
    """Return the least and the most a cost may be."""
    return (0.0, DEAREST_TRADE) if key == TRADE else (CHEAPEST_ERROR, DEAREST_ERROR)
