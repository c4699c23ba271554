"""Threshold: what calling earlier or later would have meant on rows the model had not seen."""

import numpy as np
import streamlit as st

from dashboard import cards, charts, controls, sentences, state
from dashboard.rates import FEWEST_ROWS, Rates, rates_at
from model.wording import number, percent

bundle = state.current_bundle()
manifest = bundle.manifest
rows = bundle.out_of_fold
days = state.day_bootstrap(bundle, bundle.sha256)
up = f"“{manifest.target.positive_class}”"


@st.fragment
def explorer() -> None:
    """Everything that follows the threshold."""
    state.follow_promotion(bundle)
    rates = rates_at(state.chosen_threshold(bundle), rows, days)
    st.markdown(sentences.threshold_sentence(manifest, rates, len(np.unique(rows.ticker))))
    with st.container(border=True, horizontal=True, vertical_alignment="bottom"):
        with st.container():
            controls.threshold_control(bundle)
        st.button(
            f"Back to {number(bundle.threshold, 3)}",
            key="reset_threshold",
            on_click=state.reset_threshold,
            help=f"The bundle's own threshold: {manifest.threshold.rule}.",
        )
    st.html(cards.figures(rates, manifest.target.positive_class))
    pictures(rates)


def pictures(rates: Rates) -> None:
    """Both curves and the confusion matrix."""
    curve, palette = state.curve_over(bundle, bundle.sha256), state.palette()
    right, reach, matrix = st.columns(3)
    with right.container(border=True, height="stretch"):
        st.header("Right when it calls", anchor=False)
        st.html(
            cards.legend(
                ("blue", "precision"),
                ("dotted", f"always calling {up}: {percent(rates.always)}"),
            )
        )
        st.altair_chart(
            charts.precision_chart(
                curve,
                at=(rates.threshold, rates.precision.value),
                fewest_called=FEWEST_ROWS / rates.confusion.n,
                palette=palette,
            ),
            alt=f"Precision against the threshold: {percent(rates.precision.value)} at {number(rates.threshold, 3)};"
            f" always calling gives {percent(rates.always)}.",
            key="precision_chart",
        )
    with reach.container(border=True, height="stretch"):
        st.header("Caught, and called", anchor=False)
        st.html(cards.legend(("vermillion", f"{up} rows caught (recall)"), ("dashed", "all rows called")))
        st.altair_chart(
            charts.reach_chart(curve, at=(rates.threshold, rates.recall.value), palette=palette),
            alt=f"Recall and share of calls against the threshold: {percent(rates.recall.value)} and"
            f" {percent(rates.call_share.value)} at {number(rates.threshold, 3)}.",
            key="reach_chart",
        )
    with matrix.container(border=True, height="stretch"):
        st.header("What that means in rows", anchor=False)
        st.caption(f"{rates.confusion.n:,} rows on {days.n_days:,} days; a row is one ticker on one day")
        st.html(cards.confusion(rates, manifest.target.positive_class))


st.title(f"How sure must the model be before it calls {up}?", anchor=False)
st.html(cards.verdict_badge(manifest))
explorer()
st.caption(
    "All rows here are out-of-fold: each was scored by a model that had not seen its day or any later one"
    f" ({rows.day.min()} to {rows.day.max()}). A threshold picked because it looks best on these rows will look worse"
    f" on the next. Precision is drawn where {FEWEST_ROWS} rows or more are called. The bundle's own threshold,"
    f" {number(bundle.threshold, 3)}: {manifest.threshold.rule} (chosen on {manifest.threshold.chosen_on})."
)
st.html(cards.footer(bundle))
