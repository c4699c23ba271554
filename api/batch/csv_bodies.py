"""Batches in CSV: a header with the names of the features, then one line a row."""

import csv
import io
import math
import re
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from api.batch.document import as_float
from api.batch.rows import Rows
from api.batch.table_bodies import as_columns, cell_fault, check_names, place
from api.errors import THE_BODY, TooManyRowsError, UnreadableBodyError
from api.row_features import may_have_gaps
from api.strict_json import NotFinite
from model.bars import FloatArray
from model.errors import Fault, InvalidFeaturesError
from model.manifest import FeatureSpec

EXPECTED = "CSV in UTF-8: a line with the names of the features, then one line a row, all parted by commas"

# Read at once: little enough that one faulty line makes few others be read cell by cell.
PIECE_BYTES = 1024 * 1024

_OTHER_SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "vertical bars"}
_LINE_END = re.compile(rb"\r\n|\n|\r|\Z")
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[+-]?(?:nan|inf|infinity)", re.IGNORECASE)


def read_csv(body: bytes, features: Sequence[FeatureSpec], most_rows: int) -> Rows:
    """Return the rows of a CSV file.

    Numbers are written with digits, sign, point and exponent; spaces around them and quotation marks
    are allowed, and so are a byte-order mark and any of the usual line ends.

    Raises
    ------
    UnreadableBodyError, TooManyRowsError, InvalidFeaturesError
        As for `Batch.answer`; the last only for what is no fault of single rows.
    """
    end_of_header = _LINE_END.search(body)
    start = end_of_header.end() if end_of_header else len(body)
    names = _names(body[:start])
    check_names(names, features, "the header")
    # Lines that end the file without holding anything are no rows.
    end = len(body.rstrip(b"\r\n")) if body.endswith((b"\n\n", b"\n\r\n", b"\r\r")) else len(body)
    taken = _Lines(names, features)
    try:
        if not taken.add_plain(memoryview(body)[start:end]):
            for piece in _pieces(body, start, end):
                if not taken.add_plain(piece):
                    taken.add_strictly(bytes(piece))
                if len(taken) > most_rows:
                    break
    except (UnicodeDecodeError, csv.Error):
        # Either the file is no CSV, or a quotation mark opens in one piece and closes in another.
        taken = _Lines(names, features)
        _add_whole(taken, body, start, end)
    if len(taken) > most_rows:
        raise TooManyRowsError(max(len(taken), body.count(b"\n", start, end)), most_rows)
    return taken.rows()


def _add_whole(taken: "_Lines", body: bytes, start: int, end: int) -> None:
    try:
        taken.add_strictly(body[start:end])
    except UnicodeDecodeError as error:
        found = f"bytes that are not UTF-8, from byte {start + error.start + 1:,} on"
        raise UnreadableBodyError(THE_BODY, [Fault("", found, EXPECTED, "Save the file as UTF-8.")]) from error
    except csv.Error as error:
        row, why = error.args
        fault = Fault(f"row {row}", f"a line that is not CSV ({why})", EXPECTED)
        raise UnreadableBodyError(THE_BODY, [fault]) from error


def _names(header: bytes) -> list[str]:
    fault = None
    try:
        lines = list(csv.reader([header.decode("utf-8-sig").rstrip("\r\n")], strict=True))
    except UnicodeDecodeError as error:
        fault = Fault("the header", f"bytes that are not UTF-8, from byte {error.start + 1:,} on", EXPECTED)
    except csv.Error as error:
        fault = Fault("the header", f"a line that is not CSV ({error})", EXPECTED)
    if fault:
        raise UnreadableBodyError(THE_BODY, [fault])
    names = [name.strip() for name in lines[0]] if lines else []
    if not names:
        raise UnreadableBodyError(THE_BODY, [Fault("the header", "nothing", EXPECTED, "Send the names, too.")])
    other = next((word for character, word in _OTHER_SEPARATORS.items() if character in names[0]), None)
    if other and len(names) == 1:
        found = f"names parted by {other}"
        raise UnreadableBodyError(THE_BODY, [Fault("the header", found, EXPECTED, "Part them by commas.")])
    if all(_NUMBER.fullmatch(name) for name in names):
        fault = Fault("the header", "numbers", EXPECTED, "Send the names of the features in the first line.")
        raise InvalidFeaturesError(THE_BODY, [fault])
    return names


