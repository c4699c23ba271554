"""Which columns of a table can be features, and why the others cannot."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from model.any_rows import InvalidTableError
from model.bars import FloatArray
from model.column_names import printable
from model.errors import Fault
from model.wording import percent

# A column of text in which this share of the cells are numbers was meant to hold numbers.
NEARLY_ALL = 0.5
# So many names of columns are told in one sentence.
NAMES_SHOWN = 12


@dataclass(frozen=True, slots=True)
class Usable:
    """The features of a table, NaN where a value is missing, and sentences about what was left out."""

    names: tuple[str, ...]
    X: FloatArray
    warnings: tuple[str, ...]


def usable_columns(table: pa.Table, *, without: Collection[str]) -> Usable:
    """Return the columns of numbers that vary, each once, but for those in *without*."""
    names: list[str] = []
    values: list[FloatArray] = []
    left_out: dict[str, list[str]] = {}
    seen: dict[bytes, str] = {}
    for name in table.column_names:
        if name in without:
            continue
        numbers, why = _numbers(table[name]) if name.strip() else (None, "without a name")
        if numbers is not None:
            twin = seen.setdefault(numbers.tobytes(), name)
            known = numbers[~np.isnan(numbers)]
            if not known.size:
                numbers, why = None, "empty"
            elif known.min() == known.max():
                numbers, why = None, "constant"
            elif twin != name:
                numbers, why = None, f"equal to “{twin}” in every row"
        if numbers is None:
            left_out.setdefault(why, []).append(name)
        else:
            names.append(name)
            values.append(numbers)
    X = np.column_stack(values) if values else np.empty((table.num_rows, 0))
    return Usable(tuple(names), X, tuple(_sentence(why, those) for why, those in left_out.items()))


def chosen_columns(table: pa.Table, names: Sequence[str]) -> Usable:
    """Return just the columns *names*, in this order.

    Raises
    ------
    InvalidTableError
        One of them is not there, or does not hold numbers.
    """
    faults: list[Fault] = []
    values = []
    for name in names:
        found = table.column_names.count(name)
        numbers, why = _numbers(table[name]) if found == 1 else (None, "no such column" if not found else "several")
        if numbers is None:
            faults.append(Fault(f"column {name}", why, "one column of numbers: the pipeline takes it"))
        else:
            values.append(numbers)
    if faults:
        raise InvalidTableError(faults)
    return Usable(tuple(names), np.column_stack(values), ())


def _sentence(why: str, names: list[str]) -> str:
    shown = ", ".join(f"“{printable(name)}”" for name in names[:NAMES_SHOWN])
    more = f" and {len(names) - NAMES_SHOWN} more" if len(names) > NAMES_SHOWN else ""
    return f"Left out: {'column' if len(names) == 1 else 'columns'} {shown}{more}, {why}."


def _numbers(column: pa.ChunkedArray) -> tuple[FloatArray | None, str]:
    """Return the values of *column*, NaN where one is missing; or None and the reason."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        column = column.cast(kind.value_type)
        kind = column.type
    if pa.types.is_null(kind):
        return np.full(len(column), np.nan), ""
    if pa.types.is_boolean(kind):
        column = column.cast(pa.int8())
    elif pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return None, _about_text(column)
    elif not (pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)):
        return None, f"not numbers but {'times' if pa.types.is_temporal(kind) else kind}"
    # Adding 0 makes 0.0 of -0.0, which would hide that two columns are equal.
    return np.asarray(pc.fill_null(column.cast(pa.float64(), safe=False), np.nan)) + 0.0, ""


def _about_text(column: pa.ChunkedArray) -> str:
    texts = [text for text in column.to_pylist() if text is not None]
    others = [text for text in texts if not _is_number(text)]
    share = 1 - len(others) / max(len(texts), 1)
    if share < NEARLY_ALL:
        return "not numbers but text"
    return f"text in {percent(1 - share)} of its cells, such as “{others[0]}”: correct them or leave them empty"


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
