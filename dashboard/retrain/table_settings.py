"""The settings of a training run on a table of any kind, checked while they are being typed."""

from dataclasses import replace

import numpy as np
import streamlit as st

from dashboard.retrain.settings_form import Chosen, choose_candidate, choose_window, in_words_of_the_form, whole
from dashboard.retrain.table_data import GivenTable
from dashboard.sentences import plain
from model.errors import TrainingError
from model.manifest import Manifest
from model.splitting import FIRST_SHARE, SplitSettings, split
from model.stratified import FOLDS
from training.any_table import TableSettings, check_table_settings
from training.settings import ROLLING, Settings

LEAST, MOST = 0.001, 0.999


def choose_settings(given: GivenTable, manifest: Manifest) -> Chosen[TableSettings]:
    """Let the settings of a run be chosen; those of the model in use are the defaults."""
    default = Settings()
    candidate = choose_candidate("table_candidate", str(manifest.settings.get("candidate") or default.candidate))
    window = default.window
    if given.table.layout.time:
        window = choose_window("table_window", str(manifest.settings.get("window") or window))
    with st.grid(3, min_column_width=140):
        how = _choose_split(given, manifest, rolling=window == ROLLING)
        threshold = st.number_input(
            "Decision threshold",
            LEAST,
            MOST,
            min(max(manifest.threshold.value, LEAST), MOST),
            0.01,
            "%.3f",
            key="table_threshold",
            persist_state="session",
            help="The positive class is called at this probability or more.",
        )
        draws = whole("Resamples", _of(manifest, "draws", default.draws), "table_draws", "Behind each interval.")
        seed = whole("Seed", _of(manifest, "seed", 0), "table_seed", "Equal seeds give equal folds and intervals.")
    how = replace(how, seed=seed)
    settings = TableSettings(manifest.name, how, threshold, draws=draws, seed=how.seed, candidate=candidate)
    try:
        check_table_settings(settings)
        folds, why = _folds(given, how, (given.table.provenance.sha256, given.roles))
    except TrainingError as error:
        return Chosen(settings, 0, in_words_of_the_form(str(error)))
    st.caption(plain(why))
    return Chosen(settings, folds)


def _of(manifest: Manifest, setting: str, otherwise: int) -> int:
    value = manifest.settings.get(setting)
    return otherwise if value is None else int(value)


def _choose_split(given: GivenTable, manifest: Manifest, *, rolling: bool) -> SplitSettings:
    """Let it be chosen how rows are split: by windows of days where they have a time, else into folds at random."""
    if not given.table.layout.time:
        folds = _of(manifest, "folds", FOLDS)
        return SplitSettings(whole("Folds", folds, "table_folds", "Each row is tested once, in one of them."))
    days = len(np.unique(given.table.day))
    first = _of(manifest, "first_window", max(2, round(FIRST_SHARE * days)))
    step = _of(manifest, "step", max(1, (days - first) // FOLDS))
    return SplitSettings(
        rolling=rolling,
        first_window=whole("First window, days", first, "table_first_window", "The first training window.", 2),
        step=whole("Fold, days", step, "table_fold_days", "Each test window, and how far each fold moves on.", 1),
        gap=whole("Gap, days", _of(manifest, "gap", 1), "table_gap", "Days left out between training and test."),
    )


@st.cache_data(max_entries=20, show_spinner=False)
def _folds(_given: GivenTable, how: SplitSettings, key: object) -> tuple[int, str]:  # noqa: ARG001  the cache's key
    """How many folds the rows come to, and why they are split so; whole groups take a while to deal out."""
    found = split(_given.table, how)
    return len(found.folds), found.why
