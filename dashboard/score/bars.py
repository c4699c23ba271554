"""Daily bars into what can be scored: checked, adjusted for splits, with their features, as for training."""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from dashboard.score.files import FileTable
from dashboard.score.rows import ScorableRows
from model.bar_columns import columns_by_our_names
from model.bar_tables import (
    ADJUSTED_CLOSE,
    LONGEST_TICKER,
    add_broken_rules,
    describe_adjustment,
    in_order,
    to_bars,
)
from model.bar_warnings import warnings_for
from model.bars import SHORTEST_HISTORY, WARM_UP_ROWS, Bars, FloatArray
from model.dataset import MARKET_TARGET
from model.errors import Fault, InvalidBarsError
from model.features import FEATURE_NAMES, build_features
from model.manifest import Manifest
from model.scoring import LARGEST_FLOAT32
from model.splits import Split, adjust_for_splits, splits_from_adjusted_close
from training.settings import HORIZON_DAYS

WARNINGS_SHOWN = 12
SPLITS_SHOWN = 20
# No share was ever split so often: an adjusted close that says so is something else.
MOST_SPLITS = 100


def takes_bars(manifest: Manifest) -> bool:
    """Whether the features of a bundle are those that `build_features` computes."""
    return set(manifest.feature_names) == set(FEATURE_NAMES)


def rows_of_bars(file: FileTable, manifest: Manifest) -> ScorableRows:
    """Return the rows of *file* for which every feature can be computed, in the order of the file.

    Raises
    ------
    InvalidBarsError
        With everything in which the bars break the rules of daily bars.
    """
    # What no float holds shows below as a row without features.
    with np.errstate(all="ignore"):
        bars, splits, unsorted = _read(file)
        X = build_features(bars)
    X = X[:, [FEATURE_NAMES.index(name) for name in manifest.feature_names]]
    history = np.concatenate([np.arange(1, rows.stop - rows.start + 1) for _, rows in bars.segments()])
    complete = (np.abs(X) <= LARGEST_FLOAT32).all(axis=1)
    if not complete.any():
        fault = Fault("the file", "no row with all features", "volumes that differ", "Send the volumes as traded.")
        raise InvalidBarsError(file.name, [fault])
    scored = np.flatnonzero(complete)
    scored = scored[np.argsort(bars.row[scored])]
    table = file.table.take(pa.array(np.searchsorted(file.rows, bars.row[scored])))
    outcome = _next_close_higher(bars) if manifest.target.column == MARKET_TARGET.column else None
    return ScorableRows(
        table=_with_features(table, X[scored], manifest),
        columns="The columns of the file, the computed features",
        row=bars.row[scored],
        X=X[scored],
        outcome=None if outcome is None else outcome[scored],
        read=_what_was_read(bars, splits),
        span=f"{bars.day[scored].min()} to {bars.day[scored].max()}",
        notes=(
            *_left_out(history, complete),
            *_short_histories(history[scored]),
            *(["The rows were not in order of ticker and day; features were computed in order."] if unsorted else []),
            *_first_of([warning.message for warning in warnings_for(bars)]),
        ),
    )


def _read(file: FileTable) -> tuple[Bars, list[Split], bool]:
    columns = columns_by_our_names(file.table, file.name)
    faults = file.faults
    ticker = file.name.split(".")[0][:LONGEST_TICKER] or "the ticker"
    raw, left_out = to_bars(columns, file.rows, ticker, faults)
    bars, unsorted = in_order(raw)
    # Bars that cannot be read are faults already; they are not missing, too.
    add_broken_rules(bars, faults, fewest_rows=0 if left_out else SHORTEST_HISTORY)
    faults.raise_if_any(file.name)
    splits = splits_from_adjusted_close(bars)
    _check_splits(splits, len(np.unique(bars.ticker)), file.name)
    return adjust_for_splits(bars, splits), splits, unsorted


def _check_splits(splits: list[Split], tickers: int, name: str) -> None:
    if len(splits) > MOST_SPLITS * tickers:
        found = f"{len(splits):,} splits by what the adjusted close says"
        remedy = "Supply the supplier's adjusted close, or none."
        raise InvalidBarsError(name, [Fault("the file", found, f"at most {MOST_SPLITS} for a ticker", remedy)])


def _next_close_higher(bars: Bars) -> FloatArray:
    """Return the target of training: 1.0 where the next close is higher, NaN on a ticker's last day."""
    outcome = np.full(len(bars), np.nan)
    for _, rows in bars.segments():
        close = bars.close[rows]
        outcome[rows][:-HORIZON_DAYS] = close[HORIZON_DAYS:] > close[:-HORIZON_DAYS]
    return outcome


def _with_features(table: pa.Table, X: FloatArray, manifest: Manifest) -> pa.Table:
    table = table.drop_columns([name for name in manifest.feature_names if name in table.column_names])
    for position, name in enumerate(manifest.feature_names):
        table = table.append_column(name, pa.array(X[:, position]))
    return table


def _what_was_read(bars: Bars, splits: list[Split]) -> str:
    tickers = [ticker for ticker, _ in bars.segments()]
    of = f"of {tickers[0]}" if len(tickers) == 1 else f"of {len(tickers):,} tickers"
    prices = "prices taken as they are: there is no adjusted close"
    if bars.adjusted_close is not None:
        more = len(splits) - SPLITS_SHOWN
        prices = f"prices adjusted {describe_adjustment(splits[:SPLITS_SHOWN], ADJUSTED_CLOSE)}"
        prices += f" and {more:,} more" if more > 0 else ""
    return (
        f"Daily bars: {len(bars):,} {of}, {bars.day.min()} to {bars.day.max()}; {prices}."
        " The features were computed from them as for training."
    )


def _left_out(history: NDArray[np.int64], complete: NDArray[np.bool_]) -> Iterator[str]:
    early = int(np.sum(~complete & (history < SHORTEST_HISTORY)))
    if early:
        first = SHORTEST_HISTORY - 1
        yield f"{_rows(early)} not scored: the first {first} of each ticker have too short a history for some feature."
    later = int(np.sum(~complete)) - early
    if later:
        why = "some feature has no value there, as where the volume did not change in 20 days"
        yield f"{_rows(later)} not scored: {why}."


def _short_histories(history: NDArray[np.int64]) -> Iterator[str]:
    short = int(np.sum(history < WARM_UP_ROWS))
    if short:
        yield (
            f"{_rows(short)} scored on fewer than {WARM_UP_ROWS} bars: the features still depend on where the history"
            " starts. Add the days before, where there are any."
        )


def _rows(count: int) -> str:
    return f"{count:,} {'row' if count == 1 else 'rows'}"


def _first_of(messages: list[str]) -> list[str]:
    more = len(messages) - WARNINGS_SHOWN
    return [*messages[:WARNINGS_SHOWN], *([f"… and {more:,} more warnings of this kind."] if more > 0 else [])]
