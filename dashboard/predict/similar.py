"""The training rows most like a scenario, and what followed them."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from model.bundle import Bundle, Reference
from model.nearest import nearest_with_other_call, similar_rows, squared_distances
from model.wording import interval, number, percent
from training.estimates import wilson
from training.panels.looked_up import LookedUp
from training.panels.named_rows import row_id, row_name
from training.panels.row_words import capital
from training.panels.starting_points import row_by_id, shown_values, what_followed

COUNTED = 50


def similar_data(bundle: Bundle, found: LookedUp, row: Sequence[float]) -> dict[str, Any] | None:
    """Return what the panel shows of the rows most like *row*; None where there is no row to compare with.

    A row that is shown with the very values of *row* is left out: it was started from.
    """
    rows, features = bundle.reference, bundle.manifest.features
    itself = np.isclose(found.X, np.asarray(row), rtol=1e-9, atol=0).all(axis=1)
    there = np.flatnonzero(~itself)
    if itself.any():
        rows = Reference(rows.day[there], rows.ticker[there], rows.X[there], rows.y[there], rows.next_day_return[there])
    squares = squared_distances(rows.X, features, row)
    nearest = squares.min(initial=np.inf)
    if not np.isfinite(nearest):
        return None
    ties = np.flatnonzero(squares == nearest)
    # Of several the latest; where rows have no time, the first.
    position = int(there[ties[np.argmax(rows.day[ties])]])
    distance = math.sqrt(nearest / len(features))
    return {
        "point": row_by_id(bundle, row_id(bundle, position)).as_data(),
        "sentence": _sentence(bundle, position, distance, other=bool(itself.any())),
        "outcomes": _outcomes(bundle, rows, row),
    }


def _sentence(bundle: Bundle, position: int, distance: float, *, other: bool) -> str:
    than = "these very values aside, nearer than any" if other else "nearer than any other"
    return (
        f"**{capital(row_name(bundle, position))}**: {number(distance, 2)} standard deviations away on average over the"
        f" features; {than} of {len(bundle.reference.day):,} rows. {what_followed(bundle, position)}"
    ).replace(" %", "\u00a0%")


def _outcomes(bundle: Bundle, rows: Reference, row: Sequence[float]) -> str:
    found = similar_rows(rows, bundle.manifest.features, row, COUNTED)
    if found is None:
        return ""
    up = f"“{bundle.manifest.target.positive_class}”"
    between = wilson(found.positives, found.n)
    everywhere = float(np.nanmean(bundle.reference.y))
    beside = "cannot be told from" if between.low <= everywhere <= between.high else "differs from"
    return (
        f"Of the {found.n} most similar rows with a known outcome, {found.positives} were {up}: {percent(found.share)}"
        f" (95 % interval {interval(100 * between.low, 100 * between.high, 1)}, taking rows as independent)."
        f" That {beside} the {percent(everywhere)} of all rows."
    ).replace(" %", "\u00a0%")


def other_call_data(bundle: Bundle, found: LookedUp, row: Sequence[float]) -> dict[str, Any] | None:
    """Return the training row nearest to *row* with the other call, as controls show it; None where there is none."""
    features = bundle.manifest.features
    # Looked for among the rows as they are shown: taken over, the row must have that call.
    position = nearest_with_other_call(bundle.scorer, found.X, found.probability, features, row, bundle.threshold)
    if position is None:
        return None
    return {
        "name": row_name(bundle, position),
        "values": list(shown_values(features, found.X[position].tolist()).values()),
        "probability": bundle.scorer.one(found.X[position].tolist()),
    }
