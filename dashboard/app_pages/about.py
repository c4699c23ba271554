"""About: the model card, verdict first."""

import streamlit as st

from dashboard import cards, links, model_card, sentences
from dashboard.opening import open_page
from model.bundle import MANIFEST
from model.manifest import encode_manifest
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
    """Which bundle this is, and its manifest to take away."""
    with st.container(border=True, height="stretch"):
        st.header("This bundle", anchor=False)
        st.html(model_card.identity(manifest, bundle.sha256))
        st.download_button(
            "Download the manifest",
            encode_manifest(manifest),
            MANIFEST,
            "application/json",
            key="manifest",
            on_click="ignore",
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
