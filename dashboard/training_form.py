"""The form of a training run: choose data, see what was read, choose settings, start."""

import streamlit as st

from dashboard import runs, sentences
from dashboard.retrain.data import choose_table, show_what_was_read
from dashboard.retrain.settings_form import choose_settings
from model.errors import ModelError
from model.registry import Registry


def begin(registry: Registry, by: str | None) -> None:
    """Let data and settings be chosen, and start a run on them if *by*, whoever asks for it, may."""
    data, settings = st.columns([3, 2])
    with data.container(border=True, height="stretch"):
        st.header("1 · Data", anchor=False)
        table = choose_table()
        if table is not None:
            show_what_was_read(table)
    with settings.container(border=True, height="content" if table is None else "stretch"):
        st.header("2 · Settings", anchor=False)
        if table is None:
            st.caption("Settings follow once there is data that can be used.")
            return
        chosen = choose_settings(table)
        if chosen.wrong:
            st.error(f"**These settings cannot be trained with.** {sentences.plain(chosen.wrong)}")
        label = f"Train and compare: {chosen.folds} {'fold' if chosen.folds == 1 else 'folds'}"
        ready = bool(chosen.folds) and by is not None
        if st.button(label, key="start", type="primary", disabled=not ready, width="stretch") and by:
            try:
                runs.begin(registry, table, chosen.settings, by=by)
            except ModelError as error:
                st.error(sentences.plain(str(error)), icon=":material/error:")
                return
            st.rerun()
