"""The live parts of the report: sliders that answer, and a threshold that everything follows."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from model.bundle import Bundle
from training.card_groups import resamples
from training.offline.curves import curve_charts
from training.offline.page import in_shadow, module_of
from training.panels import predict, threshold
from training.panels.components import markup
from training.panels.costs import usual_costs
from training.panels.drawing import DRAWING, Chart
from training.panels.looked_up import look_up
from training.threshold_bands import threshold_bands
from training.threshold_levels import threshold_grid

# What a linear model needs to answer in a browser grows with the square of its features; more make a file too large.
MOST_SLIDERS = 120
CHART_SCRIPTS = (*DRAWING, "chart.js")


@dataclass(frozen=True, slots=True)
class Live:
    """A live part: its markup, the data its scripts find by name, and the scripts."""

    html: str
    data: dict[str, Any]
    modules: list[str] = field(default_factory=list)


def has_sliders(bundle: Bundle) -> bool:
    """Whether the browser can score the model itself."""
    return predict.linear_scorer(bundle) is not None and len(bundle.manifest.features) <= MOST_SLIDERS


def scenario(bundle: Bundle, base_rate: float | None) -> Live:
    """Return the sliders of a linear model, which the browser scores itself."""
    model = predict.model_data(bundle, base_rate, look_up(bundle))
    # Any other row would have to be looked up by a server.
    model |= {"code": None, "rows": model["rows"] | {"groups": []}}
    model["familiarity"] = _settled(model["familiarity"], "center", "factor", "quantiles")
    if model["uncertainty"]:
        model["uncertainty"] = _settled(model["uncertainty"], "center", "scale", "factor")
    data: dict[str, Any] = {
        "model": model,
        "values": [feature["start"] for feature in model["features"]],
        "origin": None,
        "origins": {},
        "history": {"past": [], "future": []},
        "pins": [],
        "edition": 0,
        "answers": None,
        "refused": None,
        "heard": 0,
        "similar": None,
    }
    return Live(
        html=in_shadow("scenario-panel", markup(predict.MARKUP), predict.STYLES),
        data={"scenario-panel": data},
        modules=[module_of(predict.SCRIPTS, "mountPanel", ["scenario-panel"])],
    )


def _settled(data: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """Return *data* with the arrays *names* rounded to ten digits of the largest number in each of their columns.

    Linear algebra gives other last digits on another processor; the report of a bundle is the same everywhere.
    """
    rounded = {}
    for name in names:
        numbers = np.asarray(data[name], dtype=np.float64)
        largest = np.broadcast_to(np.abs(numbers).max(axis=0), numbers.shape)
        decimals = 9 - np.floor(np.log10(np.where(largest > 0, largest, 1.0))).astype(np.int64)
        pairs = zip(numbers.ravel().tolist(), decimals.ravel().tolist(), strict=True)
        rounded[name] = np.reshape([round(number, places) for number, places in pairs], numbers.shape).tolist()
    return {**data, **rounded}


def explorer(bundle: Bundle) -> Live:
    """Return the threshold, and all that follows it."""
    rows, costs = bundle.out_of_fold, usual_costs(bundle)
    bands = threshold_bands(rows, costs.stakes(rows), resamples(bundle), threshold_grid(bundle.threshold))
    data = {
        "bands": threshold.bands_data(bundle, bands, costs),
        "threshold": bundle.threshold,
        "view": threshold.VIEWS[0],
        "heard": 0,
        "edition": "report",
    }
    return Live(
        html=in_shadow("threshold-panel", markup(threshold.MARKUP), threshold.STYLES),
        data={"threshold-panel": data},
        modules=[module_of(threshold.SCRIPTS, "mountThreshold", ["threshold-panel"])],
    )


def charts(drawn: list[Chart], prefix: str) -> Live:
    """Return charts that only show."""
    names = [f"{prefix}-{place}" for place, _ in enumerate(drawn)]
    return Live(
        html="".join(f'<div class="card drawn-card" id="{name}">{markup("chart.html")}</div>' for name in names),
        data={name: chart.as_data() for name, chart in zip(names, drawn, strict=True)},
        modules=[module_of(CHART_SCRIPTS, "mountChart", names)],
    )


def curves(bundle: Bundle) -> Live:
    """Return the probability against each feature, for a model that no browser can score."""
    found = charts(curve_charts(bundle), "curve")
    return Live(f'<div class="curves">{found.html}</div>', found.data, found.modules)
