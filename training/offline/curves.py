"""The probability against each feature with all others at their median, reckoned before the report is opened."""

from dataclasses import dataclass

import numpy as np

from model.bars import FloatArray
from model.bundle import Bundle
from model.manifest import FeatureSpec
from model.wording import percent, threshold_written
from training.panels.display import label_of, written
from training.panels.drawing import Axis, Chart, bars, line, rule

POINTS = 101
# More charts than that are not looked through; what moves the answer least is left out.
MOST_CURVES = 24
HEIGHT = 210


@dataclass(frozen=True, slots=True)
class Curve:
    """The probability over the middle 98 % of one feature's training values, which are in original units."""

    feature: FeatureSpec
    values: FloatArray
    probability: FloatArray

    @property
    def swing(self) -> float:
        """How far the probability moves."""
        return float(np.ptp(self.probability))


def curves_of(bundle: Bundle) -> list[Curve]:
    """Return the curve of every feature that varies, the one that moves the probability most first."""
    found = []
    for place, feature in enumerate(bundle.manifest.features):
        low, high = (feature.p1, feature.p99) if feature.p1 < feature.p99 else (feature.min, feature.max)
        if not low < high:
            continue
        rows = np.tile(np.asarray(bundle.median_row, dtype=np.float64), (POINTS, 1))
        rows[:, place] = np.linspace(low, high, POINTS)
        found.append(Curve(feature, rows[:, place], np.asarray(bundle.scorer.many(rows))))
    return sorted(found, key=lambda curve: -curve.swing)


def curve_charts(bundle: Bundle) -> list[Chart]:
    """Return the curves as charts of one height and one scale, so that they can be compared."""
    curves = curves_of(bundle)[:MOST_CURVES]
    held = np.concatenate([*(curve.probability for curve in curves), [bundle.threshold]])
    low, high = np.floor(20 * held.min() - 0.2) / 20, np.ceil(20 * held.max() + 0.2) / 20
    y = Axis(f"probability of “{bundle.manifest.target.positive_class}”", max(0.0, low), min(1.0, high), "percent", 0)
    return [_chart(bundle, curve, y) for curve in curves]


def _chart(bundle: Bundle, curve: Curve, y: Axis) -> Chart:
    feature, factor = curve.feature, curve.feature.display_factor
    x, p = curve.values * factor, curve.probability
    edges = np.asarray(feature.histogram.edges) * factor
    return Chart(
        title=feature.label,
        alt=f"Probability against {label_of(feature)}, all other features at their median: {percent(float(p[0]))} at"
        f" {written(feature, float(curve.values[0]))}, {percent(float(p[-1]))} at"
        f" {written(feature, float(curve.values[-1]))}; the threshold is {threshold_written(bundle.threshold)}.",
        file=f"curve_{feature.name}",
        x=Axis(label_of(feature), float(x[0]), float(x[-1]), decimals=feature.decimals),
        y=y,
        layers=[
            bars("training rows", edges, feature.histogram.counts, share=0.3),
            rule(f"threshold {threshold_written(bundle.threshold)}", y=bundle.threshold),
            line("probability", x, p),
        ],
        columns={feature.name: x, "probability": p},
        height=HEIGHT,
    )
