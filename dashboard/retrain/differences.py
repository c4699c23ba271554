"""What the challenger changes against the version in use: calls, rows, drift of features, weights."""

import streamlit as st

from dashboard.retrain import words
from model.bundle import Bundle
from training.panels import tables
from training.version_differences import VersionDifferences, version_differences

KEPT = 4
# More features than that are folded away below the sentence about them.
FEATURES_SHOWN = 12


@st.cache_resource(max_entries=KEPT, show_spinner="Looking for what has changed…")
def differences_of(_new: Bundle, _old: Bundle, versions: tuple[str, str]) -> VersionDifferences:  # noqa: ARG001  the key
    """All that one version changes against another."""
    return version_differences(_new, _old)


def differences_section(challenger: Bundle, champion: Bundle) -> None:
    """Say and show what changes if the challenger takes the champion's place."""
    found = differences_of(challenger, champion, (challenger.sha256, champion.sha256))
    features = {feature.name: feature for feature in challenger.manifest.features}
    st.header("What changes against the version in use", anchor=False)
    st.markdown(words.unbroken(words.calls_sentence(found.calls, challenger, champion)))
    st.subheader("Rows", anchor=False)
    st.markdown(words.rows_sentence(found.rows, challenger))
    if said := words.features_sentence(found):
        st.markdown(said)
    st.subheader("Drift of the features", anchor=False)
    st.markdown(words.drift_sentence(found.drift, challenger))
    _feature_table(
        words.drift_table(found.drift.features, features), "Training rows of the champion and of the challenger"
    )
    st.subheader("Weights", anchor=False)
    st.markdown(words.weights_sentence(found.weights))
    _feature_table(
        words.weights_table(found.weights or (), features), "Largest change first; features standardised alike"
    )


def _feature_table(content: words.Table, caption: str) -> None:
    header, rows = content
    if not rows:
        return
    shown = tables.table(header, rows, caption=caption)
    if len(rows) <= FEATURES_SHOWN:
        st.html(shown)
        return
    with st.expander(f"All {len(rows):,} features"):
        st.html(shown)
