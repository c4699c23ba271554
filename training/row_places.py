"""Where the out-of-fold rows of a bundle stand among its reference rows."""

import numpy as np

from model.bundle import OutOfFold, Reference
from model.thresholds import IntArray
from training.row_keys import keys_of, number_within


def places_in(reference: Reference, rows: OutOfFold) -> IntArray:
    """Return the position of each of *rows* among the reference rows; -1 where it cannot be told.

    A row is known by its day and by what it belongs to. Rows that share both, or have neither, are told apart by
    their order, which a bundle keeps: that works where all of them that have a known outcome were scored.
    """
    known = np.flatnonzero(~np.isnan(reference.y))
    held, wanted = keys_of(
        (reference.day[known], reference.ticker[known]),
        (rows.day, rows.ticker),
    )
    n_keys = int(max(held.max(initial=-1), wanted.max(initial=-1))) + 1
    held_count, wanted_count = np.bincount(held, minlength=n_keys), np.bincount(wanted, minlength=n_keys)
    order, first = np.argsort(held, kind="stable"), np.cumsum(held_count) - held_count
    certain = (held_count == wanted_count)[wanted]
    places = np.full(len(wanted), -1, dtype=np.int64)
    places[certain] = known[order[(first[wanted] + number_within(wanted))[certain]]]
    return places
