"""Bars into a processed table: features, target and next-day return of each ticker and day."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from model.bars import WARM_UP_ROWS, Bars, FloatArray
from model.dataset import MARKET_TARGET, FeatureTable, Provenance
from model.errors import TrainingError
from model.features import FEATURE_NAMES, build_features
from model.manifest import Check, Target
from model.parquet import read_parquet
from model.storage import sha256_of, write_file
from training.bars import BarsFile
from training.feature_history import WARM_UP_TOLERANCE, moved_by_the_future, moved_by_the_start
from training.table_values import about_ignored, check_of_changed, digest_of_values

_METADATA = b"handover"
# Where the target is not the default one, which was never written.
_TARGET = b"handover.target"
# Of which values the provenance speaks.
_VALUES = b"handover.values"
_COLUMNS = ("day", "ticker", *FEATURE_NAMES, MARKET_TARGET.column, "next_day_return")


def market_target(horizon: int) -> Target:
    """Return the target of rows of daily bars: whether the close is higher *horizon* trading days later.

    >>> market_target(5).question
    'Will the stock close higher in 5 trading days?'
    """
    if horizon == MARKET_TARGET.horizon:
        return MARKET_TARGET
    return msgspec.structs.replace(
        MARKET_TARGET,
        horizon=horizon,
        question=f"Will the stock close higher in {horizon} trading days?",
        description=f"1 if the close in {horizon} trading days is above today's, else 0; an equal close counts as 0.",
    )


def build_table(source: BarsFile, horizon: int = MARKET_TARGET.horizon) -> FeatureTable:
    """Turn checked bars into a table, without each ticker's warm-up and without incomplete rows.

    The target, and the return that goes with it, look *horizon* rows of the ticker ahead; on its last
    *horizon* rows both are unknown. A one-day horizon gives the next day's return.
    """
    if horizon < 1:
        msg = f"A horizon of {horizon} days: expected at least 1."
        raise TrainingError(msg)
    bars = source.bars
    X = build_features(bars)
    next_day_return = np.full(len(bars), np.nan)
    up = np.full(len(bars), np.nan)
    warm = np.zeros(len(bars), dtype=np.bool_)
    for _, rows in bars.segments():
        close = bars.close[rows]
        next_day_return[rows][:-horizon] = close[horizon:] / close[:-horizon] - 1
        up[rows][:-horizon] = close[horizon:] > close[:-horizon]
        warm[rows][WARM_UP_ROWS:] = True
    complete = np.isfinite(X).all(axis=1)
    keep = warm & complete
    dropped = [f"{np.sum(~warm):,} rows: the first {WARM_UP_ROWS} of each ticker, while features warm up"]
    if incomplete := int(np.sum(warm & ~complete)):
        dropped.append(f"{incomplete:,} rows without volume_z20: the volume did not change in 20 days")
    provenance = Provenance(
        file=source.name,
        sha256=source.sha256,
        adjustment=source.adjustment,
        bars_read=len(bars),
        dropped=tuple(dropped),
        warnings=tuple(warning.message for warning in source.warnings),
        checks=(check_prefix_invariance(bars, X), check_warm_up(bars, X)),
    )
    table = FeatureTable(provenance, bars.day, bars.ticker, X, up, next_day_return, target=market_target(horizon))
    return table.take(keep)


def check_prefix_invariance(bars: Bars, X: FloatArray) -> Check:
    """Cut the future off at several rows of each ticker: no feature value before the cut may move."""
    moved, cuts = moved_by_the_future(bars, X, build_features)
    return Check(
        name="prefix_invariance",
        assumption="No feature looks into the future.",
        passed=not moved.any(),
        finding=f"Cutting the future off at {cuts} places moved {moved.sum()} of the feature values before the cuts.",
    )


def check_warm_up(bars: Bars, X: FloatArray) -> Check:
    """Start each history later: after the warm-up, feature values must be the same again."""
    worst = float(moved_by_the_start(bars, X, build_features).max(initial=0.0))
    return Check(
        name="warm_up",
        assumption=f"After {WARM_UP_ROWS} days a feature no longer depends on where the history starts.",
        passed=worst < WARM_UP_TOLERANCE,
        finding=f"Starting {WARM_UP_ROWS} days later moved a settled value by at most {worst:.4f} standard deviations.",
    )


def pool(tables: Sequence[FeatureTable]) -> FeatureTable:
    """Return one table of several files' rows; a ticker may come from one file only."""
    if len(tables) == 1:
        return tables[0]
    tickers = [str(ticker) for table in tables for ticker in np.unique(table.ticker)]
    if repeated := sorted({ticker for ticker in tickers if tickers.count(ticker) > 1}):
        msg = f"{', '.join(repeated)}: found in more than one file; expected each ticker in one. Leave a file out."
        raise TrainingError(msg)
    parts = [table.provenance for table in tables]
    provenance = Provenance(
        file=", ".join(part.file for part in parts),
        sha256=sha256_of("\n".join(part.sha256 for part in parts).encode()),
        adjustment="; ".join(f"{part.file}: {part.adjustment}" for part in parts),
        bars_read=sum(part.bars_read for part in parts),
        dropped=tuple(f"{part.file}: {line}" for part in parts for line in part.dropped),
        warnings=tuple(line for part in parts for line in part.warnings),
        checks=tuple(_all_passed([part.checks[i] for part in parts]) for i in range(len(parts[0].checks))),
    )

    def joined(name: str) -> Any:
        return np.concatenate([getattr(table, name) for table in tables])

    pooled = replace(
        tables[0],
        provenance=provenance,
        **{name: joined(name) for name in ("day", "ticker", "X", "y", "next_day_return")},
    )
    return pooled.take(np.lexsort((pooled.day, pooled.ticker)))


