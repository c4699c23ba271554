"""The form of a training run: choose data, see what was read, choose settings, start."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import streamlit as st

from dashboard import runs, sentences
from dashboard.retrain import data, settings_form, table_data, table_runs, table_settings
from dashboard.retrain.settings_form import Chosen
from model.errors import ModelError
from model.manifest import Manifest
from model.registry import Registry


@dataclass(frozen=True, slots=True)
class _Form:
    """What the form is made of for one kind of data; the first gives what the others take, or None."""

    choose_data: Callable[[], Any]
    show_what_was_read: Callable[[Any], None]
    choose_settings: Callable[[Any], Chosen[Any]]
    begin: Callable[..., None]


def begin(registry: Registry, manifest: Manifest, by: str | None) -> None:
    """Let data and settings be chosen, and start a run on them if *by*, whoever asks for it, may.

    *manifest* is that of the model in use: the data are of its kind.
    """
    form = _form_for(registry, manifest)
    left, right = st.columns([3, 2])
    with left.container(border=True, height="stretch"):
        st.header("1 · Data", anchor=False)
        read = form.choose_data()
        if read is not None:
            form.show_what_was_read(read)
    with right.container(border=True, height="content" if read is None else "stretch"):
        st.header("2 · Settings", anchor=False)
        if read is None:
            st.caption("Settings follow once there is data that can be used.")
            return
        _settle(form, registry, read, by)


def _form_for(registry: Registry, manifest: Manifest) -> _Form:
    if manifest.layout.returns:
        return _Form(data.choose_table, data.show_what_was_read, settings_form.choose_settings, runs.begin)
    return _Form(
        partial(table_data.choose_table, registry, manifest),
        partial(table_data.show_what_was_read, manifest=manifest),
        partial(table_settings.choose_settings, manifest=manifest),
        table_runs.begin,
    )


def _settle(form: _Form, registry: Registry, read: Any, by: str | None) -> None:
    """Let settings be chosen, and start a run with them."""
    chosen = form.choose_settings(read)
    if chosen.wrong:
        st.error(f"**These settings cannot be trained with.** {sentences.plain(chosen.wrong)}")
    label = f"Train and compare: {chosen.folds} {'fold' if chosen.folds == 1 else 'folds'}"
    ready = bool(chosen.folds) and by is not None
    if st.button(label, key="start", type="primary", disabled=not ready, width="stretch") and by:
        try:
            form.begin(registry, read, chosen.settings, by=by)
        except ModelError as error:
            st.error(sentences.plain(str(error)), icon=":material/error:")
            return
        st.rerun()
