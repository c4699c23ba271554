"""Batches as Parquet and as Arrow streams, and what all tables have in common."""

import math
import struct
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np

from api import validation
from api.batch.rows import Rows, name_faults
from api.errors import FAULTS_LISTED, THE_BODY, TooManyRowsError, UnreadableBodyError
from api.row_features import ImputedFeature, may_lack
from api.strict_json import NotFinite
from model.bars import FloatArray
from model.errors import Fault, InvalidFeaturesError
from model.manifest import FeatureSpec

if TYPE_CHECKING:
    import pyarrow as pa

# The widest number, a decimal, has 32 bytes; what is more than twice that was made to fill the memory.
MOST_BYTES_A_CELL = 64
# Even a column without rows has a few bytes that say so.
BYTES_TO_SPARE = 65_536


def read_parquet(body: bytes, features: Sequence[FeatureSpec], most_rows: int) -> Rows:
    """Return the rows of a Parquet file.

    Raises
    ------
    UnreadableBodyError, TooManyRowsError, InvalidFeaturesError
        As for `Batch.answer`; the last only for what is no fault of single rows.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(pa.BufferReader(body), pre_buffer=False)
        check_schema(file.schema_arrow, features)
        metadata = file.metadata
        # What pyarrow tells about single columns cannot be asked for here: of a damaged one it ends the process.
        groups = [metadata.row_group(index) for index in range(metadata.num_row_groups)]
        _check_size(
            metadata.num_rows,
            sum(group.total_byte_size for group in groups),
            most_rows=most_rows,
            n_columns=len(features) * max(1, len(groups)),
        )
        # pyarrow 26 aborts a process that ends soon after a threaded read.
        return table_rows(file.read(use_threads=False), features)
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise _unreadable(error, "a Parquet file", "Send the bytes of a .parquet file as they are.") from error


def read_arrow(body: bytes, features: Sequence[FeatureSpec], most_rows: int) -> Rows:
    """Return the rows of an Arrow IPC stream.

    Raises
    ------
    UnreadableBodyError, TooManyRowsError, InvalidFeaturesError
        As for `Batch.answer`; the last only for what is no fault of single rows.
    """
    import pyarrow as pa

    try:
        with pa.ipc.open_stream(pa.py_buffer(body), options=pa.ipc.IpcReadOptions(use_threads=False)) as stream:
            check_schema(stream.schema, features)
            # A first look at every batch, before anything is decompressed.
            messages = pa.ipc.MessageReader.open_stream(pa.py_buffer(body))
            sizes = [_declared_size(message) for message in messages if message.type == "record batch"]
            _check_size(
                sum(n_rows for n_rows, _ in sizes),
                sum(n_bytes for _, n_bytes in sizes),
                most_rows=most_rows,
                n_columns=len(features) * max(1, len(sizes)),
            )
            table = stream.read_all()
        table.validate()
        return table_rows(table, features)
    except (pa.ArrowException, OSError, EOFError, UnicodeDecodeError, struct.error) as error:
        remedy = "Send what pyarrow.ipc.new_stream writes; files made by pyarrow.ipc.new_file are another format."
        raise _unreadable(error, "an Arrow IPC stream", remedy) from error


def check_names(names: Sequence[str], features: Sequence[FeatureSpec], where: str) -> None:
    """Refuse *names* of columns, found at *where*, that are not exactly those of *features*, in any order."""
    repeated = [name for name, count in Counter(names).items() if count > 1][:FAULTS_LISTED]
    if repeated:
        remedy = "Leave one of them: which one would count is not defined."
        found, expected = "a name that is given more than once", "each name once"
        faults = [Fault(f"{where}, {validation.short(name)}", found, expected, remedy) for name in repeated]
        raise UnreadableBodyError(THE_BODY, faults)
    faults = list(islice(name_faults(names, features), FAULTS_LISTED))
    if faults:
        raise InvalidFeaturesError(THE_BODY, [replace(fault, where=_unpointed(where, fault)) for fault in faults])


def check_schema(schema: "pa.Schema", features: Sequence[FeatureSpec]) -> None:
    """Refuse a table whose columns are not exactly *features*, all of them numbers."""
    from pyarrow import types

    check_names(schema.names, features, "the schema")
    faults = [
        Fault(
            f"the schema, {field.name}",
            f"values of the type {validation.short(str(field.type))}",
            "numbers: floats, integers or decimals",
            "Cast the column to float64.",
        )
        for field in schema
        if not (types.is_floating(field.type) or types.is_integer(field.type) or types.is_decimal(field.type))
    ]
    if faults:
        raise InvalidFeaturesError(THE_BODY, faults)


def table_rows(table: "pa.Table", features: Sequence[FeatureSpec]) -> Rows:
    """Return the rows of a table that has passed `check_schema`."""
    columns = as_columns(table, features)

    def faults_of(row: int) -> Iterator[Fault]:
        for value, feature in zip(columns[:, row].tolist(), features, strict=True):
            found = value if table.column(feature.name)[row].is_valid else None
            if fault := cell_fault(place(row, feature.name), feature, found):
                yield fault

    return Rows(columns, faults_of, place)


def as_columns(table: "pa.Table", features: Sequence[FeatureSpec]) -> FloatArray:
    """Return the values of a table of numbers, shape (features, rows), with NaN for null."""
    import pyarrow as pa

    columns = np.empty((len(features), table.num_rows))
    for values, feature in zip(columns, features, strict=True):
        start = 0
        for chunk in table.column(feature.name).cast(pa.float64(), safe=False).chunks:
            _copy(chunk, values[start : start + len(chunk)])
            start += len(chunk)
    return columns


def place(row: int, name: str) -> str:
    """Name a cell of a table."""
    return f"row {row}, {name}"


def cell_fault(where: str, feature: FeatureSpec, value: Any) -> Fault | None:
    """Return what keeps *value*, a cell of a table, from being a value of *feature*; None where nothing does."""
    if may_lack(feature, value):
        return None
    if isinstance(value, float) and not math.isfinite(value):
        value = NotFinite("NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity")
    fault = validation.value_fault(where, feature, value)
    if fault is None or isinstance(value, float):
        return fault
    found = "an empty cell" if value is None else fault.found
    else_ = "leave it empty" if isinstance(feature, ImputedFeature) else "leave the row out"
    return replace(fault, found=found, remedy=f"Supply a finite number in this cell, or {else_}.")


def _check_size(n_rows: int, n_bytes: int, *, most_rows: int, n_columns: int) -> None:
    """Refuse, before anything is decompressed, what would take memory out of proportion."""
    if n_rows > most_rows:
        raise TooManyRowsError(n_rows, most_rows)
    if n_bytes > MOST_BYTES_A_CELL * n_rows * n_columns + BYTES_TO_SPARE * n_columns:
        fault = Fault(
            "",
            f"{n_bytes:,} bytes declared for {n_rows:,} rows",
            f"at most {MOST_BYTES_A_CELL} a number",
            "Write the table anew.",
        )
        raise UnreadableBodyError(THE_BODY, [fault])


def _declared_size(batch: "pa.Message") -> tuple[int, int]:
    """Return how many rows a record batch says it holds, and how many bytes when decompressed.

    pyarrow tells neither before it has decompressed the batch. The layout is that of the tables Message
    and RecordBatch in https://github.com/apache/arrow/blob/main/format/Message.fbs.
    """
    data = batch.metadata.to_pybytes()
    message = _follow(data, 0)
    header = _follow(data, _field(data, message, 2))
    rows, buffers, compression = (_field(data, header, number) for number in (0, 2, 3))
    n_rows = struct.unpack_from("<q", data, rows)[0] if rows else 0
    if not compression or not buffers:
        return n_rows, 0
    vector = _follow(data, buffers)
    (n_buffers,) = struct.unpack_from("<I", data, vector)
    starts = [struct.unpack_from("<qq", data, vector + 4 + 16 * number) for number in range(n_buffers)]
    # A buffer begins with its size when decompressed, or with -1 where it is not compressed.
    body = memoryview(batch.body)
    sizes = [struct.unpack_from("<q", body, start)[0] for start, length in starts if length]
    return n_rows, sum(max(size, 0) for size in sizes)


def _field(data: bytes, table: int, number: int) -> int:
    """Return where a field of a FlatBuffers table stands, 0 if it has its default value."""
    directory = table - struct.unpack_from("<i", data, table)[0]
    entry = 4 + 2 * number
    if entry >= struct.unpack_from("<H", data, directory)[0]:
        return 0
    (offset,) = struct.unpack_from("<H", data, directory + entry)
    return table + offset if offset else 0


def _follow(data: bytes, position: int) -> int:
    return int(position + struct.unpack_from("<I", data, position)[0])


def _unreadable(error: Exception, expected: str, remedy: str) -> UnreadableBodyError:
    found = str(error).strip().splitlines() or ["nothing that could be read"]
    return UnreadableBodyError(THE_BODY, [Fault("", f"what pyarrow calls “{found[0]}”", expected, remedy)])


def _unpointed(where: str, fault: Fault) -> str:
    return f"{where}, {fault.where[1:].replace('~1', '/').replace('~0', '~')}"


def _copy(chunk: "pa.Array", values: FloatArray) -> None:
    """Copy an array of float64 into *values*, with NaN for null; pyarrow's own way would load pandas."""
    validity, data = chunk.buffers()
    if len(chunk):
        values[:] = np.frombuffer(data, np.float64, len(chunk), 8 * chunk.offset)
    if chunk.null_count and validity is not None:
        bits = np.unpackbits(np.frombuffer(validity, np.uint8), count=chunk.offset + len(chunk), bitorder="little")
        values[bits[chunk.offset :] == 0] = np.nan