def _pieces(body: bytes, start: int, end: int) -> Iterator[memoryview]:
    """Yield what stands between *start* and *end* of *body* in pieces that end where a line does."""
    view = memoryview(body)
    while start < end:
        line_end = body.find(b"\n", min(start + PIECE_BYTES, end), end)
        stop = line_end + 1 if line_end >= 0 else end
        yield view[start:stop]
        start = stop


class _Lines:
    """Lines of a file with the columns *names*, taken piece by piece."""

    def __init__(self, names: Sequence[str], features: Sequence[FeatureSpec]) -> None:
        self._names = names
        self._features = features
        self._fillable = may_have_gaps(features)
        # Of a single column, a cell without anything is a line without anything.
        self._nulls = [""] if self._fillable and len(names) > 1 else []
        self._order = [names.index(feature.name) for feature in features]
        self._blocks = [np.empty((len(features), 0))]
        self._n_rows = 0
        self._faulty: dict[int, list[str]] = {}
        self._surplus: dict[int, int] = {}

    def __len__(self) -> int:
        return self._n_rows

    def add_plain(self, lines: memoryview) -> bool:
        """Add lines of finite numbers without quotation marks, and gaps where there may be any; return if they are."""
        import pyarrow as pa
        from pyarrow import csv as arrow_csv

        types = dict.fromkeys(self._names, pa.float64())
        try:
            table = arrow_csv.read_csv(
                pa.BufferReader(lines),
                arrow_csv.ReadOptions(use_threads=False, column_names=self._names),
                arrow_csv.ParseOptions(quote_char=False, ignore_empty_lines=False),
                arrow_csv.ConvertOptions(column_types=types, null_values=self._nulls),
            )
        except pa.ArrowInvalid:
            return False
        block = as_columns(table, self._features)
        # Of numbers that are not finite only those may be there that are none: empty cells, and not the text “NaN”.
        if np.count_nonzero(~np.isfinite(block)) != sum(column.null_count for column in table.columns):
            return False
        if self._fillable and np.isnan(block).all(axis=0).any():
            # Nothing but gaps, or a line with nothing on it: pyarrow does not tell.
            return False
        self._add(block)
        return True

    def add_strictly(self, lines: bytes) -> None:
        """Add lines of any kind, cell by cell; `csv.Error` says in which row they are no CSV, and why."""
        block: list[list[float]] = []
        reader = csv.reader(io.StringIO(lines.decode(), newline=""), strict=True)
        try:
            block.extend(self._values(row, cells) for row, cells in enumerate(reader, self._n_rows))
        except csv.Error as error:
            raise csv.Error(self._n_rows + len(block), str(error)) from error
        self._add(np.array(block, dtype=np.float64).reshape(-1, len(self._order)).T)

    def _values(self, row: int, cells: list[str]) -> list[float]:
        if len(cells) == len(self._order):
            read = [_cell(cells[position]) for position in self._order]
            values = [as_float(value) for value in read]
        else:
            values = [math.inf] * len(self._order)
            # However many cells are missing, it is one fault.
            self._surplus[row] = 1 - len(self._order)
        if any(map(math.isinf, values)) or (not self._fillable and any(map(math.isnan, values))):
            self._faulty[row] = cells
        return values

    def _add(self, block: FloatArray) -> None:
        self._blocks.append(block)
        self._n_rows += block.shape[1]

    def rows(self) -> Rows:
        """Return what was added."""
        columns = np.concatenate(self._blocks, axis=1)

        def faults_of(row: int) -> Iterator[Fault]:
            cells = self._faulty.get(row)
            if cells is None:
                found: Sequence[Any] = columns[:, row].tolist()
            elif len(cells) == len(self._order):
                found = [_cell(cells[position]) for position in self._order]
            else:
                yield _ragged(row, cells, len(self._order))
                return
            for value, feature in zip(found, self._features, strict=True):
                if fault := cell_fault(place(row, feature.name), feature, value):
                    yield fault

        return Rows(columns, faults_of, place, self._surplus)


def _cell(text: str) -> float | str | None:
    """Return the number that *text* writes; None for nothing, and the text for anything else."""
    written = text.strip(" \t")
    if _NUMBER.fullmatch(written):
        value = float(written)
        return value if math.isfinite(value) else NotFinite(written)
    if _NOT_FINITE.fullmatch(written):
        return NotFinite(written)
    return written or None


def _ragged(row: int, cells: Sequence[str], expected: int) -> Fault:
    found = f"{len(cells):,} values" if len(cells) > 1 else "1 value" if cells else "an empty line"
    return Fault(f"row {row}", found, f"{expected}, one for each name in the header", "Complete or remove the line.")
