"""Predict: move a value and see the probability, the call, and what pulls them."""

import streamlit as st

from dashboard import cards, controls, display, sentences, state
from model.explain import contributions, in_points, out_of_range
from model.manifest import FeatureSpec
from model.thresholds import confusion_at

bundle = state.current_bundle()
manifest = bundle.manifest
rows = bundle.out_of_fold
base_rate = confusion_at(bundle.threshold, rows.y_true, rows.y_score).base_rate


@st.fragment
def scenario() -> None:
    """Everything that follows a value: sentence, answer, controls, and the reasons."""
    state.follow_promotion(bundle)
    row = state.scenario_row(bundle)
    probability = bundle.scorer.one(row)
    st.markdown(sentences.predict_sentence(manifest, probability, base_rate))
    with st.container(key="answer"):
        st.html(cards.answer(probability, bundle.threshold, manifest.target.positive_class))
    left, right = st.columns([2, 1])
    with left, st.grid(2, min_column_width=290, height="stretch"):
        for group, features in display.grouped(manifest.features):
            with st.container(border=True, height="stretch"):
                values(group, features)
        with st.container(border=True, height="stretch"):
            limits(row)
    with right.container(border=True, height="stretch"):
        reasons(row, probability)


def values(group: str, features: list[FeatureSpec]) -> None:
    """The controls of one group."""
    st.header(group, anchor=False)
    for feature in features:
        controls.feature_control(feature, page="predict")


def reasons(row: list[float], probability: float) -> None:
    """What pulls the answer away from that of the median row."""
    st.header("What pulls the answer", anchor=False)
    scorer = state.linear_scorer(bundle)
    if scorer is None:
        st.caption("This bundle is no linear model: its answer cannot be split into one share a feature.")
        return
    at_median = scorer.one(bundle.median_row)
    shares = in_points(contributions(scorer, manifest.features, row), probability, at_median)
    st.caption("Percentage points added or taken, against the median row")
    st.html(cards.pulls(manifest.features, row, shares) + cards.pull_sum(at_median, probability))


def limits(row: list[float]) -> None:
    """Whether the model has seen anything like these values."""
    st.header("Has the model seen such values?", anchor=False)
    for flag in out_of_range(manifest.features, row):
        st.warning(sentences.outside(flag.feature, flag.value), icon=":material/warning:")
    rare = [(f, value) for f, value in zip(manifest.features, row, strict=True) if not f.p1 <= value <= f.p99]
    for feature, value in rare:
        if feature.min <= value <= feature.max:
            st.info(sentences.unusual(feature, value), icon=":material/info:")
    if not rare:
        st.markdown(f"Yes: each value lies where 98 % of the {manifest.trained_on.rows:,} training rows lie.")
    st.button("Reset to the median row", key="reset_scenario", on_click=state.reset_scenario)


st.title(manifest.target.question, anchor=False)
st.html(cards.verdict_badge(manifest))
scenario()
st.html(cards.footer(bundle))
