"""Figures for the deliverables: SVG bytes that depend on the data only, and read in black and white."""

import io
import textwrap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np

from model.bundle import Bundle
from model.manifest import CalibrationBin
from model.thresholds import ThresholdCurve, threshold_curve
from model.wording import threshold_written
from training.estimates import FEWEST_ROWS
from training.once import once_a_bundle

if TYPE_CHECKING:
    from matplotlib.figure import Figure

THRESHOLD_FIGURE, CALIBRATION_FIGURE = "figures/threshold.svg", "figures/calibration.svg"

BLUE, VERMILLION, GREY = "#0072B2", "#D55E00", "#555555"
# What is drawn at 9 points is printed at 8, two figures side by side on A4.
_SIZE_INCHES, _FONT_POINTS = (3.9, 3.25), 9
_LABEL_CHARACTERS = 56
_MISSING_GLYPH = "�"
# What matplotlib draws by is one for the whole process, and two readers may ask for a report at once.
_ONE_AT_A_TIME = Lock()


@once_a_bundle
def threshold_figure(bundle: Bundle) -> bytes:
    """Draw what every decision threshold does to the out-of-fold rows of *bundle*."""
    rows = bundle.out_of_fold
    # A few rows far out would leave the rest little room.
    usual = (*np.quantile(rows.y_score, [0.001, 0.999]), bundle.threshold)
    low, high = np.floor(min(usual) * 20) / 20, np.ceil(max(usual) * 20) / 20
    curve = threshold_curve(rows.y_true, rows.y_score, np.linspace(low, max(high, low + 0.05), 201))
    # A share of a handful of calls jumps about, and says nothing.
    enough = curve.call_share * len(rows.y_true) >= FEWEST_ROWS
    shown = replace(curve, precision=np.where(enough, curve.precision, np.nan))
    return threshold_chart(shown, bundle.threshold, bundle.manifest.target.positive_class)


@once_a_bundle
def calibration_figure(bundle: Bundle) -> bytes:
    """Draw what came true against what *bundle* said."""
    return calibration_chart(bundle.manifest.calibration, bundle.manifest.target.positive_class)


def threshold_chart(curve: ThresholdCurve, threshold: float, positive_class: str) -> bytes:
    """Draw precision, recall and share of calls against the threshold, with the base rate beside them."""
    positive = _short(positive_class)
    with _style():
        figure, axes = _canvas("Decision threshold", "Share of rows, %")
        for values, label, style, marker, colour in (
            (curve.precision, f"calls that are right ({FEWEST_ROWS} calls or more)", "-", "o", BLUE),
            (curve.recall, f"“{positive}” rows that are called", "--", "s", VERMILLION),
            (curve.call_share, f"all rows that are called “{positive}”", ":", "^", GREY),
        ):
            # Markers of two lines that run together take turns.
            places = slice(10 * "os^".index(marker), None, 30)
            axes.plot(
                *(curve.threshold, 100 * values, style),
                color=colour,
                marker=marker,
                markevery=places,
                markersize=4,
                linewidth=1.6,
                label=_wrapped(label),
            )
        axes.axhline(100 * curve.base_rate, color="black", linewidth=0.8, label=_wrapped(f"always “{positive}”: right"))
        at = f"threshold in use: {threshold_written(threshold)}"
        axes.axvline(threshold, color="black", linewidth=1.2, linestyle="-.", label=at)
        axes.set_ylim(0, 103)
        axes.set_xlim(curve.threshold[0], curve.threshold[-1])
        return _svg(figure)


def calibration_chart(bins: Sequence[CalibrationBin], positive_class: str) -> bytes:
    """Draw what came true against what was said, with intervals and the line of perfect calibration."""
    said = 100 * np.array([bin_.mean_probability for bin_ in bins])
    came = 100 * np.array([bin_.observed for bin_ in bins])
    low = 100 * np.array([bin_.interval.low for bin_ in bins])
    high = 100 * np.array([bin_.interval.high for bin_ in bins])
    with _style():
        figure, axes = _canvas(_wrapped(f"Probability of “{_short(positive_class)}” said, %"), "Came true, %")
        reach = [max(min(said.min(), low.min()) - 1, 0), min(max(said.max(), high.max()) + 1, 100)]
        axes.plot(reach, reach, "--", color=GREY, linewidth=1, label="what perfect probabilities would show")
        axes.vlines(said, low, high, color=BLUE, linewidth=1.5, label="95 % interval")
        axes.plot(said, came, "o", color=BLUE, markersize=5, label=_wrapped("rows of about the same probability"))
        return _svg(figure)


def displayable(text: str) -> str:
    """Return *text* on one line, with a mark for each character that the fonts of figures and PDF do not have."""
    known = _glyphs()
    return "".join(one if ord(one) in known else _MISSING_GLYPH for one in " ".join(text.split()))


def font_folder() -> Path:
    """Return the folder of the font of the figures, which comes with matplotlib: the same on every machine."""
    import matplotlib as mpl

    return Path(mpl.get_data_path(), "fonts", "ttf")


@cache
def _glyphs() -> frozenset[int]:
    from matplotlib.ft2font import FT2Font

    return frozenset(FT2Font(str(font_folder() / "DejaVuSans.ttf")).get_charmap())


def _short(label: str) -> str:
    return textwrap.shorten(displayable(label), 60, placeholder="…") if " " in label else displayable(label)[:60]


def _wrapped(text: str) -> str:
    return textwrap.fill(text, _LABEL_CHARACTERS)


@contextmanager
def _style() -> Iterator[None]:
    """Fix what a matplotlibrc may say otherwise, and take `$` in a label for a dollar."""
    import matplotlib as mpl

    with _ONE_AT_A_TIME, mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams["font.size"] = _FONT_POINTS
        mpl.rcParams["text.parse_math"] = False
        # Without a fixed salt every drawing of the same data would have other bytes.
        mpl.rcParams["svg.hashsalt"] = "deliverables"
        yield


def _canvas(x_label: str, y_label: str) -> tuple["Figure", Any]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=_SIZE_INCHES, layout="constrained")
    axes = figure.add_subplot()
    axes.set_xlabel(x_label)
    axes.set_ylabel(y_label)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(alpha=0.25)
    return figure, axes


def _svg(figure: "Figure") -> bytes:
    figure.legend(frameon=False, loc="outside lower left", fontsize=_FONT_POINTS - 0.5, handlelength=3.2)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    return buffer.getvalue()
