"""Parquet into arrays, without what pyarrow would import on the way."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pyarrow as pa


def read_parquet(source: Path | bytes) -> "pa.Table":
    """Read a Parquet file, or the bytes of one."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    # pyarrow 26 aborts a process that ends soon after a threaded read ("terminate called without an
    # active exception", exit status 134, in about every second of such processes).
    # `read_table` would do the same by way of pyarrow.dataset, which imports pandas (0.3 s).
    with pq.ParquetFile(pa.BufferReader(source) if isinstance(source, bytes) else source) as file:
        return file.read(use_threads=False)


def numbers_in(column: "pa.ChunkedArray") -> NDArray[Any]:
    """Return a column of numbers, none missing, as it is; pyarrow's own way would import pandas."""
    return np.from_dlpack(column.combine_chunks())


def days_in(column: "pa.ChunkedArray") -> NDArray[np.datetime64]:
    """Return a column of dates, none or all missing, as days; pyarrow's own way would import pandas."""
    import pyarrow as pa

    if len(column) and column.null_count == len(column):
        return np.full(len(column), "NaT", dtype="datetime64[D]")
    return numbers_in(column.cast(pa.date32()).cast(pa.int32())).astype("datetime64[D]")


def texts_in(column: "pa.ChunkedArray") -> NDArray[np.str_]:
    """Return a column of texts, none missing; pyarrow's own way would import pandas."""
    encoded = column.combine_chunks().dictionary_encode()
    distinct: NDArray[np.str_] = np.array(encoded.dictionary.to_pylist(), dtype=np.str_)
    return distinct[np.from_dlpack(encoded.indices).astype(np.int64)]
