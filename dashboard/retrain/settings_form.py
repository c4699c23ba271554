"""The settings of a training run, checked while they are being typed."""

import datetime as dt
import re
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np
import streamlit as st

from dashboard.retrain.data import HORIZON, PROCESSED
from model.dataset import FeatureTable
from model.errors import TrainingError
from training.candidates import BASELINE, CANDIDATES
from training.settings import EXPANDING, ROLLING, Settings, check_settings, usable_folds
from training.train import usable_rows

S = TypeVar("S")

ISO = "YYYY-MM-DD"
WINDOWS = {EXPANDING: "Expanding: each fold trains on all days before it", ROLLING: "Rolling: on the latest days only"}
# What the options of the command line are called in this form.
LABELS = {"--first-window": "“First window, days”", "--horizon": "“Horizon, days”", "--gap": "“Gap, days”"}


@dataclass(frozen=True, slots=True)
class Chosen(Generic[S]):
    """Settings as they stand in the form, how many folds they come to, and what is wrong with them."""

    settings: S
    folds: int
    wrong: str = ""


def choose_settings(table: FeatureTable) -> Chosen[Settings]:
    """Let the settings of a run be chosen; the defaults are those of the command line."""
    tickers, first_day, last_day = _choose_rows(table)
    settings = Settings(
        tickers=tickers or (),
        first_day=first_day,
        last_day=last_day,
        candidate=choose_candidate("candidate"),
        window=choose_window("window"),
        **_choose_numbers(table),
    )
    if tickers is None:
        return Chosen(settings, 0, "No ticker is chosen: choose one or more.")
    return _checked(table, settings)


def choose_candidate(key: str, default: str = BASELINE) -> str:
    """Let it be chosen what is trained."""
    names = [name for name, entry in CANDIDATES.items() if not entry.trivial]
    return str(
        st.selectbox(
            "Candidate",
            names,
            # One of an older release may be gone.
            index=names.index(default) if default in names else 0,
            format_func=lambda name: CANDIDATES[name].label,
            key=key,
            persist_state="session",
            help="What is trained. More kinds tried on the same rows make it likelier that one looks better by chance.",
        )
    )


def choose_window(key: str, default: str = EXPANDING) -> str:
    """Let it be chosen which of the earlier days a fold trains on."""
    names = list(WINDOWS)
    return str(
        st.selectbox(
            "Training window",
            names,
            index=names.index(default) if default in names else 0,
            format_func=WINDOWS.__getitem__,
            key=key,
            persist_state="session",
        )
    )


def _choose_rows(table: FeatureTable) -> tuple[tuple[str, ...] | None, str | None, str | None]:
    """Let tickers and span be chosen; what is left as it is, is not narrowed. None where no ticker is chosen."""
    tickers = [str(ticker) for ticker in np.unique(table.ticker)]
    # Tickers and days chosen from one table make no sense for another: each has widgets of its own.
    own = table.provenance.sha256[:12]
    chosen = st.multiselect("Tickers", tickers, default=tickers, key=f"tickers_{own}", persist_state="session")
    first, last = (dt.date.fromisoformat(str(day)) for day in (table.day.min(), table.day.max()))
    left, right = st.columns(2)
    start, end = (
        column.date_input(label, day, first, last, key=f"{key}_{own}", format=ISO, persist_state="session")
        for column, label, day, key in (
            (left, "First day", first, "first_day"),
            (right, "Last day", last, "last_day"),
        )
    )
    return (
        () if sorted(chosen) == tickers else tuple(chosen) or None,
        None if start == first else start.isoformat(),
        None if end == last else end.isoformat(),
    )


def _choose_numbers(table: FeatureTable) -> dict[str, Any]:
    """Let the numbers among the settings be chosen; each by the name of its setting."""
    default = Settings()
    with st.grid(3, min_column_width=140):
        return {
            "first_window": whole(
                "First window, days", default.first_window, "first_window", "The first training window."
            ),
            "step": whole("Fold, days", default.step, "fold_days", "Each test window, and how far each fold moves on."),
            "gap": whole(
                "Gap, days", default.gap, "gap", "Days dropped between training and test: at least the horizon."
            ),
            "horizon": _horizon(table),
            "threshold": st.number_input(
                "Decision threshold",
                0.01,
                0.99,
                default.threshold,
                0.01,
                "%.2f",
                key="new_threshold",
                persist_state="session",
                help="The positive class is called at this probability or more.",
            ),
            "draws": whole("Resamples", default.draws, "draws", "Resamples of days behind each interval."),
            "seed": whole("Seed", default.seed, "seed", "Equal seeds give equal intervals."),
        }


def _horizon(table: FeatureTable) -> int:
    if st.session_state.get("source") == PROCESSED:
        said = "How far the target of this table looks. Another takes a table of its own."
        return int(st.number_input("Horizon, days", value=table.target.horizon, disabled=True, help=said))
    return whole("Horizon, days", Settings().horizon, HORIZON, "How many days ahead the target looks.", least=1)


def whole(label: str, value: int, key: str, description: str, least: int = 0) -> int:
    """Let a whole number of *least* or more be chosen."""
    return int(st.number_input(label, least, None, value, 1, key=key, persist_state="session", help=description))


def _checked(table: FeatureTable, settings: Settings) -> Chosen[Settings]:
    """Say what is wrong with *settings* on *table*, in the words of the run they would end."""
    try:
        check_settings(settings)
        usable, _ = usable_rows(table, settings)
        folds = usable_folds(usable, settings)
    except TrainingError as error:
        return Chosen(settings, 0, in_words_of_the_form(str(error)))
    return Chosen(settings, len(folds))


def in_words_of_the_form(said: str) -> str:
    """Call settings what the form calls them.

    >>> in_words_of_the_form("Supply more, or lower --first-window.")
    'Supply more, or lower “First window, days”.'
    """
    return re.sub(r"--[a-z]+(-[a-z]+)*", lambda option: LABELS.get(option[0], option[0]), said)
