"""What an inference request holds, member by member: its tensors, the outputs it asks for, and what is wrong."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any

import msgspec

from api.batch.rows import LARGEST_FLOAT
from api.errors import FAULTS_LISTED, TooManyRowsError
from api.inference.tensors import DATATYPES, MATRIX, Tensor, count_values, from_bytes, from_json, from_list, itemsize
from api.strict_json import Members, NotFinite
from api.validation import kind, nearest, pointer
from model.errors import Fault

EXPECTED = 'an object: {"inputs": [{"name": …, "shape": [n], "datatype": "FP64", "data": […]}, …]}'
HEADER_LENGTH = "Inference-Header-Content-Length"

LONGEST_SIDE = 2**31
BINARY_ONLY = "FP16"

_REQUEST = ("inputs", "outputs", "id", "parameters")
_INPUT = ("name", "shape", "datatype", "parameters", "data")
_OUTPUT = ("name", "parameters")
# Parameters that ask for an output in another way than as a tensor in the reply.
_OTHER_WAYS = ("classification", "shared_memory_region")
_HALF_CHARACTER = re.compile("[\ud800-\udfff]")
_ABSENT = object()


@dataclass(frozen=True, slots=True)
class InferRequest:
    """What a request holds. `outputs` are those asked for, in order, and whether as binary data."""

    id: str | None
    tensors: tuple[Tensor, ...]
    outputs: Mapping[str, bool]
    faults: tuple[Fault, ...]


class RequestReader:
    """Reads one request, and collects what is wrong with it: of each kind only as much as is ever listed.

    Parameters
    ----------
    binary
        What follows the JSON in the body.
    n_features, outputs, most_rows
        As for `bodies.read`.
    """

    def __init__(self, binary: memoryview, *, n_features: int, outputs: Sequence[str], most_rows: int) -> None:
        self._faults: list[Fault] = []
        # What no tensor has taken yet; None once it is unclear where that begins.
        self._binary: memoryview | None = binary
        self._n_features, self._outputs, self._most_rows = n_features, outputs, most_rows
        self._room = most_rows * n_features

    def request(self, document: Any) -> InferRequest:
        """Read *document*; the data of its inputs may be `msgspec.Raw`."""
        request = self._object(document, "", _REQUEST, EXPECTED)
        if "id" in request and not _is_text(request["id"]):
            self._add("/id", request["id"], "a text that UTF-8 can carry", "Send any text, or leave it out.")
        inputs = self._array(request, "inputs") if isinstance(document, Members) else []
        # Each of those that are more than there are features is a fault, and only so many are listed.
        tensors = [self._input(i, sent) for i, sent in enumerate(inputs[: self._n_features + FAULTS_LISTED])]
        if self._binary and len(tensors) == len(inputs):
            found = f"{len(self._binary):,} bytes after those that binary_data_size announces"
            self._faults.append(Fault("", found, "none", f"Correct binary_data_size or {HEADER_LENGTH}."))
        binary = self._flag(self._parameters(request, ""), "", "binary_data_output", default=False)
        asked = self._requested(self._array(request, "outputs"), binary) if "outputs" in request else {}
        outputs = asked or dict.fromkeys(self._outputs, binary)
        return InferRequest(request.get("id"), tuple(tensors), outputs, tuple(self._faults))

    def _requested(self, outputs: Sequence[Any], binary_data_output: bool) -> dict[str, bool]:
        asked: dict[str, bool] = {}
        for position, sent in enumerate(outputs[: len(self._outputs) + FAULTS_LISTED]):
            place = f"/outputs/{position}"
            output = self._object(sent, place, _OUTPUT, 'an object: {"name": …}')
            if not isinstance(sent, Members):
                continue
            name = self._choice(output, place, "name", self._outputs)
            parameters = self._parameters(output, place)
            for other in _OTHER_WAYS:
                if other in parameters:
                    expected = "nothing: outputs come as tensors in the reply"
                    self._add(f"{place}/parameters/{other}", parameters[other], expected, "Leave it out.")
            binary = self._flag(parameters, place, "binary_data", default=binary_data_output)
            if name in asked:
                self._add(f"{place}/name", name, "each output once", "Leave one of them.")
            elif name is not None:
                asked[name] = binary
        return asked

    def _input(self, position: int, value: Any) -> Tensor:
        place = f"/inputs/{position}"
        sent = self._object(value, place, _INPUT, "an object with name, shape, datatype and data")
        if not isinstance(value, Members):
            return Tensor(place)
        name = sent.get("name", _ABSENT)
        if not _is_text(name):
            self._add(f"{place}/name", name, "a text", f"Send the name of a feature, or {MATRIX} for a matrix of all.")
            name = None
        datatype = self._choice(sent, place, "datatype", tuple(DATATYPES))
        tensor = Tensor(place, name, datatype, self._shape(sent, place))
        parameters = self._parameters(sent, place)
        if "binary_data_size" in parameters:
            return self._with_binary(tensor, parameters["binary_data_size"], sent)
        if datatype == BINARY_ONLY:
            self._add(f"{place}/datatype", datatype, "another one: JSON has no FP16", "Send binary data, or FP32.")
        return self._with_json(tensor, sent.get("data", _ABSENT))

    def _shape(self, sent: Members, place: str) -> tuple[int, ...] | None:
        shape = sent.get("shape", _ABSENT)
        if isinstance(shape, list) and len(shape) in {1, 2} and all(_is_whole(side, LONGEST_SIDE) for side in shape):
            return tuple(map(int, shape))
        expected = f"[n] for a feature, [n, {self._n_features}] for a matrix"
        self._add(f"{place}/shape", shape, expected, "Send how many rows there are, and how many columns.")
        return None

    def _with_binary(self, tensor: Tensor, size: Any, sent: Members) -> Tensor:
        where = f"{tensor.place}/parameters/binary_data_size"
        if "data" in sent:
            self._add(f"{tensor.place}/data", sent["data"], "nothing, beside binary_data_size", "Leave one of them.")
        if not _is_whole(size, LARGEST_FLOAT):
            self._add(where, size, "a whole number", "Send how many bytes the tensor takes.")
            self._binary = None
        elif self._binary is not None and size > len(self._binary):
            expected = f"at most the {len(self._binary):,} bytes left in the body"
            self._add(where, size, expected, f"Correct it, or {HEADER_LENGTH}.")
            self._binary = None
        if self._binary is None:
            return tensor
        data, self._binary = self._binary[: int(size)], self._binary[int(size) :]
        if tensor.datatype is None or tensor.shape is None:
            return tensor
        width, values = itemsize(tensor.datatype), math.prod(tensor.shape)
        if len(data) != values * width:
            expected = f"{values * width:,} for the shape {list(tensor.shape)} of {tensor.datatype}"
            self._add(where, size, expected, "Send one value for each element.")
            return tensor
        return from_bytes(tensor, data) if self._has_room(tensor, values) else tensor

    def _with_json(self, tensor: Tensor, data: Any) -> Tensor:
        if not isinstance(data, list | msgspec.Raw):
            self._add(f"{tensor.place}/data", data, "an array of numbers", "Send one for each element of the tensor.")
            return tensor
        if tensor.datatype is None or tensor.shape is None:
            return tensor
        if isinstance(data, msgspec.Raw):
            read = from_json(tensor, bytes(data)) if self._fits(tensor, count_values(bytes(data))) else tensor
            if read is None:
                self._faults.append(Fault(f"{tensor.place}/data", "something else", "numbers, in rows of one length"))
            return read or tensor
        nested = tensor.shape[1] if len(tensor.shape) == 2 and data and isinstance(data[0], list) else 0
        if nested:
            if self._has_uneven_rows(data, nested, f"{tensor.place}/data"):
                return tensor
            data = list(chain.from_iterable(data))
        return from_list(tensor, data, nested) if self._fits(tensor, len(data)) else tensor

    def _has_uneven_rows(self, rows: Sequence[Any], length: int, where: str) -> bool:
        uneven = [i for i, row in enumerate(rows) if not isinstance(row, list) or len(row) != length]
        for i in uneven[:FAULTS_LISTED]:
            found = _values(len(rows[i])) if isinstance(rows[i], list) else kind(rows[i])
            remedy = "Send one number for each column of the shape."
            self._faults.append(Fault(f"{where}/{i}", found, f"an array of {length:,}", remedy))
        return bool(uneven)

    def _fits(self, tensor: Tensor, count: int) -> bool:
        """Whether *count* values fill the shape of *tensor*, and may be read."""
        expected = math.prod(tensor.shape or ())
        if count != expected:
            text = f"{expected:,}, as the shape {list(tensor.shape or ())} says"
            self._faults.append(Fault(f"{tensor.place}/data", _values(count), text, "Send one for each element."))
            return False
        return self._has_room(tensor, count)

    def _has_room(self, tensor: Tensor, count: int) -> bool:
        width = self._n_features if tensor.name == MATRIX else 1
        if count > self._most_rows * width:
            raise TooManyRowsError(count // width, self._most_rows)
        # Less than none is left only after a tensor that should not be there, which is a fault.
        self._room -= count
        return self._room >= 0

    def _object(self, value: Any, place: str, known: Sequence[str], expected: str) -> Members:
        if not isinstance(value, Members):
            self._add(place, value, expected, "Send an object.")
            return Members()
        for name in islice((name for name in value if name not in known), FAULTS_LISTED):
            remedy = nearest(name, known) or "Remove it."
            self._faults.append(Fault(place + pointer(name), "an unknown name", f"only {', '.join(known)}", remedy))
        return value

    def _array(self, request: Members, name: str) -> list[Any]:
        value = request.get(name, _ABSENT)
        if isinstance(value, list):
            return value
        self._add(f"/{name}", value, "an array of objects", "Send one object for each tensor.")
        return []

    def _choice(self, sent: Members, place: str, name: str, known: Sequence[str]) -> str | None:
        value = sent.get(name, _ABSENT)
        if isinstance(value, str) and value in known:
            return value
        remedy = (nearest(value, known) if isinstance(value, str) else "") or "Send one of them."
        self._add(f"{place}/{name}", value, f"one of {', '.join(known)}", remedy)
        return None

    def _parameters(self, sent: Members, place: str) -> Members:
        if "parameters" not in sent:
            return Members()
        where, value = f"{place}/parameters", sent["parameters"]
        if not isinstance(value, dict):
            self._add(where, value, "an object", "Send names with their values, or leave it out.")
            return Members()
        wrong = (name for name in value if not isinstance(value[name], str | int | float))
        for name in islice(wrong, FAULTS_LISTED):
            self._add(where + pointer(name), value[name], "a text, a number, true or false", "Leave it out.")
        return Members(value)

    def _flag(self, parameters: Members, place: str, name: str, *, default: bool) -> bool:
        value = parameters.get(name, default)
        if not isinstance(value, bool):
            self._add(f"{place}/parameters/{name}", value, "true or false", "Send one of them, or leave it out.")
        return value is True

    def _add(self, where: str, found: Any, expected: str, remedy: str) -> None:
        self._faults.append(Fault(where, "nothing" if found is _ABSENT else kind(found), expected, remedy))


def _is_text(value: Any) -> bool:
    # JSON's escapes can write half characters, which no UTF-8 carries back.
    return isinstance(value, str) and not isinstance(value, NotFinite) and not _HALF_CHARACTER.search(value)


def _is_whole(value: Any, most: float) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= most and value % 1 == 0


def _values(count: int) -> str:
    return "1 value" if count == 1 else f"{count:,} values"
