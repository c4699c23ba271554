"""The probability against one feature, as a picture and as a page that stands alone."""

import base64
import html
import io
from collections.abc import Sequence
from dataclasses import dataclass
from string import Template

import numpy as np

from model.bars import FloatArray
from model.bundle import Bundle
from model.manifest import FeatureSpec
from model.scoring import sweep
from model.wording import in_display_units, percent

POINTS = 200
SIZE_IN_INCHES = (6.4, 3.6)
DOTS_PER_INCH = 100

_PAGE = Template("""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>$title</title>
<style>
:root { color-scheme: light dark; }
body { margin: 2rem auto; max-width: 46rem; padding: 0 1rem; font-family: system-ui, sans-serif; line-height: 1.5; }
h1 { font-size: 1.25rem; }
figure { margin: 0; }
img { box-sizing: border-box; width: 100%; height: auto; padding: 0.5rem; background: #fff; border-radius: 0.5rem; }
figcaption { margin-top: 0.75rem; }
small { opacity: 0.75; }
</style>
</head>
<body>
<main>
<h1>$title</h1>
<figure>
<img src="data:image/png;base64,$image" width="640" height="360" alt="$alt">
<figcaption>$alt</figcaption>
</figure>
<p><small>$model, version $version</small></p>
</main>
</body>
</html>
""")


@dataclass(frozen=True, slots=True)
class Curve:
    """Probabilities over the observed range of one feature, all others fixed; `now` is where the scenario stands."""

    feature: FeatureSpec
    values: FloatArray
    probabilities: FloatArray
    others: str
    now: tuple[float, float] | None = None


def curve(bundle: Bundle, position: int = 0, scenario: Sequence[float] | None = None) -> Curve:
    """Return the curve over the feature at *position*, all others as in *scenario*, by default at their medians."""
    feature = bundle.manifest.features[position]
    values = np.linspace(feature.min, feature.max, POINTS)
    row = bundle.median_row if scenario is None else list(scenario)
    probabilities = sweep(bundle.scorer, row, position, values)
    if scenario is None:
        return Curve(feature, values, probabilities, "at their medians")
    return Curve(feature, values, probabilities, "as in the request", (row[position], bundle.scorer.one(row)))


def page(bundle: Bundle, position: int = 0, scenario: Sequence[float] | None = None) -> str:
    """Return a whole HTML page with the curve."""
    shown = curve(bundle, position, scenario)
    words = {
        "title": f"Probability of “{bundle.manifest.target.positive_class}” against {shown.feature.label}",
        "alt": _in_words(bundle, shown),
        "model": bundle.manifest.name,
        "version": bundle.version,
    }
    image = base64.b64encode(picture(bundle, shown, "png")).decode()
    return _PAGE.substitute({key: html.escape(text) for key, text in words.items()}, image=image)


def picture(bundle: Bundle, shown: Curve, form: str) -> bytes:
    """Return *shown* as "png" or "svg", with the decision threshold and, if there is one, the scenario."""
    # Not pyplot: it keeps figures for the whole process and may look for a display.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.ticker import PercentFormatter

    figure = Figure(figsize=SIZE_IN_INCHES, dpi=DOTS_PER_INCH, layout="constrained")
    axes = figure.add_subplot()
    axes.plot(shown.values * shown.feature.display_factor, shown.probabilities, color="#1f5fa8", linewidth=2)
    if shown.now is not None:
        value, probability = shown.now
        axes.plot([value * shown.feature.display_factor], [probability], "o", color="#1f5fa8", label="This scenario")
    axes.axhline(bundle.threshold, color="#b3541e", linestyle="--", label=f"Decision threshold {bundle.threshold:g}")
    axes.set_ylim(0, 1)
    axes.yaxis.set_major_formatter(PercentFormatter(xmax=1, decimals=0))
    unit = f" ({shown.feature.unit})" if shown.feature.unit else ""
    # A label is text, not mathematics, even with dollar signs in it.
    axes.set_xlabel(shown.feature.label + unit, parse_math=False)
    axes.set_ylabel(f"Probability of “{bundle.manifest.target.positive_class}”", parse_math=False)
    axes.legend(frameon=False)
    axes.grid(alpha=0.3)
    buffer = io.BytesIO()
    FigureCanvasAgg(figure)
    title = f"Probability of “{bundle.manifest.target.positive_class}” against {shown.feature.label}"
    # Neither the time nor the library: the same request gets the same bytes.
    details = {"Title": title, "Date": None, "Creator": None} if form == "svg" else {"Title": title, "Software": None}
    figure.savefig(buffer, format=form, metadata=details)
    return buffer.getvalue()


def _in_words(bundle: Bundle, shown: Curve) -> str:
    feature = shown.feature
    low, high = (
        in_display_units(value, feature.display_factor, feature.decimals, feature.unit)
        for value in (feature.min, feature.max)
    )
    first, last = percent(float(shown.probabilities[0])), percent(float(shown.probabilities[-1]))
    others = f", all other features {shown.others}" if len(bundle.manifest.features) > 1 else ""
    return (
        f"Line chart of the probability of “{bundle.manifest.target.positive_class}” over the observed range of"
        f" {feature.label}{others}: {first} at {low}, {last} at {high}."
        f" A dashed line marks the decision threshold, {percent(bundle.threshold)}."
    )
