"""Rows that stand where they should not: repeated, out of order, in the future, on both sides of a fold."""

from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.bars import FloatArray
from model.checks import checks_of_folds
from model.dataset import FeatureTable, Rows
from model.evaluation import IntArray
from model.manifest import Check, Layout
from training.leaks.subject import FALSE_ALARMS, Finding, Subject, listed

# A column with mostly different values is measured, not counted: equal rows of such are copies.
MOSTLY_DIFFERENT = 0.5
CHANCE_DRAWS = 20
ROWS_NAMED = 3


def row_order(rows: Rows, layout: Layout, *, sorted_since: bool = False) -> Finding:
    """Within a group, rows must stand in the order of time: whatever was computed row by row relied on it.

    *rows* are as they stand in their file; *sorted_since* says that features were computed after they were put
    in order.
    """
    order = np.argsort(rows.ticker, kind="stable")
    group, day = rows.ticker[order], rows.day[order]
    back = np.flatnonzero((group[1:] == group[:-1]) & (day[1:] < day[:-1])) + 1
    said = "All rows do."
    if len(back):
        said = f"Rows that stand after a later one: {len(back):,}, first {_some(rows, order[back])}."
        said += " They were put in order before features were computed." if sorted_since else ""
    wrong = bool(len(back)) and not sorted_since
    return Finding(
        check=Check(name="row_order", assumption="Rows stand in the order of time.", passed=not wrong, finding=said),
        remedy="Sort the rows before features are computed, then compute them anew.",
        columns=_named(layout.time) if wrong else (),
    )


def repeated_days(table: FeatureTable) -> Finding:
    """A ticker has one bar a day; anything else may have several rows, if they are not the same row.

    Where rows belong to nothing, several a day are as good as any.
    """
    order = np.lexsort((table.day, table.ticker))
    group, day = table.ticker[order], table.day[order]
    again = order[np.flatnonzero((group[1:] == group[:-1]) & (day[1:] == day[:-1])) + 1]
    thing, bars = table.layout.group, table.layout.returns
    wrong = again[:0] if thing is None else again if bars else np.intersect1d(again, _copies(table))
    said = (
        f"Rows that repeat a day: {len(again):,}, first {_some(table, again)}." if len(again) else "None is repeated."
    )
    if len(again) and thing is None:
        said += " No group was named (--group), so that may be as it should."
    elif len(again) and not bars:
        same = f"Equal in everything: {len(wrong):,}, first {_some(table, wrong)}." if len(wrong) else "They differ."
        said += f" {same} A {thing} may have several rows a day where each is of its own."
    return Finding(
        check=Check(
            name="repeated_days",
            assumption="No group has two rows on one day." if bars else "No row of a day is there twice.",
            passed=not len(wrong),
            finding=said,
        ),
        remedy="Remove one of each pair, or name what tells them apart with --group.",
        columns=_named(table.layout.time) if len(wrong) else (),
    )


def _copies(table: FeatureTable) -> NDArray[np.int64]:
    """Return the rows that are equal to an earlier one, place and target too; none where features take few values."""
    key = _row_keys(np.column_stack([table.X, table.y, *_places(table)]))
    if not _is_measured(table.X, _row_keys(table.X)):
        return np.empty(0, dtype=np.int64)
    _, first = np.unique(key, return_index=True)
    return np.setdiff1d(np.arange(len(key)), first)


def future_days(table: FeatureTable, today: date) -> Finding:
    """No row may lie in the future: nothing is known of it yet."""
    future = np.flatnonzero(table.day > np.datetime64(today, "D"))
    said = (
        f"Rows after {today}: {len(future):,}, first {_some(table, future)}." if len(future) else f"None after {today}."
    )
    return Finding(
        check=Check(name="future_days", assumption="No row is of the future.", passed=not len(future), finding=said),
        remedy="Correct the days: day and month may be swapped; remove rows whose outcome is not known yet.",
        columns=_named(table.layout.time) if len(future) else (),
    )


def _some(rows: Rows, places: NDArray[np.int64]) -> str:
    """Name the first few of some rows: by what they belong to and day, else by number."""
    names = []
    for place in places[:ROWS_NAMED].tolist():
        day = "" if np.isnat(rows.day[place]) else str(rows.day[place])
        names.append(" ".join(filter(None, (str(rows.ticker[place]), day))) or f"row {place + 1:,}")
    return listed(names)


