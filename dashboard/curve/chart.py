"""The probability along one feature as a chart: the line with its band, what was observed, and pinned scenarios."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from dashboard.curve.response import Calls, Response, View
from dashboard.curve.words import column_of, quoted, shown
from model.bars import FloatArray
from model.manifest import Manifest
from model.uncertainty import ProbabilityIntervals, WeightUncertainty
from model.wording import percent
from training.observed_rates import ObservedRate, ObservedRates
from training.panels.display import label_of
from training.panels.drawing import Axis, Chart, Colour, Dash, Layer, band, bars, dots, label, line, rule, shade

POINTS, BARS, HEIGHT = 241, 40, 330
# Crossings named on the chart; more would lie on each other.
NAMED = 3
# So near below the threshold, in probability, a line would run through what is written there.
NEAR = 0.08
# Decimals of what is only drawn, or that no one knows any better: they decide how much is sent.
DRAWN, KNOWN = 5, 7
PIN_LINES: tuple[tuple[Colour, Dash], ...] = (("ink", "dashed"), ("ink", "solid"), ("muted", "dashed"))


@dataclass(frozen=True, slots=True)
class Pin:
    """A pinned scenario: its name, its row in original units, and its value of the feature in display units."""

    name: str
    row: Sequence[float]
    value: float


@dataclass(frozen=True, slots=True)
class Line:
    """The probability at *values*, in display units, and the ends of its interval (NaN where there is none)."""

    values: FloatArray
    probability: FloatArray
    low: FloatArray
    high: FloatArray


def line_over(response: Response, values: FloatArray, intervals: ProbabilityIntervals) -> Line:
    """Return the line of *response* through *values*."""
    probability, source = response.at(values), intervals.source
    if isinstance(source, WeightUncertainty):
        return Line(values, probability, *source.intervals(response.rows(values)))
    ends = np.full((len(values), 2), np.nan)
    for i, p in enumerate(probability.tolist()):
        if source and (found := source.interval_at(p)):
            ends[i] = found.low, found.high
    return Line(values, probability, ends[:, 0], ends[:, 1])


@dataclass(frozen=True, slots=True)
class Observed:
    """What the training rows hold of the feature, in original units: every value, and the observed rate in bins."""

    values: FloatArray
    rates: ObservedRates
    bins: tuple[ObservedRate, ...]


def curve_chart(
    manifest: Manifest,
    response: Response,
    view: View,
    line_: Line,
    *,
    observed: Observed,
    calls: Calls,
    pins: Sequence[Pin],
    close_up: bool,
) -> Chart:
    """Draw the curve; the current point is the browser's to draw."""
    feature, threshold = response.feature, manifest.threshold.value
    pinned = {pin.name: Response(response.scorer, pin.row, response.features, feature) for pin in pins}
    others = {name: one.at(line_.values) for name, one in pinned.items()}
    ends = _close_up(line_, others.values(), observed, threshold) if close_up else (0.0, 1.0)
    return Chart(
        title=f"Probability of {quoted(manifest)} against {feature.label}",
        alt=_alt(manifest, response, line_, observed),
        file=f"curve_{feature.name}",
        x=Axis(label_of(feature), view.low, view.high, decimals=feature.decimals),
        y=Axis("", *ends, "percent", 0),
        height=HEIGHT,
        layers=[
            *_rows_below(response, view, observed),
            band("95 % interval", line_.values, line_.low.round(DRAWN), line_.high.round(DRAWN)),
            *_probability(response, line_),
            *_observed(response, observed, view),
            *_pinned_lines(line_.values, others, pins, pinned, view),
            _threshold(line_, threshold),
            *_crossings(response, calls, view),
        ],
        columns=_columns(response, line_, observed, others),
    )


def _rows_below(response: Response, view: View, observed: Observed) -> list[Layer]:
    """The training values as bars, and grey where few of them lie, or none."""
    feature, factor = response.feature, response.feature.display_factor
    edges = np.linspace(view.low, view.high, BARS + 1)
    heights = np.histogram(observed.values * factor, edges)[0]

    def outside(low: float, high: float, name: str) -> list[Layer]:
        sides = [(view.low, min(low * factor, view.high)), (max(high * factor, view.low), view.high)]
        there = [side for side in sides if side[0] < side[1]]
        return [shade(name if i == 0 else "", *side) for i, side in enumerate(there)]

    beyond = outside(feature.min, feature.max, "")
    name = "outside 1–99 %; darker: outside all rows" if beyond else "outside the 1–99 % range"
    grey = outside(feature.p1, feature.p99, name)
    return [*grey, *beyond, bars("training rows", edges, heights, share=0.2)]


def _probability(response: Response, line_: Line) -> list[Layer]:
    """The line, dashed where nothing was seen."""
    feature = response.feature
    in_original = line_.values / feature.display_factor
    seen = (in_original >= feature.min) & (in_original <= feature.max)
    # The first point on either side belongs to both, so that no gap is left.
    beyond = ~(seen & np.r_[True, seen[:-1]] & np.r_[seen[1:], True])
    parts = [line("probability", line_.values, np.where(seen, line_.probability, np.nan).round(DRAWN), width=3)]
    if beyond.any():
        guess = np.where(beyond, line_.probability, np.nan).round(DRAWN)
        parts.append(line("a guess", line_.values, guess, dash="dashed", width=2))
    return parts


