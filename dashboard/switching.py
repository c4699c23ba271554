"""An open page stays with the version it shows, and offers to switch once another one has been promoted."""

from html import escape

import streamlit as st

from dashboard import state
from dashboard.sentences import plain
from model.errors import ModelError
from model.registry import Promotion

EVERY_SECONDS = 3.0
# The promotion whose offer was put aside.
PUT_ASIDE = "offer_put_aside"


@st.fragment(run_every=EVERY_SECONDS)
def offer() -> None:
    """Offer the version in use where it is not the one in view; start a page over that had none to show and now has.

    Call it before the page runs: a page that has nothing to show ends the run.
    """
    if _is_back():
        st.rerun()
    shown = st.session_state.get(state.SHOWN)
    if shown is None:
        return  # the page says why
    there, promotion = state.registry(), None
    # It lies over the page (style.css), so that nothing moves under the hand of whoever drags a slider.
    bar = st.container(key="switch_offer", horizontal=True, vertical_alignment="center")
    try:
        promotion = there.current()
        with bar:
            in_use = state.promoted_bundle(there)
    except ModelError as error:
        st.session_state[state.KNOWN] = promotion
        st.warning(
            f"**Version {shown[0]} stays in view: the one promoted cannot be opened.** {plain(str(error))}",
            icon=":material/warning:",
        )
        return
    if promotion in (None, st.session_state.get(PUT_ASIDE)) or (in_use.version, in_use.sha256) == shown:
        return
    with bar:
        _make(promotion, shown[0])


def _is_back() -> bool:
    """Whether there is something to show now, and the page said that there was not."""
    try:
        state.shown_bundle()
    except ModelError:
        return False
    return bool(st.session_state.pop(state.NO_BUNDLE, False))


def _make(promotion: Promotion, shown: str) -> None:
    """Say what was promoted, by whom and why, and let it be taken up or put aside."""
    # Not as Markdown: that would make links of what somebody gave as name or reason.
    st.html(
        f'<p role="status"><b>Version {escape(promotion.version)} was promoted by {escape(promotion.by)}</b> at'
        f" {escape(promotion.when.replace('T', ' ')[:16])} UTC: “{escape(promotion.why)}”."
        f" This page still shows {escape(shown)}.</p>"
    )
    if st.button("Switch to it", key="switch", type="primary"):
        state.take_up(promotion)
        st.rerun()
    if st.button("Not now", key="not_now", help="A reload of the page switches as well."):
        st.session_state[PUT_ASIDE] = promotion
        st.rerun(scope="fragment")
