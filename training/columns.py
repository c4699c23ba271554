"""Files into columns: CSV, CSV.gz or Parquet, told apart by content, with the row each value stands in."""

import gzip
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from model.bar_columns import columns_by_our_names, csv_columns, decode_csv
from model.bars import FaultList
from model.errors import Fault, InvalidBarsError
from model.storage import read_parquet


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
        try:
            data = gzip.decompress(data)
        except (OSError, EOFError) as error:
            fault = Fault("the file", f"a broken gzip archive ({error})", "a whole .csv.gz", "Fetch or pack it again.")
            raise InvalidBarsError(name, [fault]) from error
    text = decode_csv(data, name, readable="CSV text in UTF-8, CSV.gz or Parquet")
    return csv_columns(text, name, text_only=text_only)


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
