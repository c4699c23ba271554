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
from dashboard.panel_messages import accepted_history, accepted_pins, accepted_step
from dashboard.predict.code import code_data
from dashboard.predict.looked_up import looked_up
from dashboard.predict.similar import other_call_data, similar_data
from dashboard.scenario_history import Step
from model.bundle import Bundle
from model.explain import shapley
from model.flips import flips
from model.manifest import FeatureSpec
from training.panels.display import default_value, scale_of
from training.panels.named_rows import NoSuchRowError
from training.panels.predict import MARKUP, SCRIPTS, STYLES, linear_scorer
from training.panels.predict import model_data as panel_data
from training.panels.starting_points import row_by_id

KEY, ANSWERED = "panel", "panel_look_up"

_mount = component("panel", html=MARKUP, css=STYLES, js=SCRIPTS)


def live_panel(bundle: Bundle, base_rate: float | None) -> None:
    """Show the panel on the scenario of this session, and keep in the session what is set on it."""
    came = (st.session_state.get(KEY) or {}).get("scenario") or {}
    # The browser keeps a model it knows: to send it with every answer took a quarter of the time of one.
    known = came.get("known") == bundle.sha256
    model = {"id": bundle.sha256} if known else model_data(bundle, base_rate)
    data = {"model": model, **scenario_data(bundle), "heard": heard(KEY, "scenario")}
    row = state.scenario_row(bundle)
    hurried = linear_scorer(bundle) is None and came.get("hurried") is True
    if not hurried:
        data["similar"] = _similar(bundle, row, data["values"])
    if linear_scorer(bundle) is None:
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
    linear = linear_scorer(bundle) is not None
    return {"name": pin["name"], "values": values, "probability": None if linear else bundle.scorer.one(row)}


def _in_order(features: Sequence[FeatureSpec], values: dict[str, float]) -> list[float]:
    return [scale_of(f).allowed(values.get(f.name, default_value(f))) for f in features]


def model_data(bundle: Bundle, base_rate: float | None) -> dict[str, Any]:
    """Return what the browser must know of the model, and of what else can be done with a scenario."""
    return panel_data(bundle, base_rate, looked_up(bundle)) | {
        "code": code_data(bundle),
        "parameters": [links.parameter(feature) for feature in bundle.manifest.features],
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
