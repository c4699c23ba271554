"""Data in, Altair charts out; nothing here knows a page or a session."""

from dataclasses import dataclass

import altair as alt
import numpy as np
import pandas as pd

from dashboard.display import label_of
from model.bars import FloatArray
from model.manifest import FeatureSpec
from model.thresholds import ThresholdCurve
from model.wording import percent

PERCENT = "format(datum.value * 100, '.0f') + ' %'"
DECIMAL = "replace(format(datum.value, '~g'), '-', '−')"


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours of one theme; blue and vermillion differ for every kind of colour vision."""

    ink: str
    muted: str
    line: str
    paper: str
    blue: str
    vermillion: str
    vermillion_text: str


LIGHT = Palette("#14202B", "#55626F", "#D9E1E8", "#FFFFFF", "#0072B2", "#D55E00", "#B34700")
DARK = Palette("#E6EDF3", "#A0ADB9", "#2C3945", "#0E151C", "#5BB3EC", "#F58A42", "#FF9D5C")


@dataclass(frozen=True, slots=True)
class Sweep:
    """The probability along one feature, the others held: arrays of one length, values in display units."""

    values: FloatArray
    probability: FloatArray


def probability_curve(
    feature: FeatureSpec,
    sweep: Sweep,
    *,
    at: tuple[float, float],
    threshold: float,
    close_up: bool,
    palette: Palette,
    height: int = 400,
) -> alt.LayerChart:
    """Draw the probability along *feature* over its training values, with the current point and the threshold.

    *at* is the current value, in display units, and its probability; a close-up fits the vertical
    axis to the line, the point and the threshold. What lies outside the 1–99 % range is shaded.
    """
    ends = float(sweep.values[0]), float(sweep.values[-1])
    axis = alt.Axis(title=label_of(feature), labelExpr=DECIMAL, tickCount=8, grid=False, titlePadding=8)
    x = alt.X("value:Q", axis=axis, scale=alt.Scale(domain=ends, nice=False))
    domain = _close_up(sweep.probability, at[1], threshold) if close_up else (0.0, 1.0)
    y_axis = alt.Axis(title=None, labelExpr=PERCENT, tickCount=5)
    y = alt.Y("probability:Q", axis=y_axis, scale=alt.Scale(domain=domain, nice=False, clamp=True))
    line = pd.DataFrame({"value": sweep.values, "probability": sweep.probability})
    point = pd.DataFrame({"value": [at[0]], "probability": [at[1]], "text": [percent(at[1])]})
    on_left = at[0] < sum(ends) / 2
    near_top = at[1] > domain[0] + 0.85 * (domain[1] - domain[0])
    tooltip = [
        alt.Tooltip("value:Q", title=label_of(feature), format=f".{feature.decimals}f"),
        alt.Tooltip("probability:Q", title="Probability", format=".1%"),
    ]
    number = alt.Chart(point).mark_text(
        align="left" if on_left else "right",
        dx=12 if on_left else -12,
        dy=18 if near_top else -14,
        fontSize=15,
        fontWeight=600,
        color=palette.ink,
    )
    dot = alt.Chart(point).mark_point(color=palette.paper, fill=palette.blue, size=170, strokeWidth=3, opacity=1)
    probability = alt.layer(
        *_threshold_rule(threshold, sweep.probability, palette),
        alt.Chart(line).mark_line(color=palette.blue, strokeWidth=3).encode(x, y, tooltip=tooltip),
        alt.Chart(point).mark_rule(color=palette.ink, strokeWidth=1, opacity=0.5).encode(x),
        dot.encode(x, y, tooltip=tooltip),
        number.encode(x, y, text="text:N"),
    )
    below = alt.layer(_seldom_seen(feature, ends, palette), _training_values(feature, ends, palette))
    return _finished(alt.layer(below, probability).resolve_scale(y="independent"), height, palette)


def _training_values(feature: FeatureSpec, ends: tuple[float, float], palette: Palette) -> alt.Chart:
    """Draw the histogram of the training values in the lowest fifth of a chart."""
    edges = np.clip(np.asarray(feature.histogram.edges) * feature.display_factor, *ends)
    bins = pd.DataFrame({"from": edges[:-1], "to": edges[1:], "rows": feature.histogram.counts, "none": 0})
    bins = bins[bins["to"] > bins["from"]]
    fifth = alt.Scale(domain=[0, max(5 * int(bins["rows"].max()), 1)], nice=False)
    return (
        alt.Chart(bins)
        .mark_rect(color=palette.muted, opacity=0.4, stroke=palette.paper, strokeWidth=1)
        .encode(
            alt.X("from:Q", scale=alt.Scale(domain=ends, nice=False)),
            alt.X2("to:Q"),
            alt.Y("rows:Q", axis=None, scale=fifth),
            alt.Y2("none:Q"),
            tooltip=[alt.Tooltip("rows:Q", title="Training rows", format=",")],
        )
    )


def precision_chart(
    curve: ThresholdCurve,
    *,
    at: tuple[float, float | None],
    fewest_called: float,
    palette: Palette,
    height: int = 270,
) -> alt.LayerChart:
    """Draw how often a call is right at each threshold, beside the line of always calling.

    *at* is the current threshold and the share there, None where nothing is called; below
    *fewest_called*, a share of all rows, the line ends: it would show chance only.
    """
    shown = _worth_drawing(curve, at[0])
    share = np.where(curve.call_share >= fewest_called, curve.precision, np.nan)
    frame = pd.DataFrame({"threshold": curve.threshold[shown], "share": share[shown]})
    always = pd.DataFrame({"share": [curve.base_rate]})
    x, y = _threshold_axis(frame["threshold"]), _share_axis()
    layers = [
        alt.Chart(always).mark_rule(color=palette.ink, strokeDash=[2, 3], strokeWidth=1.5).encode(y),
        alt.Chart(frame).mark_line(color=palette.blue, strokeWidth=2.5).encode(x, y, tooltip=_tooltip("Right")),
        *_marker(frame, at, palette.blue, palette),
    ]
    return _finished(alt.layer(*layers), height, palette)


def reach_chart(
    curve: ThresholdCurve, *, at: tuple[float, float | None], palette: Palette, height: int = 270
) -> alt.LayerChart:
    """Draw the share of positives caught (recall) and the share of rows called at each threshold.

    *at* is the current threshold and the recall there.
    """
    shown = _worth_drawing(curve, at[0])
    frame = pd.DataFrame(
        {"threshold": curve.threshold[shown], "caught": curve.recall[shown], "called": curve.call_share[shown]}
    )
    x = _threshold_axis(frame["threshold"])
    layers = [
        alt.Chart(frame)
        .mark_line(color=palette.vermillion, strokeWidth=3)
        .encode(x, _share_axis("caught"), tooltip=_tooltip("Caught", "caught")),
        alt.Chart(frame)
        .mark_line(color=palette.ink, strokeWidth=1.5, strokeDash=[5, 4])
        .encode(x, _share_axis("called"), tooltip=_tooltip("Called", "called")),
        *_marker(frame, at, palette.vermillion, palette),
    ]
    return _finished(alt.layer(*layers), height, palette)


def _finished(chart: alt.LayerChart, height: int, palette: Palette) -> alt.LayerChart:
    """Give a chart its size and axes that can be read in its theme."""
    room = {"left": 0, "right": 6, "top": 6, "bottom": 8}
    text = {"labelColor": palette.muted, "titleColor": palette.muted, "gridColor": palette.line}
    return chart.properties(height=height, padding=room).configure_view(strokeWidth=0).configure_axis(**text)


def _close_up(probability: FloatArray, *marks: float) -> tuple[float, float]:
    """Return an axis that holds the line and the marks with some air, and is never narrower than 4 points."""
    low, high = min(float(np.min(probability)), *marks), max(float(np.max(probability)), *marks)
    air = max(0.1 * (high - low), 0.01)
    middle, half = (low + high) / 2, max((high - low) / 2 + air, 0.02)
    return max(0.0, middle - half), min(1.0, middle + half)


def _seldom_seen(feature: FeatureSpec, ends: tuple[float, float], palette: Palette) -> alt.Chart:
    """Shade what lies outside the 1–99 % range of the training rows."""
    p1, p99 = (min(max(p * feature.display_factor, ends[0]), ends[1]) for p in (feature.p1, feature.p99))
    sides = pd.DataFrame({"from": [ends[0], p99], "to": [p1, ends[1]]})
    shade = alt.Chart(sides[sides["to"] > sides["from"]]).mark_rect(color=palette.muted, opacity=0.13)
    x = alt.X("from:Q", scale=alt.Scale(domain=ends, nice=False))
    return shade.encode(x, alt.X2("to:Q"), y=alt.value(0), y2=alt.value("height"))


def _threshold_rule(threshold: float, line: FloatArray, palette: Palette) -> list[alt.Chart]:
    """Draw the threshold, named at the end where the line is farther away, and on the side away from it."""
    on_left = abs(line[0] - threshold) > abs(line[-1] - threshold)
    above = line[0 if on_left else -1] < threshold
    frame = pd.DataFrame({"probability": [threshold], "text": [f"threshold {percent(threshold)}"]})
    rule = alt.Chart(frame).mark_rule(color=palette.vermillion, strokeDash=[6, 4], strokeWidth=1.5)
    text = alt.Chart(frame).mark_text(
        align="left" if on_left else "right",
        dx=6 if on_left else -6,
        dy=-9 if above else 11,
        fontSize=12,
        fontWeight=600,
        color=palette.vermillion_text,
    )
    side = alt.value(0) if on_left else alt.value("width")
    return [rule.encode(y="probability:Q"), text.encode(y="probability:Q", x=side, text="text:N")]


def _worth_drawing(curve: ThresholdCurve, threshold: float) -> np.ndarray:
    """Keep the thresholds at which something changes, and the current one."""
    changing = (curve.call_share > 0) & (curve.call_share < 1)
    low, high = curve.threshold[changing].min(initial=1.0), curve.threshold[changing].max(initial=0.0)
    step = curve.threshold[1] - curve.threshold[0]
    return (curve.threshold >= min(low, threshold) - 2 * step) & (curve.threshold <= max(high, threshold) + 2 * step)


def _threshold_axis(values: pd.Series) -> alt.X:
    axis = alt.Axis(title="Decision threshold", format=".2f", tickCount=6, grid=False, titlePadding=8)
    return alt.X("threshold:Q", axis=axis, scale=alt.Scale(domain=[values.min(), values.max()], nice=False))


def _share_axis(field: str = "share") -> alt.Y:
    axis = alt.Axis(title=None, labelExpr=PERCENT, values=[0, 0.25, 0.5, 0.75, 1])
    # A little above 1, so that a point at the top is not cut off.
    return alt.Y(f"{field}:Q", axis=axis, scale=alt.Scale(domain=[0, 1.05], nice=False))


def _tooltip(title: str, field: str = "share") -> list[alt.Tooltip]:
    return [
        alt.Tooltip("threshold:Q", title="Threshold", format=".3f"),
        alt.Tooltip(f"{field}:Q", title=title, format=".1%"),
    ]


def _marker(frame: pd.DataFrame, at: tuple[float, float | None], colour: str, palette: Palette) -> list[alt.Chart]:
    """Mark the current threshold with a line, and the share there, where there is one, with a point."""
    threshold, share = at
    here = pd.DataFrame({"threshold": [threshold], "share": [share], "text": [percent(share)]})
    rule = alt.Chart(here).mark_rule(color=palette.ink, strokeWidth=1.5).encode(x="threshold:Q")
    if share is None:
        return [rule]
    # Below and to the left of a falling line there is room for the number; at the left end there is not.
    span = frame["threshold"].max() - frame["threshold"].min()
    to_left = threshold > frame["threshold"].min() + 0.25 * span
    point = alt.Chart(here).mark_point(color=palette.paper, fill=colour, size=150, strokeWidth=2.5, opacity=1)
    text = alt.Chart(here).mark_text(
        align="right" if to_left else "left",
        dx=-11 if to_left else 11,
        dy=16 if share > 0.12 else -14,
        fontSize=13,
        fontWeight=600,
        color=palette.ink,
    )
    return [
        rule,
        point.encode(x="threshold:Q", y="share:Q"),
        text.encode(x="threshold:Q", y="share:Q", text="text:N"),
    ]
