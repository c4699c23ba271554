"""Retrain: train on other data or settings, compare with the model in use, publish or discard."""

from functools import partial

import streamlit as st

from dashboard import access, cards, changes, comparison, runs, sentences, state, tables, training_form
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
            f"Started {run.started}{sentences.plain(run.started_by)}. This page may be left or reloaded: the run goes"
            " on, and is found again here."
        )
        changes.button("Cancel", "cancel", runs.cancel, run)


def ended(run: runs.Run) -> None:
    """Why a run came to nothing."""
    if run.status.state == "cancelled":
        st.info(
            f"The run of {run.started} was cancelled{sentences.plain(run.cancelled_by)}. The model in use is as it"
            " was.",
            icon=":material/info:",
        )
    else:
        reason = sentences.plain(run.status.error or "no reason was given")
        st.error(
            f"**The run of {run.started} failed, and the model in use is as it was.** {reason}", icon=":material/error:"
        )
    changes.button("Close", "close", runs.close, run)


def compare(run: runs.Run) -> None:
    """The challenger beside the champion, and what to do with it."""
    try:
        challenger = state.opened(str(registry.folder), str(run.status.version), None)
    except ModelError as error:
        st.error(
            f"**What the run of {run.started} stored cannot be opened.** {sentences.plain(str(error))}",
            icon=":material/error:",
        )
        changes.button("Discard", "discard", runs.discard, registry, run)
        return
    with st.container(border=True):
        st.header("Challenger beside champion", anchor=False)
        if challenger.version == bundle.version:
            st.info("The run made the very version that is in use: same rows, same settings, same model.")
            changes.button("Close", "close", runs.close, run)
            return
        days = state.day_bootstrap(challenger, challenger.sha256)
        paired = comparison.compare(challenger, bundle, days)
        st.markdown(
            sentences.not_comparable(challenger.manifest, bundle.manifest) if paired is None else paired.sentence
        )
        st.html(cards.verdicts(challenger.manifest, bundle.manifest))
        st.html(tables.comparison(challenger.manifest, bundle.manifest))
        why = st.text_input("Reason", key="why", placeholder="Why this version should be in use", max_chars=300)
        with st.container(horizontal=True):
            # A click on a challenger that somebody has replaced meanwhile is none on the one that is there now.
            key = f"publish_{challenger.version}"
            if st.button("Publish the challenger", key=key, type="primary", disabled=by is None):
                publish = partial(runs.publish, registry, run, instead_of=state.known_promotion())
                changes.promote("Published", publish, why)
            changes.button("Discard it", "discard", runs.discard, registry, run)


st.title("Is there a better model?", anchor=False)
st.markdown(sentences.retrain_sentence(bundle.manifest))
by = access.signed_in()
if by is None:
    access.ask()
else:
    access.say_who(by)
if notice := state.take_notice():
    st.success(notice, icon=":material/check:")
run = runs.newest(registry)
if run is None:
    training_form.begin(registry, by)
elif run.status.state == "running":
    watch()
elif run.status.state == "finished":
    compare(run)
else:
    ended(run)
    training_form.begin(registry, by)
changes.history(registry)
st.html(cards.footer(bundle))
