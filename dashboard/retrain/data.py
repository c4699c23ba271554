"""The data of a training run: choose it, and see what was read."""

from pathlib import Path

import numpy as np
import streamlit as st

from dashboard import runs, sentences, state, tables
from model.bar_columns import REQUIRED
from model.dataset import FeatureTable
from model.errors import InvalidInputError, ModelError
from training.panels.tables import facts
from training.places import SHIPPED_BARS
from training.settings import HORIZON_DAYS
from training.train import FEWEST_ROWS

SHIPPED, PROCESSED, UPLOAD = "Shipped", "Processed", "Upload"
HORIZON = "horizon"


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
        if said := _no_bars(error):
            st.error(said, icon=":material/error:")
            return None
        noun = "fault" if error.count == 1 else "faults"
        st.error(
            f"**{sentences.plain(error.subject)} cannot be used: {error.count:,} {noun}.**", icon=":material/error:"
        )
        st.html(tables.faults(error.faults, error.count))
        return None
    except ModelError as error:
        st.error(sentences.plain(str(error)), icon=":material/error:")
        return None


def _no_bars(error: InvalidInputError) -> str:
    """Say that a file is another kind of table, where most columns of daily bars are missing; else nothing."""
    missing = error.count if all(fault.found.startswith("no column ") for fault in error.faults) else 0
    there = len(REQUIRED) - missing
    if there >= len(REQUIRED) / 2:
        return ""
    name = error.subject
    return (
        f"**{sentences.plain(name)} cannot be used: it holds no daily bars.** Of the columns {', '.join(REQUIRED)} it"
        f" has {there or 'none'}. Any other table is trained on the command line:"
        f" `python -m training --table {name} --target COLUMN`."
    )


def horizon_asked_for() -> int:
    """How many days ahead a target made from bars looks; chosen among the settings, which come after the data."""
    return int(st.session_state.get(HORIZON) or HORIZON_DAYS)


def _shipped() -> FeatureTable:
    return state.table_from_file(str(SHIPPED_BARS), _modified(SHIPPED_BARS), horizon_asked_for())


def _processed() -> FeatureTable | None:
    found = runs.processed_tables()
    if not found:
        st.info("There is no processed table yet. Make one from bars with `python -m training features FILE`.")
        return None
    name = st.selectbox("Table", [path.name for path in found], key="processed", persist_state="session")
    path = next(path for path in found if path.name == name)
    # A processed table has its target already: it says itself how far that looks.
    return state.table_from_file(str(path), _modified(path), HORIZON_DAYS)


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
    return state.table_from_upload(upload.name, upload.getvalue(), upload.file_id, horizon_asked_for())


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
        facts(
            [
                ("Read", f"{source.bars_read:,} daily bars from {source.file}\nsha256 {source.sha256[:12]}…"),
                ("Prices", "as supplied" if untouched else f"adjusted {source.adjustment}"),
                ("Dropped", tuple(source.dropped)),
                ("Kept", f"{len(table):,} rows, {table.day.min()} to {table.day.max()}\n{kept}"),
                ("Target", f"{table.target.question}\n{table.target.description}"),
                ("Checked", tuple(check.finding for check in source.checks)),
            ]
        )
    )
