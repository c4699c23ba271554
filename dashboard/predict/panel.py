"""The live panel of the Predict page: sliders and answer, which the browser keeps together while dragging.

The browser gets the model's numbers as data (`model_data`) and scores a linear model itself; for any
other it asks, and gets the answer from here (`server_answer`). Python learns of values once they rest.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any

import streamlit as st

from dashboard import links, state
from dashboard.browser import component, heard
from dashboard.display import LARGEST, grouped, label_of, scale_of
from dashboard.panel_messages import accepted_history, accepted_pins, accepted_step
from dashboard.predict.code import code_data
from dashboard.predict.looked_up import looked_up
from dashboard.predict.named_rows import NoSuchRowError, rows_data
from dashboard.predict.similar import other_call_data, similar_data
from dashboard.predict.starting_points import row_by_id
from dashboard.row_words import period
from dashboard.scenario_history import Step
from model.bundle import Bundle
from model.explain import shapley
from model.familiarity import LEVELS
from model.flips import flips
from model.manifest import FeatureSpec
from model.uncertainty import NORMAL_QUANTILE, ProbabilityIntervals, WeightUncertainty

KEY, ANSWERED = "panel", "panel_look_up"

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
_mount = component("panel", html="panel.html", css=("base.css", "panel.css"), js=SCRIPTS)


def live_panel(bundle: Bundle, base_rate: float | None) -> None:
    """Show the panel on the scenario of this session, and keep in the session what is set on it."""
    came = (st.session_state.get(KEY) or {}).get("scenario") or {}
    # The browser keeps a model it knows: to send it with every answer took a quarter of the time of one.
    known = came.get("known") == bundle.sha256
    model = {"id": bundle.sha256} if known else model_data(bundle, base_rate)
    data = {"model": model, **scenario_data(bundle), "heard": heard(KEY, "scenario")}
    row = state.scenario_row(bundle)
    hurried = state.linear_scorer(bundle) is None and came.get("hurried") is True
    if not hurried:
        data["similar"] = _similar(bundle, row, data["values"])
    if state.linear_scorer(bundle) is None:
        data["answer"] = server_answer(bundle, row, hurried=hurried)
    _mount(key=KEY, data=data, on_scenario_change=partial(_keep_what_came, bundle))


def _keep_what_came(bundle: Bundle) -> None:
    came, features = st.session_state[KEY]["scenario"], bundle.manifest.features
    state.take_scenario(accepted_step(features, came), accepted_history(features, came))
    st.session_state[links.PINS] = accepted_pins(features, came)
    st.session_state[ANSWERED] = None
    if isinstance(wanted := came.get("look_up"), str):
        st.session_state[ANSWERED] = (wanted, _begin_from(bundle, wanted))


def _begin_from(bundle: Bundle, row_id: str) -> str | None:
    """Make a row the scenario, or return why it cannot be."""
    try:
        point = row_by_id(bundle, row_id)
    except NoSuchRowError as error:
        return str(error)
    state.replace_scenario(point.values, point.id)
    return None


def scenario_data(bundle: Bundle) -> dict[str, Any]:
    """Return what the panel must know of this session: its scenario, how it came about, and what is pinned."""
    features, step, history = bundle.manifest.features, state.scenario_step(), state.scenario_history()
    answers, refused = st.session_state.get(ANSWERED) or (None, None)
    shown = [state.shown_value(feature) for feature in features]
    return {
        "values": shown,
        "origin": step.origin,
        "origins": _origins(bundle, [step, *history.past, *history.future]),
        "history": {
            "past": [_step_data(features, past) for past in history.past],
            "future": [_step_data(features, future) for future in history.future],
        },
        "pins": [_pin_data(bundle, pin) for pin in st.session_state.get(links.PINS, [])],
        "edition": state.scenario_edition(),
        "query": links.query(bundle),
        "answers": answers,
        "refused": refused,
    }


def _similar(bundle: Bundle, row: Sequence[float], shown: list[float]) -> dict[str, Any] | None:
    similar = similar_data(bundle, looked_up(bundle), row)
    return similar and {**similar, "sought": shown}


def _origins(bundle: Bundle, steps: Sequence[Step]) -> dict[str, Any]:
    """Describe the rows that *steps* began from; those that came with the model are known to the panel."""
    found = {}
    known = {point.id for point in looked_up(bundle).points}
    for origin in {step.origin for step in steps if step.origin} - known:
        try:
            found[origin] = row_by_id(bundle, origin).as_data()
        except NoSuchRowError:
            continue  # of a version shown before: what its values came from is not to be said
    return found


def _step_data(features: Sequence[FeatureSpec], step: Step) -> dict[str, Any]:
    return {"values": _in_order(features, step.values), "origin": step.origin}


def _pin_data(bundle: Bundle, pin: dict[str, Any]) -> dict[str, Any]:
    """A pinned scenario; its probability is asked for only where the browser cannot compute it."""
    features = bundle.manifest.features
    values = _in_order(features, pin["values"])
    row = [value / feature.display_factor for value, feature in zip(values, features, strict=True)]
    linear = state.linear_scorer(bundle) is not None
    return {"name": pin["name"], "values": values, "probability": None if linear else bundle.scorer.one(row)}


def _in_order(features: Sequence[FeatureSpec], values: dict[str, float]) -> list[float]:
    return [scale_of(f).allowed(values.get(f.name, state.default_value(f))) for f in features]


def model_data(bundle: Bundle, base_rate: float | None) -> dict[str, Any]:
    """Return what the browser must know of the model: all of it from the manifest, for panel.js."""
    manifest = bundle.manifest
    first, linear = manifest.metrics[0], state.linear_scorer(bundle)
    found = looked_up(bundle)
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
        "code": code_data(bundle),
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
        "parameter": links.parameter(feature),
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
        "sd": feature.sd,
        "histogram": {
            "edges": [round(edge * factor, feature.decimals + 2) for edge in feature.histogram.edges],
            "counts": feature.histogram.counts,
        },
    }


def server_answer(bundle: Bundle, row: Sequence[float], *, hurried: bool = False) -> dict[str, Any]:
    """Return what panel.js shows of *row*: its probability, what each feature adds, and what would flip the call.

    What would flip it takes longest and is left out of a *hurried* answer, which another follows once values rest.
    """
    features, found = bundle.manifest.features, looked_up(bundle)
    shares = shapley(bundle.scorer, features, row)
    log_odds = [share.log_odds for share in shares]
    probability = bundle.scorer.one(row)
    interval = found.intervals.interval(row, probability)
    answer = {
        "probability": probability,
        "interval": interval and {"low": interval.low, "high": interval.high, "how": interval.how},
        "points": [share.points for share in shares],
        "logOdds": None if None in log_odds else log_odds,
    }
    if hurried:
        return answer
    return answer | {
        "flips": [flip.value for flip in flips(bundle.scorer, features, row, bundle.threshold)],
        "joint": other_call_data(bundle, found, row),
    }
