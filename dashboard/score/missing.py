"""What a model does with missing values: those of a table it was trained on with some are filled in by its pipeline."""

import numpy as np

from dashboard.score.bars import takes_bars
from model.bundle import Bundle


def filling_of(bundle: Bundle) -> list[float] | None:
    """Return what the pipeline of *bundle* puts in place of a missing value of each feature; None if it takes none."""
    if takes_bars(bundle.manifest):
        return None
    from sklearn.impute import SimpleImputer

    (_, first), *_ = getattr(bundle.pipeline, "steps", [("", bundle.pipeline)])
    statistics = np.asarray(getattr(first, "statistics_", []), dtype=np.float64)
    if not isinstance(first, SimpleImputer) or statistics.shape != (len(bundle.manifest.features),):
        return None
    return None if np.isnan(statistics).any() else [float(value) for value in statistics]


def about_missing(bundle: Bundle) -> str:
    """Say what becomes of an empty cell."""
    if takes_bars(bundle.manifest):
        return ""
    if filling_of(bundle) is None:
        return " No cell may be empty: the model was trained on complete rows."
    return " A cell may be empty: the model fills it in with what its pipeline learned from the training rows."
