"""Probability of the positive class: for one row, for many, for a sweep of one feature."""

import math
from collections.abc import Callable, Sequence
from operator import mul
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from model.bars import FloatArray

LARGEST_FLOAT32 = float(np.finfo(np.float32).max)


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
        if len(row) != len(self.weights):
            msg = f"A row of {len(row)} values was given; the model takes {len(self.weights)}, one for each feature."
            raise ValueError(msg)
        # For a handful of numbers a generator takes twice as long, and numpy four times.
        weighted: float = sum(map(mul, self.weights, row))
        return self.intercept + weighted

    def one(self, row: Sequence[float]) -> float:
        """Return the probability of one row."""
        return sigmoid(self.log_odds(row))

    def many(self, X: FloatArray) -> FloatArray:
        """Return the probabilities of *X*, shape (rows, features)."""
        # What is too large to be added up has no probability; whoever asked finds NaN.
        with np.errstate(over="ignore", invalid="ignore"):
            log_odds = X @ np.asarray(self.weights) + self.intercept
        # exp only ever sees numbers up to 0, so it cannot overflow.
        small = np.exp(-np.abs(log_odds))
        return np.asarray(np.where(log_odds >= 0, 1.0, small) / (1.0 + small))


class PipelineScorer:
    """Scores with a fitted scikit-learn pipeline; probability is that of the last class.

    A row on its own goes through `TreeWalk` where the pipeline is one that it knows.
    """

    def __init__(self, pipeline: Any) -> None:
        self.pipeline = pipeline
        self._walk = _walk_of(pipeline)

    def one(self, row: Sequence[float]) -> float:
        """Return the probability of one row."""
        probability = self._walk.probability(row) if self._walk else None
        return float(self.many(np.asarray([row], dtype=np.float64))[0]) if probability is None else probability

    def many(self, X: FloatArray) -> FloatArray:
        """Return the probabilities of *X*, shape (rows, features)."""
        # What float32 cannot hold, forests refuse with a ValueError; numpy's warning before it adds nothing.
        with np.errstate(over="ignore"):
            return np.asarray(self.pipeline.predict_proba(X)[:, 1], dtype=np.float64)


class _Nodes(NamedTuple):
    """The nodes of a decision tree: a row goes left where its *feature* is at most *threshold*."""

    is_leaf: NDArray[np.bool_]
    feature: NDArray[np.intp]
    threshold: FloatArray
    left: NDArray[np.intp]
    right: NDArray[np.intp]
    value: FloatArray


class TreeWalk:
    """Scores one row by all trees of an ensemble at once, a level at a time; to the bit as scikit-learn does.

    scikit-learn asks one tree after the other, which for a single row is nearly all overhead.

    Parameters
    ----------
    trees
        In the order in which their values are added up.
    n_features
        Length of a row.
    dtype
        What the ensemble rounds a row to before it compares.
    probability_of
        What turns the sum over all trees into a probability.
    scalings
        Mean and scale of each feature, for every scaler that a row passes first.
    """

    def __init__(
        self,
        trees: Sequence[_Nodes],
        n_features: int,
        dtype: type[np.floating[Any]],
        probability_of: Callable[[float], float],
        scalings: Sequence[tuple[list[float], list[float]]],
    ) -> None:
        sizes = [len(tree.value) for tree in trees]
        nodes = _Nodes(*(np.concatenate(part) for part in zip(*trees, strict=True)))
        self._roots = np.cumsum([0, *sizes[:-1]])
        shift, here = np.repeat(self._roots, sizes), np.arange(sum(sizes))
        # A leaf leads to itself, so that every tree can be walked for as long as the deepest.
        left, right = (np.where(nodes.is_leaf, here, side + shift) for side in (nodes.left, nodes.right))
        self._children = np.column_stack([left, right]).ravel()
        self._feature = np.where(nodes.is_leaf, 0, nodes.feature)
        self._threshold, self._value = nodes.threshold, nodes.value
        self._depth, level = 0, self._roots
        while (inner := level[~nodes.is_leaf[level]]).size:
            self._depth, level = self._depth + 1, np.r_[left[inner], right[inner]]
        self._n_features, self._dtype = n_features, dtype
        self._probability_of, self._scalings = probability_of, scalings

    def probability(self, row: Sequence[float]) -> float | None:
        """Return the probability of one row, or None where the pipeline must look at it itself."""
        if len(row) != self._n_features:
            return None
        for mean, scale in self._scalings:
            row = [(value - m) / s for value, m, s in zip(row, mean, scale, strict=True)]
        # What float32 cannot hold is the pipeline's to answer or refuse; so are infinity and NaN.
        if not sum(map(abs, row)) <= LARGEST_FLOAT32:
            return None
        x = np.array(row, dtype=self._dtype)
        node = self._roots
        for _ in range(self._depth):
            goes_right = x.take(self._feature.take(node)) > self._threshold.take(node)
            node = self._children.take(2 * node + goes_right)
        # Added one after the other, as scikit-learn does: the last digit depends on the order.
        return float(self._probability_of(self._value.take(node).cumsum()[-1]))


