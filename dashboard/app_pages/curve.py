"""Curve: the probability against any one feature or two, everything else as the scenario has it."""

import numpy as np
import streamlit as st

from dashboard import cards, links, state
from dashboard.curve.panel import Choice, curve_panel
from dashboard.opening import open_page
from dashboard.tables import scrolling
from model.manifest import FeatureSpec
from model.scoring import sweep
from model.wording import number
from training.panels import display, tables

bundle = open_page()
manifest = bundle.manifest


@st.fragment
def curve() -> None:
    """Everything that follows the chosen features and their values."""
    panel, others = st.columns([5, 2], gap="medium")
    with panel:
        choice = curve_panel(bundle)
    with others.container(border=True):
        the_others(choice)
    links.keep_address(bundle)


def the_others(choice: Choice) -> None:
    """Where everything else stands, and how far each could move the answer."""
    st.header("Everything else stays", anchor=False)
    row = state.scenario_row(bundle)
    lines = [
        (f.label, display.written(f, value), swing(f, row))
        for f, value in zip(manifest.features, row, strict=True)
        if f not in choice.features
    ]
    if lines:
        caption = "What each alone would add from its 1 % to its 99 % value"
        shown = tables.table(("Feature", "Now", "Points"), lines, caption=caption, stacks=False)
        st.html(scrolling(shown, "Everything else", len(lines)))
    with st.container(horizontal=True, vertical_alignment="center"):
        st.page_link("app_pages/predict.py", label="Change them on Predict", icon=":material/tune:")
        st.button("Reset", key="reset_curve", on_click=state.reset_scenario, help="Every feature to its median.")


def swing(feature: FeatureSpec, row: list[float]) -> str:
    """What *feature* adds from its 1 % to its 99 % value, the others as in *row*, in points."""
    ends = sweep(bundle.scorer, row, manifest.features.index(feature), np.array([feature.p1, feature.p99]))
    return number(100 * float(ends[1] - ends[0]), 1, signed=True)


st.title("How does one value move the answer?", anchor=False)
curve()
st.html(cards.footer(bundle))
