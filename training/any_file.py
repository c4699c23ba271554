"""Read any table of numbers with a binary target: CSV, CSV.gz or Parquet, told apart by content."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from model.any_rows import Columns, InvalidTableError, as_text, classes_of, table_of
from model.bars import FloatArray
from model.column_names import plain_names
from model.dataset import FeatureTable
from model.errors import Fault, TrainingError
from model.parquet import read_parquet
from model.storage import sha256_of
from training.columns import unpacked
from training.usable_columns import chosen_columns, usable_columns

DELIMITERS = ",;\t|"
# Where the schema of a table says which of its columns are called otherwise in their file.
RENAMED = b"renamed"


@dataclass(frozen=True, slots=True)
class Roles:
    """Which column is what: the target, its positive value, and the columns of times and of groups, if any.

    Names are without spaces at either end, as the columns are once they are read.
    """

    target: str
    positive: str | None = None
    time: str | None = None
    group: str | None = None

    @property
    def named(self) -> tuple[str, ...]:
        """The columns that are no features."""
        return tuple(name for name in (self.target, self.time, self.group) if name is not None)


def read_any_table(path: Path, roles: Roles) -> FeatureTable:
    """Read *path*; every column of numbers beside those named in *roles* is a feature.

    What cannot be a feature is left out, and a warning of the table's provenance names it.

    Raises
    ------
    TrainingError
        The file or a named column cannot be used.
    """
    data = bytes_of(path)
    columns, warnings = columns_of(arrow_table(data, path.name), roles)
    return table_of(columns, file=path.name, sha256=sha256_of(data), warnings=warnings)


def bytes_of(path: Path) -> bytes:
    """Return what the file *path* holds; a file that cannot be read is a fault like any other."""
    try:
        return path.read_bytes()
    except OSError as error:
        fault = Fault(str(path), f"no readable file ({error.strerror})", "a file")
        raise InvalidTableError([fault]) from error


def arrow_table(data: bytes, name: str) -> pa.Table:
    """Return the table in *data*; what a column holds is inferred where the file does not say."""
    try:
        if data[:4] == b"PAR1" or name.lower().endswith(".parquet"):
            return plainly_named(read_parquet(data))
        return plainly_named(_csv(unpacked(data, name) if data[:2] == b"\x1f\x8b" else data))
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        fault = Fault(name, f"no readable table ({error})", "CSV in UTF-8, CSV.gz or Parquet, whole")
        raise InvalidTableError([fault]) from error


def plainly_named(table: pa.Table) -> pa.Table:
    """Return *table* with names as they are asked for elsewhere; the schema keeps a sentence where one was changed."""
    names, said = plain_names(table.column_names)
    if not said:
        return table
    noted = {**(table.schema.metadata or {}), RENAMED: said[0].encode()}
    return table.rename_columns(list(names)).replace_schema_metadata(noted)


def _csv(data: bytes) -> pa.Table:
    from pyarrow import csv as arrow_csv

    data = data.removeprefix(b"\xef\xbb\xbf")
    header = data.split(b"\n", 1)[0].decode()
    delimiter = max(DELIMITERS, key=header.count)
    names = next(csv.reader([header.rstrip("\r")], delimiter=delimiter), [])
    _check_names(names)
    return arrow_csv.read_csv(
        io.BytesIO(data),
        read_options=arrow_csv.ReadOptions(use_threads=False),
        parse_options=arrow_csv.ParseOptions(delimiter=delimiter, newlines_in_values=True),
        convert_options=arrow_csv.ConvertOptions(strings_can_be_null=True, quoted_strings_can_be_null=True),
    )


def _check_names(names: list[str]) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        found, expected = "the name more than once, spaces at either end apart", "one column of it"
        raise InvalidTableError([Fault(f"column {name}", found, expected, "Rename one.") for name in twice])


def columns_of(table: pa.Table, roles: Roles, features: Sequence[str] | None = None) -> tuple[Columns, list[str]]:
    """Return target, features, time and group of *table*, and warnings about what was left out.

    *features* are the columns to take; else every usable one is taken.
    """
    _check_names(table.column_names)
    _check_roles(table, roles)
    target = table[roles.target]
    known = np.asarray(pc.is_valid(target))
    renamed = (table.schema.metadata or {}).get(RENAMED)
    warnings = [renamed.decode()] if renamed else []
    if lacking := int((~known).sum()):
        warnings.append(f"{lacking:,} of {len(known):,} rows have no “{roles.target}” and were left out.")
        table = table.filter(pa.array(known))
    values = _texts(table[roles.target])
    classes = classes_of(np.unique(values).tolist(), roles.target, roles.positive)
    usable = usable_columns(table, without=roles.named) if features is None else chosen_columns(table, features)
    time, more = (None, []) if roles.time is None else _days(table[roles.time], roles.time)
    columns = Columns(
        names=usable.names,
        X=usable.X,
        y=(values == classes.positive).astype(np.int64),
        target=roles.target,
        classes=classes,
        time_name=roles.time,
        time=time,
        group_name=roles.group,
        group=None if roles.group is None else _groups(table[roles.group], roles.group),
    )
    return columns, [*warnings, *more, *usable.warnings]


def _check_roles(table: pa.Table, roles: Roles) -> None:
    if missing := [name for name in roles.named if name not in table.column_names]:
        there = ", ".join(table.column_names)
        raise InvalidTableError([Fault(f"column {name}", "nothing", f"one of {there}") for name in missing])
    if len(set(roles.named)) < len(roles.named):
        msg = f"Target, time and group must be different columns; found {', '.join(roles.named)}."
        raise TrainingError(msg)


def _texts(column: pa.ChunkedArray) -> NDArray[np.str_]:
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    return as_text(np.array(column.to_pylist()))


def _groups(column: pa.ChunkedArray, name: str) -> NDArray[np.str_]:
    if column.null_count:
        fault = Fault(f"group {name}", f"{column.null_count:,} rows without one", "one in each row", "Fill them in.")
        raise InvalidTableError([fault])
    return _texts(column)


def _days(column: pa.ChunkedArray, name: str) -> tuple[NDArray[np.datetime64], list[str]]:
    expected = "a day in each row, as 2000-12-31"
    if column.null_count:
        found = f"{column.null_count:,} rows without one"
        raise InvalidTableError([Fault(f"time {name}", found, expected, "Fill them in, or leave these rows out.")])
    try:
        moments = _moments(column)
    except (ValueError, pa.ArrowException) as error:
        found = f"values such as “{column[0].as_py()}”"
        raise InvalidTableError([Fault(f"time {name}", found, expected, "Write it so.")]) from error
    days = moments.astype("datetime64[D]")
    if np.array_equal(days, moments):
        return days, []
    return days, [f"The times of “{name}” are used by the day: all rows of a day are on the same side of every fold."]


def _moments(column: pa.ChunkedArray) -> NDArray[np.datetime64]:
    if pa.types.is_integer(column.type):
        texts = [str(value) for value in column.to_pylist()]
        if any(len(text) != 8 for text in texts):
            msg = "whole numbers that are no days"
            raise ValueError(msg)
        return np.array([f"{text[:4]}-{text[4:6]}-{text[6:]}" for text in texts], dtype="datetime64[D]")
    if pa.types.is_date(column.type) or pa.types.is_timestamp(column.type):
        stamps: FloatArray = np.asarray(column.cast(pa.timestamp("us")).cast(pa.int64()))
        return stamps.astype("datetime64[us]")
    return np.array(column.to_pylist(), dtype="datetime64[us]")
