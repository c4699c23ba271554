"""Entry of the dashboard: page configuration, style and navigation."""

import sys
from pathlib import Path

# `streamlit run` puts this folder on the path; the packages stand one folder up.
ROOT = str(Path(__file__).resolve().parents[1])
if sys.path[0] != ROOT:
    sys.path.insert(0, ROOT)

import streamlit as st  # noqa: E402  after the path is set

from dashboard import switching  # noqa: E402

HERE = Path(__file__).parent

st.set_page_config(page_title="Handover", page_icon=str(HERE / "icon.svg"), layout="wide")
st.html(HERE / "style.css")
pages = [
    st.Page("app_pages/predict.py", title="Predict", default=True),
    st.Page("app_pages/curve.py", title="Curve"),
    st.Page("app_pages/thresholds.py", title="Threshold"),
    st.Page("app_pages/score.py", title="Score"),
    st.Page("app_pages/retrain.py", title="Retrain"),
    st.Page("app_pages/about.py", title="About"),
]
page = st.navigation(pages, position="top")
st.set_page_config(page_title=f"{page.title} · Handover")
# On a narrow screen Streamlit folds its navigation away; these links take its place there (style.css).
with st.container(key="narrow_navigation", horizontal=True, gap=None):
    for other in pages:
        st.page_link(other, width="content")
# Before the page: one without a model ends the run.
with st.container(key="offer_place"):
    switching.offer()
page.run()
