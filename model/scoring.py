"""Probability of the positive class: for one row, for many, for a sweep of one feature."""

import math
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from model.bars import FloatArray


class Scorer(Protocol):
    """Whatever turns feature values, in the bundle's order, into a probability."""

    def one(self, row: Sequence[float]) -> float:
        """Return the probability of one row."""

    def many(self, X: FloatArray) -> FloatArray:
        """Return the probabilities of *X*, shape (rows, features)."""


class LinearScorer:
    """Scores with weights folded into original units; needs no scikit-learn.

    >>> round(LinearScorer(0.0, [1.0, -1.0]).one([2.0, 1.0]), 4)
    0.7311
    """

    def __init__(self, intercept: float, weights: Sequence[float]) -> None:
        self.intercept = intercept
        self.weights = tuple(weights)

    def log_odds(self, row: Sequence[float]) -> float:
        """Return intercept + weights · row."""
        return self.intercept + sum(w * x for w, x in zip(self.weights, row, strict=True))

    def one(self, row: Sequence[float]) -> float:
        """Return the probability of one row."""
        return sigmoid(self.log_odds(row))

    def many(self, X: FloatArray) -> FloatArray:
        """Return the probabilities of *X*, shape (rows, features)."""
        log_odds = X @ np.asarray(self.weights) + self.intercept
        # exp only ever sees numbers up to 0, so it cannot overflow.
        small = np.exp(-np.abs(log_odds))
        return np.asarray(np.where(log_odds >= 0, 1.0, small) / (1.0 + small))


class PipelineScorer:
    """Scores with a fitted scikit-learn pipeline; probability is that of the last class."""

    def __init__(self, pipeline: Any) -> None:
        self.pipeline = pipeline

    def one(self, row: Sequence[float]) -> float:
        """Return the probability of one row."""
        return float(self.many(np.asarray([row], dtype=np.float64))[0])

    def many(self, X: FloatArray) -> FloatArray:
        """Return the probabilities of *X*, shape (rows, features)."""
        return np.asarray(self.pipeline.predict_proba(X)[:, 1], dtype=np.float64)


def sigmoid(log_odds: float) -> float:
    """Return 1 / (1 + exp(-log_odds)) without overflow.

    >>> sigmoid(0.0), sigmoid(-1000.0)
    (0.5, 0.0)
    """
    if log_odds >= 0:
        return 1.0 / (1.0 + math.exp(-log_odds))
    small = math.exp(log_odds)
    return small / (1.0 + small)


def sweep(scorer: Scorer, row: Sequence[float], feature: int, values: FloatArray) -> FloatArray:
    """Return the probability at each of *values* of one feature, the others as in *row*.

    *feature* is the position of the feature in *row*.

    >>> sweep(LinearScorer(0.0, [1.0, 1.0]), [5.0, 0.0], 0, np.array([0.0])).tolist()
    [0.5]
    """
    X = np.tile(np.asarray(row, dtype=np.float64), (len(values), 1))
    X[:, feature] = values
    return scorer.many(X)
