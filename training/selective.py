"""Answering only where the probability is clear of the threshold: how much is answered, and how well."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from model.bootstrap import DayBootstrap
from model.bundle import OutOfFold
from model.errors import Fault, InvalidInputError
from training.estimates import FEWEST_ROWS, Estimate, mean_over

SUBJECT = "The band of no call"


@dataclass(frozen=True, slots=True)
class SelectiveAnswer:
    """What is answered outside a band of no call around the threshold.

    Positive from `upper` on, negative below `lower`, no answer between. The figures are None where
    fewer than `FEWEST_ROWS` rows are answered.

    Parameters
    ----------
    answered
        Rows with an answer.
    negatives
        Rows answered with the negative class.
    coverage
        Share of all rows with an answer.
    accuracy, always
        Share of the answered rows that is answered rightly, and that always answering the positive
        class gets right on the same rows.
    difference
        Accuracy less always, paired. It is decided by the rows answered with the negative class, and
        has no interval where those are some, but few.
    """

    half_width: float
    lower: float
    upper: float
    answered: int
    negatives: int
    coverage: Estimate
    accuracy: Estimate | None
    always: Estimate | None
    difference: Estimate | None


def selective_answers(
    rows: OutOfFold, threshold: float, half_widths: Sequence[float], days: DayBootstrap
) -> list[SelectiveAnswer]:
    """Return what is answered with a band of each half-width around *threshold*; 0 is the ordinary rule.

    *days* are the resampled days of *rows*.

    Raises
    ------
    InvalidInputError
        A half-width is negative or not a number.
    """
    wrong = [f"{width:g}" for width in half_widths if not width >= 0]
    if wrong:
        fault = Fault("half-width", ", ".join(wrong), "0 or more", "Choose how far from the threshold to answer.")
        raise InvalidInputError(SUBJECT, [fault])
    return [_answer(rows, threshold, float(width), days) for width in half_widths]


def _answer(rows: OutOfFold, threshold: float, half_width: float, days: DayBootstrap) -> SelectiveAnswer:
    # Rounded, so that 0.3 + 0.1 is the 0.4 that is written and not the next number above it.
    lower, upper = round(threshold - half_width, 12), round(threshold + half_width, 12)
    called, refused = rows.y_score >= upper, rows.y_score < lower
    answered = called | refused
    positive = rows.y_true == 1
    right = np.where(called, positive, ~positive).astype(np.float64)
    always = positive.astype(np.float64)
    n, negatives = int(answered.sum()), int(refused.sum())
    few = n < FEWEST_ROWS
    return SelectiveAnswer(
        half_width=half_width,
        lower=lower,
        upper=upper,
        answered=n,
        negatives=negatives,
        coverage=mean_over(answered.astype(np.float64), np.ones(len(answered), dtype=np.bool_), days),
        accuracy=None if few else mean_over(right, answered, days),
        always=None if few else mean_over(always, answered, days),
        difference=None if few else mean_over(right - always, answered, days, decided_by=negatives),
    )
