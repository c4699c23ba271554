"""About: the model card, verdict first."""

from mimetypes import guess_type

import streamlit as st

from dashboard import cards, links, model_card, sentences, state
from dashboard.downloads import Download, downloads
from dashboard.opening import open_page
from model.thresholds import confusion_at

bundle = open_page()
manifest = bundle.manifest
rows = bundle.out_of_fold
calls = confusion_at(bundle.threshold, rows.y_true, rows.y_score)


def section(title: str, html: str) -> None:
    """One part of the card under its title."""
    with st.container(border=True, height="stretch"):
        st.header(title, anchor=False)
        st.html(html)


def meaning() -> None:
    """What the figures allow one to conclude, and what not."""
    does, does_not = st.columns(2)
    with does.container(border=True, height="stretch"):
        st.header("What it means", anchor=False)
        st.markdown(sentences.what_it_means(manifest, calls.precision, calls.base_rate))
    with does_not.container(border=True, height="stretch"):
        st.header("What it does not mean", anchor=False)
        st.markdown(sentences.what_it_does_not_mean(manifest))


def identity() -> None:
    """Which bundle this is, and what can be taken away."""
    with st.container(border=True, height="stretch"):
        st.header("This bundle", anchor=False)
        st.html(model_card.identity(manifest, bundle.sha256))
        st.subheader("Take away", anchor=False)
        offered = downloads(bundle, state.registry())
        # Two beside each other on a telephone too, where columns would stand below each other.
        for first in range(0, len(offered), 2):
            with st.container(horizontal=True, key=f"take_away_{first}"):
                for download in offered[first : first + 2]:
                    take(download)


def take(download: Download) -> None:
    """Offer a file that is made when it is asked for."""
    st.download_button(
        download.label,
        download.make,
        download.name,
        guess_type(download.name)[0],
        key=f"take_{download.name}",
        icon=":material/download:",
        on_click="ignore",
        width="stretch",
    )


st.title("What is this model worth?", anchor=False)
st.html(cards.verdict_card(manifest))
meaning()
section("Scores beside their baselines", model_card.scores(manifest))
section("Assumptions and their checks", model_card.checks(manifest))
left, right = st.columns([3, 2])
with left:
    section("Features", model_card.features(manifest))
with right:
    section("Validation", model_card.folds(manifest))
left, right = st.columns(2)
with left:
    section("Data", model_card.data(manifest))
with right:
    identity()
st.html(cards.footer(bundle))
links.keep_address(bundle)
