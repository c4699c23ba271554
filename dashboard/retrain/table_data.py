"""The table of a training run, of the columns that the model in use was trained on: choose it, see what was read."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import streamlit as st

from dashboard import runs, sentences, tables
from dashboard.retrain.roles import roles_of
from model.any_rows import InvalidTableError
from model.dataset import FeatureTable
from model.errors import Fault, InvalidInputError, ModelError
from model.manifest import Manifest
from model.registry import Registry
from model.storage import sha256_of
from model.wording import percent
from training.any_file import Roles, read_any_table
from training.panels.row_words import capital, period, plural_of
from training.panels.tables import facts
from training.places import ROOT, SHIPPED_BARS

SAME, UPLOAD = "Same table", "Upload"
LARGEST_FILE_MB = 50
LISTED = 12
# What `read_any_table` finds where a column is not there.
NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class GivenTable:
    """A table to train on: the bytes of its file, which column is what, and what was read."""

    data: bytes
    roles: Roles
    table: FeatureTable


def choose_table(registry: Registry, manifest: Manifest) -> GivenTable | None:
    """Let a table be chosen and read it; None, with the reason on the page, where it cannot be used."""
    there = file_at_hand(registry, manifest)
    source = _source() if there else UPLOAD
    if not there:
        trained_on = sentences.plain(manifest.trained_on.file)
        st.caption(f"{trained_on}, which the model in use was trained on, is not at hand: upload it or another table.")
    try:
        if source == SAME and there:
            return _read(there.name, there.read_bytes(), f"{there} {there.stat().st_mtime_ns}", manifest)
        return _uploaded(manifest)
    except InvalidInputError as error:
        st.error(f"**{sentences.plain(error.subject)} cannot be used.**", icon=":material/error:")
        st.html(tables.faults(error.faults, error.count))
    except (ModelError, OSError) as error:
        st.error(sentences.plain(str(error)), icon=":material/error:")
    return None


def _source() -> str:
    return st.segmented_control(
        "Data",
        [SAME, UPLOAD],
        default=SAME,
        required=True,
        key="table_source",
        persist_state="session",
        label_visibility="collapsed",
    )


def file_at_hand(registry: Registry, manifest: Manifest) -> Path | None:
    """Return the very file that the model was trained on, where it lies in one of the usual places and is unchanged."""
    source = manifest.trained_on
    name = Path(source.file).name
    for folder in (registry.folder.parent, Path.cwd(), ROOT, SHIPPED_BARS.parent):
        path = folder / name
        if name == source.file and path.is_file():
            status = path.stat()
            if _sha256(str(path), status.st_mtime_ns, status.st_size) == source.sha256:
                return path
    return None


@st.cache_data(max_entries=20, show_spinner=False)
def _sha256(path: str, modified: int, size: int) -> str:  # noqa: ARG001  the cache's key
    return sha256_of(Path(path).read_bytes())


def _uploaded(manifest: Manifest) -> GivenTable | None:
    upload = st.file_uploader("A table as CSV, CSV.gz or Parquet", key="table_upload", max_upload_size=LARGEST_FILE_MB)
    st.caption(sentences.plain(_columns_needed(manifest)))
    if upload is None:
        return None
    return _read(runs.safe_name(upload.name), upload.getvalue(), upload.file_id, manifest)


def _columns_needed(manifest: Manifest) -> str:
    roles = roles_of(manifest)
    which = f"“{roles.target}”" + (f", with “{roles.positive}” as the positive class" if roles.positive else "")
    beside = "".join(
        f", {what} “{name}”"
        for what, name in (("a day in", roles.time), ("what a row belongs to in", roles.group))
        if name
    )
    names = _listed(manifest.feature_names)
    return f"With the columns of the model in use: the target {which}{beside}, and its features: {names}."


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - LISTED:,} more" if len(names) > LISTED else ""
    return ", ".join(names[:LISTED]) + more


def _read(name: str, data: bytes, key: str, manifest: Manifest) -> GivenTable:
    try:
        given = _table_of(name, data, key, roles_of(manifest))
    except InvalidTableError as error:
        raise InvalidInputError(name, _at_once(error.faults)) from error
    _check_features(given.table, manifest)
    return given


def _at_once(faults: Sequence[Fault]) -> Sequence[Fault]:
    """Name all columns that are not there in one fault; each of several would list again what is there."""
    if len(faults) < 2 or any(fault.found != NOTHING for fault in faults):
        return faults
    missing = ", ".join(fault.where.removeprefix("column ") for fault in faults)
    return [Fault("the header", f"no column {missing}", faults[0].expected, "Give the columns these names.")]


@st.cache_resource(max_entries=2, show_spinner="Reading and checking the table…")
def _table_of(name: str, _data: bytes, key: str, roles: Roles) -> GivenTable:  # noqa: ARG001  the cache's key
    """Read a file the way a run does; the upload is one only while it is read."""
    with TemporaryDirectory(prefix="handover-") as folder:
        path = Path(folder) / name
        path.write_bytes(_data)
        return GivenTable(_data, roles, read_any_table(path, roles))


def _check_features(table: FeatureTable, manifest: Manifest) -> None:
    """Refuse a table without all features of the model in use: whoever asks that model sends them all."""
    there = {feature.name for feature in table.features}
    if missing := [name for name in manifest.feature_names if name not in there]:
        columns = "column" if len(missing) == 1 else "columns"
        why = " ".join(line for line in table.provenance.warnings if line.startswith("Left out:"))
        remedy = "A model of other features is trained on the command line."
        found = f"no usable {columns} {_listed(missing)}"
        fault = Fault("the table", found, "every feature of the model in use", f"{why} {remedy}".strip())
        raise InvalidInputError(table.provenance.file, [fault])


def show_what_was_read(given: GivenTable, manifest: Manifest) -> None:
    """Say what was read, left out and kept, and every warning."""
    table, source = given.table, given.table.provenance
    for line in (*source.warnings, *_about_features(table, manifest)):
        st.warning(sentences.plain(line), icon=":material/warning:")
    layout, positive = table.layout, table.target.positive_class
    span = period(str(table.day.min()), str(table.day.max())) if layout.time else ""
    groups = f"{len(set(table.ticker.tolist())):,} {plural_of(layout.group)}" if layout.group else ""
    same = "the data that the model in use was trained on" if source.sha256 == manifest.trained_on.sha256 else ""
    kept = ", ".join(filter(None, [f"{len(table):,} rows", span, groups]))
    st.html(
        facts(
            [
                ("Read", f"{source.bars_read:,} rows from {source.file}\nsha256 {source.sha256[:12]}…"),
                *([("Known", capital(same))] if same else []),
                ("Kept", f"{kept}\n{len(table.features):,} features"),
                ("Target", f"{table.target.question}\n{sentences.names_quoted(table.target.description)}"),
                ("Base rate", f"{percent(float(table.y.mean()))} of the rows are “{positive}”"),
            ]
        )
    )


def _about_features(table: FeatureTable, manifest: Manifest) -> list[str]:
    new = [feature.name for feature in table.features if feature.name not in manifest.feature_names]
    if not new:
        return []
    columns = "Column" if len(new) == 1 else "Columns"
    return [
        f"{columns} {_listed(new)}: not among the features of the model in use, and trained on here. Leave out of the"
        " file what is not known when the model is asked."
    ]
