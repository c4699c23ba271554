"""Curve: the probability against any one feature, everything else as the scenario has it."""

import numpy as np
import streamlit as st

from dashboard import cards, charts, controls, display, sentences, state, tables
from model.manifest import FeatureSpec
from model.scoring import sweep
from model.wording import number

POINTS = 241
# How far the usual view reaches beyond the 1–99 % range, as a share of that range.
MARGIN = 0.15

bundle = state.current_bundle()
manifest = bundle.manifest


@st.fragment
def curve() -> None:
    """Everything that follows the chosen feature and its value."""
    state.follow_promotion(bundle)
    said = st.empty()
    with st.container(border=True):
        chooser, control = st.columns([2, 3], gap="medium")
        with chooser:
            feature = controls.feature_chooser(manifest.features)
        with control:
            controls.feature_control(feature, page="curve")
    row = state.scenario_row(bundle)
    usual = sweep(bundle.scorer, row, manifest.features.index(feature), np.linspace(feature.p1, feature.p99, POINTS))
    said.markdown(sentences.curve_sentence(manifest, feature, usual, bundle.threshold))
    picture, others = st.columns([2, 1])
    with picture.container(border=True, height="stretch"):
        draw(feature, row)
    with others.container(border=True, height="stretch"):
        the_others(feature, row)


def swing(feature: FeatureSpec, row: list[float]) -> str:
    """What *feature* adds from its 1 % to its 99 % value, the others as in *row*, in points."""
    ends = sweep(bundle.scorer, row, manifest.features.index(feature), np.array([feature.p1, feature.p99]))
    return number(100 * float(ends[1] - ends[0]), 1, signed=True)


def draw(feature: FeatureSpec, row: list[float]) -> None:
    """The curve over the training values."""
    position = manifest.features.index(feature)
    at = row[position] * feature.display_factor
    low, high = view(feature, at, every_value=st.session_state.get("every_value", False))
    values = np.linspace(low, high, POINTS)
    probability = sweep(bundle.scorer, row, position, values / feature.display_factor)
    now = bundle.scorer.one(row)
    line, palette = charts.Sweep(values, probability), state.palette()
    st.header(f"Probability of “{manifest.target.positive_class}”", anchor=False)
    picture = charts.probability_curve(
        feature,
        line,
        at=(at, now),
        threshold=bundle.threshold,
        close_up=st.session_state.get("close_up", False),
        palette=palette,
    )
    st.altair_chart(picture, alt=sentences.curve_alt(feature, line, at, now, bundle.threshold), key="curve_chart")
    st.caption(
        f"Grey bars: how often the {manifest.trained_on.rows:,} training rows took each value. Grey sides: outside the"
        " 1–99 % range, where the line rests on few rows or none."
    )
    with st.container(horizontal=True):
        st.toggle("Every value seen", key="every_value", persist_state="session")
        st.toggle("Close up", key="close_up", persist_state="session", help="Fit the vertical axis to the line.")


def view(feature: FeatureSpec, at: float, *, every_value: bool) -> tuple[float, float]:
    """Return the ends of the horizontal axis in display units; the current value is always in view."""
    low, high = feature.min, feature.max
    if not every_value:
        margin = MARGIN * (feature.p99 - feature.p1)
        low, high = max(low, feature.p1 - margin), min(high, feature.p99 + margin)
    low, high = low * feature.display_factor, high * feature.display_factor
    air = max(0.03 * (high - low), 10.0**-feature.decimals)
    if low == high:
        return at - air, at + air
    return (at - air if at < low else low), (at + air if at > high else high)


def the_others(chosen: FeatureSpec, row: list[float]) -> None:
    """Where everything else stands, and how far each could move the answer."""
    st.header("Everything else stays", anchor=False)
    lines = [
        (f.label, display.written(f, value), swing(f, row))
        for f, value in zip(manifest.features, row, strict=True)
        if f is not chosen
    ]
    caption = "What each alone would add from its 1 % to its 99 % value"
    st.html(tables.table(("Feature", "Now", "Points"), lines, caption=caption, stacks=False))
    with st.container(horizontal=True, vertical_alignment="center"):
        st.page_link("app_pages/predict.py", label="Change them on Predict", icon=":material/tune:")
        st.button("Reset", key="reset_curve", on_click=state.reset_scenario, help="Every feature to its median.")


st.title("How does one value move the answer?", anchor=False)
curve()
st.html(cards.footer(bundle))