def _walk_of(pipeline: Any) -> TreeWalk | None:
    """Return the walk through *pipeline*, or None if it is not made of what is known here."""
    from sklearn.ensemble import ExtraTreesClassifier, HistGradientBoostingClassifier, RandomForestClassifier
    from sklearn.impute import SimpleImputer
    from sklearn.preprocessing import StandardScaler

    scalings = []
    *before, model = (step for _, step in getattr(pipeline, "steps", [("", pipeline)]))
    for step in before:
        if type(step) is StandardScaler and step.with_mean and step.with_std:
            scalings.append((step.mean_.tolist(), step.scale_.tolist()))
        elif type(step) is not SimpleImputer or not passes_complete_rows(step):
            return None
    if np.shape(getattr(model, "classes_", ())) != (2,):
        return None
    if type(model) in {RandomForestClassifier, ExtraTreesClassifier}:
        trees = [_forest_nodes(member.tree_) for member in model.estimators_]
        return TreeWalk(trees, model.n_features_in_, np.float32, lambda total: total / len(trees), scalings)
    # How boosting keeps its trees is private to scikit-learn: another release may do otherwise.
    private = ("_baseline_prediction", "_predictors", "_loss")
    if type(model) is HistGradientBoostingClassifier and all(hasattr(model, name) for name in private):
        if model.is_categorical_ is not None:
            return None
        # The value that all trees start from is a tree of one leaf.
        leaf, nothing = np.ones(1, dtype=np.bool_), np.zeros(1, dtype=np.intp)
        start = _Nodes(leaf, nothing, np.zeros(1), nothing, nothing, model._baseline_prediction.ravel())
        trees = [start, *(_boosting_nodes(predictor.nodes) for (predictor,) in model._predictors)]
        return TreeWalk(trees, model.n_features_in_, np.float64, model._loss.link.inverse, scalings)
    return None


def passes_complete_rows(imputer: Any) -> bool:
    """Say whether a row that lacks no value leaves *imputer* as it came."""
    looks_for_nan = imputer.missing_values != imputer.missing_values
    # A feature that had no value in training is left out; a constant given is kept as an object.
    statistics = np.asarray(imputer.statistics_, dtype=np.float64)
    return bool(looks_for_nan and not imputer.add_indicator and not np.isnan(statistics).any())


def _forest_nodes(tree: Any) -> _Nodes:
    left, right = tree.children_left, tree.children_right
    return _Nodes(left < 0, tree.feature, tree.threshold, left, right, tree.value[:, 0, 1])


def _boosting_nodes(nodes: NDArray[Any]) -> _Nodes:
    names = ("feature_idx", "num_threshold", "left", "right", "value")
    return _Nodes(nodes["is_leaf"] == 1, *(nodes[name] for name in names))


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
