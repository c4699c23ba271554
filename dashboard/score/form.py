"""The form of the Score page: choose a file, or try an example."""

import streamlit as st

from dashboard import sentences
from dashboard.score import examples, uploads, words
from dashboard.score.bars import takes_bars
from dashboard.score.files import LARGEST_FILE_MB, MOST_ROWS
from dashboard.score.missing import about_missing
from model.bundle import Bundle
from model.manifest import Target
from training.target_values import target_values


def choose(bundle: Bundle) -> None:
    """Let a file be chosen, and removed again."""
    bars = takes_bars(bundle.manifest)
    with st.container(border=True):
        st.file_uploader(
            "A file of daily bars or feature rows" if bars else "A file of feature rows",
            key=uploads.uploader_key(),
            on_change=uploads.take_upload,
            max_upload_size=LARGEST_FILE_MB,
        )
        told = " Which of the two it holds is told by its header." if bars else ""
        st.caption(
            f"CSV, CSV.gz or Parquet, at most {LARGEST_FILE_MB} MB and {MOST_ROWS:,} rows.{told} It is held in memory,"
            " for this session only."
        )
        upload = uploads.kept()
        if upload is not None:
            label = f"Remove {sentences.plain(upload.name)}"
            st.button(label, key="remove_scored", on_click=uploads.forget, icon=":material/close:")


def offer_examples(bundle: Bundle) -> None:
    """Say what a file must hold, with examples to try and to download."""
    bars = takes_bars(bundle.manifest)
    if bars:
        left, right = st.columns(2)
        with left.container(border=True, height="stretch"):
            st.header("Daily bars", anchor=False)
            st.markdown(
                "One row a day with date, open, high, low, close and volume, in any case and order; a ticker column"
                " where there are several; an adjusted close, where there is one, tells of splits. The features are"
                " computed as for training."
            )
            data = (examples.EXAMPLES / examples.BARS).read_bytes()
            _example("daily bars", examples.BARS, data, "One ticker with too short a history to train on.")
    with right if bars else st.container(), st.container(border=True, height="stretch"):
        st.header("Feature rows", anchor=False)
        st.markdown(
            "One column for each feature by the name below, in any order, in original units. Other columns are kept;"
            f" {_about_outcomes(bundle.manifest.target)} is compared with the calls."
            f"{about_missing(bundle)}"
        )
        data = examples.example_rows(bundle)
        _example("feature rows", examples.ROWS, data, "Rows spread evenly over the training rows.")
    with st.container(border=True):
        st.header("Columns of feature rows", anchor=False)
        st.html(words.columns_table(bundle.manifest.features))


def _about_outcomes(target: Target) -> str:
    """Say in which column a file may tell what came of its rows, and in which words."""
    values = target_values(target)
    meant = f"“{values[0]}” and “{values[1]}”" if values else "1 and 0"
    return sentences.plain(f"a column “{target.column}” of {meant}")


def _example(what: str, name: str, data: bytes, description: str) -> None:
    with st.container(horizontal=True):
        st.button(f"Score example {what}", key=f"try_{name}", on_click=uploads.use_example, args=[name, data])
        st.download_button(f"Download {name}", data, name, "text/csv", key=f"download_{name}", on_click="ignore")
    st.caption(description)
