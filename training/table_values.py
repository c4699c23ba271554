"""Whether a processed table holds the values it was written with, and nothing else."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from model.column_names import printable
from model.dataset import FeatureTable, Provenance
from model.manifest import Check

RECORDED_VALUES = "recorded_values"


def digest_of_values(table: FeatureTable) -> str:
    """Return a sha256 of days, features, target and returns, which a provenance is about."""
    unknown = np.isnan(table.y)
    digest = hashlib.sha256(table.day.astype("datetime64[D]").astype(np.int64).data)
    for values in (*table.X.T, table.y, np.where(unknown, np.nan, table.next_day_return)):
        # One kind of NaN, whatever wrote it.
        digest.update(np.where(np.isnan(values), np.nan, values).data)
    return digest.hexdigest()


def was_changed(table: FeatureTable) -> bool:
    """Whether a processed table no longer holds the values that it was written with."""
    return any(check.name == RECORDED_VALUES for check in table.provenance.checks)


def check_of_changed(provenance: Provenance, path: Path) -> Check:
    """Say that what *provenance* records of the table at *path* is not about the values it holds."""
    names = ", ".join(check.name for check in provenance.checks) or "nothing but where the rows come from"
    return Check(
        name=RECORDED_VALUES,
        assumption="The values are those that were checked when the table was made.",
        passed=False,
        finding=(
            f"{path.name} holds other days, features, targets or returns than it was made with, or does not say which"
            f" those were; what was recorded then ({names}) is not believed."
        ),
    )


def about_ignored(path: Path, names: Sequence[str]) -> str:
    """Say which columns of the table at *path* are no features, and how they would become some."""
    columns = ("column " if len(names) == 1 else "columns ") + ", ".join(f"“{printable(name)}”" for name in names)
    return (
        f"{path.name}: {columns} ignored. The features of a processed table are those that model/features.py computes;"
        " a column becomes one when its formula stands there. `python -m training check BARS --features"
        " FILE.py:FUNCTION` probes such a formula before."
    )