def _observed(response: Response, observed: Observed, view: View) -> list[Layer]:
    factor, overall = response.feature.display_factor, observed.rates.overall
    there = [one for one in observed.bins if view.low <= one.middle * factor <= view.high]
    found = [one.rate.interval for one in there]
    base = percent(overall.value)
    return [
        line(
            f"observed in all rows {base}",
            [view.low, view.high],
            [overall.value] * 2,
            colour="ink",
            dash="dotted",
            width=1.5,
        ),
        dots(
            "observed in groups of rows",
            [one.middle * factor for one in there],
            [one.rate.value for one in there],
            low=[one.low if one else None for one in found],
            high=[one.high if one else None for one in found],
        ),
    ]


def _pinned_lines(
    values: FloatArray, others: dict[str, FloatArray], pins: Sequence[Pin], pinned: dict[str, Response], view: View
) -> list[Layer]:
    """A line for each pinned scenario, with its name at its own value, or at the end nearer to that."""
    parts: list[Layer] = []
    for pin, (colour, dash) in zip(pins, PIN_LINES, strict=False):
        parts.append(
            line(f"pinned {pin.name}", values, others[pin.name].round(DRAWN), colour=colour, dash=dash, width=1.5)
        )
        at = min(max(pin.value, view.low), view.high)
        parts.append(label(pin.name, at, float(pinned[pin.name].at(np.array([at]))[0])))
    return parts


def _threshold(line_: Line, threshold: float) -> Layer:
    """The threshold, named at the end where the line is farther from it."""
    ends = [float(line_.probability[0]) - threshold, float(line_.probability[-1]) - threshold]
    on_left = abs(ends[0]) > abs(ends[1])
    runs_below = -NEAR < ends[0 if on_left else 1] < 0
    side: Literal["left", "right"] = "left" if on_left else "right"
    return rule(f"threshold {percent(threshold)}", y=threshold, side=side, below=not runs_below)


def _crossings(response: Response, calls: Calls, view: View) -> list[Layer]:
    inside = [one for one in calls.crossings if view.low <= one.value <= view.high]

    def name(value: float, up: bool) -> str:
        return f"{'call' if up else 'no call'} from {shown(response.feature, value)}" if len(inside) <= NAMED else ""

    return [rule(name(one.value, one.calls), x=one.value, dash="dotted") for one in inside]


def _close_up(line_: Line, others: Sequence[FloatArray], observed: Observed, threshold: float) -> tuple[float, float]:
    """Return an axis that holds the lines, what was observed and the threshold, and is never narrower than 4 points."""
    ends = [end for one in observed.bins if (found := one.rate.interval) for end in (found.low, found.high)]
    marks = np.concatenate([line_.probability, *others, [threshold], ends])
    low, high = float(np.nanmin(marks)), float(np.nanmax(marks))
    air = max(0.1 * (high - low), 0.01)
    middle, half = (low + high) / 2, max((high - low) / 2 + air, 0.02)
    return max(0.0, middle - half), min(1.0, middle + half)


def _alt(manifest: Manifest, response: Response, line_: Line, observed: Observed) -> str:
    """Describe the curve to those who do not see it; the browser adds the current point."""
    feature, first, last = response.feature, float(line_.probability[0]), float(line_.probability[-1])
    rates = [one.rate.value for one in observed.bins if one.rate.value is not None]
    return (
        f"Probability of {quoted(manifest)} against {feature.label}: {percent(first)} at"
        f" {shown(feature, line_.values[0])}, {percent(last)} at {shown(feature, line_.values[-1])}, lowest"
        f" {percent(line_.probability.min())}, highest {percent(line_.probability.max())}; the threshold is"
        f" {percent(manifest.threshold.value)}. Observed in {len(rates)} groups of training rows:"
        f" {percent(min(rates))} to {percent(max(rates))}."
    )


def _columns(
    response: Response, line_: Line, observed: Observed, others: dict[str, FloatArray]
) -> dict[str, FloatArray]:
    """The numbers behind the chart along its line; what was observed stands beside every value of its group."""
    bins = observed.bins
    in_original = line_.values / response.feature.display_factor
    group = np.searchsorted([one.high for one in bins], in_original, side="left")
    outside = (group == len(bins)) | (in_original < bins[0].low)
    group = np.minimum(group, len(bins) - 1)

    def of_group(numbers: list[float]) -> FloatArray:
        return np.where(outside, np.nan, np.asarray(numbers, dtype=np.float64)[group]).round(KNOWN)

    rates = [one.rate for one in bins]
    beside = {
        "probability": line_.probability,
        "interval_low": line_.low.round(KNOWN),
        "interval_high": line_.high.round(KNOWN),
        **{f"pinned_{name}": probability for name, probability in others.items()},
        "observed": of_group([rate.value if rate.value is not None else np.nan for rate in rates]),
        "observed_low": of_group([rate.interval.low if rate.interval else np.nan for rate in rates]),
        "observed_high": of_group([rate.interval.high if rate.interval else np.nan for rate in rates]),
        "rows_of_the_group": of_group([rate.n for rate in rates]),
    }
    return {column_of(response.feature, list(beside)): line_.values} | beside
