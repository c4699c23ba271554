"""Predict: move a value and see the probability, the call, and what pulls them."""

import streamlit as st

from dashboard import cards
from dashboard.opening import open_page
from dashboard.predict.panel import live_panel
from model.thresholds import confusion_at

bundle = open_page()
rows = bundle.out_of_fold
base_rate = confusion_at(bundle.threshold, rows.y_true, rows.y_score).base_rate


@st.fragment
def scenario() -> None:
    """Everything that follows a value: sentence, answer, controls, and the reasons."""
    live_panel(bundle, base_rate)


st.title(bundle.manifest.target.question, anchor=False)
st.html(cards.verdict_badge(bundle.manifest))
scenario()
st.html(cards.footer(bundle))
