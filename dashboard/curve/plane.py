"""The probability over two features as a chart: a map with the line of the threshold and the training rows on it."""

import numpy as np

from dashboard.curve.response import Grid, View
from dashboard.curve.words import column_of, quoted, shown_range
from model.bars import FloatArray
from model.bundle import Reference
from model.manifest import FeatureSpec, Manifest
from model.wording import percent
from training.panels.display import label_of
from training.panels.drawing import Axis, Chart, Layer, contour, heat, scatter

MOST_ROWS, HEIGHT = 600, 400
# The least distance from the threshold that the full colour stands for.
SMALLEST_REACH = 0.02


def rows_in_view(rows: Reference, pair: tuple[int, int], limits: tuple[FloatArray, FloatArray]) -> np.ndarray:
    """Return the positions of the rows with a known outcome inside *limits*, oldest first.

    *pair* are the positions of the two features; *limits* the lower and the upper end of both, in original units.
    """
    values, (low, high) = rows.X[:, pair], limits
    inside = ((values >= low) & (values <= high)).all(axis=1) & ~np.isnan(rows.y)
    there = np.flatnonzero(inside)
    return there[np.argsort(rows.day[there], kind="stable")]


def evenly(found: np.ndarray, most: int = MOST_ROWS) -> np.ndarray:
    """Return at most *most* of *found*, evenly from the first to the last.

    >>> evenly(np.arange(10), 4).tolist()
    [0, 3, 6, 9]
    """
    if len(found) <= most:
        return found
    return found[np.linspace(0, len(found) - 1, most).round().astype(np.intp)]


def map_chart(
    manifest: Manifest,
    pair: tuple[FeatureSpec, FeatureSpec],
    views: tuple[View, View],
    grid: Grid,
    *,
    rows: Reference,
    drawn: np.ndarray,
) -> Chart:
    """Draw the map; *drawn* are the positions of the rows to mark. The current point is the browser's to draw."""
    threshold, up = manifest.threshold.value, quoted(manifest)
    (first, second), (across, along) = pair, views
    places = [manifest.feature_names.index(feature.name) for feature in pair]
    x, y = ((rows.X[drawn, i] * f.display_factor).round(f.decimals + 2) for i, f in zip(places, pair, strict=True))
    positive = rows.y[drawn] == 1
    lines = [contour(f"threshold {percent(threshold)}", grid.contour)] if grid.contour else []
    return Chart(
        title=f"Probability of {up} over {first.label} and {second.label}",
        alt=_alt(manifest, pair, views, grid),
        file=f"map_{first.name}_{second.name}",
        x=Axis(label_of(first), across.low, across.high, decimals=first.decimals),
        y=Axis(label_of(second), along.low, along.high, decimals=second.decimals),
        height=HEIGHT,
        layers=[
            _coloured(views, grid, threshold),
            scatter(f"was {up}", x[positive], y[positive], form="triangle"),
            scatter("was not", x[~positive], y[~positive]),
            *lines,
        ],
        columns={
            column_of(first, ["probability"]): np.tile(grid.x.round(first.decimals + 2), len(grid.y)),
            column_of(second, ["probability"]): np.repeat(grid.y.round(second.decimals + 2), len(grid.x)),
            "probability": grid.probability.ravel().round(6),
        },
    )


def _coloured(views: tuple[View, View], grid: Grid, threshold: float) -> Layer:
    """The grid in colours that begin at the threshold, with their scale in words."""
    across, along = views
    reach = max(float(np.abs(grid.probability - threshold).max()), SMALLEST_REACH)
    low, high = max(0.0, threshold - reach), min(1.0, threshold + reach)
    return heat(
        (across.low, across.high),
        (along.low, along.high),
        (0.5 + (grid.probability - threshold) / (2 * reach)).round(3),
        name=f"vermillion {percent(low, 0)}, no colour {percent(threshold)}, blue {percent(high, 0)}",
    )


def _alt(manifest: Manifest, pair: tuple[FeatureSpec, FeatureSpec], views: tuple[View, View], grid: Grid) -> str:
    """Describe the map to those who do not see it: its ends and corners; the browser adds the current point."""
    (first, second), (across, along) = pair, views
    p, threshold = grid.probability, manifest.threshold.value
    corners = ", ".join(
        f"{percent(float(p[j, i]))} at {vertical} {second.label} and {horizontal} {first.label}"
        for j, vertical in ((0, "low"), (-1, "high"))
        for i, horizontal in ((0, "low"), (-1, "high"))
    )
    return (
        f"Map of the probability of {quoted(manifest)} over {first.label} from {shown_range(first, across)} and"
        f" {second.label} from {shown_range(second, along)}: lowest {percent(float(p.min()))}, highest"
        f" {percent(float(p.max()))}; {corners}. At or above the threshold of {percent(threshold)} on"
        f" {percent(float((p >= threshold).mean()), 0)} of it."
    )
