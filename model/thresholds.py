"""What a decision threshold does to out-of-fold rows: confusion, rates, the whole curve."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.bars import FloatArray

IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Confusion:
    """Counts of rows at one threshold. A rate without rows to compute it from is None."""

    true_positives: int
    false_positives: int
    false_negatives: int
    true_negatives: int

    @property
    def n(self) -> int:
        """All rows."""
        return self.calls + self.false_negatives + self.true_negatives

    @property
    def calls(self) -> int:
        """Rows on which the positive class is called."""
        return self.true_positives + self.false_positives

    @property
    def positives(self) -> int:
        """Rows on which the positive class came true."""
        return self.true_positives + self.false_negatives

    @property
    def precision(self) -> float | None:
        """Share of the calls that came true."""
        return _ratio(self.true_positives, self.calls)

    @property
    def recall(self) -> float | None:
        """Share of the positives that were called."""
        return _ratio(self.true_positives, self.positives)

    @property
    def specificity(self) -> float | None:
        """Share of the negatives that were not called."""
        return _ratio(self.true_negatives, self.n - self.positives)

    @property
    def call_share(self) -> float | None:
        """Share of all rows that were called."""
        return _ratio(self.calls, self.n)

    @property
    def accuracy(self) -> float | None:
        """Share of all rows answered rightly."""
        return _ratio(self.true_positives + self.true_negatives, self.n)

    @property
    def base_rate(self) -> float | None:
        """Share of positives: what always calling the positive class gets right."""
        return _ratio(self.positives, self.n)


def _ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def confusion_at(threshold: float, y_true: IntArray, y_score: FloatArray) -> Confusion:
    """Count the rows by outcome and call; a score equal to the threshold is a call.

    >>> confusion_at(0.5, np.array([1, 0, 1]), np.array([0.5, 0.6, 0.4]))
    Confusion(true_positives=1, false_positives=1, false_negatives=1, true_negatives=0)
    """
    called, positive = y_score >= threshold, y_true == 1
    return Confusion(
        true_positives=int(np.sum(called & positive)),
        false_positives=int(np.sum(called & ~positive)),
        false_negatives=int(np.sum(~called & positive)),
        true_negatives=int(np.sum(~called & ~positive)),
    )


@dataclass(frozen=True, slots=True)
class ThresholdCurve:
    """Rates at each threshold, arrays of one length; NaN where a rate has no rows."""

    threshold: FloatArray
    precision: FloatArray
    recall: FloatArray
    call_share: FloatArray
    base_rate: float


def threshold_curve(y_true: IntArray, y_score: FloatArray, thresholds: FloatArray) -> ThresholdCurve:
    """Return precision, recall and share of calls at each of *thresholds*."""
    positive_scores, all_scores = np.sort(y_score[y_true == 1]), np.sort(y_score)
    hits = len(positive_scores) - np.searchsorted(positive_scores, thresholds, side="left")
    calls = len(all_scores) - np.searchsorted(all_scores, thresholds, side="left")
    with np.errstate(invalid="ignore", divide="ignore"):
        return ThresholdCurve(
            threshold=thresholds,
            precision=hits / calls,
            recall=hits / np.float64(len(positive_scores)),
            call_share=calls / np.float64(len(all_scores)),
            base_rate=float(np.mean(y_true == 1)),
        )
