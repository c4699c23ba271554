"""The challenger beside the champion: which is better, what changed, and what to do with it."""

from functools import partial

import streamlit as st

from dashboard import cards, changes, comparison, sentences, state, tables
from dashboard.retrain import setting_words, undecided, words
from dashboard.retrain.differences import differences_section
from dashboard.retrain.undecided import Undecided
from model.bundle import Bundle
from model.errors import ModelError
from model.manifest import Manifest
from model.registry import Registry
from training.ledger import Looks, looks_of
from training.panels.tables import table

KEPT = 4


def offer_stored(registry: Registry, champion: Bundle, by: str | None) -> None:
    """Let a version be chosen that was stored from a shell and never in use, and show it beside *champion*."""
    try:
        offered = undecided.labels(undecided.stored(registry))
    except ModelError:
        # The history says below what is wrong with it.
        return
    if not offered:
        return
    chosen = st.selectbox(
        "Stored and never in use",
        list(offered),
        index=None,
        format_func=offered.__getitem__,
        placeholder="Choose one to put it beside the model in use",
        key="stored",
        help="Such as `python -m training --no-promote` leaves behind; the newest of them.",
    )
    if chosen is not None:
        show(registry, undecided.of_command(registry, chosen), champion, by)


def show(registry: Registry, one: Undecided, champion: Bundle, by: str | None) -> None:
    """Compare *one* with *champion*, and let *by*, who looks at it, publish or discard it."""
    try:
        challenger = state.opened(str(registry.folder), one.version, None)
        looks = looks_of(registry, challenger)
    except ModelError as error:
        st.error(
            f"**What {one.made_by} stored cannot be opened.** {sentences.plain(str(error))}",
            icon=":material/error:",
        )
        changes.button("Discard", "discard", one.discard)
        return
    if challenger.version == champion.version:
        st.info("The run made the very version that is in use: same rows, same settings, same model.")
        changes.button("Close", "close", one.discard)
        return
    with st.container(border=True):
        st.header("Challenger beside champion", anchor=False)
        _say_what_they_are(challenger.manifest, champion.manifest)
        _compare(challenger, champion, looks)
        st.html(tables.comparison(challenger.manifest, champion.manifest))
    with st.container(border=True):
        differences_section(challenger, champion)
    with st.container(border=True):
        st.header("Put it in use?", anchor=False)
        _decide(one, by)


def _say_what_they_are(challenger: Manifest, champion: Manifest) -> None:
    st.markdown(setting_words.challenger_sentence(challenger, champion))
    header, rows = setting_words.settings_table(challenger, champion)
    if rows:
        st.html(table(header, rows, caption="Settings in which the two differ; all others are the same", figures=False))


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


def _decide(one: Undecided, by: str | None) -> None:
    why = st.text_input("Reason", key="why", placeholder="Why this version should be in use", max_chars=300)
    with st.container(horizontal=True):
        # A click on a challenger that somebody has replaced meanwhile is none on the one that is there now.
        key = f"publish_{one.version}"
        if st.button("Publish the challenger", key=key, type="primary", disabled=by is None):
            changes.promote("Published", partial(one.publish, instead_of=state.known_promotion()), why)
        changes.button("Discard it", "discard", one.discard)
