"""The panel of the Threshold page: one slider, and all that follows it in the browser without asking the server.

The browser gets every figure at each threshold once. Python learns of a threshold once it rests.
"""

from functools import partial

import streamlit as st

from dashboard import state
from dashboard.browser import component, heard
from model.bundle import Bundle
from training.panels.costs import CallCosts
from training.panels.threshold import MARKUP, SCRIPTS, STYLES, VIEWS, bands_data, snapped
from training.threshold_bands import ThresholdBands

KEY, VIEW, EDITION, RULE = "threshold_panel", "threshold_view", "threshold_edition", "threshold_rule"

_mount = component("threshold", html=MARKUP, css=STYLES, js=SCRIPTS)


def threshold_panel(bundle: Bundle, bands: ThresholdBands, costs: CallCosts) -> None:
    """Show the panel at the threshold of this session, and keep in the session what is set on it."""
    st.session_state.setdefault(VIEW, VIEWS[0])
    data = {
        "bands": bands_data(bundle, bands, costs),
        "threshold": shown_threshold(bundle),
        "view": st.session_state[VIEW],
        "heard": heard(KEY, "shown"),
        "edition": f"{bundle.sha256[:12]} {st.session_state.get(EDITION, 0)}",
    }
    _mount(key=KEY, data=data, on_shown_change=partial(_keep_what_came, bundle))


def _keep_what_came(bundle: Bundle) -> None:
    came = st.session_state[KEY]["shown"]
    value, view = came.get("threshold"), came.get("view")
    if isinstance(value, int | float) and 0 <= value <= 1:
        state.keep_threshold(snapped(bundle, float(value)))
    if view in VIEWS:
        st.session_state[VIEW] = view


def use_threshold(value: float, rule: str) -> None:
    """Put *value* in place of the threshold explored, and remember the *rule* it came by."""
    state.keep_threshold(value)
    st.session_state[RULE] = (value, rule)
    st.session_state[EDITION] = st.session_state.get(EDITION, 0) + 1


def shown_threshold(bundle: Bundle) -> float:
    """The threshold explored in this session, as the panel shows it: a step of its slider, or the bundle's own."""
    return snapped(bundle, state.chosen_threshold(bundle))
