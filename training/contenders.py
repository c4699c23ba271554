"""What a comparison says of each candidate: its metrics, and how far it is from the champion on the same rows."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from model.bars import FloatArray
from model.bootstrap import DayBootstrap, interval_of
from model.evaluation import Scored, brier_of, log_loss_of
from model.manifest import Interval, Metric
from model.wording import threshold_written
from training.candidates import Candidate

# The verdict rests on this metric, and on no other.
DECISIVE = "log_loss"

Outcome = Literal["champion", "better", "not distinguishable", "worse", "not compared in log loss"]


@dataclass(frozen=True, slots=True)
class Difference:
    """A paired difference on the same rows, challenger minus champion, in one metric."""

    metric: str
    label: str
    better: Literal["higher", "lower"]
    value: float
    interval: Interval


@dataclass(frozen=True, slots=True)
class Contender:
    """One candidate of a comparison; `seconds` is what fitting and scoring all folds took, 0 for a rule."""

    name: str
    label: str
    trivial: bool
    seconds: float
    metrics: tuple[Metric, ...]
    differences: tuple[Difference, ...]
    outcome: Outcome

    def metric(self, name: str) -> Metric | None:
        """Return the metric called *name*, None where it means nothing for the candidate."""
        return next((metric for metric in self.metrics if metric.name == name), None)

    def difference(self, metric: str = DECISIVE) -> Difference | None:
        """Return the paired difference in *metric*, None where there is none in that."""
        return next((found for found in self.differences if found.metric == metric), None)


@dataclass(frozen=True, slots=True)
class ScoredCandidate:
    """A candidate with its out-of-fold scores."""

    candidate: Candidate
    label: str
    scored: Scored
    seconds: float


def paired_differences(
    challenger: ScoredCandidate, champion: ScoredCandidate, threshold: float, days: DayBootstrap
) -> tuple[Difference, ...]:
    """Return how far *challenger* is from *champion*, with intervals from the same resampled days.

    The log loss of a rule that says 0 or 1 is infinite as soon as it is wrong once: it is compared in the
    Brier score and in accuracy only.
    """
    measures: list[tuple[str, str, Literal["higher", "lower"], Callable[[Scored], FloatArray]]] = [
        (DECISIVE, "Log loss", "lower", lambda rows: log_loss_of(rows.y_true, rows.y_score)),
        ("brier", "Brier score", "lower", lambda rows: brier_of(rows.y_true, rows.y_score)),
        (
            "accuracy",
            f"Accuracy at {threshold_written(threshold)}",
            "higher",
            lambda rows: ((rows.y_score >= threshold) == (rows.y_true == 1)).astype(np.float64),
        ),
    ]
    if challenger.candidate.hard:
        del measures[0]
    found = []
    for name, label, better, of in measures:
        gap = of(challenger.scored) - of(champion.scored)
        found.append(Difference(name, label, better, float(gap.mean()), interval_of(days.means(gap))))
    return tuple(found)


def outcome_of(differences: Sequence[Difference]) -> Outcome:
    """Say what paired differences come to: better or worse needs an interval in log loss that leaves zero out."""
    decisive = next((difference for difference in differences if difference.metric == DECISIVE), None)
    if decisive is None:
        return "not compared in log loss"
    if decisive.interval.high < 0:
        return "better"
    return "worse" if decisive.interval.low > 0 else "not distinguishable"
