"""The lowest threshold that keeps the calls to a budget: so many a month, or a share of the rows."""

import numpy as np

from model.errors import Fault, InvalidInputError
from training.threshold_bands import ThresholdBands

BUDGET = "The budget"


def threshold_for_share(bands: ThresholdBands, share: float) -> float | None:
    """Return the lowest threshold that calls at most this *share* of the rows; None where even the highest has more.

    Raises
    ------
    InvalidInputError
        The share is negative or no number.
    """
    if not share >= 0:
        fault = Fault("share of calls", f"{share:g}", "0 or more", "Write how many calls are affordable.")
        raise InvalidInputError(BUDGET, [fault])
    affordable = bands.calls[bands.level] <= share * bands.n * (1 + 1e-12)
    return float(bands.thresholds[np.argmax(affordable)]) if affordable.any() else None


def threshold_for_budget(bands: ThresholdBands, calls_a_month: float, *, in_any_month: bool = False) -> float | None:
    """Return the lowest threshold with at most so many calls a month; None where even the highest has more.

    With *in_any_month* the busiest calendar month has to keep to the budget, not only the average one.

    Raises
    ------
    InvalidInputError
        The budget is negative or no number, or the rows span less than a month.
    """
    if not calls_a_month >= 0:
        fault = Fault(
            "calls a month", f"{calls_a_month:g}", "0 or more", "Write how many calls a month are affordable."
        )
        raise InvalidInputError(BUDGET, [fault])
    if np.isnan(bands.calls_a_month).any():
        fault = Fault("rows", f"{bands.days:,} days", "at least a month", "Score more days, or do without a budget.")
        raise InvalidInputError(BUDGET, [fault])
    spent = bands.busiest_month if in_any_month else bands.calls_a_month
    affordable = spent[bands.level] <= calls_a_month
    return float(bands.thresholds[np.argmax(affordable)]) if affordable.any() else None
