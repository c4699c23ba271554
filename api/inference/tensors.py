"""Tensors of the Open Inference Protocol v2: data in JSON or binary to arrays, and back. Knows no request."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from api.batch.document import as_float
from api.errors import NOT_DECODED
from api.row_features import may_lack
from api.strict_json import NotFinite
from api.validation import kind, value_fault
from model.bars import FloatArray
from model.errors import Fault
from model.manifest import FeatureSpec

# Name of the one tensor that holds all features, as wide as they are many.
MATRIX = "X"

# Binary data are little-endian, whatever the machine.
DATATYPES = {
    "FP64": "<f8",
    "FP32": "<f4",
    "FP16": "<f2",
    **{f"INT{8 * size}": f"<i{size}" for size in (1, 2, 4, 8)},
    **{f"UINT{8 * size}": f"<u{size}" for size in (1, 2, 4, 8)},
}

_NOT_FINITE = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}
_ROW_BY_ROW = re.compile(rb"\[[ \t\n\r]*\[")
_EMPTY = re.compile(rb"\[[ \t\n\r]*\]")


@dataclass(frozen=True, slots=True)
class Tensor:
    """An input as it was sent; None stands for what could not be read and is a fault already.

    `values` is flat, row-major, with NaN for null and NaN, and infinity for whatever else is no number that
    the datatype holds; `sent` holds what was there instead.
    `nested` is the length of the arrays within `data`, 0 where it is flat.
    """

    place: str
    name: str | None = None
    datatype: str | None = None
    shape: tuple[int, ...] | None = None
    values: FloatArray | None = None
    sent: Sequence[Any] | FloatArray = ()
    nested: int = 0

    def where(self, index: int) -> str:
        """Return the JSON pointer to one value; those of binary data are counted as if `data` were flat."""
        path = divmod(index, self.nested) if self.nested else (index,)
        return "/".join([self.place, "data", *map(str, path)])

    def fault(self, index: int, feature: FeatureSpec) -> Fault | None:
        """Return what keeps one value from being a value of *feature*; None where nothing does."""
        value = self.sent[index]
        if may_lack(feature, value):
            return None
        if isinstance(value, float):
            # numpy's own floats write themselves in another way.
            value = float(value) if np.isfinite(value) else NotFinite(_NOT_FINITE[str(float(value))])
        fault = value_fault(self.where(index), feature, value)
        if fault is None and self.values is not None and not np.isfinite(self.values[index]):
            return Fault(self.where(index), kind(value), f"a value that {self.datatype} holds", "Send it as FP64.")
        return fault


def from_bytes(tensor: Tensor, data: memoryview) -> Tensor:
    """Return *tensor*, of known datatype, with the values in binary *data*."""
    with np.errstate(invalid="ignore"):
        return _with_values(tensor, np.frombuffer(data, DATATYPES[tensor.datatype or ""]).astype(np.float64))


def count_values(data: bytes) -> int:
    """Return how many values an array in JSON has, if its values are numbers or arrays of numbers.

    >>> count_values(b"[[1, 2], [3, 4]]")
    4
    """
    return 0 if _EMPTY.fullmatch(data) else data.count(b",") + 1


def from_json(tensor: Tensor, data: bytes) -> Tensor | None:
    """Return *tensor*, of known shape, with the values of an array in JSON; None if that is not made of numbers."""
    shape = tensor.shape or ()
    nested = shape[1] if len(shape) == 2 and _ROW_BY_ROW.match(data) else 0
    try:
        if not nested:
            numbers: list[float] = msgspec.json.decode(data, type=list[float])
            return _with_values(tensor, np.fromiter(numbers, np.float64, len(numbers)))
        rows = msgspec.json.decode(data, type=list[list[float]])
    except NOT_DECODED:
        return None
    if any(len(row) != nested for row in rows):
        return None
    values = np.fromiter(chain.from_iterable(rows), np.float64, nested * len(rows))
    return replace(_with_values(tensor, values), nested=nested)


def from_list(tensor: Tensor, data: Sequence[Any], nested: int) -> Tensor:
    """Return *tensor*, of known datatype, with the values of a strict document, flattened."""
    numbers = (as_float(value) for value in data)
    values = np.fromiter(numbers, np.float64, len(data))
    return replace(_with_values(tensor, values), sent=data, nested=nested)


def _with_values(tensor: Tensor, values: FloatArray) -> Tensor:
    return replace(tensor, values=held_by(tensor.datatype or "FP64", values), sent=values)


def held_by(datatype: str, values: FloatArray) -> FloatArray:
    """Return *values* with infinity for each that *datatype* cannot hold, but for NaN.

    >>> held_by("INT8", np.array([1.0, 0.5, 128.0, np.nan])).tolist()
    [1.0, inf, inf, nan]
    """
    dtype = np.dtype(DATATYPES[datatype])
    if dtype.kind == "f":
        fits = np.abs(values) <= float(np.finfo(dtype).max)
    else:
        limits = np.iinfo(dtype)
        fits = (values >= limits.min) & (values <= limits.max) & (values == np.floor(values))
    return values if fits.all() else np.where(fits | np.isnan(values), values, np.inf)


def itemsize(datatype: str) -> int:
    """Return how many bytes a value takes as binary data."""
    return np.dtype(DATATYPES[datatype]).itemsize


def to_bytes(values: NDArray[Any]) -> bytes:
    """Return *values* as binary data."""
    return values.astype(values.dtype.newbyteorder("<"), copy=False).tobytes()
