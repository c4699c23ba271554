"""Figures for the deliverables: SVG bytes that depend on the data only, and read in black and white."""

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from model.manifest import CalibrationBin
from model.thresholds import ThresholdCurve

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BLUE, VERMILLION, GREY = "#0072B2", "#D55E00", "#555555"


def threshold_chart(curve: ThresholdCurve, threshold: float, positive_class: str) -> bytes:
    """Draw precision, recall and share of calls against the threshold, with the base rate beside them."""
    figure, axes = _canvas("Decision threshold", "Share")
    for values, label, style, colour in (
        (curve.precision, f"right when it calls “{positive_class}”", "-", BLUE),
        (curve.recall, f"“{positive_class}” caught", "--", VERMILLION),
        (curve.call_share, f"called “{positive_class}”", ":", GREY),
    ):
        axes.plot(curve.threshold, values, style, color=colour, label=label, linewidth=2)
    axes.axhline(curve.base_rate, color="black", linewidth=1, label=f"always “{positive_class}” is right")
    axes.axvline(threshold, color="black", linewidth=1, linestyle="-.", label=f"threshold {threshold:g}")
    axes.set_ylim(0, 1.02)
    axes.set_xlim(curve.threshold[0], curve.threshold[-1])
    axes.legend(frameon=False, loc="center left", bbox_to_anchor=(1.01, 0.5))
    return _svg(figure)


def calibration_chart(bins: Sequence[CalibrationBin], positive_class: str) -> bytes:
    """Draw what came true against what was said, with intervals and the line of perfect calibration."""
    figure, axes = _canvas(f"Probability of “{positive_class}” said", "Share that came true")
    said = np.array([bin_.mean_probability for bin_ in bins])
    came = np.array([bin_.observed for bin_ in bins])
    low = np.array([bin_.interval.low for bin_ in bins])
    high = np.array([bin_.interval.high for bin_ in bins])
    reach = [min(said.min(), low.min()) - 0.01, max(said.max(), high.max()) + 0.01]
    axes.plot(reach, reach, "--", color=GREY, linewidth=1, label="perfect")
    axes.vlines(said, low, high, color=BLUE, linewidth=1.5, label="95 % interval")
    axes.plot(said, came, "o", color=BLUE, label="a tenth of the rows")
    axes.legend(frameon=False, loc="center left", bbox_to_anchor=(1.01, 0.5))
    return _svg(figure)


def _canvas(x_label: str, y_label: str) -> tuple["Figure", Any]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 3.4), layout="constrained")
    axes = figure.add_subplot()
    axes.set_xlabel(x_label)
    axes.set_ylabel(y_label)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(alpha=0.25)
    return figure, axes


def _svg(figure: "Figure") -> bytes:
    import matplotlib as mpl

    buffer = io.BytesIO()
    # Without a fixed salt and date every drawing of the same data would have other bytes.
    with mpl.rc_context({"svg.hashsalt": "deliverables"}):
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    return buffer.getvalue()
