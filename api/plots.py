"""The probability against one feature, as a picture and as a page that stands alone."""

import base64
import html
import io
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
    """Probabilities over the observed range of one feature, all others at their medians."""

    feature: FeatureSpec
    values: FloatArray
    probabilities: FloatArray


def curve(bundle: Bundle, position: int = 0) -> Curve:
    """Return the curve over the feature at *position*."""
    feature = bundle.manifest.features[position]
    values = np.linspace(feature.min, feature.max, POINTS)
    return Curve(feature, values, sweep(bundle.scorer, bundle.median_row, position, values))


def page(bundle: Bundle) -> str:
    """Return a whole HTML page with the curve over the first feature."""
    shown = curve(bundle)
    words = {
        "title": f"Probability of “{bundle.manifest.target.positive_class}” against {shown.feature.label}",
        "alt": _in_words(bundle, shown),
        "model": bundle.manifest.name,
        "version": bundle.version,
    }
    image = base64.b64encode(png(bundle, shown)).decode()
    return _PAGE.substitute({key: html.escape(text) for key, text in words.items()}, image=image)


def png(bundle: Bundle, shown: Curve) -> bytes:
    """Return *shown* as a PNG, with the decision threshold."""
    # Not pyplot: it keeps figures for the whole process and may look for a display.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.ticker import PercentFormatter

    figure = Figure(figsize=SIZE_IN_INCHES, dpi=DOTS_PER_INCH, layout="constrained")
    axes = figure.add_subplot()
    axes.plot(shown.values * shown.feature.display_factor, shown.probabilities, color="#1f5fa8", linewidth=2)
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
    figure.savefig(buffer, format="png")
    return buffer.getvalue()


def _in_words(bundle: Bundle, shown: Curve) -> str:
    feature = shown.feature
    low, high = (
        in_display_units(value, feature.display_factor, feature.decimals, feature.unit)
        for value in (feature.min, feature.max)
    )
    first, last = percent(float(shown.probabilities[0])), percent(float(shown.probabilities[-1]))
    others = ", all other features at their medians" if len(bundle.manifest.features) > 1 else ""
    return (
        f"Line chart of the probability of “{bundle.manifest.target.positive_class}” over the observed range of"
        f" {feature.label}{others}: {first} at {low}, {last} at {high}."
        f" A dashed line marks the decision threshold, {percent(bundle.threshold)}."
    )
