"""The live panel of the Curve page: one or two features, their sliders, and the chart whose point follows the hand.

The browser draws what it is given (`panel_data`) and moves the current point itself: a linear model it scores,
of any other the line has a point at every step of the slider. Python learns of values and choices once
they rest.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st

from dashboard import state
from dashboard.browser import component, heard
from dashboard.curve import words
from dashboard.curve.chart import POINTS, Observed, Pin, curve_chart, line_over
from dashboard.curve.plane import evenly, map_chart, rows_in_view
from dashboard.curve.response import Response, View, calls_along, grid_over, view_of
from dashboard.links import PINS
from dashboard.panel_messages import accepted
from dashboard.predict.looked_up import looked_up
from dashboard.predict.panel import model_data
from model.bundle import Bundle
from model.manifest import FeatureSpec
from training.observed_rates import ObservedRates, observed_rates
from training.panels.display import default_value, scale_of
from training.panels.drawing import DRAWING
from training.panels.predict import linear_scorer

KEY = "curve_panel"
FEATURE, SECOND, VIEW, EVERY_VALUE, CLOSE_UP = "curve_feature", "curve_second", "curve_view", "every_value", "close_up"
# What the axes have shown since the choices were made: they widen for a value outside, and do not jump back.
REACH = "curve_reach"
VIEWS = ("curve", "map")
MOST_PINS = 3
# What the browser must know of the model, of all that Predict tells it.
OF_THE_MODEL = ("id", "positive_class", "threshold", "intercept", "weights", "features", "uncertainty")

SCRIPTS = (*DRAWING, "scores.js", "distances.js", "control.js", "curve_chart.js", "curve.js")
_mount = component("curve", html="curve.html", css=("base.css", "curve.css"), js=SCRIPTS)


@dataclass(frozen=True, slots=True)
class Choice:
    """What the page shows: its view, the features on its axes, and how far they reach."""

    view: str
    feature: FeatureSpec
    second: FeatureSpec | None
    every_value: bool
    close_up: bool

    @property
    def features(self) -> list[FeatureSpec]:
        """The features that have a slider here."""
        return [self.feature, self.second] if self.view == "map" and self.second else [self.feature]

    def as_data(self) -> dict[str, Any]:
        """Return the choice as the browser keeps it."""
        names = {"feature": self.feature.name, "second": self.second.name if self.second else None}
        return {"view": self.view, "every_value": self.every_value, "close_up": self.close_up} | names


def chosen(bundle: Bundle) -> Choice:
    """Return what this session has chosen, as far as *bundle* has it."""
    features, session = bundle.manifest.features, st.session_state
    by_name = {feature.name: feature for feature in features}
    feature = by_name.get(session.get(FEATURE), features[0])
    others = [other for other in features if other is not feature]
    second = by_name.get(session.get(SECOND))
    if second is None or second is feature:
        second = others[0] if others else None
    view = session.get(VIEW) if session.get(VIEW) in VIEWS and second else VIEWS[0]
    return Choice(view, feature, second, bool(session.get(EVERY_VALUE)), bool(session.get(CLOSE_UP)))


def curve_panel(bundle: Bundle) -> Choice:
    """Show the panel on the scenario of this session, and return what it shows."""
    choice = chosen(bundle)
    data = panel_data(bundle, choice) | {"heard": heard(KEY, "set"), "edition": state.scenario_edition()}

    def keep() -> None:
        keep_what_came(bundle, st.session_state[KEY]["set"])

    _mount(key=KEY, data=data, on_set_change=keep)
    return choice


def keep_what_came(bundle: Bundle, came: Mapping[str, Any]) -> None:
    """Keep in the session what the panel sent, as far as it could have shown it."""
    features = bundle.manifest.features
    now = {feature.name: state.shown_value(feature) for feature in features}
    state.keep_scenario({n: value for n, value in accepted(features, came["values"]).items() if value != now[n]})
    wanted, names = came["choice"], bundle.manifest.feature_names
    for key, name in ((FEATURE, "feature"), (SECOND, "second")):
        if wanted.get(name) in names:
            st.session_state[key] = wanted[name]
    if wanted.get("view") in VIEWS:
        st.session_state[VIEW] = wanted["view"]
    for key in (EVERY_VALUE, CLOSE_UP):
        st.session_state[key] = wanted.get(key) is True


def panel_data(bundle: Bundle, choice: Choice) -> dict[str, Any]:
    """Return all that the browser shows of *choice* on the scenario of this session."""
    manifest, row = bundle.manifest, state.scenario_row(bundle)
    views = [_view(bundle, feature, choice) for feature in choice.features]
    response = Response(bundle.scorer, row, manifest.features, choice.feature)
    drawn = (
        _map(bundle, choice, response, views) if choice.view == "map" else _curve(bundle, choice, response, views[0])
    )
    probability = bundle.scorer.one(row)
    between = looked_up(bundle).intervals.interval(row, probability)
    model = model_data(bundle, None)
    return drawn | {
        "model": {name: model[name] for name in OF_THE_MODEL},
        "values": [state.shown_value(feature) for feature in manifest.features],
        "choice": choice.as_data(),
        "axes": [
            {"position": manifest.features.index(feature), **_slider(bundle, feature, view)}
            for feature, view in zip(choice.features, views, strict=True)
        ],
        "answer": {"probability": probability, "interval": between and {"low": between.low, "high": between.high}},
    }


def _slider(bundle: Bundle, feature: FeatureSpec, view: View) -> dict[str, float]:
    # What the browser scores itself need not be known at each step beforehand.
    step = scale_of(feature).step if linear_scorer(bundle) else view.step
    return {"low": view.low, "high": view.high, "step": step}


def _view(bundle: Bundle, feature: FeatureSpec, choice: Choice) -> View:
    """Return the view of *feature*; a value outside it widens it for as long as the choices stay."""
    made_for = (bundle.sha256, choice.every_value, state.scenario_edition())
    kept = st.session_state.get(REACH) or {}
    before = kept.get(feature.name) if kept.get("made_for") == made_for else None
    view = view_of(feature, state.shown_value(feature), every_value=choice.every_value, kept=before)
    others = {other.name: kept[other.name] for other in choice.features if before and other.name in kept}
    st.session_state[REACH] = {**others, "made_for": made_for, feature.name: view}
    return view


def _curve(bundle: Bundle, choice: Choice, response: Response, view: View) -> dict[str, Any]:
    """The curve of one feature, with what is said of it."""
    manifest, feature = bundle.manifest, choice.feature
    linear = linear_scorer(bundle)
    values = np.linspace(view.low, view.high, POINTS).round(feature.decimals + 3) if linear else view.values
    intervals = looked_up(bundle).intervals
    line = line_over(response, values, intervals)
    calls = calls_along(response, bundle.threshold, view)
    ends = response.at(np.array([feature.p1, feature.p99]) * feature.display_factor)
    rates, position = _observed(bundle, bundle.sha256), manifest.features.index(feature)
    rows = bundle.reference
    observed = Observed(rows.X[~np.isnan(rows.y), position], rates, rates.by_feature[position])
    chart = curve_chart(
        manifest,
        response,
        view,
        line,
        observed=observed,
        calls=calls,
        pins=_pins(bundle, feature),
        close_up=choice.close_up,
    )
    return {
        "chart": chart.as_data(),
        "sentence": [
            words.moving(manifest, feature, (float(ends[0]), float(ends[1]))),
            words.changes(manifest, feature, calls),
        ],
        "notes": [words.about_observed(manifest, rates)],
        "how": [*words.HOW_TO_READ, words.about_band(intervals)],
    }


def _map(bundle: Bundle, choice: Choice, response: Response, views: list[View]) -> dict[str, Any]:
    """The map of two features, with what is said of it."""
    manifest, rows, factors = bundle.manifest, bundle.reference, [f.display_factor for f in choice.features]
    first, second = choice.features
    across, along = views
    grid = grid_over(response, second, across, along, bundle.threshold)
    limits = tuple(np.array([getattr(view, end) for view in views]) / factors for end in ("low", "high"))
    pair = (manifest.features.index(first), manifest.features.index(second))
    found = rows_in_view(rows, pair, (limits[0], limits[1]))
    drawn = evenly(found)
    calls = calls_along(response, bundle.threshold, across)
    chart = map_chart(manifest, (first, second), (across, along), grid, rows=rows, drawn=drawn)
    return {
        "chart": chart.as_data(),
        "sentence": [
            words.mapped(manifest, (first, second), (across, along), grid),
            words.changes_here(first, second, state.shown_value(second), calls),
        ],
        "notes": [words.about_rows(manifest, len(drawn), len(found))],
        "how": [],
    }


def _pins(bundle: Bundle, feature: FeatureSpec) -> list[Pin]:
    """Return the scenarios pinned on Predict; a feature they do not hold is at its median."""
    found = []
    for pin in st.session_state.get(PINS, [])[:MOST_PINS]:
        values = pin["values"]
        row = [values.get(f.name, default_value(f)) / f.display_factor for f in bundle.manifest.features]
        found.append(Pin(pin["name"], row, values.get(feature.name, default_value(feature))))
    return found


@st.cache_resource(max_entries=3, show_spinner="Resampling for the intervals…")
def _observed(_bundle: Bundle, sha256: str) -> ObservedRates:  # noqa: ARG001  the cache's key
    """What was observed in the training rows of *_bundle*."""
    settings = _bundle.manifest.settings
    draws, seed = int(settings.get("draws") or 1000), int(settings.get("seed") or 0)
    return observed_rates(_bundle.reference, draws=draws, seed=seed, layout=_bundle.manifest.layout)
