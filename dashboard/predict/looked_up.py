"""What Predict looks up in the training rows of a bundle, prepared once for all sessions."""

from dataclasses import dataclass

import numpy as np
import streamlit as st

from dashboard.predict.starting_points import StartingPoint, rows_as_shown, starting_points
from model.bars import FloatArray
from model.bundle import Bundle
from model.familiarity import Familiarity, familiarity
from model.uncertainty import ProbabilityIntervals


@dataclass(frozen=True, slots=True)
class LookedUp:
    """`X` holds the reference rows as the controls show them, in original units; `probability` is theirs."""

    X: FloatArray
    probability: FloatArray
    intervals: ProbabilityIntervals
    familiarity: Familiarity
    points: tuple[StartingPoint, ...]


def looked_up(bundle: Bundle) -> LookedUp:
    """Return what is looked up in the training rows of *bundle*."""
    return _looked_up(bundle, bundle.sha256)


@st.cache_resource(max_entries=3, show_spinner="Looking through the training rows…")
def _looked_up(_bundle: Bundle, sha256: str) -> LookedUp:  # noqa: ARG001  the cache's key
    rows = _bundle.reference
    X = rows_as_shown(_bundle.manifest.features, rows.X)
    probability = _bundle.scorer.many(X)
    return LookedUp(
        X=X,
        probability=probability,
        intervals=ProbabilityIntervals.of(_bundle),
        familiarity=familiarity(rows.X[~np.isnan(rows.y)]),
        points=tuple(starting_points(_bundle, probability)),
    )
