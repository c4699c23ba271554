"""Retrain: train on other data or settings, compare with the model in use, publish or discard."""

import streamlit as st

from dashboard import cards, runs, sentences, state, tables, training_form
from model.errors import ModelError

bundle = state.current_bundle()
registry = state.registry()


@st.fragment(run_every=1.0)
def watch() -> None:
    """The progress of the run; it goes on whether anyone watches or not."""
    run = runs.newest(registry)
    if run is None or run.status.state != "running":
        st.rerun()
    with st.container(border=True):
        st.header("Training", anchor=False)
        st.progress(run.status.step / max(run.status.total, 1), text=sentences.plain(run.status.message))
        st.caption(
            f"Started {run.started}. This page may be left or reloaded: the run goes on, and is found again here."
        )
        st.button("Cancel", key="cancel", on_click=runs.cancel, args=[run])


def ended(run: runs.Run) -> None:
    """Why a run came to nothing."""
    if run.status.state == "cancelled":
        st.info(f"The run of {run.started} was cancelled. The model in use is as it was.", icon=":material/info:")
    else:
        reason = sentences.plain(run.status.error or "no reason was given")
        st.error(
            f"**The run of {run.started} failed, and the model in use is as it was.** {reason}", icon=":material/error:"
        )
    st.button("Close", key="close", on_click=runs.close, args=[run])


def compare(run: runs.Run) -> None:
    """The challenger beside the champion, and what to do with it."""
    try:
        challenger = state.opened(str(registry.folder), str(run.status.version), None)
    except ModelError as error:
        st.error(
            f"**What the run of {run.started} stored cannot be opened.** {sentences.plain(str(error))}",
            icon=":material/error:",
        )
        st.button("Discard", key="discard", on_click=runs.discard, args=[registry, run])
        return
    with st.container(border=True):
        st.header("Challenger beside champion", anchor=False)
        if challenger.version == bundle.version:
            st.info("The run made the very version that is in use: same rows, same settings, same model.")
            st.button("Close", key="close", on_click=runs.close, args=[run])
            return
        days = state.day_bootstrap(challenger, challenger.sha256)
        paired = runs.compare(challenger, bundle, days)
        st.markdown(
            sentences.not_comparable(challenger.manifest, bundle.manifest) if paired is None else paired.sentence
        )
        st.html(cards.verdicts(challenger.manifest, bundle.manifest))
        st.html(tables.comparison(challenger.manifest, bundle.manifest))
        why = st.text_input("Reason", key="why", placeholder="Why this version should be in use", max_chars=300)
        with st.container(horizontal=True):
            if st.button("Publish the challenger", key="publish", type="primary"):
                act("Published", lambda: runs.publish(registry, run, why=why.strip()), why)
            st.button("Discard it", key="discard", on_click=runs.discard, args=[registry, run])


def history() -> None:
    """What was in use, when, by whom and why; and the way back."""
    with st.container(border=True):
        st.header("What has been in use", anchor=False)
        try:
            promotions = registry.history()
        except ModelError as error:
            st.error(sentences.plain(str(error)), icon=":material/error:")
            return
        st.html(tables.history(promotions))
        if not promotions or (previous := promotions[-1].previous) is None:
            return
        with st.popover(f"Roll back to {previous}", key="roll_back"):
            why = st.text_input("Reason", key="why_back", max_chars=300)
            if st.button("Roll back", key="confirm_roll_back", type="primary"):
                act("Rolled back", lambda: runs.roll_back(registry, why=why.strip()), why)


def act(what: str, change: runs.Change, why: str) -> None:
    """Change the version in use, for a reason, and say what came of it."""
    if not why.strip():
        st.warning("Say why: the reason goes into the history.", icon=":material/edit:")
        return
    try:
        with st.spinner("Checking the version and writing the reports…"):
            promotion = change()
    except (ModelError, OSError) as error:
        st.error(sentences.plain(str(error)), icon=":material/error:")
        return
    state.notify(f"{what}: version {promotion.version} is now in use.")
    st.rerun()


st.title("Is there a better model?", anchor=False)
st.markdown(sentences.retrain_sentence(bundle.manifest))
if notice := state.take_notice():
    st.success(notice, icon=":material/check:")
run = runs.newest(registry)
if run is None:
    training_form.begin(registry)
elif run.status.state == "running":
    watch()
elif run.status.state == "finished":
    compare(run)
else:
    ended(run)
    training_form.begin(registry)
history()
st.html(cards.footer(bundle))
