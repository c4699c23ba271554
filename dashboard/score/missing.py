"""What the Score page says of missing values: a model that was trained on some fills them in itself."""

from dashboard.score.bars import takes_bars
from model.bundle import Bundle


def filling_of(bundle: Bundle) -> tuple[float, ...] | None:
    """Return what *bundle* puts in place of a missing value of each feature; None if it takes none."""
    # Bars give complete rows: an empty cell in one of theirs is a mistake.
    return None if takes_bars(bundle.manifest) else bundle.filling


def about_missing(bundle: Bundle) -> str:
    """Say what becomes of an empty cell."""
    if takes_bars(bundle.manifest):
        return ""
    if bundle.filling is None:
        return " No cell may be empty: the model was trained on complete rows."
    return " A cell may be empty: the model fills it in with what its pipeline learned from the training rows."
