"""Charts as data: what `drawing.js` draws, saves and lists, in one form for every page and report."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np

Colour = Literal["blue", "vermillion", "ink", "muted"]
Dash = Literal["solid", "dashed", "dotted"]
Values = Sequence[float | None] | np.ndarray
Layer = dict[str, Any]

DRAWING = ("words.js", "elements.js", "drawing.js", "saving.js", "pointing.js")


@dataclass(frozen=True, slots=True)
class Axis:
    """One axis: its name, its ends, and whether its values are shares (written as percentages) or numbers."""

    label: str
    low: float
    high: float
    kind: Literal["number", "percent", "none"] = "number"
    decimals: int = 2


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart; `columns` are the numbers behind it, for its table and CSV, the first of them along the x axis."""

    title: str
    alt: str
    file: str
    x: Axis
    y: Axis
    layers: Sequence[Layer]
    columns: Mapping[str, Sequence[float | int | str | None] | np.ndarray]
    height: int = 270

    def as_data(self) -> dict[str, Any]:
        """Return what the browser is given."""
        ends = {"x": asdict(self.x), "y": asdict(self.y)}
        whole: dict[str, Any] = _plain({name: getattr(self, name) for name in self.__slots__} | ends)
        return whole


def line(
    name: str, x: Values, y: Values, *, colour: Colour = "blue", dash: Dash = "solid", width: float = 2.5
) -> Layer:
    """Join points; None or NaN in *y* breaks the line."""
    return {"kind": "line", "name": name, "x": x, "y": y, "colour": colour, "dash": dash, "width": width}


def band(name: str, x: Values, low: Values, high: Values, *, colour: Colour = "blue") -> Layer:
    """Fill between *low* and *high*."""
    return {"kind": "band", "name": name, "x": x, "low": low, "high": high, "colour": colour}


def bars(name: str, edges: Values, heights: Values, *, colour: Colour = "muted", share: float = 1.0) -> Layer:
    """Draw a histogram on a scale of its own, as high as *share* of the chart."""
    return {"kind": "bars", "name": name, "edges": edges, "heights": heights, "colour": colour, "share": share}


def dots(
    name: str, x: Values, y: Values, *, low: Values | None = None, high: Values | None = None, colour: Colour = "ink"
) -> Layer:
    """Draw points, each with its interval where there is one."""
    return {"kind": "dots", "name": name, "x": x, "y": y, "low": low, "high": high, "colour": colour}


def rule(
    name: str,
    *,
    x: float | None = None,
    y: float | None = None,
    colour: Colour = "vermillion",
    dash: Dash = "dashed",
    side: Literal["left", "right"] = "right",
    below: bool = False,
) -> Layer:
    """Draw one line across the chart, named on it; a horizontal one at its *side*, above it or *below*."""
    ends = {"x": x, "y": y, "side": side, "below": below}
    return {"kind": "rule", "name": name, "colour": colour, "dash": dash} | ends


def shade(name: str, low: float, high: float) -> Layer:
    """Grey a part of the x axis."""
    return {"kind": "shade", "name": name, "low": low, "high": high}


def heat(x: tuple[float, float], y: tuple[float, float], values: np.ndarray, *, name: str = "") -> Layer:
    """Colour a grid over the ranges *x* and *y*: *values* of shape (rows, columns) from 0 to 1, lowest row first."""
    return {"kind": "heat", "name": name, "x": x, "y": y, "values": values}


def label(text: str, x: float, y: float) -> Layer:
    """Write a few letters over a place on the chart."""
    return {"kind": "label", "name": "", "x": x, "y": y, "text": text}


def contour(name: str, lines: Sequence[np.ndarray], *, colour: Colour = "ink") -> Layer:
    """Draw lines of shape (points, 2)."""
    return {"kind": "contour", "name": name, "lines": lines, "colour": colour}


def scatter(
    name: str, x: Values, y: Values, *, form: Literal["triangle", "circle"] = "circle", colour: Colour = "ink"
) -> Layer:
    """Draw many small marks."""
    return {"kind": "scatter", "name": name, "x": x, "y": y, "form": form, "colour": colour}


def _plain(value: Any) -> Any:
    """Return *value* as JSON can hold it: lists for arrays, None for what is not finite."""
    if isinstance(value, Mapping):
        return {name: _plain(part) for name, part in value.items()}
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value.item() if isinstance(value, np.generic) else value
