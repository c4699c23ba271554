"""What the panel of a scenario looks up in the training rows of a bundle."""

from dataclasses import dataclass

import numpy as np

from model.bars import FloatArray
from model.bundle import Bundle
from model.familiarity import Familiarity, familiarity
from model.uncertainty import ProbabilityIntervals
from training.panels.starting_points import StartingPoint, rows_as_shown, starting_points


@dataclass(frozen=True, slots=True)
class LookedUp:
    """`X` holds the reference rows as the controls show them, in original units; `probability` is theirs."""

    X: FloatArray
    probability: FloatArray
    intervals: ProbabilityIntervals
    familiarity: Familiarity
    points: tuple[StartingPoint, ...]


def look_up(bundle: Bundle) -> LookedUp:
    """Return what is looked up in the training rows of *bundle*."""
    rows = bundle.reference
    X = rows_as_shown(bundle.manifest.features, rows.X)
    probability = bundle.scorer.many(X)
    return LookedUp(
        X=X,
        probability=probability,
        intervals=ProbabilityIntervals.of(bundle),
        familiarity=familiarity(rows.X[~np.isnan(rows.y)]),
        points=tuple(starting_points(bundle, probability)),
    )