def _all_passed(checks: Sequence[Check]) -> Check:
    return msgspec.structs.replace(
        checks[0],
        passed=all(check.passed for check in checks),
        finding=" ".join(dict.fromkeys(check.finding for check in checks)),
    )


def write_table(table: FeatureTable, path: Path) -> None:
    """Write *table* as Parquet, with its provenance in the file's metadata."""
    unknown = np.isnan(table.y)
    columns = {
        "day": pa.array(table.day),
        "ticker": pa.array(table.ticker),
        **{name: pa.array(table.X[:, column]) for column, name in enumerate(FEATURE_NAMES)},
        MARKET_TARGET.column: pa.array(np.where(unknown, 0, table.y).astype(np.int8), mask=unknown),
        "next_day_return": pa.array(table.next_day_return, mask=unknown),
    }
    metadata = {_METADATA: msgspec.json.encode(table.provenance), _VALUES: digest_of_values(table).encode()}
    if table.target != MARKET_TARGET:
        metadata[_TARGET] = msgspec.json.encode(table.target)
    buffer = pa.BufferOutputStream()
    # Nearly every number is another: looking for those that come again would take as long as the rest.
    rows = pa.table(columns).replace_schema_metadata(metadata)
    pq.write_table(rows, buffer, compression="lz4", use_dictionary=["day", "ticker"])
    write_file(path, memoryview(buffer.getvalue()))
    del buffer, rows, columns
    # pyarrow keeps what writing took, in case of another write.
    pa.default_memory_pool().release_unused()


def read_provenance(path: Path) -> Provenance | None:
    """Return the provenance of a processed table, or None where *path* is not one."""
    try:
        metadata = pq.read_schema(path).metadata or {}
        return msgspec.json.decode(metadata[_METADATA], type=Provenance)
    except (OSError, KeyError, pa.ArrowInvalid, msgspec.DecodeError):
        return None


def read_target(path: Path) -> Target:
    """Return the target of the processed table at *path*."""
    metadata = pq.read_schema(path).metadata or {}
    return msgspec.json.decode(metadata[_TARGET], type=Target) if _TARGET in metadata else MARKET_TARGET


def refuse_bare_table(path: Path) -> None:
    """Raise a `TrainingError` where *path* has the columns of a processed table and not its provenance, or return."""
    try:
        schema = pq.read_schema(path)
    except (OSError, pa.ArrowInvalid):
        return
    if set(_COLUMNS) <= set(schema.names) and _METADATA not in (schema.metadata or {}):
        msg = (
            f"{path} has the columns of a processed table, but not what `python -m training features` writes into the"
            " file: make it anew with that from its bars; or remove next_day_return, which says the target, and train"
            f" on it as on any table with `--table {path} --target {MARKET_TARGET.column} --time day --group ticker`."
        )
        raise TrainingError(msg)


def read_table(path: Path) -> FeatureTable:
    """Read a processed table written by `write_table`.

    Of values that were changed since, nothing that was recorded is believed: a failed check says so in its place.
    """
    provenance = read_provenance(path)
    if provenance is None:
        msg = f"{path} is not a processed table. Make one from daily bars with `python -m training features {path}`."
        raise TrainingError(msg)
    table = read_parquet(path)
    if missing := [name for name in _COLUMNS if name not in table.column_names]:
        msg = f"{path} has no column {', '.join(missing)}. Make it anew with `python -m training features`."
        raise TrainingError(msg)
    if ignored := [name for name in table.column_names if name not in _COLUMNS]:
        warnings = (*provenance.warnings, about_ignored(path, ignored))
        provenance = msgspec.structs.replace(provenance, warnings=warnings)
    read = FeatureTable(
        provenance=provenance,
        day=table["day"].to_numpy().astype("datetime64[D]"),
        ticker=table["ticker"].to_numpy().astype(np.str_),
        X=np.column_stack([table[name].to_numpy() for name in FEATURE_NAMES]),
        y=table[MARKET_TARGET.column].cast(pa.float64()).to_numpy(),
        next_day_return=table["next_day_return"].to_numpy(),
        target=read_target(path),
    )
    recorded = (pq.read_schema(path).metadata or {}).get(_VALUES, b"").decode()
    if recorded == digest_of_values(read):
        return read
    return replace(read, provenance=msgspec.structs.replace(provenance, checks=(check_of_changed(provenance, path),)))


def describe(table: FeatureTable) -> str:
    """Say in a few lines what was read, dropped and warned about."""
    source = table.provenance
    tickers, counts = np.unique(table.ticker, return_counts=True)
    lines = [
        f"read     {source.bars_read:,} daily bars from {source.file}",
        f"prices   adjusted {source.adjustment}"
        if not source.adjustment.startswith("none")
        else "prices   as supplied",
        *(f"dropped  {line}" for line in source.dropped),
        f"kept     {len(table):,} rows: " + ", ".join(f"{t} {c:,}" for t, c in zip(tickers, counts, strict=True)),
        *(f"warning  {line}" for line in source.warnings),
        *(f"check    {'ok' if check.passed else 'FAILED'}: {check.finding}" for check in source.checks),
    ]
    return "\n".join(lines)
