"""Read what is to be probed: daily bars, a processed table, or any table with a target."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from model.any_rows import Columns, table_of
from model.bars import Bars
from model.dataset import FeatureTable
from model.errors import InvalidBarsError, TrainingError
from model.features import build_features
from model.manifest import MARKET
from model.storage import sha256_of
from training.any_file import Roles, arrow_table, columns_of
from training.bars import read_bars
from training.columns import read_bytes
from training.feature_history import Builder
from training.leaks.own_features import load_features, table_with
from training.leaks.rows import row_order
from training.leaks.subject import Finding
from training.table import build_table, read_provenance, read_table, refuse_bare_table
from training.table_values import was_changed


@dataclass(frozen=True, slots=True)
class Source:
    """What is probed: its rows, the bars behind them if known, and what reading it showed.

    `build` makes the features of the table from bars; `left_out` names the columns of numbers that hold
    one value, none, or those of another column.
    """

    table: FeatureTable
    bars: Bars | None = None
    build: Builder = build_features
    findings: tuple[Finding, ...] = ()
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Places:
    """Day and group of rows as they stand in their file."""

    day: NDArray[np.datetime64]
    ticker: NDArray[np.str_]


def read_source(
    path: Path, *, splits: Path | None = None, roles: Roles | None = None, features: str | None = None
) -> Source:
    """Read *path*: any table where *roles* name its target, else a processed table or daily bars.

    *features*, FILE.py:FUNCTION, builds other features from bars than those of this project.

    Raises
    ------
    ModelError
        It cannot be used as what it was said to be.
    """
    processed = roles is None and read_provenance(path) is not None
    if features is not None and (roles or processed):
        msg = f"{features} builds features from daily bars; {path} holds features already. Name a file of bars."
        raise TrainingError(msg)
    if roles is not None:
        return _any_table(path, roles)
    return _processed(path) if processed else _daily_bars(path, splits, features)


def _processed(path: Path) -> Source:
    table = read_table(path)
    changed = was_changed(table)
    when = "" if changed else " Recorded when the table was made, of just these values."
    mend = "" if changed else "Mend what builds the features, then make"
    recorded = [
        Finding(
            check=msgspec.structs.replace(check, finding=f"{check.finding}{when}"),
            remedy=f"{mend or 'Make'} the table anew from its bars with `python -m training features`.",
        )
        for check in table.provenance.checks
    ]
    return Source(table, findings=(*recorded, row_order(table, table.layout)))


def _daily_bars(path: Path, splits: Path | None, features: str | None) -> Source:
    refuse_bare_table(path)
    try:
        read = read_bars(path, splits=splits)
    except InvalidBarsError as error:
        msg = f"{error}\nA table of another kind needs --target COLUMN."
        raise TrainingError(msg) from error
    in_file = np.argsort(read.bars.row, kind="stable")
    places = _Places(read.bars.day[in_file], read.bars.ticker[in_file])
    found = (row_order(places, MARKET, sorted_since=True),)
    table = build_table(read)
    if features is None:
        return Source(table, read.bars, findings=found)
    own = load_features(features, read.bars)
    return Source(table_with(table, read.bars, own), read.bars, own, found)


def _any_table(path: Path, roles: Roles) -> Source:
    data = read_bytes(path)
    arrow = arrow_table(data, path.name)
    columns, warnings = columns_of(arrow, roles)
    table = table_of(columns, file=path.name, sha256=sha256_of(data), warnings=warnings)
    left_out = tuple(_saying_nothing(arrow, without=(*roles.named, *columns.names)))
    return Source(table, findings=_order_of(columns, table), left_out=left_out)


def _order_of(columns: Columns, table: FeatureTable) -> tuple[Finding, ...]:
    """Look at the order of rows in the file, which a table of features does not keep."""
    if columns.time is None:
        return ()
    group: NDArray[Any] = np.full(len(columns.y), "") if columns.group is None else columns.group
    return (row_order(_Places(columns.time.astype("datetime64[D]"), group), table.layout),)


def _saying_nothing(arrow: pa.Table, *, without: Sequence[str]) -> list[str]:
    """Return the columns of numbers that reading left out: they hold one value, none, or those of another."""
    kinds = (pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal, pa.types.is_boolean, pa.types.is_null)
    return [
        field.name for field in arrow.schema if field.name not in without and any(kind(field.type) for kind in kinds)
    ]
