"""What changes the version in use, as pages offer it: to those who may, for a reason, with the outcome said."""

from collections.abc import Callable
from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboard import access, runs, sentences, state, tables
from model.creation import Progress
from model.errors import ModelError
from model.registry import Promotion, Registry


def button(label: str, key: str, change: Callable[..., None], *args: object) -> None:
    """A button for a change that leaves the version in use as it is; off for those who may not."""
    may = access.signed_in() is not None
    st.button(label, key=key, on_click=access.only_if_signed_in(change), args=args, disabled=not may)


def promote(what: str, change: Callable[..., Promotion], why: str) -> None:
    """Change the version in use, and start the page over on it; else say what kept it from changing.

    *change* is told by whom (`by`) and why (`why`), and whom to tell how far the reports are (`on_progress`).
    """
    # The right to do so is asked for now, not when the button was drawn.
    if (by := access.signed_in()) is None:
        st.warning("Nothing was changed: sign in first.", icon=":material/lock:")
        return
    if not why.strip():
        st.warning("Say why: the reason goes into the history.", icon=":material/edit:")
        return
    try:
        with st.spinner("Checking the version and writing the reports…"):
            promotion = change(by=by, why=why.strip(), on_progress=partial(_show, st.empty()))
    except (ModelError, OSError) as error:
        st.error(sentences.plain(str(error)), icon=":material/error:")
        return
    state.take_up(promotion)
    state.notify(f"{what}: version {promotion.version} is now in use.")
    st.rerun()


def _show(place: DeltaGenerator, progress: Progress) -> None:
    place.progress(progress.step / progress.total, text=f"Writing the reports: {progress.message}")


def history(registry: Registry) -> None:
    """What was in use, when, by whom and why; and the way back."""
    with st.container(border=True):
        st.header("What has been in use", anchor=False)
        try:
            promotions, previous = registry.history(), registry.version_before()
        except ModelError as error:
            st.error(sentences.plain(str(error)), icon=":material/error:")
            return
        st.html(tables.history(promotions))
        if previous is None:
            return
        with st.popover(f"Roll back to {previous}", key="roll_back"):
            why = st.text_input("Reason", key="why_back", max_chars=300)
            may = access.signed_in() is not None
            if st.button("Roll back", key="confirm_roll_back", type="primary", disabled=not may):
                promote("Rolled back", partial(runs.roll_back, registry, instead_of=state.known_promotion()), why)
