"""The live panel of the Predict page: sliders and answer, which the browser keeps together while dragging.

The browser gets the model's numbers as data (`model_data`) and scores a linear model itself; for any
other it asks, and gets the answer from here (`server_answer`). Python learns of values once they rest.
"""

import math
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import streamlit as st

from dashboard import state
from dashboard.browser import component
from dashboard.display import grouped, label_of, scale_of
from model.bundle import Bundle
from model.explain import shapley
from model.flips import flips
from model.manifest import FeatureSpec

KEY = "panel"

# Bounds of what may be typed where the feature's definition has none; beyond, sums would overflow.
LARGEST = 1e12

SCRIPTS = ("words.js", "scores.js", "elements.js", "control.js", "panel.js")
_mount = component("panel", html="panel.html", css=("base.css", "panel.css"), js=SCRIPTS)


def live_panel(bundle: Bundle, base_rate: float | None) -> None:
    """Show the panel on the scenario of this session, and keep in the session what is set on it."""
    features = bundle.manifest.features
    data: dict[str, Any] = {
        "model": model_data(bundle, base_rate),
        "values": [state.shown_value(feature) for feature in features],
        "edition": state.scenario_edition(),
    }
    if state.linear_scorer(bundle) is None:
        asked = (st.session_state.get(KEY) or {}).get("scenario") or {}
        data["answer"] = {"number": asked.get("number", 0), **server_answer(bundle, state.scenario_row(bundle))}
    _mount(key=KEY, data=data, on_scenario_change=partial(_keep_what_came, features))


def _keep_what_came(features: Sequence[FeatureSpec]) -> None:
    came = st.session_state[KEY]["scenario"]
    state.keep_scenario(accepted(features, came["values"]))


def accepted(features: Sequence[FeatureSpec], values: Mapping[str, Any]) -> dict[str, float]:
    """Return those of *values*, in display units, that a control could have shown: known, finite, within bounds."""
    return {
        feature.name: scale_of(feature).allowed(round(float(value), feature.decimals))
        for feature in features
        if isinstance(value := values.get(feature.name), int | float) and math.isfinite(value) and abs(value) <= LARGEST
    }


def model_data(bundle: Bundle, base_rate: float | None) -> dict[str, Any]:
    """Return what the browser must know of the model: all of it from the manifest, for panel.js."""
    manifest = bundle.manifest
    first, linear = manifest.metrics[0], state.linear_scorer(bundle)
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
        "period": f"{first.first_day} to {first.last_day}",
        "base_rate": base_rate,
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
        "start": state.default_value(feature),
        "min": feature.min,
        "p1": feature.p1,
        "median": feature.median,
        "p99": feature.p99,
        "max": feature.max,
        "histogram": {
            "edges": [round(edge * factor, feature.decimals + 2) for edge in feature.histogram.edges],
            "counts": feature.histogram.counts,
        },
    }


def server_answer(bundle: Bundle, row: Sequence[float]) -> dict[str, Any]:
    """Return what panel.js shows of *row*: probability, what each feature adds, and what would flip the call."""
    features = bundle.manifest.features
    shares = shapley(bundle.scorer, features, row)
    log_odds = [share.log_odds for share in shares]
    return {
        "probability": bundle.scorer.one(row),
        "points": [share.points for share in shares],
        "logOdds": None if None in log_odds else log_odds,
        "flips": [flip.value for flip in flips(bundle.scorer, features, row, bundle.threshold)],
    }
