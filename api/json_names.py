"""Names of features that a decoder of JSON does not take as names of fields, and what it is given in their place."""

import json
import re
from collections.abc import Sequence

# What stands in JSON as an escape; msgspec takes no field of such a name.
_ESCAPED = re.compile(r'["\\\x00-\x1f]')


class JsonNames:
    """The names a decoder is made with: those of *features*, but for stand-ins where one holds what JSON escapes.

    Parameters
    ----------
    features
        The names of the features, in the order of the row.
    """

    def __init__(self, features: Sequence[str]) -> None:
        # Longer than every name, so that none of them is meant.
        mark = "~" * max(map(len, features), default=0)
        self.fields = tuple(
            f"{mark}~{position}" if _ESCAPED.search(name) else name for position, name in enumerate(features)
        )
        self._mark = mark.encode() + b"~"
        stand_ins = [
            (json.dumps(name, ensure_ascii=False).encode(), json.dumps(field).encode())
            for name, field in zip(features, self.fields, strict=True)
            if name != field
        ]
        # One name may end like another.
        self._stand_ins = sorted(stand_ins, key=lambda pair: -len(pair[0]))

    @property
    def differ(self) -> bool:
        """Whether any name has a stand-in."""
        return bool(self._stand_ins)

    def in_fields(self, body: bytes) -> bytes | None:
        """Return *body* with the decoder's names; None where it may be another thing with them than without.

        A name that is escaped in another way than the shortest stays, and is left to the strict reader.
        """
        if not self._stand_ins:
            return body
        if self._mark in body:
            return None
        for name, field in self._stand_ins:
            # Outside of strings there is no backslash in JSON: what is found here begins and ends a string, or
            # leaves one before it behind, which the strict reader looks at.
            body = body.replace(name, field)
        return body
