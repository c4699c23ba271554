"""Rows of numbers with a binary target, from anywhere, as a table to train and to judge a model on."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.bars import FloatArray
from model.column_names import faults_of_names
from model.dataset import FeatureTable, Provenance
from model.errors import Fault, TrainingError
from model.feature_words import definitions_of, question_of, safe_name
from model.manifest import Layout, Target
from model.splitting import kind_of_split
from model.wording import percent

FEWEST_ROWS = 20
# The variance of larger values is beyond floating point.
LARGEST_VALUE = 1e150
# So many columns are named where many lack values.
WORST_NAMED = 3

BY_THE_MEDIAN = "the pipeline puts the median of the training rows in their place"

# Which of two values is the positive one where nobody says: what stands for true.
TRUE_VALUES = ("1", "true", "yes", "y", "t", "positive", "pos")
FALSE_VALUES = ("0", "-1", "false", "no", "n", "f", "negative", "neg")
# Values that say nothing of what is true: there the target's name does.
PLAIN_TRUE = ("1", "true", "t")


class InvalidTableError(TrainingError):
    """A table that no model can be trained on; carries every fault found in it."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        count = f"{len(faults)} fault" + ("" if len(faults) == 1 else "s")
        super().__init__("\n".join([f"The table cannot be used: {count}.", *(f"  {fault}" for fault in faults)]))


@dataclass(frozen=True, slots=True)
class Classes:
    """The two values of a target as they stand in the data, and what the positive one is called."""

    positive: str
    negative: str
    name: str


@dataclass(frozen=True, slots=True)
class Columns:
    """Named columns of numbers beside a target of 0 and 1; `time` and `group` where rows have them."""

    names: tuple[str, ...]
    X: FloatArray
    y: NDArray[np.int64]
    target: str
    classes: Classes
    time_name: str | None = None
    time: NDArray[np.datetime64] | None = None
    group_name: str | None = None
    group: NDArray[np.str_] | None = None


def classes_of(values: Sequence[str], target: str, positive: str | None) -> Classes:
    """Tell which of the two *values* of *target* is the positive class.

    >>> classes_of(["no", "yes"], "churned", None)
    Classes(positive='yes', negative='no', name='yes')
    >>> classes_of(["0", "1"], "churned", None).name
    'churned'

    Raises
    ------
    TrainingError
        There are not two, or it is not clear which is the positive one.
    """
    found = ", ".join(f"“{value}”" for value in list(values)[:6]) + (", …" if len(values) > 6 else "")
    if len(values) != 2:
        count = f"{len(values):,} different {'value' if len(values) == 1 else 'values'} ({found})" if values else "none"
        fault = Fault(f"target {target}", count, "two", "Choose a column with two values, or make one.")
        raise InvalidTableError([fault])
    if positive is None:
        true = [value for value in values if value.strip().lower() in TRUE_VALUES]
        false = [value for value in values if value.strip().lower() in FALSE_VALUES]
        if len(true) != 1 or (len(false) != 1 and true[0].strip().lower() in PLAIN_TRUE):
            msg = f"“{target}” holds {found}: say which is the positive class (--positive, or positive= in Python)."
            raise TrainingError(msg)
        positive = true[0]
    if positive not in values:
        msg = f"Column “{target}” holds {found}, not “{positive}”: name one of these as the positive class."
        raise TrainingError(msg)
    (negative,) = (value for value in values if value != positive)
    plain = positive.strip().lower() in PLAIN_TRUE and negative.strip().lower() in FALSE_VALUES
    return Classes(positive, negative, safe_name(target if plain else positive))


def table_of(
    columns: Columns, *, file: str, sha256: str, warnings: Sequence[str] = (), imputed: str = BY_THE_MEDIAN
) -> FeatureTable:
    """Put *columns* into the form that training takes: by group, then time, with words for every column.

    *imputed* says what the pipeline does about missing values.

    Raises
    ------
    TrainingError
        There is too little to train on.
    """
    check_columns(columns)
    n = len(columns.y)
    layout = Layout(
        time=columns.time_name,
        group=columns.group_name,
        returns=False,
        folds=kind_of_split(time=columns.time is not None, group=columns.group is not None),
    )
    day = np.full(n, "NaT", dtype="datetime64[D]") if columns.time is None else columns.time.astype("datetime64[D]")
    group = np.full(n, "") if columns.group is None else columns.group
    missing = missing_warning(columns.names, columns.X, imputed)
    table = FeatureTable(
        provenance=Provenance(
            file=file,
            sha256=sha256,
            adjustment="none",
            bars_read=n,
            dropped=(),
            warnings=(*warnings, *missing),
            checks=(),
        ),
        day=day,
        ticker=group.astype(np.str_),
        X=np.ascontiguousarray(columns.X, dtype=np.float64),
        y=columns.y.astype(np.float64),
        next_day_return=np.full(n, np.nan),
        features=definitions_of(columns.names, columns.X),
        target=target_of(columns),
        layout=layout,
    )
    if columns.time is None and columns.group is None:
        return table
    return table.take(np.lexsort((table.day, table.ticker)))


