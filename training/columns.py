"""Files into columns: CSV, CSV.gz or Parquet, told apart by content, with the row each value stands in."""

import zlib
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from model.bar_columns import columns_by_our_names, csv_columns, decode_csv
from model.bars import FaultList
from model.errors import Fault, InvalidBarsError
from model.parquet import read_parquet

LARGEST_UNPACKED_MB = 500


def read_bytes(path: Path) -> bytes:
    """Return the bytes of *path*; a file that cannot be read is a fault like any other."""
    try:
        return path.read_bytes()
    except OSError as error:
        found, expected = f"no readable file ({error.strerror})", "a CSV, CSV.gz or Parquet file of daily bars"
        fault = Fault(str(path), found, expected, "Check the path.")
        raise InvalidBarsError(path.name, [fault]) from error


def read_columns(
    data: bytes, name: str, *, text_only: bool = False
) -> tuple[dict[str, pa.ChunkedArray], NDArray[np.int64], FaultList]:
    """Return the columns by our names, the source row of each value, and faults of form."""
    if data[:4] == b"PAR1" or name.lower().endswith(".parquet"):
        table = _read_parquet(data, name)
        # No header row there: the first row is row 1.
        return columns_by_our_names(table, name, every=text_only), np.arange(1, table.num_rows + 1), FaultList()
    if data[:2] == b"\x1f\x8b":
        data = unpacked(data, name)
    text = decode_csv(data, name, readable="CSV text in UTF-8, CSV.gz or Parquet")
    return csv_columns(text, name, text_only=text_only)


def unpacked(data: bytes, name: str) -> bytes:
    """Return what a gzip archive holds.

    Raises
    ------
    InvalidBarsError
        It is broken, or holds more than `LARGEST_UNPACKED_MB`: a small archive can hold any amount of zeros.
    """
    room = LARGEST_UNPACKED_MB * 2**20
    parts, left = [], data
    while left and room > 0:
        stream = zlib.decompressobj(zlib.MAX_WBITS | 16)
        try:
            parts.append(stream.decompress(left, room))
        except zlib.error as error:
            raise _broken(name, str(error)) from error
        room -= len(parts[-1])
        left = stream.unused_data
        if not stream.eof and room > 0:
            raise _broken(name, "it ends early")
    if room <= 0:
        found = f"more than {LARGEST_UNPACKED_MB} MB when unpacked"
        raise InvalidBarsError(name, [Fault("the file", found, "less", "Split it into several files.")])
    return b"".join(parts)


def _broken(name: str, why: str) -> InvalidBarsError:
    fault = Fault("the file", f"a broken gzip archive ({why})", "a whole .csv.gz", "Fetch or pack it again.")
    return InvalidBarsError(name, [fault])


def _read_parquet(data: bytes, name: str) -> pa.Table:
    try:
        table = read_parquet(data)
    except (pa.ArrowException, OSError) as error:
        fault = Fault("the file", f"a broken Parquet file ({error})", "a whole one", "Fetch or write it again.")
        raise InvalidBarsError(name, [fault]) from error
    nested = [field for field in table.schema if pa.types.is_nested(field.type)]
    if nested:
        faults = [
            Fault(f"column {field.name}", f"type {field.type}", "one value per cell", "Unnest it.") for field in nested
        ]
        raise InvalidBarsError(name, faults)
    return table
