"""The nearest change of all features together that flips the call, and the rows most like a scenario."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from model.bars import FloatArray
from model.explain import log_odds_of
from model.manifest import FeatureSpec
from model.scoring import LinearScorer, Scorer

if TYPE_CHECKING:
    from model.bundle import Reference


@dataclass(frozen=True, slots=True)
class JointFlip:
    """A row with the other call; `distance` is the length of the way there, in standard deviations."""

    row: list[float]
    distance: float


def joint_flip(
    scorer: LinearScorer,
    features: Sequence[FeatureSpec],
    row: Sequence[float],
    threshold: float,
    ends: Sequence[tuple[float, float]] | None = None,
) -> JointFlip | None:
    """Return the nearest row that flips the call of a linear scorer, all features moving together.

    Distances are in training standard deviations. No feature moves beyond its *ends*, by default its
    observed range; one that lies outside moves towards it, if at all, and one that never varied stays.
    The row returned flips what `scorer.one` says. None where nothing within the ends does.
    """
    between = ends or [(feature.min, feature.max) for feature in features]
    towards = -1.0 if scorer.one(row) >= threshold else 1.0
    gap = towards * (log_odds_of(threshold) - scorer.log_odds(row))
    if not math.isfinite(gap):
        return None
    # What a standard deviation of each feature does to the log-odds, the way they have to go; and where each ends.
    slopes = [towards * weight * feature.sd for weight, feature in zip(scorer.weights, features, strict=True)]
    last = [high if slope > 0 else low for slope, (low, high) in zip(slopes, between, strict=True)]
    rooms = [
        max(0.0, math.copysign(1.0, slope) * (end - value)) / feature.sd if slope else 0.0
        for slope, end, value, feature in zip(slopes, last, row, features, strict=True)
    ]
    terms = [abs(weight * value) for weight, value in zip(scorer.weights, row, strict=True)]
    rounding = 2.0**-52 * (abs(scorer.intercept) + sum(terms) + abs(gap))
    # The sum rounds: go a little further until the call has flipped.
    for power in range(14):
        moves = smallest_moves([abs(slope) for slope in slopes], rooms, gap + rounding * 16.0**power)
        if moves is None:
            return None
        moved = [
            end if move and move == room else value + math.copysign(move * feature.sd, slope)
            for value, move, room, end, slope, feature in zip(row, moves, rooms, last, slopes, features, strict=True)
        ]
        if (scorer.one(moved) >= threshold) == (towards > 0):
            return JointFlip(moved, math.hypot(*moves))
    return None


def smallest_moves(slopes: Sequence[float], rooms: Sequence[float], gap: float) -> list[float] | None:
    """Return the moves of least length with slopes · moves = gap, each from 0 to its room; None if none reach.

    Free moves are in proportion to their slopes. One that breaks its bound is at the bound in the solution
    too, and the others share what is left of the gap: at most one round a feature.

    >>> smallest_moves([3.0, 4.0], [10.0, 10.0], 25.0)
    [3.0, 4.0]
    >>> smallest_moves([3.0, 4.0], [10.0, 1.0], 25.0)
    [7.0, 1.0]
    """
    moves = [0.0] * len(slopes)
    free = [i for i, slope in enumerate(slopes) if slope > 0 and rooms[i] > 0]
    while free:
        share = gap / sum(slopes[i] * slopes[i] for i in free)
        beyond = [i for i in free if share * slopes[i] > rooms[i]]
        if not beyond:
            for i in free:
                moves[i] = share * slopes[i]
            return moves
        for i in beyond:
            moves[i] = rooms[i]
            gap -= slopes[i] * rooms[i]
        free = [i for i in free if i not in beyond]
    return None


@dataclass(frozen=True, slots=True)
class SimilarRows:
    """What followed the rows of known outcome most like a scenario: *positives* of *n*."""

    n: int
    positives: int

    @property
    def share(self) -> float:
        """Share of positives."""
        return self.positives / self.n


def similar_rows(
    reference: "Reference", features: Sequence[FeatureSpec], row: Sequence[float], n: int
) -> SimilarRows | None:
    """Count the positives among the *n* rows of known outcome nearest to *row*, in standard deviations.

    None where there are fewer than *n* such rows.
    """
    known = ~np.isnan(reference.y)
    if known.sum() < n:
        return None
    squares = squared_distances(reference.X[known], features, row)
    nearest = np.argsort(squares, kind="stable")[:n]
    return SimilarRows(n, int(reference.y[known][nearest].sum()))


def nearest_with_other_call(
    scorer: Scorer,
    X: FloatArray,
    probability: FloatArray,
    features: Sequence[FeatureSpec],
    row: Sequence[float],
    threshold: float,
) -> int | None:
    """Return the position of the row of *X*, whose scores are *probability*, nearest to *row* with the other call.

    None where every row has the same call as *row*.
    """
    called = scorer.one(row) >= threshold
    others = np.flatnonzero((probability >= threshold) != called)
    squares = squared_distances(X[others], features, row)
    # One row and many may differ in the last digit: what is returned has the other call on its own.
    order: list[int] = others[np.argsort(squares, kind="stable")].tolist()
    for i in order:
        if (scorer.one(X[i].tolist()) >= threshold) != called:
            return i
    return None


def squared_distances(X: FloatArray, features: Sequence[FeatureSpec], row: Sequence[float]) -> FloatArray:
    """Return the squared distance of each row of *X* to *row*, in standard deviations.

    A feature that never varied in training counts for nothing.
    """
    inverse = np.array([1 / feature.sd if feature.sd > 0 else 0.0 for feature in features])
    with np.errstate(over="ignore", invalid="ignore"):
        difference = (X - np.asarray(row, dtype=np.float64)) * inverse
        return np.asarray(np.einsum("ij,ij->i", difference, difference))
