"""The band of no call: how much is left to answer as it widens, and how well; the browser follows its slider."""

from typing import Any

import streamlit as st

from dashboard.browser import component, heard
from dashboard.threshold import numbers, words
from dashboard.threshold.panel import shown_threshold
from dashboard.threshold.pictures import no_call_chart
from model.bundle import Bundle
from training.panels.drawing import DRAWING

KEY, HALF_WIDTH = "no_call_panel", "threshold_half_width"
USUAL_HALF_WIDTH = 2.0

SCRIPTS = (*DRAWING[:-1], "control.js", "threshold_figures.js", "threshold_charts.js", "no_call.js")
_mount = component("no_call", html="no_call.html", css=("base.css", "threshold.css"), js=SCRIPTS)


def no_call_section(bundle: Bundle) -> None:
    """What a band of no call around the threshold leaves, and how well that is answered."""
    st.header("What if it may stay silent?", anchor=False)
    st.session_state.setdefault(HALF_WIDTH, USUAL_HALF_WIDTH)
    data = no_call_data(bundle, shown_threshold(bundle)) | {"heard": heard(KEY, "band")}
    _mount(key=KEY, data=data, on_band_change=_keep_what_came)


def _keep_what_came() -> None:
    came = st.session_state[KEY]["band"].get("half_width")
    if isinstance(came, int | float):
        st.session_state[HALF_WIDTH] = _on_a_step(float(came))


def _on_a_step(half_width: float) -> float:
    """Return the half-width, in points, that can be looked at and is nearest to *half_width*."""
    return float(min(100 * numbers.half_widths(), key=lambda one: abs(one - half_width)))


def no_call_data(bundle: Bundle, threshold: float) -> dict[str, Any]:
    """Return what the browser must know of every half-width, for no_call.js."""
    answers = numbers.no_call_bands_of(bundle, bundle.sha256, threshold)
    return {
        "id": f"{bundle.sha256} {threshold}",
        "half_width": _on_a_step(st.session_state.get(HALF_WIDTH, USUAL_HALF_WIDTH)),
        "step": 100 * numbers.BAND_STEP,
        "widest": 100 * numbers.WIDEST_BAND,
        "start": USUAL_HALF_WIDTH,
        "sentences": [words.unbroken(words.left_unanswered(bundle, answer)) for answer in answers],
        "answered": [answer.coverage.value for answer in answers],
        "right": [answer.accuracy and answer.accuracy.value for answer in answers],
        "chart": no_call_chart(bundle, answers).as_data(),
    }
