"""Rows to begin a scenario from: the median, a borderline one, the biggest miss, the last of each group, any other."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from model.bars import FloatArray
from model.bundle import Bundle
from model.manifest import FeatureSpec
from model.wording import percent
from training.panels.display import scale_of
from training.panels.named_rows import ROW, groups_of, position_by_id, position_of, row_id, row_name
from training.panels.row_words import capital
from training.row_places import places_in

MEDIAN, BORDERLINE, MISS = "median", "borderline", "miss"
# Of more groups, each is chosen from a list instead of having a button of its own.
MOST_BUTTONS = 8
# Misses looked at until one is found whose row is certain.
MISSES_TRIED = 100


@dataclass(frozen=True, slots=True)
class StartingPoint:
    """A row to begin from: `values` in display units by feature; `said` is what it is, and what followed.

    `kind` is "latest" for the latest row of a group, or its last where rows have no time.
    """

    id: str
    kind: str
    label: str
    detail: str
    said: str
    values: dict[str, float]

    def as_data(self) -> dict[str, Any]:
        """Return what the panel shows of it."""
        return {
            "id": self.id,
            "kind": self.kind,
            "label": self.label,
            "detail": self.detail,
            "said": self.said.replace(" %", "\u00a0%"),
            "values": list(self.values.values()),
        }


def shown_values(features: Sequence[FeatureSpec], row: Sequence[float]) -> dict[str, float]:
    """Return a row in original units as the controls show it: rounded, but not out of the range it was in."""
    return {feature.name: _shown(feature, value) for feature, value in zip(features, row, strict=True)}


def _shown(feature: FeatureSpec, value: float) -> float:
    scale, shown = scale_of(feature), round(value * feature.display_factor, feature.decimals)
    return scale.allowed(scale.on_slider(shown) if feature.min <= value <= feature.max else shown)


def rows_as_shown(features: Sequence[FeatureSpec], X: FloatArray) -> FloatArray:
    """Return the rows of *X*, which lie in the observed ranges, in original units as `shown_values` rounds them."""
    columns = []
    for feature, column in zip(features, X.T, strict=True):
        scale = scale_of(feature)
        shown = np.clip(np.round(column * feature.display_factor, feature.decimals), scale.low, scale.high)
        least, most = scale.allowed(-np.inf), scale.allowed(np.inf)
        columns.append(np.clip(shown, least, most) / feature.display_factor)
    return np.column_stack(columns)


def starting_points(bundle: Bundle, probability: FloatArray) -> list[StartingPoint]:
    """Return what a scenario can begin from at one press.

    *probability* is that of each reference row as shown.
    """
    groups = groups_of(bundle)
    layout = bundle.manifest.layout
    listed = len(groups) <= MOST_BUTTONS and bool(layout.time or layout.group)
    latest = [row_on(bundle, group.name, group.last) for group in groups] if listed else []
    found = [_median(bundle), _borderline(bundle, probability), _biggest_miss(bundle), *latest]
    return [point for point in found if point is not None]


def row_on(bundle: Bundle, ticker: str, wanted: str) -> StartingPoint:
    """Return the row of *ticker* on the day *wanted*, an ISO date; without a time, the one of that number.

    Raises
    ------
    NoSuchRowError
        There is none; the message names the nearest days that have one.
    """
    return _point_at(bundle, position_of(bundle, ticker, wanted))


def row_by_id(bundle: Bundle, row_id_: str) -> StartingPoint:
    """Return the row of an id that a starting point gave.

    Raises
    ------
    NoSuchRowError
        This bundle has no such row.
    """
    return _point_at(bundle, position_by_id(bundle, row_id_))


def _point_at(bundle: Bundle, position: int) -> StartingPoint:
    rows, timed = bundle.reference, bool(bundle.manifest.layout.time)
    own = np.flatnonzero(rows.ticker == rows.ticker[position])
    last = bool(rows.day[position] == rows.day[own].max()) if timed else position == own[-1]
    name, ticker = row_name(bundle, position), str(rows.ticker[position])
    which = " (the latest row)" if last and timed else ""
    return StartingPoint(
        id=row_id(bundle, position),
        kind="latest" if last and (timed or ticker) else ROW,
        label=ticker or ("The latest row" if timed else capital(name)),
        detail=str(rows.day[position]) if timed else name,
        said=f"{capital(name)}{which}. {what_followed(bundle, position)}",
        values=_values_at(bundle, position),
    )


def _values_at(bundle: Bundle, position: int) -> dict[str, float]:
    return shown_values(bundle.manifest.features, bundle.reference.X[position].tolist())


def what_followed(bundle: Bundle, position: int) -> str:
    """Say what came after a reference row, as far as it is known."""
    rows, layout = bundle.reference, bundle.manifest.layout
    followed = "What followed" if layout.time else "What it was"
    y, later = float(rows.y[position]), float(rows.next_day_return[position])
    if np.isnan(y):
        own = rows.ticker == rows.ticker[position]
        yet = " yet" if layout.time and rows.day[position] == rows.day[own].max() else ""
        return f"{followed} is not known{yet}."
    up = f"“{bundle.manifest.target.positive_class}”"
    moved = "" if np.isnan(later) else f"; next-day return {percent(later, 2, signed=True)}"
    return f"{followed}: {up if y else 'not ' + up}{moved}."


def _median(bundle: Bundle) -> StartingPoint:
    return StartingPoint(
        id=MEDIAN,
        kind=MEDIAN,
        label="The median row",
        detail="each value at its median",
        said="The median row: each value at its own median, so no real row need look like this.",
        values=shown_values(bundle.manifest.features, bundle.median_row),
    )


def _borderline(bundle: Bundle, probability: FloatArray) -> StartingPoint | None:
    rows = bundle.reference
    if not len(rows.day):
        return None
    position = int(np.argmin(np.abs(probability - bundle.threshold)))
    name = row_name(bundle, position)
    said = percent(float(probability[position]), 2)
    return StartingPoint(
        id=BORDERLINE,
        kind=BORDERLINE,
        label="A borderline row",
        detail=f"{name}: {said}",
        said=f"A borderline row: {name}, whose {said} is nearest to the threshold of all training rows."
        f" {what_followed(bundle, position)}",
        values=_values_at(bundle, position),
    )


def _biggest_miss(bundle: Bundle) -> StartingPoint | None:
    scored = bundle.out_of_fold
    worst = np.argsort(-np.abs(scored.y_true - scored.y_score), kind="stable")[:MISSES_TRIED]
    places = places_in(bundle.reference, scored)[worst]
    if not (places >= 0).any():
        return None
    first = int(np.argmax(places >= 0))
    i, position = int(worst[first]), int(places[first])
    up = f"“{bundle.manifest.target.positive_class}”"
    values = _values_at(bundle, position)
    now = percent(bundle.scorer.one([values[f.name] / f.display_factor for f in bundle.manifest.features]))
    name, said = row_name(bundle, position), percent(float(scored.y_score[i]))
    return StartingPoint(
        id=MISS,
        kind=MISS,
        label="The biggest miss",
        detail=f"{name}: {said}, and it was {up if scored.y_true[i] else 'not ' + up}",
        said=f"The biggest miss: {name}. Out of fold the model gave {up} {said}. {what_followed(bundle, position)}"
        f" The model in use was trained on this row too and gives it {now}.",
        values=values,
    )
