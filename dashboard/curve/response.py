"""The probability along one or two features of a scenario, in display units, and where it crosses the threshold."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.bars import FloatArray
from model.manifest import FeatureSpec
from model.scoring import Scorer
from training.panels.display import scale_of

# How far the usual view reaches beyond the 1–99 % range, and any view beyond a value outside it, as shares.
MARGIN, AIR = 0.15, 0.03
# Steps of a slider, and values tried for crossings: finer than the pixels of a screen.
MOST_STEPS = 2000
FEWEST_STEPS = 10
CELLS = 61


@dataclass(frozen=True, slots=True)
class View:
    """The values of one feature that a chart and its slider show, in display units; *low* plus whole *steps*."""

    low: float
    high: float
    step: float
    decimals: int

    @property
    def values(self) -> FloatArray:
        """Every value the slider can show."""
        first, last, step = (round(value * 10**self.decimals) for value in (self.low, self.high, self.step))
        return _as_shown(np.arange(first, last + 1, step), self.decimals)


def view_of(feature: FeatureSpec, at: float, *, every_value: bool, kept: View | None = None) -> View:
    """Return the view of *feature* that holds its value *at*, and all of the view *kept* in sight, if any.

    Without *every_value* it is the 1–99 % range and a margin.
    """
    scale, factor = scale_of(feature), feature.display_factor
    low, high = scale.low, scale.high
    if not every_value:
        margin = MARGIN * (feature.p99 - feature.p1)
        low, high = max(low, (feature.p1 - margin) * factor), min(high, (feature.p99 + margin) * factor)
    if high - low < FEWEST_STEPS * scale.step:
        low, high = low - FEWEST_STEPS * scale.step, high + FEWEST_STEPS * scale.step
    if kept is not None:
        low, high = min(low, kept.low), max(high, kept.high)
    outside = max(low - at, at - high, 0.0)
    air = max(AIR * (high - low + outside), scale.step)
    low, high = (at - air if at < low else low), (at + air if at > high else high)
    first, last = (round(scale.allowed(end) * 10**feature.decimals) for end in (low, high))
    step = _step_of(last - first)
    # The last step must end on the right end.
    last = first + step * ((last - first) // step)
    ends = _as_shown(np.array([first, last, step]), feature.decimals)
    view = View(float(ends[0]), float(ends[1]), float(ends[2]), feature.decimals)
    return (
        view
        if at <= view.high
        else View(view.low, round(view.high + view.step, view.decimals), view.step, view.decimals)
    )


def _step_of(units: int) -> int:
    """Return 1, 2, 5, 10, … display units: the least of which at most `MOST_STEPS` fill *units*."""
    size = 1
    while True:
        for step in (size, 2 * size, 5 * size):
            if units <= MOST_STEPS * step:
                return step
        size *= 10


def _as_shown(units: NDArray[np.int64], decimals: int) -> FloatArray:
    """Return whole display units as values; each is the number that its text reads as."""
    return np.asarray(units / 10.0**decimals)


@dataclass(frozen=True, slots=True)
class Response:
    """What the model answers along one feature, everything else as in *row* (original units)."""

    scorer: Scorer
    row: Sequence[float]
    features: Sequence[FeatureSpec]
    feature: FeatureSpec

    def rows(self, shown: FloatArray) -> FloatArray:
        """Return the rows with each of *shown*, in display units, as the feature's value."""
        X = np.tile(np.asarray(self.row, dtype=np.float64), (len(shown), 1))
        X[:, self.features.index(self.feature)] = shown / self.feature.display_factor
        return X

    def at(self, shown: FloatArray) -> FloatArray:
        """Return the probability at each of *shown*."""
        return self.scorer.many(self.rows(shown))


@dataclass(frozen=True, slots=True)
class Crossing:
    """The first value, going up in steps of the decimals shown, at which the call is another than below it."""

    value: float
    calls: bool


@dataclass(frozen=True, slots=True)
class Calls:
    """Where along a feature the model calls: at its lowest value or not, and every change from there up."""

    at_lowest: bool
    crossings: tuple[Crossing, ...]


def calls_along(response: Response, threshold: float, view: View) -> Calls:
    """Return where the call changes over the observed range and *view*.

    `MOST_STEPS` values across the range and every step of *view* are tried, and each change is then placed
    to the last decimal shown: two changes between neighbouring values tried would be missed, which a
    linear model cannot have.
    """
    scale, decimals = scale_of(response.feature), view.decimals
    first, last = (round(end * 10**decimals) for end in (scale.low, scale.high))
    across = np.linspace(first, last, MOST_STEPS + 1).round().astype(np.int64)
    tried = np.unique(np.concatenate([across, (view.values * 10.0**decimals).round().astype(np.int64)]))

    def called(units: NDArray[np.int64]) -> NDArray[np.bool_]:
        return response.at(_as_shown(units, decimals)) >= threshold

    there = called(tried)
    change = np.flatnonzero(there[1:] != there[:-1])
    below, above, calls = tried[change], tried[change + 1], there[change + 1]
    while change.size and (above - below).max() > 1:
        middle = below + (above - below) // 2
        changed = called(middle) == calls
        below, above = np.where(changed, below, middle), np.where(changed, middle, above)
    values = _as_shown(above, decimals)
    crossings = tuple(Crossing(float(v), bool(c)) for v, c in zip(values, calls, strict=True))
    return Calls(bool(there[0]), crossings)


@dataclass(frozen=True, slots=True)
class Grid:
    """The probability at the middle of each cell of a map, shape (y, x), and the lines on which it is the threshold."""

    x: FloatArray
    y: FloatArray
    probability: FloatArray
    contour: tuple[FloatArray, ...]


def grid_over(response: Response, second: FeatureSpec, across: View, along: View, threshold: float) -> Grid:
    """Return the map over the views *across* of the response's feature and *along* of *second*."""
    from contourpy import contour_generator

    middles = [_middles(view) for view in (across, along)]
    corners = [np.linspace(view.low, view.high, CELLS + 1) for view in (across, along)]
    at_corners = _over(response, second, *corners)
    lines = contour_generator(*corners, at_corners).lines(threshold)
    return Grid(*middles, _over(response, second, *middles), tuple(np.asarray(line) for line in lines))


def _middles(view: View) -> FloatArray:
    edges = np.linspace(view.low, view.high, CELLS + 1)
    return (edges[:-1] + edges[1:]) / 2


def _over(response: Response, second: FeatureSpec, x: FloatArray, y: FloatArray) -> FloatArray:
    X = response.rows(np.tile(x, len(y)))
    X[:, response.features.index(second)] = np.repeat(y, len(x)) / second.display_factor
    return response.scorer.many(X).reshape(len(y), len(x))
