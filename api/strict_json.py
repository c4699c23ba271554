"""A JSON reader that keeps what the standard one silently mends: repeated names, NaN, numbers too large."""

import json
import math
import re
from collections import Counter
from typing import Any

from api.errors import THE_BODY, UnreadableBodyError
from model.errors import Fault

# A request is two levels deep. Anything deeper than this is refused before it can exhaust the reader's stack.
DEEPEST = 32

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_BRACKETS = re.compile(rb"[\[\]{}]")
# The quantifier is possessive and the last quote optional, so no input makes it go back and try again.
_STRINGS = re.compile(rb'"(?:[^"\\]|\\.)*+"?', re.DOTALL)


class Members(dict[str, Any]):
    """A JSON object; of members that share a name it holds the last, and the name in `repeated`."""

    repeated: tuple[str, ...] = ()


class NotFinite(str):
    """A number that no float holds, as it was written: NaN, Infinity or one such as 1e999."""

    __slots__ = ()


def read(body: bytes) -> Any:
    """Return the document in *body*: `Members`, list, str, bool, None, and float or `NotFinite` for numbers.

    Raises
    ------
    UnreadableBodyError
        The body is empty, is not UTF-8, is no JSON, or is nested deeper than `DEEPEST` levels.
    """
    fault = _fault_before_reading(body)
    if fault is None:
        try:
            return _DECODER.decode(body.decode())
        except UnicodeDecodeError as error:
            fault = _fault(f"bytes that are not UTF-8, from byte {error.start + 1:,} on")
        except json.JSONDecodeError as error:
            fault = _fault(f"text that is not JSON, at line {error.lineno:,}, column {error.colno:,} ({error.msg})")
    raise UnreadableBodyError(THE_BODY, [fault])


def _fault_before_reading(body: bytes) -> Fault | None:
    if not body.strip():
        return _fault("nothing in it")
    if body.startswith(_BYTE_ORDER_MARK):
        return _fault("a byte-order mark", "Send it without its first three bytes.")
    if _is_too_deep(body):
        return _fault(f"more than {DEEPEST} levels of nesting")
    return None


def _fault(found: str, remedy: str = "Send a JSON document.") -> Fault:
    return Fault("", found, 'a JSON object in UTF-8, {"features": {…}}', remedy)


def _is_too_deep(body: bytes) -> bool:
    if body.count(b"{") + body.count(b"[") <= DEEPEST:
        return False
    depth = 0
    for bracket in _BRACKETS.findall(_STRINGS.sub(b"", body)):
        depth += 1 if bracket in b"[{" else -1
        if depth > DEEPEST:
            return True
    return False


def _members(pairs: list[tuple[str, Any]]) -> Members:
    members = Members(pairs)
    if len(members) != len(pairs):
        counts = Counter(name for name, _ in pairs)
        members.repeated = tuple(name for name, count in counts.items() if count > 1)
    return members


def _number(text: str) -> float | NotFinite:
    value = float(text)
    return value if math.isfinite(value) else NotFinite(text)


_DECODER = json.JSONDecoder(
    object_pairs_hook=_members, parse_float=_number, parse_int=_number, parse_constant=NotFinite
)
