"""Batches in JSON read strictly: what can be wrong with a document, its columns and its rows."""

import functools
import math
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any, cast

import numpy as np

from api import strict_json, validation
from api.batch.rows import Rows, name_faults
from api.errors import FAULTS_LISTED, THE_BODY, UnreadableBodyError
from api.strict_json import Members
from model.bars import FloatArray
from model.errors import Fault, InvalidFeaturesError
from model.manifest import FeatureSpec

_ABSENT = object()
EXPECTED = 'an object: {"rows": [{…}, …]} or {"columns": {…}}'


def read_document(body: bytes) -> Members:
    """Return the document in *body*: rows in an array, or columns in an object, and nothing else.

    Raises
    ------
    UnreadableBodyError
        The body is no JSON document, or names something twice above the level of rows.
    InvalidFeaturesError
        It is not made of rows or columns.
    """
    try:
        document = strict_json.read(body)
    except UnreadableBodyError as error:
        faults = [replace(fault, expected=f"{EXPECTED}, in UTF-8") for fault in error.faults]
        raise UnreadableBodyError(error.subject, faults) from error
    repeated = list(islice(_repeated_names(document), FAULTS_LISTED))
    if repeated:
        raise UnreadableBodyError(THE_BODY, repeated)
    faults = list(islice(_shape_faults(document), FAULTS_LISTED))
    if faults:
        raise InvalidFeaturesError(THE_BODY, faults)
    return cast("Members", document)


def _repeated_names(document: Any) -> Iterator[Fault]:
    """Yield a fault for each name given twice above the level of rows, which are looked at one by one."""
    columns = document.get("columns") if isinstance(document, Members) else None
    for part, path in ((document, ()), (columns, ("columns",))):
        if isinstance(part, Members):
            names_only = Members(dict.fromkeys(part))
            names_only.repeated = part.repeated
            yield from validation.repeated_names(names_only, *path)


def _shape_faults(document: Any) -> Iterator[Fault]:
    if not isinstance(document, Members):
        yield Fault("", validation.kind(document), EXPECTED, "Put the rows into an object.")
        return
    shapes = ("rows", "columns")
    for name in document:
        if name not in shapes:
            remedy = validation.nearest(name, shapes) or "Remove it."
            yield Fault(validation.pointer(name), "an unknown name", "only “rows” or “columns” here", remedy)
    given = [name for name in shapes if name in document]
    if len(given) != 1:
        found = " and ".join(f"“{name}”" for name in given) or "neither “rows” nor “columns”"
        yield Fault("", found, EXPECTED, "Send one of the two; a single row may also go to /predict.")
    if "rows" in document and not isinstance(document["rows"], list):
        yield Fault("/rows", validation.kind(document["rows"]), "an array of objects", "Send one object a row.")
    if "columns" in document and not isinstance(document["columns"], Members):
        remedy = "Send names with their values."
        yield Fault("/columns", validation.kind(document["columns"]), "an object of arrays", remedy)


def column_faults(columns: Members, features: Sequence[FeatureSpec]) -> Iterator[Fault]:
    """Yield what keeps *columns* from being one array for each of *features*, all of one length."""
    yield from name_faults(columns, features, "columns")
    lengths = {}
    for feature in features:
        values = columns.get(feature.name)
        if isinstance(values, list):
            lengths[feature.name] = len(values)
        elif feature.name in columns:
            where = validation.pointer("columns", feature.name)
            yield Fault(where, validation.kind(values), "an array of numbers", "Send one number a row.")
    for name, length in lengths.items():
        model, expected = next(iter(lengths.items()))
        if length != expected:
            where = validation.pointer("columns", name)
            found = "1 value" if length == 1 else f"{length:,} values"
            yield Fault(where, found, f"{expected:,}, as in {model}", "Send one number a row.")


class Records:
    """Rows that come one object a row, taken block by block."""

    def __init__(self, features: Sequence[FeatureSpec]) -> None:
        self._features = features
        self._names = [feature.name for feature in features]
        self._n_rows = 0
        self._blocks: list[FloatArray] = []
        self._first_rows: list[int] = []
        self._readers: list[Callable[[], list[Any]] | None] = []
        self._surplus: dict[int, int] = {}
        self._repeated: list[Fault] = []

    def __len__(self) -> int:
        return self._n_rows

    def add(self, block: FloatArray, read: Callable[[], list[Any]] | None = None) -> None:
        """Add rows, shape (features, rows); *read* reads them again where something is wrong with them."""
        self._blocks.append(block)
        self._first_rows.append(self._n_rows)
        self._readers.append(read)
        self._n_rows += block.shape[1]

    def add_strictly(self, read: Callable[[], list[Any]]) -> None:
        """Add the rows that *read* reads, of any kind."""
        block = []
        for row, record in enumerate(read(), self._n_rows):
            if not isinstance(record, Members):
                block.append([math.inf] * len(self._names))
                self._surplus[row] = 1 - len(self._names)
                continue
            values = [as_float(record.get(name, _ABSENT)) for name in self._names]
            block.append(values)
            if len(record) != len(self._names) or record.repeated or not all(map(math.isfinite, values)):
                self._surplus[row] = sum(name not in self._names for name in record)
                more = FAULTS_LISTED - len(self._repeated)
                self._repeated += islice(validation.repeated_names(record, "rows", str(row)), more)
        self.add(np.array(block).reshape(-1, len(self._names)).T, read)

    def rows(self) -> Rows:
        """Return what was added.

        Raises
        ------
        UnreadableBodyError
            An object names something twice.
        """
        if self._repeated:
            raise UnreadableBodyError(THE_BODY, self._repeated)
        columns = np.concatenate(self._blocks, axis=1)
        # Faults are asked for in the order of the rows: each block is read again at most once.
        block_of = functools.lru_cache(maxsize=1)(lambda block: self._read_again(block, columns))

        def faults_of(row: int) -> Iterator[Fault]:
            block = bisect_right(self._first_rows, row) - 1
            record = block_of(block)[row - self._first_rows[block]]
            if isinstance(record, Members):
                yield from validation.feature_faults(record, self._features, "rows", str(row))
            else:
                expected = f"an object with {len(self._names)} numbers: {', '.join(self._names)}"
                where = validation.pointer("rows", str(row))
                yield Fault(where, validation.kind(record), expected, "Send names with their values.")

        return Rows(columns, faults_of, lambda row, name: validation.pointer("rows", str(row), name), self._surplus)

    def _read_again(self, block: int, columns: FloatArray) -> list[Any]:
        read = self._readers[block]
        if read is not None:
            return read()
        first = self._first_rows[block]
        rows = columns[:, first : first + self._blocks[block].shape[1]].T.tolist()
        return [Members(zip(self._names, values, strict=True)) for values in rows]


def as_float(value: Any) -> float:
    """Return *value* if it is a number, NaN for null, and infinity for anything else."""
    if isinstance(value, float):
        return value
    return math.nan if value is None else math.inf
