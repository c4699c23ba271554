"""A training run while it goes on, and once it has come to nothing."""

from pathlib import Path

import streamlit as st

from dashboard import changes, runs, sentences
from model.registry import Registry

LOG_LINES = 30


@st.fragment(run_every=1.0)
def watch(registry: Registry) -> None:
    """The progress of the run; it goes on whether anyone watches or not."""
    run = runs.newest(registry)
    if run is None or run.status.state != "running":
        st.rerun()
    with st.container(border=True):
        st.header("Training", anchor=False)
        st.progress(run.status.step / max(run.status.total, 1), text=sentences.plain(run.status.message))
        st.caption(
            f"Started {run.started}{sentences.plain(run.started_by)}. This page may be left or reloaded: the run goes"
            " on, and is found again here. Another can be started once this one has ended."
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
        if said := end_of_log(run.folder / "log.txt"):
            with st.expander("The end of its log"):
                st.code(said, language=None, wrap_lines=True)
    changes.button("Close", "close", runs.close, run)


def end_of_log(log: Path) -> str:
    """Return the last lines a run wrote, each as it stood last; empty where there is none."""
    try:
        written = log.read_bytes().decode(errors="replace")
    except FileNotFoundError:
        return ""
    # A progress bar goes back to the start of its line and writes over it.
    lines = [line.split("\r")[-1].rstrip() for line in written.replace("\r\n", "\n").split("\n")]
    return "\n".join(lines[-LOG_LINES:]).strip()
