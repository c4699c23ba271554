"""Numbers as controls: a slider and a number box in step. The only place that knows which widgets they are."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import streamlit as st

from dashboard import cards, state
from dashboard.display import Scale, label_of, scale_of
from model.bundle import Bundle
from model.explain import out_of_range
from model.manifest import FeatureSpec

BOX_WIDTH = 92
THRESHOLD_SCALE = Scale(low=0.0, high=1.0, step=0.005, decimals=3, least=0.0, most=1.0)


def feature_control(feature: FeatureSpec, *, page: str) -> None:
    """Show one feature of the scenario on *page*, and say so where its value is outside anything seen."""
    value = state.shown_value(feature)
    name = f"{page}_{feature.name}"
    _slider_and_box(
        name, label_of(feature), feature.description, scale_of(feature), value, partial(state.keep_value, feature.name)
    )
    if out_of_range([feature], [value / feature.display_factor]):
        st.html(cards.beyond(feature))


def threshold_control(bundle: Bundle) -> None:
    """Show the decision threshold to explore."""
    help_text = "The positive class is called at this probability or more."
    value = state.chosen_threshold(bundle)
    _slider_and_box("threshold", "Decision threshold", help_text, THRESHOLD_SCALE, value, state.keep_threshold)


def _slider_and_box(
    name: str, label: str, description: str, scale: Scale, value: float, keep: Callable[[float], None]
) -> None:
    written = round(value, scale.decimals)
    slider = _widget_showing(f"slider_{name}", scale.on_slider(written), scale)
    box = _widget_showing(f"box_{name}", written, scale)

    def take(widget: _Widget) -> None:
        # One that has been replaced may still report.
        if widget == st.session_state[widget.kind]:
            keep(round(st.session_state[widget.key], scale.decimals))

    form = f"%.{scale.decimals}f"
    with st.container(horizontal=True, wrap=False, vertical_alignment="bottom"):
        st.slider(
            label,
            scale.low,
            scale.high,
            slider.begins_at,
            step=scale.step,
            format=form,
            key=slider.key,
            help=description,
            on_change=take,
            args=[slider],
        )
        st.number_input(
            f"{label}, typed",
            scale.least,
            scale.most,
            box.begins_at,
            step=scale.step,
            format=form,
            key=box.key,
            on_change=take,
            args=[box],
            label_visibility="collapsed",
            width=BOX_WIDTH,
        )


@dataclass(frozen=True, slots=True)
class _Widget:
    """One widget of a kind; the next of its kind has the next number."""

    kind: str
    number: int
    begins_at: float
    scale: Scale

    @property
    def key(self) -> str:
        return f"{self.kind}_{self.number}"

    def shown(self) -> float:
        # What the browser calls 90.10000000000001 is the 90.1 that is shown.
        return round(st.session_state.get(self.key, self.begins_at), self.scale.decimals)


def _widget_showing(kind: str, value: float, scale: Scale) -> _Widget:
    """Return the widget that shows *value*: the one there is, or else a new one.

    A widget is never given another value from here. The browser would go on reporting the old one
    until it has heard, and take back what a quick hand does on the other widget meanwhile. A new
    widget has no past; and the hand is on the other one.
    """
    there = st.session_state.get(kind)
    if there is not None and there.scale == scale and there.shown() == value:
        return there
    number = 0 if there is None else there.number + 1
    st.session_state[kind] = _Widget(kind, number, value, scale)
    return st.session_state[kind]


def feature_chooser(features: Sequence[FeatureSpec]) -> FeatureSpec:
    """Let one feature be chosen, and say what it is."""
    names = [feature.name for feature in features]
    # By name: a feature kept from another version of the bundle would be another object.
    by_name = dict(zip(names, features, strict=True))
    if st.session_state.get("curve_feature") not in names:
        st.session_state["curve_feature"] = names[0]
    name = st.selectbox(
        "Feature",
        names,
        format_func=lambda name: by_name[name].label,
        key="curve_feature",
        persist_state="session",
    )
    st.caption(by_name[name].description)
    return by_name[name]
