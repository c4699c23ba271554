"""Threshold: what calling earlier or later would have meant on rows the model had not seen."""

import streamlit as st

from dashboard import cards, links, state
from dashboard.opening import open_page
from dashboard.threshold import sections, words
from dashboard.threshold.costs import shown_costs
from dashboard.threshold.group_tables import groups_section
from dashboard.threshold.keeping import keeping
from dashboard.threshold.no_call import no_call_section
from dashboard.threshold.numbers import bands_of
from dashboard.threshold.panel import threshold_panel
from training.estimates import FEWEST_ROWS
from training.panels.row_words import whole_blocks
from training.panels.threshold import written

bundle = open_page()
manifest = bundle.manifest
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
        groups_section(bundle, costs)
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
    f"All rows here are out-of-fold: each was scored by a model that had not seen {words.unseen(manifest.layout)}"
    f" ({words.rows_and_period(bundle)}). A threshold picked because it looks best on these rows will look worse on the"
    f" next. Intervals resample {whole_blocks(manifest.layout)}; figures of fewer than {FEWEST_ROWS} calls are not"
    f" given. The bundle's own threshold, {written(bundle, bundle.threshold)}: {manifest.threshold.rule} (chosen on"
    f" {manifest.threshold.chosen_on})."
)
st.html(cards.footer(bundle))
