"""A table of feature rows into what can be scored: every feature by name, finite, within its bounds."""

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from dashboard.score.files import FileTable
from dashboard.score.outcomes import outcome_of
from model.bar_cells import quote
from model.bars import FaultList, FloatArray
from model.errors import Fault, InvalidFeaturesError
from model.manifest import FeatureSpec, Manifest
from model.scoring import LARGEST_FLOAT32
from model.wording import MINUS

# RE2 syntax. No thousands separators: 0,012 may be meant as a fraction.
_NUMBER = r"^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$"
_NAMES_LISTED = 200
_FILLED_LISTED = 5


@dataclass(frozen=True, slots=True)
class ScorableRows:
    """The rows of a file that can be scored; arrays of one length.

    `table` goes out with the scores, `columns` says what it holds; `row` is where each stands in the file;
    `X` are the features in the bundle's order; `outcome` is 1.0, 0.0 or NaN where the file does not tell it,
    None where it never does; `read` says what was read, `span` from when to when if that is known, `notes`
    what a reader of the scores should know.
    """

    table: pa.Table
    columns: str
    row: NDArray[np.int64]
    X: FloatArray
    outcome: FloatArray | None
    read: str
    span: str
    notes: tuple[str, ...]


def rows_of_features(file: FileTable, manifest: Manifest, filling: Sequence[float] | None = None) -> ScorableRows:
    """Return the rows of *file*, which names all features in its header.

    *filling* is what the model puts in place of a missing value of each feature, None where it takes none.

    Raises
    ------
    InvalidFeaturesError
        With every cell that is no value of its feature.
    """
    faults = FaultList()
    faults.found, faults.count = list(file.faults.found), file.faults.count
    stand_ins = filling or [None] * len(manifest.features)
    empty: dict[str, int] = {}
    columns = [
        _values_of(feature, file, faults, stand_in, empty)
        for feature, stand_in in zip(manifest.features, stand_ins, strict=True)
    ]
    if faults.count:
        ordered = [fault for _, fault in sorted(faults.found, key=lambda item: item[0])]
        raise InvalidFeaturesError(file.name, ordered, faults.count)
    outcome, notes = outcome_of(file.table, manifest.target)
    others = file.table.num_columns - len(columns)
    kept = f", and {others} other {'column' if others == 1 else 'columns'} kept as they are" if others else ""
    return ScorableRows(
        table=file.table,
        columns="The columns of the file",
        row=file.rows,
        X=np.column_stack(columns),
        outcome=outcome,
        read=f"Feature rows: all {len(columns)} features by name{kept}.",
        span="",
        notes=(*notes, *_filled(empty)),
    )


def _filled(empty: dict[str, int]) -> Iterator[str]:
    if empty:
        listed = ", ".join(f"{name} {count:,}" for name, count in list(empty.items())[:_FILLED_LISTED])
        more = f" and {len(empty) - _FILLED_LISTED} more columns" if len(empty) > _FILLED_LISTED else ""
        count = sum(empty.values())
        cells = "1 cell is" if count == 1 else f"{count:,} cells are"
        yield f"{cells} empty ({listed}{more}): the model puts there what its pipeline learned from the training rows."


def missing_features(titles: Sequence[str], manifest: Manifest, name: str) -> InvalidFeaturesError:
    """Return the refusal of a table with some of the features: which are missing, and what may be meant."""
    missing = [feature for feature in manifest.features if feature.name not in titles]
    others = [title for title in titles if title not in manifest.feature_names]
    faults = [
        Fault(
            "the header",
            f"no column {feature.name}",
            f"a column of that name ({feature.label})",
            _did_you_mean(feature.name, others) or f"Add it; its median in training is {original(feature.median)}.",
        )
        for feature in missing
    ]
    return InvalidFeaturesError(name, faults)


def nearest_titles(titles: Sequence[str], manifest: Manifest) -> int:
    """Return how many features are among *titles*, or nearly so."""
    return sum(name in titles or bool(_did_you_mean(name, titles)) for name in manifest.feature_names)


def original(value: float) -> str:
    """Write a value in original units, as a file may hold it, with a true minus sign."""
    return f"{value:.6g}".replace("-", MINUS)


def _did_you_mean(name: str, titles: Sequence[str]) -> str:
    by_lower = {title[:100].lower(): title for title in titles[:_NAMES_LISTED]}
    near = difflib.get_close_matches(name.lower(), by_lower, n=1, cutoff=0.7)
    return f"Is it “{by_lower[near[0]]}”? Rename that column." if near else ""


def _values_of(
    feature: FeatureSpec, file: FileTable, faults: FaultList, stand_in: float | None, empty: dict[str, int]
) -> FloatArray:
    """Return the values of *feature*, with *stand_in* where a cell is empty if there is one; those go into *empty*."""
    column, rows = file.table.column(feature.name), file.rows
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        values, unreadable = _numbers(column)
    elif pa.types.is_integer(column.type) or pa.types.is_floating(column.type) or pa.types.is_decimal(column.type):
        values = column.cast(pa.float64(), safe=False).to_numpy().copy()
        unreadable = column.is_null().to_numpy()
    else:
        expected, remedy = "numbers", "Cast the column to float64."
        faults.add(0, Fault(f"column {feature.name}", f"values of the type {column.type}", expected, remedy))
        return np.zeros(len(rows))
    if stand_in is not None and (lacking := _empty(column)).any():
        values[lacking], unreadable = stand_in, unreadable & ~lacking
        empty[feature.name] = int(lacking.sum())
    least = -LARGEST_FLOAT32 if feature.hard_minimum is None else feature.hard_minimum
    most = LARGEST_FLOAT32 if feature.hard_maximum is None else feature.hard_maximum
    bad = unreadable | ~((values >= least) & (values <= most))

    def describe(i: int) -> Fault:
        cell = column[i].as_py()
        found = "an empty cell" if cell is None or cell == "" else quote(cell) if isinstance(cell, str) else str(cell)
        remedy = f"In training it went from {original(feature.min)} to {original(feature.max)}."
        if unreadable[i]:
            remedy = "Write it with a decimal point and no unit, or leave the row out."
        return Fault(f"row {rows[i]}, {feature.name}", found, allowed(feature), remedy)

    faults.add_rows(bad, rows, describe)
    return values


def allowed(feature: FeatureSpec) -> str:
    """Say what values a feature may have, in original units."""
    low, high = feature.hard_minimum, feature.hard_maximum
    if low is not None and high is not None:
        return f"a number from {original(low)} to {original(high)}"
    if low is not None:
        return f"a number of at least {original(low)}"
    return "a finite number" if high is None else f"a number of at most {original(high)}"


def _numbers(column: pa.ChunkedArray) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Return texts as numbers, and where they are none."""
    text = pc.utf8_trim_whitespace(pc.fill_null(column.cast(pa.string()), ""))
    good = pc.match_substring_regex(text, _NUMBER)
    plain = pc.replace_substring_regex(pc.if_else(good, text, "0"), r"^\+", "")
    return plain.cast(pa.float64()).to_numpy().copy(), ~good.to_numpy()


def _empty(column: pa.ChunkedArray) -> NDArray[np.bool_]:
    """Return where a cell holds nothing, or a NaN."""
    if pa.types.is_floating(column.type):
        return column.is_null(nan_is_null=True).to_numpy()
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        column = pc.utf8_trim_whitespace(pc.fill_null(column, ""))
        return pc.or_(pc.equal(column, ""), pc.equal(pc.utf8_lower(column), "nan")).to_numpy()
    return column.is_null().to_numpy()
