"""What value of one feature alone would change the call."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.bars import FloatArray
from model.explain import log_odds_of
from model.manifest import FeatureSpec
from model.scoring import LinearScorer, Scorer

# Values tried of each feature, and how each gap around a flip is narrowed: the nearest flip is placed
# to 1/199 of the observed range / 64^4, which is 3e-10 of the range.
GRID, SECTIONS, ROUNDS = 200, 64, 4
# Keeps what is scored at once near 32 MB: above 140 features fewer values are tried of each.
LARGEST_MATRIX = 4_000_000


@dataclass(frozen=True, slots=True)
class Flip:
    """The value of one feature that alone flips the call, or None where none in its observed range does."""

    feature: str
    value: float | None


def flips(scorer: Scorer, features: Sequence[FeatureSpec], row: Sequence[float], threshold: float) -> list[Flip]:
    """Return, for each feature alone, the value nearest to the present one that flips the call.

    Only values between the smallest and largest of training are considered. A value returned, put in
    place of the present one, flips what `scorer.one` says. For a linear scorer it is the nearest
    floating-point number that does, up to rounding in the sum. For any other it is found by trying
    `GRID` values across the range and narrowing around each flip found: a stretch of flips shorter
    than 1/199 of the range can be missed.
    """
    scenario = _Scenario(scorer, tuple(row), threshold)
    if isinstance(scorer, LinearScorer):
        values = [_linear_flip(scenario, scorer, position, feature) for position, feature in enumerate(features)]
    else:
        values = _searched_flips(scenario, features)
    return [Flip(feature.name, value) for feature, value in zip(features, values, strict=True)]


class _Scenario:
    """A row whose call is to be flipped by one feature."""

    def __init__(self, scorer: Scorer, row: tuple[float, ...], threshold: float) -> None:
        self.scorer, self.row, self.threshold = scorer, row, threshold
        self.called = scorer.one(row) >= threshold

    def flipped(self, position: int, value: float) -> bool:
        """Whether the call is another with *value* in place of the present one."""
        probability = self.scorer.one([*self.row[:position], value, *self.row[position + 1 :]])
        return bool(self.others(probability))

    def others(self, probability: Any) -> Any:
        """Whether *probability*, one or an array, makes the other call; NaN makes none."""
        return probability < self.threshold if self.called else probability >= self.threshold

    def flipped_at(self, positions: NDArray[np.int64], values: FloatArray) -> NDArray[np.bool_]:
        """Whether the call is another with each of *values* alone put at its of *positions*."""
        X = np.tile(np.array(self.row, dtype=np.float64), (len(values), 1))
        X[np.arange(len(values)), positions] = values
        return np.asarray(self.others(self.scorer.many(X)), dtype=np.bool_)


def _linear_flip(scenario: _Scenario, scorer: LinearScorer, position: int, feature: FeatureSpec) -> float | None:
    weight, present = scorer.weights[position], scenario.row[position]
    near = min(max(present, feature.min), feature.max)
    if near != present and scenario.flipped(position, near):
        return near
    far = feature.min if (weight > 0) == scenario.called else feature.max
    if not scenario.flipped(position, far):
        return None
    rest = [w * x for i, (w, x) in enumerate(zip(scorer.weights, scenario.row, strict=True)) if i != position]
    guess = (log_odds_of(scenario.threshold) - scorer.intercept - sum(rest)) / weight
    rounding = 2.0**-52 * (abs(scorer.intercept) + sum(map(abs, rest)) + abs(weight * guess)) / abs(weight)
    return _boundary(lambda value: scenario.flipped(position, value), near, far, guess, rounding)


def _boundary(flipped: Callable[[float], bool], stay: float, flip: float, guess: float, rounding: float) -> float:
    """Return the number next to those from *stay* on that do not flip, looking around *guess* first."""
    for power in range(14):
        step = rounding * 16.0**power
        for value in (guess - step, guess + step):
            if min(stay, flip) < value < max(stay, flip):
                stay, flip = (stay, value) if flipped(value) else (value, flip)
        if abs(flip - stay) <= 2.5 * step:
            break
    # Halving ends at neighbouring numbers; the bound is for a boundary at 0, where those never end.
    for _ in range(100):
        middle = stay + (flip - stay) / 2
        if middle in (stay, flip):
            break
        stay, flip = (stay, middle) if flipped(middle) else (middle, flip)
    return flip


def _searched_flips(scenario: _Scenario, features: Sequence[FeatureSpec]) -> list[float | None]:
    n = len(features)
    tried = max(2, min(GRID, LARGEST_MATRIX // n**2))
    grid = np.linspace([feature.min for feature in features], [feature.max for feature in features], tried).T
    flipped = scenario.flipped_at(np.repeat(np.arange(n), tried), grid.ravel()).reshape(n, tried)
    ends = [end for i in range(n) for end in _first_flips(i, scenario.row[i], grid[i], flipped[i])]
    position = np.array([i for i, _, _ in ends], dtype=np.int64)
    stay, flip = (np.array([end[k] for end in ends], dtype=np.float64) for k in (1, 2))
    parts = np.linspace(0, 1, SECTIONS + 1)
    for _ in range(ROUNDS if ends else 0):
        between = stay[:, None] + (flip - stay)[:, None] * parts
        between[:, -1] = flip
        there = scenario.flipped_at(np.repeat(position, SECTIONS - 1), between[:, 1:-1].ravel())
        first = np.argmax(np.pad(there.reshape(-1, SECTIONS - 1), ((0, 0), (0, 1)), constant_values=True), axis=1)
        rows = np.arange(len(ends))
        stay, flip = between[rows, first], between[rows, first + 1]
    found: list[float | None] = [None] * n
    for i, value, (_, _, outer) in zip(position.tolist(), flip.tolist(), ends, strict=True):
        # One row and many may differ in the last digit: what is returned has flipped on its own.
        tries = [value + (outer - value) * share for share in (0, 1e-12, 1e-9, 1e-6, 1e-3)] + [outer]
        held = next((one for one in tries if scenario.flipped(i, one)), None)
        before, present = found[i], scenario.row[i]
        if held is not None and (before is None or abs(held - present) < abs(before - present)):
            found[i] = held
    return found


def _first_flips(
    position: int, present: float, values: FloatArray, flipped: NDArray[np.bool_]
) -> list[tuple[int, float, float]]:
    """Return the nearest flip below and above *present*, each with the number before it that does not flip."""
    ends = []
    for side, towards in ((values < present, -1), (values > present, 1)):
        line, there = values[side][::towards], flipped[side][::towards]
        if there.any():
            first = int(np.argmax(there))
            # The present value does not flip, unless it lies out of range: then the end of the range is the nearest.
            before = line[first - 1] if first else min(max(present, values[0]), values[-1])
            ends.append((position, float(before), float(line[first])))
    return ends
