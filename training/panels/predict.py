"""The panel of a scenario as data: all the browser must know of a model to show sliders and their answer.

A linear model is scored by the browser itself, with the weights given here.
"""

from typing import Any

from model.bundle import Bundle
from model.familiarity import LEVELS
from model.manifest import FeatureSpec
from model.scoring import LinearScorer
from model.uncertainty import NORMAL_QUANTILE, ProbabilityIntervals, WeightUncertainty
from training.panels.display import LARGEST, default_value, grouped, label_of, scale_of
from training.panels.looked_up import LookedUp
from training.panels.named_rows import rows_data
from training.panels.row_words import period

SCRIPTS = (
    *(
        "words.js",
        "scores.js",
        "distances.js",
        "history.js",
        "elements.js",
        "control.js",
        "menu.js",
        "starting.js",
        "many.js",
    ),
    *("copying.js", "comparing.js", "pulls.js", "flipping.js", "similar.js", "seen.js", "answering.js", "panel.js"),
)
STYLES = ("base.css", "panel.css")
MARKUP = "panel.html"


def linear_scorer(bundle: Bundle) -> LinearScorer | None:
    """Return the folded weights, where the bundle has them."""
    return bundle.scorer if isinstance(bundle.scorer, LinearScorer) else None


def model_data(bundle: Bundle, base_rate: float | None, found: LookedUp) -> dict[str, Any]:
    """Return what the browser must know of the model: all of it from the manifest, for panel.js."""
    manifest = bundle.manifest
    first, linear = manifest.metrics[0], linear_scorer(bundle)
    return {
        "id": bundle.sha256,
        "positive_class": manifest.target.positive_class,
        "threshold": bundle.threshold,
        "intercept": linear.intercept if linear else None,
        "weights": list(linear.weights) if linear else None,
        "at_median": bundle.scorer.one(bundle.median_row),
        "features": [_feature_data(feature) for feature in manifest.features],
        "groups": [
            {"name": name, "features": [manifest.features.index(feature) for feature in features]}
            for name, features in grouped(manifest.features)
        ],
        "rows_trained": f"{manifest.trained_on.rows:,} training rows",
        "rows_scored": f"{first.n:,} out-of-fold rows",
        "period": period(first.first_day, first.last_day),
        "base_rate": base_rate,
        "starts": [point.as_data() for point in found.points],
        "rows": rows_data(bundle),
        "uncertainty": _uncertainty_data(found.intervals),
        "familiarity": {
            "n": found.familiarity.n,
            "center": found.familiarity.center.tolist(),
            "factor": found.familiarity.factor.tolist(),
            "quantiles": found.familiarity.quantiles.tolist(),
            "levels": LEVELS.tolist(),
        },
    }


def _uncertainty_data(intervals: ProbabilityIntervals) -> dict[str, Any] | None:
    """What intervalOf of distances.js computes with; None where the browser computes none."""
    source = intervals.source
    if not isinstance(source, WeightUncertainty):
        return None
    return {
        "center": source.center.tolist(),
        "scale": source.scale.tolist(),
        "factor": source.factor.tolist(),
        "quantile": NORMAL_QUANTILE,
        "how": source.how,
    }


def _feature_data(feature: FeatureSpec) -> dict[str, Any]:
    """One feature; `low` to `start` and the histogram are in display units, the rest in original ones."""
    scale, factor = scale_of(feature), feature.display_factor
    return {
        "name": feature.name,
        "label": feature.label,
        "labelled": label_of(feature),
        "unit": feature.unit,
        "description": feature.description,
        "decimals": feature.decimals,
        "factor": factor,
        "low": scale.low,
        "high": scale.high,
        "step": scale.step,
        "least": -LARGEST if scale.least is None else scale.least,
        "most": LARGEST if scale.most is None else scale.most,
        "start": default_value(feature),
        "min": feature.min,
        "p1": feature.p1,
        "median": feature.median,
        "p99": feature.p99,
        "max": feature.max,
        "sd": feature.sd,
        "histogram": {
            "edges": [round(edge * factor, feature.decimals + 2) for edge in feature.histogram.edges],
            "counts": feature.histogram.counts,
        },
    }
