"""Which rows two versions of a model both know."""

from dataclasses import dataclass

import numpy as np

from model.bars import FloatArray
from model.bundle import Bundle
from model.dataset import Rows
from training.row_keys import IntArray, keys_of, number_within


@dataclass(frozen=True, slots=True)
class SharedRows:
    """Positions, in each of two tables, of the rows that both hold; one length, one order."""

    new: IntArray
    old: IntArray

    def __len__(self) -> int:
        return len(self.new)


def shared_rows(new: Rows, old: Rows, *, same_data: bool) -> SharedRows | None:
    """Return the rows that *new* and *old* both hold, told by day and ticker, in the order of those.

    Where several rows bear the same day and ticker, only their order tells them apart, which holds for one
    table only: None unless both come from the *same_data*.
    """
    keys = keys_of((new.day, new.ticker), (old.day, old.ticker))
    told_apart = all(len(np.unique(key)) == len(key) for key in keys)
    return _matched(*keys) if told_apart or same_data else None


def shared_by_values(new: FloatArray, old: FloatArray) -> SharedRows:
    """Return the rows that are equal in every value, each paired once.

    >>> sorted(shared_by_values(np.array([[1.0], [1.0], [2.0]]), np.array([[2.0], [1.0]])).new.tolist())
    [0, 2]
    """
    rows = np.ascontiguousarray(np.concatenate([new, old]))
    whole = rows.view(np.dtype((np.void, rows.dtype.itemsize * rows.shape[1]))).ravel()
    _, key = np.unique(whole, return_inverse=True)
    return _matched(key[: len(new)], key[len(new) :])


def shared_out_of_fold(new: Bundle, old: Bundle) -> SharedRows | None:
    """Return the out-of-fold rows that both versions know with the same outcome, None where that cannot be told."""
    if new.manifest.target != old.manifest.target or new.manifest.layout != old.manifest.layout:
        return None
    shared = shared_rows(new.out_of_fold, old.out_of_fold, same_data=of_same_data(new, old))
    if shared is None:
        return None
    same = new.out_of_fold.y_true[shared.new] == old.out_of_fold.y_true[shared.old]
    return SharedRows(shared.new[same], shared.old[same])


def of_same_data(new: Bundle, old: Bundle) -> bool:
    """Whether two versions were trained on rows of the very same data."""
    return new.manifest.trained_on.sha256 == old.manifest.trained_on.sha256


def _matched(new: IntArray, old: IntArray) -> SharedRows:
    """Pair equal keys: the first of a key with the first, the second with the second."""
    nth_new, nth_old = number_within(new), number_within(old)
    most = 1 + max(int(nth.max(initial=0)) for nth in (nth_new, nth_old))
    _, in_new, in_old = np.intersect1d(
        new * most + nth_new, old * most + nth_old, assume_unique=True, return_indices=True
    )
    return SharedRows(in_new.astype(np.int64), in_old.astype(np.int64))
