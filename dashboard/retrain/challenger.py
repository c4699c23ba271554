"""The challenger beside the champion: which is better, what changed, and what to do with it."""

from functools import partial

import streamlit as st

from dashboard import cards, changes, comparison, runs, sentences, state, tables
from dashboard.retrain import words
from dashboard.retrain.differences import differences_section
from model.bundle import Bundle
from model.errors import ModelError
from model.registry import Registry
from training.ledger import Looks, looks_of
from training.panels.tables import table

KEPT = 4


def show(registry: Registry, run: runs.Run, champion: Bundle, by: str | None) -> None:
    """Compare what *run* stored with *champion*, and let *by*, who looks at it, publish or discard it."""
    try:
        challenger = state.opened(str(registry.folder), str(run.status.version), None)
        looks = looks_of(registry, challenger)
    except ModelError as error:
        st.error(
            f"**What the run of {run.started} stored cannot be opened.** {sentences.plain(str(error))}",
            icon=":material/error:",
        )
        changes.button("Discard", "discard", runs.discard, registry, run)
        return
    if challenger.version == champion.version:
        st.info("The run made the very version that is in use: same rows, same settings, same model.")
        changes.button("Close", "close", runs.close, run)
        return
    with st.container(border=True):
        st.header("Challenger beside champion", anchor=False)
        _compare(challenger, champion, looks)
        st.html(tables.comparison(challenger.manifest, champion.manifest))
    with st.container(border=True):
        differences_section(challenger, champion)
    with st.container(border=True):
        st.header("Put it in use?", anchor=False)
        _decide(registry, run, challenger, by)


def _compare(challenger: Bundle, champion: Bundle, looks: Looks) -> None:
    found = compared(challenger, champion, (challenger.sha256, champion.sha256), looks.level)
    if isinstance(found, str):
        st.markdown(words.not_compared(found, challenger.manifest, champion.manifest))
    else:
        st.markdown(words.unbroken(found.sentence))
        st.html(table(*words.paired_table(found), caption="Log loss on the same rows; lower is better"))
        st.markdown(words.unbroken(words.looks_sentence(found, looks)))
    st.html(cards.verdicts(challenger.manifest, champion.manifest))


@st.cache_resource(max_entries=KEPT, show_spinner="Comparing row by row…")
def compared(
    _challenger: Bundle,
    _champion: Bundle,
    versions: tuple[str, str],  # noqa: ARG001  the cache's key
    level: float,
) -> comparison.Comparison | str:
    """The paired difference of two versions on the rows both know, or why there is none."""
    return comparison.compare(_challenger, _champion, level=level)


def _decide(registry: Registry, run: runs.Run, challenger: Bundle, by: str | None) -> None:
    why = st.text_input("Reason", key="why", placeholder="Why this version should be in use", max_chars=300)
    with st.container(horizontal=True):
        # A click on a challenger that somebody has replaced meanwhile is none on the one that is there now.
        key = f"publish_{challenger.version}"
        if st.button("Publish the challenger", key=key, type="primary", disabled=by is None):
            publish = partial(runs.publish, registry, run, instead_of=state.known_promotion())
            changes.promote("Published", publish, why)
        changes.button("Discard it", "discard", runs.discard, registry, run)
