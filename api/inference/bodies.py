"""Bodies of the Open Inference Protocol v2: JSON, with or without binary data behind it. Knows no request."""

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

import msgspec

from api import strict_json
from api.errors import FAULTS_LISTED, NOT_DECODED, THE_BODY, TooManyRowsError, UnreadableBodyError
from api.inference.requests import EXPECTED, HEADER_LENGTH, InferRequest, RequestReader
from api.strict_json import Members
from api.validation import repeated_names, short
from model.errors import Fault, InvalidFeaturesError

# What is written around the numbers takes less than so many rows would.
ROWS_OF_SLACK = 100
# Many times what a request needs; what is more is a fault anyway.
MEMBERS_OF_A_REQUEST = 1_000
MEMBERS_OF_A_TENSOR = 20
LONGEST_MEMBER = 64 * 1024


def read(
    body: bytes, header_length: str | None, *, n_features: int, outputs: Sequence[str], most_rows: int
) -> InferRequest:
    """Return the request in *body*; what is wrong with its parts, each taken by itself, is in its `faults`.

    Parameters
    ----------
    body
        JSON, and perhaps binary data behind it.
    header_length
        What the request says about how many bytes of *body* are JSON; None if all are.
    n_features
        How many features a row has.
    outputs
        Those that can be asked for.
    most_rows
        How many rows are taken.

    Raises
    ------
    UnreadableBodyError
        The body is no JSON document, or names something twice.
    TooManyRowsError
        It holds more rows than are taken.
    InvalidFeaturesError
        It holds many more tensors than there are features.
    """
    document, binary = _split(body, header_length)
    _refuse_too_many_members(document, n_features)

    def interpreted(members: Any) -> InferRequest:
        return RequestReader(binary, n_features=n_features, outputs=outputs, most_rows=most_rows).request(members)

    if (members := _quickly(document)) is not None and not (request := interpreted(members)).faults:
        return request
    # A value takes many times the memory of the bytes that write it.
    for mark in (b",", b"["):
        if (found := document.count(mark) // n_features) > most_rows + ROWS_OF_SLACK:
            raise TooManyRowsError(found, most_rows)
    return interpreted(_strictly(document))


def _split(body: bytes, header_length: str | None) -> tuple[bytes, memoryview]:
    if header_length is None:
        return body, memoryview(b"")
    length = int(header_length) if re.fullmatch(r"[0-9]{1,18}", header_length) else None
    if length is None or length > len(body):
        expected = f"how many of its bytes are JSON, at most {len(body):,}"
        fault = Fault("", f"{HEADER_LENGTH}: {short(header_length)}", expected, "Correct the header, or leave it out.")
        raise UnreadableBodyError(THE_BODY, [fault])
    return body[:length], memoryview(body)[length:]


def _refuse_too_many_members(document: bytes, n_features: int) -> None:
    """Refuse what holds many times the objects and members that a request can have, before memory is taken for them."""
    most = MEMBERS_OF_A_REQUEST + MEMBERS_OF_A_TENSOR * n_features
    for mark, members in ((b"{", "objects"), (b":", "members")):
        if (found := document.count(mark)) > most:
            expected = f"at most {most:,}: one tensor a feature, or one matrix"
            fault = Fault("", f"{found:,} {members}", expected, "Send the values of all rows in the same tensors.")
            raise InvalidFeaturesError(THE_BODY, [fault])


def _quickly(document: bytes) -> Members | None:
    """Return the members of *document* with its data not decoded yet, or None where the strict reader must look."""
    if b"\\" in document:
        return None
    try:
        members = Members(msgspec.json.decode(document, type=dict[str, msgspec.Raw]))
        inputs = [Members(sent) for sent in msgspec.json.decode(members["inputs"], type=list[dict[str, msgspec.Raw]])]
        for part in (members, *inputs):
            part.update({name: _decoded(raw) for name, raw in part.items() if name not in {"inputs", "data"}})
    except (*NOT_DECODED, KeyError):
        return None
    # The decoder passes over a name that is given twice. Without escapes, a document in which there is one
    # loses quotation marks when it is written again; and data that hold any are not all numbers.
    without_data = [Members(sent, data=0) if "data" in sent else sent for sent in inputs]
    if msgspec.json.encode(members | {"inputs": without_data}).count(b'"') != document.count(b'"'):
        return None
    return Members(members, inputs=inputs)


def _decoded(raw: msgspec.Raw) -> Any:
    if memoryview(raw).nbytes > LONGEST_MEMBER:
        msg = "Only data are as long as this."
        raise msgspec.ValidationError(msg)
    return msgspec.json.decode(raw)


def _strictly(document: bytes) -> Any:
    try:
        members = strict_json.read(document)
    except UnreadableBodyError as error:
        faults = [replace(fault, expected=f"{EXPECTED}, in UTF-8") for fault in error.faults]
        raise UnreadableBodyError(THE_BODY, faults) from error
    repeated = list(islice(repeated_names(_without_data(members)), FAULTS_LISTED))
    if repeated:
        raise UnreadableBodyError(THE_BODY, repeated)
    return members


def _without_data(members: Any) -> Any:
    """Return *members* without what may be millions of numbers; whatever else stands there is a fault of its own."""
    inputs = members.get("inputs") if isinstance(members, Members) else None
    if not isinstance(inputs, list):
        return members
    return _replaced(members, inputs=[_replaced(sent, data=None) if _has_data(sent) else sent for sent in inputs])


def _has_data(sent: Any) -> bool:
    return isinstance(sent, Members) and "data" in sent


def _replaced(members: Members, **values: Any) -> Members:
    replaced = Members(members, **values)
    replaced.repeated = members.repeated
    return replaced