def check_columns(columns: Columns) -> None:
    """Raise one error with everything that keeps *columns* from being trained on, or return."""
    roles = (columns.target, columns.time_name, columns.group_name)
    faults = faults_of_names([*columns.names, *filter(None, roles)])
    faults += faults_of_names([columns.classes.positive, columns.classes.negative], f"value of {columns.target}:")
    n_rows = len(columns.y)
    if n_rows < FEWEST_ROWS:
        faults.append(Fault("the table", f"{n_rows:,} rows with a target", f"at least {FEWEST_ROWS}"))
    if not columns.names:
        faults.append(Fault("the table", "no usable feature", "at least one column of numbers that vary"))
    twice = sorted({name for name in columns.names if columns.names.count(name) > 1})
    faults += [
        Fault(
            f"column {name}", "the name more than once, spaces at either end apart", "one column of it", "Rename one."
        )
        for name in twice
    ]
    for name, values in zip(columns.names, columns.X.T, strict=True):
        if infinite := int(np.isinf(values).sum()):
            where = f"{infinite:,} infinite {'value' if infinite == 1 else 'values'}"
            faults.append(Fault(f"column {name}", where, "finite numbers", "Correct them, or leave them empty."))
        elif huge := int(np.sum(np.abs(values) > LARGEST_VALUE)):
            where = f"{huge:,} {'value' if huge == 1 else 'values'} beyond {LARGEST_VALUE:g}, whose squares overflow"
            faults.append(Fault(f"column {name}", where, "smaller numbers", "Correct them, or use a larger unit."))
        elif not np.nanmin(values) < np.nanmax(values) if np.isfinite(values).any() else True:
            faults.append(Fault(f"column {name}", "one value only", "values that vary", "Leave the column out."))
    if n_rows and len(np.unique(columns.y)) < 2:
        faults.append(Fault(f"target {columns.target}", "one class only", "rows of both"))
    if faults:
        raise InvalidTableError(faults)


def target_of(columns: Columns) -> Target:
    """Say what is predicted, in words made of names and values."""
    classes = columns.classes
    return Target(
        column=columns.target,
        positive_class=classes.name,
        horizon=0 if columns.time is None else 1,
        question=question_of(
            columns.target, classes.positive, affirmed=classes.positive.strip().lower() in TRUE_VALUES
        ),
        description=f"1 where `{columns.target}` is “{classes.positive}”, 0 where it is “{classes.negative}”.",
    )


def missing_warning(names: Sequence[str], X: FloatArray, imputed: str) -> list[str]:
    """Say which columns lack values and how many, and what becomes of them, if any do."""
    shares = np.isnan(X).mean(axis=0)
    lacking = [column for column in np.argsort(-shares, kind="stable").tolist() if shares[column] > 0]
    if not lacking:
        return []
    worst = ", ".join(f"“{names[column]}” {percent(shares[column])}" for column in lacking[:WORST_NAMED])
    others = len(lacking) - WORST_NAMED
    rest = f", and in {others} {'other' if others == 1 else 'others'} no more of them" if others > 0 else ""
    which = f"most in {worst}{rest}" if rest else worst
    return [
        f"Values are missing in {len(lacking)} of {len(names)} features ({which}): {imputed}."
        " The training rows kept for looking things up show the median in their place."
    ]


def has_missing(X: FloatArray) -> bool:
    """Say whether any value is missing."""
    return bool(np.isnan(X).any())


def filled(X: FloatArray) -> FloatArray:
    """Return *X* with the median of its column in place of each missing value."""
    if not has_missing(X):
        return X
    return np.where(np.isnan(X), np.nanmedian(X, axis=0), X)


def as_text(values: Any) -> NDArray[np.str_]:
    """Return values of any kind as text; whole numbers without decimals, so that 1.0 and 1 are one value."""
    array = np.asarray(values)
    if array.dtype.kind == "f":
        whole = np.isfinite(array) & (array == np.round(array))
        return np.array([str(int(v)) if w else str(v) for v, w in zip(array.tolist(), whole.tolist(), strict=True)])
    if array.dtype.kind == "b":
        return np.where(array, "true", "false")
    return array.astype(np.str_)
