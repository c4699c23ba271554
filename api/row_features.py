"""The features of a row as requests may hold them: what the model fills in itself may be missing."""

import math
from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np

from model.bars import FloatArray
from model.bundle import Bundle
from model.manifest import FeatureSpec


class ImputedFeature(FeatureSpec, frozen=True, kw_only=True):
    """A feature whose value may be missing: the pipeline puts `filling` in its place."""

    filling: float


def features_of(bundle: Bundle) -> Sequence[FeatureSpec]:
    """Return what a row of *bundle* is made of, in its order."""
    features = bundle.manifest.features
    if bundle.filling is None:
        return features
    return [
        ImputedFeature(**msgspec.structs.asdict(feature), filling=value)
        for feature, value in zip(features, bundle.filling, strict=True)
    ]


def may_lack(feature: FeatureSpec, value: Any) -> bool:
    """Whether *value* is missing, as None or NaN, and a row may lack it."""
    return isinstance(feature, ImputedFeature) and (value is None or (isinstance(value, float) and math.isnan(value)))


def may_have_gaps(features: Sequence[FeatureSpec]) -> bool:
    """Whether a row of *features* may lack any of them."""
    return any(isinstance(feature, ImputedFeature) for feature in features)


def without_gaps(columns: FloatArray, features: Sequence[FeatureSpec]) -> FloatArray:
    """Return *columns*, shape (features, rows), with what the pipeline puts in place of what is missing and may be."""
    filling = [feature.filling for feature in features if isinstance(feature, ImputedFeature)]
    if not filling:
        return columns
    gaps = np.isnan(columns)
    return np.where(gaps, np.array(filling)[:, None], columns) if gaps.any() else columns


def gaps_in(columns: FloatArray, features: Sequence[FeatureSpec]) -> dict[str, int]:
    """Return the features of *columns* that rows lack and may lack, and how many rows lack each."""
    counts = {
        feature.name: int(np.isnan(values).sum())
        for values, feature in zip(columns, features, strict=True)
        if isinstance(feature, ImputedFeature)
    }
    return {name: count for name, count in counts.items() if count}
