"""Batches in JSON: one object a row, or one array a feature."""

import re
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import chain, islice
from typing import Any, cast

import msgspec
import numpy as np

from api import strict_json, validation
from api.batch.document import Records, as_float, column_faults, read_document
from api.batch.rows import Rows
from api.errors import FAULTS_LISTED, NOT_DECODED, THE_BODY, TooManyRowsError, UnreadableBodyError
from api.json_names import JsonNames
from api.row_features import may_have_gaps
from api.strict_json import Members
from model.bars import FloatArray
from model.errors import Fault, InvalidFeaturesError
from model.manifest import FeatureSpec

# Decoded at once: little enough to stay in the processor's cache.
PIECE_BYTES = 256 * 1024

_BEFORE_ROWS = re.compile(rb'[ \t\n\r]*\{[ \t\n\r]*"rows"[ \t\n\r]*:[ \t\n\r]*\[')
_AFTER_ROWS = re.compile(rb"\][ \t\n\r]*\}[ \t\n\r]*\Z")
_BEFORE_NUMBERS = re.compile(rb'"[ \t\n\r]*:[ \t\n\r]*\[')


class JsonReader:
    """Reads batches in JSON: as fast as it goes where nothing is wrong with them, strictly where something is.

    Parameters
    ----------
    features
        What a row is made of, in the order of the model.
    """

    def __init__(self, features: Sequence[FeatureSpec]) -> None:
        self._features = features
        self._names = [feature.name for feature in features]
        # Names of fields must be Python's; names of features need not be.
        fields = [f"f{position}" for position in range(len(features))]
        self._json_names = JsonNames(self._names)
        names = dict(zip(fields, self._json_names.fields, strict=True))
        # numpy makes NaN of None.
        number: Any = float | None if may_have_gaps(features) else float
        row = msgspec.defstruct(
            "Row", [(field, number) for field in fields], rename=names, forbid_unknown_fields=True, gc=False
        )
        columns = msgspec.defstruct(
            "Columns", [(field, tuple[int]) for field in fields], rename=names, forbid_unknown_fields=True
        )
        frame = msgspec.defstruct("Frame", [("columns", columns)], forbid_unknown_fields=True)
        self._rows_decoder: Any = msgspec.json.Decoder(list[row])  # type: ignore[valid-type]
        self._frame_decoder: Any = msgspec.json.Decoder(frame)
        self._numbers_decoder: Any = msgspec.json.Decoder(list[number])

    def read(self, body: bytes, most_rows: int) -> tuple[Rows, bool]:
        """Return the rows in *body*, and whether they came one object a row.

        Raises
        ------
        UnreadableBodyError
            The body is no JSON document, or names something twice.
        TooManyRowsError
            It holds more rows than *most_rows*.
        InvalidFeaturesError
            It is not made of rows or columns, or of columns that do not go together.
        """
        rows = self._read_rows(body, most_rows)
        if rows is not None:
            return rows, True
        columns = self._valid_columns(body)
        if columns is None:
            return self._read_strictly(body, most_rows)
        if columns.shape[1] > most_rows:
            raise TooManyRowsError(columns.shape[1], most_rows)
        return self._columns(columns), False

    def _read_strictly(self, body: bytes, most_rows: int) -> tuple[Rows, bool]:
        self._refuse_too_many(body, most_rows)
        document = read_document(body)
        if "rows" in document:
            records = Records(self._features)
            records.add_strictly(lambda: document["rows"])
            rows = records.rows()
        else:
            rows = self._strict_columns(document["columns"])
        if len(rows) > most_rows:
            raise TooManyRowsError(len(rows), most_rows)
        return rows, "rows" in document

    def _read_rows(self, body: bytes, most_rows: int) -> Rows | None:
        """Return the rows in *body* if it has nothing else, and can be read piece by piece."""
        before, after = _BEFORE_ROWS.match(body), _AFTER_ROWS.search(body, max(0, len(body) - 64))
        if before is None or after is None:
            return None
        records = Records(self._features)
        for start, stop in _pieces(body, before.end(), after.start(), b"}"):
            piece = _piece(body, start, stop)
            n_rows, block = len(records), self._valid_block(piece)
            if block is not None:
                records.add(block)
            else:
                self._refuse_too_many(piece, most_rows)
                try:
                    # Objects take several times the memory of what they were read from: they are not kept.
                    records.add_strictly(partial(_read_piece, body, start, stop))
                except UnreadableBodyError:
                    return None
            if len(records) == n_rows:
                # Nothing between two commas is not JSON, and an empty array is read soon enough.
                return None
            if len(records) > most_rows:
                raise TooManyRowsError(max(len(records), _count(body, "{") - 1), most_rows)
        return records.rows()

    def _valid_block(self, piece: bytes) -> FloatArray | None:
        named = self._json_names.in_fields(piece)
        if named is None:
            return None
        piece = named
        try:
            rows = self._rows_decoder.decode(piece)
        except NOT_DECODED:
            return None
        n_features = len(self._names)
        # The decoder passes over a name that is given twice. Where every name stands once, without
        # escapes, there are exactly two quotation marks a name.
        if b"\\" in piece or _count(piece, '"') != 2 * n_features * len(rows):
            return None
        values = chain.from_iterable(map(msgspec.structs.astuple, rows))
        return np.fromiter(values, np.float64, n_features * len(rows)).reshape(-1, n_features).T

    def _valid_columns(self, body: bytes) -> FloatArray | None:
        named = self._json_names.in_fields(body)
        if named is None:
            return None
        body = named
        if b"\\" in body or body.count(b'"') != 2 * (len(self._names) + 1):
            return None
        frame, spans = _arrays(body, len(self._names))
        try:
            positions = msgspec.structs.astuple(self._frame_decoder.decode(frame).columns)
            columns = [self._numbers(body, *spans[position]) for (position,) in positions]
        except NOT_DECODED:
            return None
        return np.array(columns) if len(set(map(len, columns))) == 1 else None

    def _numbers(self, body: bytes, start: int, stop: int) -> FloatArray:
        """Return the numbers of an array that stands between *start* and *stop* of *body*."""
        pieces = list(_pieces(body, start, stop, b","))
        blocks = []
        for piece in pieces:
            numbers = self._numbers_decoder.decode(_piece(body, *piece))
            blocks.append(np.fromiter(numbers, np.float64, len(numbers)))
        if len(pieces) > 1 and not all(map(len, blocks)):
            msg = "nothing between two commas"
            raise msgspec.DecodeError(msg)
        return np.concatenate(blocks)

    def _strict_columns(self, columns: Members) -> Rows:
        faults = list(islice(column_faults(columns, self._features), FAULTS_LISTED))
        if faults:
            raise InvalidFeaturesError(THE_BODY, faults)
        lists = [columns[name] for name in self._names]
        return self._columns(np.array([[as_float(value) for value in values] for values in lists]), lists)

    def _columns(self, columns: FloatArray, lists: Sequence[list[Any]] | None = None) -> Rows:
        """Return the rows of *columns*; *lists* are what they were read from, where something is wrong."""

        def place(row: int, name: str) -> str:
            return validation.pointer("columns", name, str(row))

        def faults_of(row: int) -> Iterator[Fault]:
            found = [values[row] for values in lists] if lists else columns[:, row].tolist()
            for value, feature in zip(found, self._features, strict=True):
                if fault := validation.value_fault(place(row, feature.name), feature, value):
                    yield fault

        return Rows(columns, faults_of, place)

    def _refuse_too_many(self, body: bytes, most_rows: int) -> None:
        """Refuse what would take memory out of proportion, before it is decoded and counted exactly."""
        # Each number but the last is followed by a comma, each row in an object begins with a brace.
        # Names that nobody knows make more of them.
        cells, brackets = _count(body, ",") + 1, _count(body, "{") + _count(body, "[")
        found = max(cells // len(self._names), brackets - len(self._names) - 2)
        if found > 2 * most_rows:
            raise TooManyRowsError(found, most_rows)


def _arrays(body: bytes, most: int) -> tuple[bytes, list[tuple[int, int]]]:
    """Return *body* with a number from 0 on in the place of each array, and where those arrays stand.

    Of arrays after the first *most*, and of arrays within arrays, something is left that is no frame.
    """
    frame: list[bytes] = []
    spans: list[tuple[int, int]] = []
    start = 0
    for opening in islice(_BEFORE_NUMBERS.finditer(body), most):
        closing = body.find(b"]", opening.end())
        if closing < 0:
            break
        frame += [body[start : opening.end()], b"%d" % len(spans)]
        spans.append((opening.end(), closing))
        start = closing
    return b"".join([*frame, body[start:]]), spans


def _pieces(body: bytes, start: int, end: int, ending: bytes) -> Iterator[tuple[int, int]]:
    """Yield where pieces of what stands between *start* and *end* of *body*, items of an array, begin and end.

    They are parted at a comma at or after *ending*, with which an item ends. Should that one be inside of an
    item, then neither part is JSON by itself.
    """
    while start <= end:
        mark = body.find(ending, start + PIECE_BYTES, end)
        comma = body.find(b",", mark, end) if mark >= 0 else -1
        stop = comma if comma >= 0 else end
        yield start, stop
        start = stop + 1


def _piece(body: bytes, start: int, stop: int) -> bytes:
    """Return a piece of an array in *body* as an array by itself."""
    return b"[%b]" % body[start:stop]


def _read_piece(body: bytes, start: int, stop: int) -> list[Any]:
    return cast("list[Any]", strict_json.read(_piece(body, start, stop)))


def _count(body: bytes, character: str) -> int:
    # Where a character is frequent, ten times as fast as bytes.count.
    values = np.frombuffer(body, dtype=np.uint8)
    parts = range(0, len(values), PIECE_BYTES)
    return sum(int(np.count_nonzero(values[start : start + PIECE_BYTES] == ord(character))) for start in parts)
