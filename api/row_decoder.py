"""Reads a body that nothing at all is wrong with, in under a microsecond."""

import math
from collections.abc import Callable, Sequence
from typing import Annotated, Any

import msgspec

from api.errors import NOT_DECODED
from api.json_names import JsonNames
from api.row_features import may_have_gaps
from model.manifest import FeatureSpec


class RowDecoder:
    """Reads the body of a prediction request, and knows when it must not.

    Whatever it does not read, the strict reader of `payloads` reads, and names every fault.

    Parameters
    ----------
    features
        What a row is made of, in the order of the row.
    """

    def __init__(self, features: Sequence[FeatureSpec]) -> None:
        # Names of fields must be Python's; names of features need not be.
        fields = [f"f{position}" for position in range(len(features))]
        names = dict(zip(fields, (feature.name for feature in features), strict=True))
        types = map(self._type_of, features)
        row = msgspec.defstruct("Row", zip(fields, types, strict=True), rename=names, forbid_unknown_fields=True)
        request = msgspec.defstruct("Request", [("features", row)], forbid_unknown_fields=True)
        self._decode = msgspec.json.Decoder(request).decode
        self._quotes = 2 * (len(features) + 1)
        self._bounds = [
            (position, low, high)
            for position, feature in enumerate(features)
            for low, high in [(feature.hard_minimum, feature.hard_maximum)]
            if low is not None or high is not None
        ]

    @staticmethod
    def _type_of(_: FeatureSpec) -> Any:
        return float

    def __call__(self, body: bytes) -> tuple[float, ...] | None:
        """Return the row in *body*, or None where the strict reader must look at it."""
        # The decoder passes over a name that is given twice. Where every name stands once, without
        # escapes, there are exactly two quotation marks a name.
        if body.count(b'"') != self._quotes or b"\\" in body:
            return None
        try:
            request: Any = self._decode(body)
        except NOT_DECODED:
            return None
        row: tuple[float, ...] = msgspec.structs.astuple(request.features)
        for position, low, high in self._bounds:
            if (low is not None and row[position] < low) or (high is not None and row[position] > high):
                return None
        return row


class GapDecoder(RowDecoder):
    """The same for rows that may lack values: null is read as NaN."""

    def __init__(self, features: Sequence[FeatureSpec]) -> None:
        super().__init__(features)
        # The decoder itself holds numbers to their bounds here: null has none.
        self._bounds = []

    @staticmethod
    def _type_of(feature: FeatureSpec) -> Any:
        return Annotated[float, msgspec.Meta(ge=feature.hard_minimum, le=feature.hard_maximum)] | None

    def __call__(self, body: bytes) -> tuple[float, ...] | None:
        """Return the row in *body*, or None where the strict reader must look at it."""
        row = super().__call__(body)
        return None if row is None else tuple(math.nan if value is None else value for value in row)


def decoder_of(features: Sequence[FeatureSpec]) -> Callable[[bytes], tuple[float, ...] | None]:
    """Return what reads rows of *features*, with gaps where there may be some, whatever their names are."""
    names = JsonNames([feature.name for feature in features])
    fields = [
        feature if feature.name == name else msgspec.structs.replace(feature, name=name)
        for feature, name in zip(features, names.fields, strict=True)
    ]
    decode = GapDecoder(fields) if may_have_gaps(features) else RowDecoder(fields)
    if not names.differ:
        return decode

    def decode_in_fields(body: bytes) -> tuple[float, ...] | None:
        renamed = names.in_fields(body)
        return None if renamed is None else decode(renamed)

    return decode_in_fields
