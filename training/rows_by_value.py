"""Which out-of-fold rows two versions both know, told by what the rows hold, where nothing else tells them apart."""

import numpy as np
from numpy.typing import NDArray

from model.bars import FloatArray
from model.bundle import Bundle
from training.row_places import places_in
from training.shared_rows import SharedRows, shared_by_values, shared_out_of_fold


def same_out_of_fold(new: Bundle, old: Bundle) -> SharedRows | None:
    """Return the out-of-fold rows that both versions know with the same outcome, None where that cannot be told.

    Rows of one day and group, or of neither, are told apart by the values of the features that both versions have.
    A value that was filled in is no value of the row: rows that lack one may be missing here.
    """
    shared = shared_out_of_fold(new, old)
    if shared is not None or new.manifest.target != old.manifest.target or new.manifest.layout != old.manifest.layout:
        return shared
    names = [name for name in old.manifest.feature_names if name in new.manifest.feature_names]
    if not names:
        return None
    groups = np.unique(np.concatenate([new.out_of_fold.ticker, old.out_of_fold.ticker]))
    (now, in_new), (was, in_old) = (_values(bundle, names, groups) for bundle in (new, old))
    found = shared_by_values(now, was)
    return SharedRows(in_new[found.new], in_old[found.old])


def _values(bundle: Bundle, names: list[str], groups: NDArray[np.str_]) -> tuple[FloatArray, NDArray[np.int64]]:
    """Return all that is known of each out-of-fold row, and its position; what cannot be looked up is left out."""
    rows, reference = bundle.out_of_fold, bundle.reference
    places = places_in(reference, rows)
    known = np.flatnonzero(places >= 0)
    columns = [bundle.manifest.feature_names.index(name) for name in names]
    day = rows.day[known].astype("datetime64[D]").astype(np.int64)
    about = np.column_stack([day, np.searchsorted(groups, rows.ticker[known]), rows.y_true[known]])
    return np.column_stack([about, reference.X[places[known]][:, columns]]).astype(np.float64), known