def _named(column: str | None) -> tuple[str, ...]:
    return (column,) if column else ()


def duplicate_rows(subject: Subject) -> Finding:
    """No test row may have the very features of a training row, and no row may be there twice."""
    table = subject.table
    key = _row_keys(table.X)
    across = np.zeros(len(key), dtype=np.bool_)
    for fold in subject.folds:
        across |= fold.test & np.isin(key, key[fold.train])
    twice = int((np.bincount(_row_keys(np.column_stack([table.X, table.y, *_places(table)]))) - 1).clip(0).sum())
    repeated = len(key) - (int(key.max()) + 1)
    copies = (
        repeated > 0
        and _is_measured(table.X, key)
        and repeated > _repeated_by_chance(table.X, subject.seed)
        and _targets_agree(key, subject.y, subject.seed)
    )
    where = f" (first {_some(table, np.flatnonzero(across))})" if across.any() else ""
    said = (
        f"Test rows with the features of a training row: {int(across.sum()):,}{where}. Rows that are there again in"
        f" everything: {twice:,}; in their features: {repeated:,}."
    )
    if repeated and not copies:
        said += (
            " That cannot be told from chance: features take few values, or equal rows have different targets, or there"
            " are too few."
        )
    return Finding(
        check=Check(
            name="duplicate_rows",
            assumption="No row is repeated, least of all between training and test.",
            passed=not copies,
            finding=said,
        ),
        remedy="Remove copies before the table is split; where rows were drawn again to balance classes, do not.",
    )


def _places(table: FeatureTable) -> list[Any]:
    return [table.day.astype(np.int64), np.unique(table.ticker, return_inverse=True)[1]]


def _row_keys(X: FloatArray) -> IntArray:
    """Number the rows so that equal ones have one number; missing values are equal."""
    # One kind of zero and one kind of NaN, for rows are compared byte by byte.
    plain = np.ascontiguousarray(np.where(np.isnan(X), np.nan, X + 0.0))
    as_bytes: NDArray[Any] = plain.view(np.dtype((np.void, plain.dtype.itemsize * plain.shape[1])))[:, 0]
    return np.unique(as_bytes, return_inverse=True)[1].astype(np.int64)


def _is_measured(X: FloatArray, key: IntArray) -> bool:
    _, first = np.unique(key, return_index=True)
    distinct = max(len(np.unique(column[~np.isnan(column)])) for column in X[first].T)
    return distinct > MOSTLY_DIFFERENT * len(first)


def _repeated_by_chance(X: FloatArray, seed: int) -> int:
    """Return the most repetitions seen when every feature is permuted by itself."""
    rng = np.random.default_rng(seed)
    counts = [len(X) - (int(_row_keys(rng.permuted(X, axis=0)).max()) + 1) for _ in range(CHANCE_DRAWS)]
    return max(counts)


def _targets_agree(key: IntArray, y: IntArray, seed: int) -> bool:
    """Whether equal rows have equal targets more often than permuted targets do: copies have, coincidences not."""
    order = np.argsort(key, kind="stable")
    first = np.flatnonzero(key[order][1:] == key[order][:-1])
    one, other = order[first], order[first + 1]
    rng = np.random.default_rng(seed)
    agreed = int(np.sum(y[one] == y[other]))
    by_chance = [int(np.sum(shuffled[one] == shuffled[other])) for shuffled in (rng.permutation(y) for _ in range(999))]
    return float(np.mean(np.array(by_chance) >= agreed)) <= FALSE_ALARMS


def folds_keep_apart(subject: Subject) -> list[Finding]:
    """Whether the folds keep days, groups and gaps apart, with what to do where they do not."""
    checks = checks_of_folds(subject.table, list(subject.folds))
    return [Finding(check=check, remedy=_REMEDIES[check.name]) for check in checks]


_REMEDIES = {
    "gap": "Leave at least as many days out between training and test as the target looks ahead.",
    "whole_days": "Split by day, not by row.",
    "whole_groups": "Split by group: a model that has seen other rows of a group is judged too well.",
}
