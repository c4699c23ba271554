"""The form of a training run: choose data, see what was read, choose settings."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import streamlit as st

from dashboard import runs, sentences, state, tables
from model.dataset import FeatureTable
from model.errors import InvalidInputError, ModelError
from model.folds import walk_forward_folds
from model.registry import Registry
from training.places import SHIPPED_BARS
from training.settings import HORIZON_DAYS, Settings
from training.train import FEWEST_ROWS

SHIPPED, PROCESSED, UPLOAD = "Shipped", "Processed", "Upload"
ISO = "YYYY-MM-DD"


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
        if not chosen.folds:
            st.error("These settings leave no fold to test on: take more days or tickers, or a shorter first window.")
        label = f"Train and compare: {chosen.folds} folds"
        if (
            st.button(label, key="start", type="primary", disabled=not chosen.folds or by is None, width="stretch")
            and by
        ):
            runs.begin(registry, table, chosen.settings, by=by)
            st.rerun()


def choose_table() -> FeatureTable | None:
    """Let a source be chosen and read it; None, with the reason on the page, where it cannot be used."""
    source = st.segmented_control(
        "Data",
        [SHIPPED, PROCESSED, UPLOAD],
        default=SHIPPED,
        required=True,
        key="source",
        persist_state="session",
        label_visibility="collapsed",
    )
    try:
        return {SHIPPED: _shipped, PROCESSED: _processed, UPLOAD: _uploaded}[source]()
    except InvalidInputError as error:
        noun = "fault" if error.count == 1 else "faults"
        st.error(
            f"**{sentences.plain(error.subject)} cannot be used: {error.count:,} {noun}.**", icon=":material/error:"
        )
        st.html(tables.faults(error.faults, error.count))
        return None
    except ModelError as error:
        st.error(sentences.plain(str(error)), icon=":material/error:")
        return None


def _shipped() -> FeatureTable:
    return state.table_from_file(str(SHIPPED_BARS), _modified(SHIPPED_BARS))


def _processed() -> FeatureTable | None:
    tables = runs.processed_tables()
    if not tables:
        st.info("There is no processed table yet. Make one from bars with `python -m training features FILE`.")
        return None
    name = st.selectbox("Table", [path.name for path in tables], key="processed", persist_state="session")
    path = next(path for path in tables if path.name == name)
    return state.table_from_file(str(path), _modified(path))


def _modified(path: Path) -> float:
    return path.stat().st_mtime if path.exists() else 0.0


def _uploaded() -> FeatureTable | None:
    upload = st.file_uploader("Daily bars as CSV, CSV.gz or Parquet", key="upload", max_upload_size=50)
    st.caption(
        "One row a day: date, open, high, low, close, volume, in any case; a ticker column where there are several."
        " Without an adjusted close, prices are taken as they are."
    )
    if upload is None:
        return None
    return state.table_from_upload(upload.name, upload.getvalue(), upload.file_id)


def show_what_was_read(table: FeatureTable) -> None:
    """Say what was read, done, dropped and kept, and every warning."""
    source = table.provenance
    tickers, counts = np.unique(table.ticker, return_counts=True)
    untouched = source.adjustment.startswith("none")
    short = [
        f"{ticker} has {count:,} usable rows, fewer than {FEWEST_ROWS} (a year): it will be left out."
        for ticker, count in zip(tickers, counts, strict=True)
        if count < FEWEST_ROWS
    ]
    failed = [f"Check failed: {check.assumption} {check.finding}" for check in source.checks if not check.passed]
    for line in (*source.warnings, *short, *failed):
        st.warning(sentences.plain(line), icon=":material/warning:")
    kept = ", ".join(f"{ticker} {count:,}" for ticker, count in zip(tickers, counts, strict=True))
    st.html(
        tables.facts(
            [
                ("Read", f"{source.bars_read:,} daily bars from {source.file}\nsha256 {source.sha256[:12]}…"),
                ("Prices", "as supplied" if untouched else f"adjusted {source.adjustment}"),
                ("Dropped", tuple(source.dropped)),
                ("Kept", f"{len(table):,} rows, {table.day.min()} to {table.day.max()}\n{kept}"),
                ("Checked", tuple(check.finding for check in source.checks)),
            ]
        )
    )


@dataclass(frozen=True, slots=True)
class Chosen:
    """Settings as they stand in the form, and how many folds they come to."""

    settings: Settings
    folds: int


def choose_settings(table: FeatureTable) -> Chosen:
    """Let the settings of a run be chosen; the defaults are those of the command line."""
    default = Settings()
    tickers = [str(ticker) for ticker in np.unique(table.ticker)]
    # Tickers and days chosen from one table make no sense for another: each has widgets of its own.
    own = table.provenance.sha256[:12]
    chosen = st.multiselect("Tickers", tickers, default=tickers, key=f"tickers_{own}", persist_state="session")
    first, last = (_day(table.day.min()), _day(table.day.max()))
    left, right = st.columns(2)
    with left:
        start = st.date_input(
            "First day", first, first, last, key=f"first_day_{own}", format=ISO, persist_state="session"
        )
    with right:
        end = st.date_input("Last day", last, first, last, key=f"last_day_{own}", format=ISO, persist_state="session")
    with st.grid(3, min_column_width=140):
        first_window = _whole(
            "First window, days", default.first_window, 2, "first_window", "The first training window."
        )
        step = _whole("Fold, days", default.step, 1, "fold_days", "Each test window, and how much each fold adds.")
        gap = _whole("Gap, days", default.gap, HORIZON_DAYS, "gap", "Days dropped between training and test.")
        threshold = st.number_input(
            "Decision threshold",
            0.01,
            0.99,
            default.threshold,
            0.01,
            "%.2f",
            key="new_threshold",
            persist_state="session",
            help="The positive class is called at this probability or more.",
        )
        draws = _whole("Resamples", default.draws, 100, "draws", "Resamples of days behind each interval.")
        seed = _whole("Seed", default.seed, 0, "seed", "Equal seeds give equal intervals.")
    settings = Settings(
        tickers=() if sorted(chosen) == tickers else tuple(chosen),
        first_day=None if start == first else start.isoformat(),
        last_day=None if end == last else end.isoformat(),
        first_window=first_window,
        step=step,
        gap=gap,
        threshold=threshold,
        draws=draws,
        seed=seed,
    )
    return Chosen(settings, _folds(table, chosen, start, end, settings) if chosen else 0)


def _whole(label: str, value: int, least: int, key: str, description: str) -> int:
    return int(st.number_input(label, least, None, value, 1, key=key, persist_state="session", help=description))


def _day(day: np.datetime64) -> dt.date:
    return dt.date.fromisoformat(str(day))


def _folds(table: FeatureTable, tickers: Sequence[str], start: dt.date, end: dt.date, settings: Settings) -> int:
    """Count the folds these settings come to; tickers that are too short do not count."""
    keep = (table.day >= np.datetime64(start)) & (table.day <= np.datetime64(end)) & ~np.isnan(table.y)
    long_enough = [t for t in tickers if np.sum(keep & (table.ticker == t)) >= FEWEST_ROWS]
    days = np.unique(table.day[keep & np.isin(table.ticker, long_enough)])
    walk = walk_forward_folds(len(days), first_window=settings.first_window, step=settings.step, gap=settings.gap)
    return sum(1 for _ in walk)
