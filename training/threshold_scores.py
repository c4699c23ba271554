"""One threshold on some of the rows, or on groups of them: each figure with its interval."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from model.bootstrap import DayBootstrap
from model.bundle import OutOfFold
from training.estimates import FEWEST_DAYS, FEWEST_ROWS, BoolArray, Estimate, mean_over
from training.stakes import Stakes


@dataclass(frozen=True, slots=True)
class ThresholdScore:
    """What one threshold does to some rows; `advantage` is the value per row above that of calling every row."""

    threshold: float
    calls: int
    base_rate: Estimate
    call_share: Estimate
    precision: Estimate
    value: Estimate
    advantage: Estimate


def score_at(
    threshold: float, rows: OutOfFold, stakes: Stakes, days: DayBootstrap, here: BoolArray | None = None
) -> ThresholdScore:
    """Return the figures at *threshold* over the rows that are *here*, by default all.

    *days* are the resampled days of all *rows*, here or not.
    """
    here = np.ones(len(rows.day), dtype=np.bool_) if here is None else here
    called = rows.y_score >= threshold
    calls = called.astype(np.float64)
    positive = (rows.y_true == 1).astype(np.float64)
    return ThresholdScore(
        threshold=threshold,
        calls=int(np.sum(called & here)),
        base_rate=mean_over(positive, here, days),
        call_share=mean_over(calls, here, days),
        precision=mean_over(positive, here & called, days),
        value=mean_over(stakes.of(calls), here, days),
        advantage=mean_over(stakes.always_beaten_by(calls), here, days, decided_by=int(np.sum(here & ~called))),
    )


@dataclass(frozen=True, slots=True)
class GroupScore:
    """One group of rows, on so many days (or in so many groups, or rows); `score` is None where they are too few."""

    name: str
    rows: int
    days: int
    calls: int
    score: ThresholdScore | None


def by_group(
    threshold: float,
    groups: Mapping[str, BoolArray],
    rows: OutOfFold,
    stakes: Stakes,
    days: DayBootstrap,
    *,
    fewest_days: int = FEWEST_DAYS,
) -> list[GroupScore]:
    """Return the figures at *threshold* for each group of rows, in the order given.

    Fewer than `FEWEST_ROWS` called rows, or *fewest_days*, get none. *groups* says which of *rows* belong to
    it, by its name. *days* are the resampled days of all *rows*: a resample holds those of the group's days
    that it drew.
    """
    called = rows.y_score >= threshold
    scores = []
    for name, here in groups.items():
        n_days, calls = len(np.unique(days.day_of_row[here])), int(np.sum(called & here))
        enough = calls >= FEWEST_ROWS and n_days >= fewest_days
        score = score_at(threshold, rows, stakes, days, here) if enough else None
        scores.append(GroupScore(name, int(here.sum()), n_days, calls, score))
    return scores
