"""Threshold: what calling earlier or later would have meant on rows the model had not seen."""

import streamlit as st

from dashboard import cards, links, state
from dashboard.opening import open_page
from dashboard.threshold import sections
from dashboard.threshold.costs import shown_costs
from dashboard.threshold.keeping import keeping
from dashboard.threshold.no_call import no_call_section
from dashboard.threshold.numbers import bands_of
from dashboard.threshold.panel import threshold_panel, written
from training.estimates import FEWEST_ROWS

bundle = open_page()
manifest = bundle.manifest
rows = bundle.out_of_fold
up = f"“{manifest.target.positive_class}”"


@st.fragment
def explorer() -> None:
    """Everything that follows the threshold and the costs."""
    costs = shown_costs(bundle)
    bands = bands_of(bundle, bundle.sha256, costs)
    threshold_panel(bundle, bands, costs)
    left, right = st.columns(2)
    with left.container(border=True, height="stretch"):
        sections.costs_section(bundle, costs)
    with right.container(border=True, height="stretch"):
        sections.budget_section(bundle, bands)
    left, right = st.columns(2)
    with left.container(border=True, height="stretch"):
        sections.best_section(bundle, costs)
    with right.container(border=True, height="stretch"):
        sections.half_section(bundle, costs)
    with st.container(border=True):
        sections.groups_section(bundle, costs)
    left, right = st.columns(2)
    with left.container(border=True, height="stretch"):
        sections.calibration_section(bundle)
    with right.container(border=True, height="stretch"):
        no_call_section(bundle)
    with st.container(border=True):
        keeping(bundle, costs)
    links.keep_address(bundle)


st.title(f"How sure must the model be before it calls {up}?", anchor=False)
st.html(cards.verdict_badge(manifest))
if notice := state.take_notice():
    st.success(notice, icon=":material/check:")
explorer()
st.caption(
    "All rows here are out-of-fold: each was scored by a model that had not seen its day or any later one"
    f" ({rows.day.min()} to {rows.day.max()}, {len(rows.day):,} rows). A threshold picked because it looks best on"
    " these rows will look worse on the next. Intervals resample whole days; figures of fewer than"
    f" {FEWEST_ROWS} calls are not given. The bundle's own threshold, {written(bundle, bundle.threshold)}:"
    f" {manifest.threshold.rule} (chosen on {manifest.threshold.chosen_on})."
)
st.html(cards.footer(bundle))
