"""Rows to begin a scenario from: the median, the latest of a ticker, any day's, a borderline one, the biggest miss."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dashboard.display import scale_of
from model.bars import FloatArray
from model.bundle import Bundle
from model.errors import ModelError
from model.manifest import FeatureSpec
from model.wording import percent

MEDIAN, BORDERLINE, MISS, ROW = "median", "borderline", "miss", "row"
# Of more tickers, each is chosen from a list instead of having a button of its own.
MOST_BUTTONS = 8
# Misses looked at until one is found whose row is certain.
MISSES_TRIED = 100


class NoSuchRowError(ModelError):
    """There is no row of that ticker and day."""


@dataclass(frozen=True, slots=True)
class StartingPoint:
    """A row to begin from: `values` in display units by feature; `said` is what it is, and what followed.

    `kind` is "latest" for the latest row of a ticker.
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


def tickers_of(bundle: Bundle) -> list[dict[str, str]]:
    """Return each ticker with the first and the last day of its rows; one without a name where there are none."""
    rows = bundle.reference
    return [
        {"name": str(name), "first": str(rows.day[own].min()), "last": str(rows.day[own].max())}
        for name in np.unique(rows.ticker)
        if (own := rows.ticker == name).any()
    ]


def starting_points(bundle: Bundle, probability: FloatArray) -> list[StartingPoint]:
    """Return what a scenario can begin from at one press.

    *probability* is that of each reference row as shown.
    """
    tickers = tickers_of(bundle)
    latest = (
        [row_on(bundle, ticker["name"], ticker["last"]) for ticker in tickers] if len(tickers) <= MOST_BUTTONS else []
    )
    found = [_median(bundle), _borderline(bundle, probability), _biggest_miss(bundle), *latest]
    return [point for point in found if point is not None]


def row_on(bundle: Bundle, ticker: str, day: str) -> StartingPoint:
    """Return the row of *ticker* on *day*, an ISO date.

    Raises
    ------
    NoSuchRowError
        There is none; the message names the nearest days that have one.
    """
    rows = bundle.reference
    own = np.flatnonzero(rows.ticker == ticker)
    days = rows.day[own]
    wanted = _day_of(day)
    there = own[days == wanted] if wanted is not None else own[:0]
    if not there.size:
        raise NoSuchRowError(_no_row(ticker, day, wanted, np.sort(days)))
    position = int(there[-1])
    last = bool(rows.day[position] == days.max())
    name = row_name(ticker, str(rows.day[position]))
    which = " (the latest row)" if last else ""
    return StartingPoint(
        id=f"{ROW}:{rows.day[position]}:{ticker}",
        kind="latest" if last else ROW,
        label=ticker or "The latest row",
        detail=str(rows.day[position]),
        said=f"{name}{which}. {what_followed(bundle, position)}",
        values=shown_values(bundle.manifest.features, rows.X[position].tolist()),
    )


def row_by_id(bundle: Bundle, row_id: str) -> StartingPoint:
    """Return the row of an id that `row_on` gave.

    Raises
    ------
    NoSuchRowError
        This bundle has no such row.
    """
    kind, _, rest = row_id.partition(":")
    day, _, ticker = rest.partition(":")
    if kind != ROW:
        msg = f"Found {row_id!r}, expected {ROW}:<day>:<ticker>."
        raise NoSuchRowError(msg)
    return row_on(bundle, ticker, day)


def row_name(ticker: str, day: str) -> str:
    """Name a row by its ticker, where it has one, and its day."""
    return f"{ticker}, {day}" if ticker else f"The row of {day}"


def what_followed(bundle: Bundle, position: int) -> str:
    """Say what came after a reference row, as far as it is known."""
    rows = bundle.reference
    y, later = float(rows.y[position]), float(rows.next_day_return[position])
    if np.isnan(y):
        own = rows.ticker == rows.ticker[position]
        yet = " yet" if rows.day[position] == rows.day[own].max() else ""
        return f"What followed is not known{yet}."
    up = f"“{bundle.manifest.target.positive_class}”"
    moved = "" if np.isnan(later) else f"; next-day return {percent(later, 2, signed=True)}"
    return f"What followed: {up if y else 'not ' + up}{moved}."


def _day_of(text: str) -> np.datetime64 | None:
    try:
        return np.datetime64(text, "D")
    except ValueError:
        return None


def _no_row(ticker: str, day: str, wanted: np.datetime64 | None, days: Any) -> str:
    of = f" of {ticker}" if ticker else ""
    if not days.size:
        return f"There are no rows{of}; choose another ticker."
    span = f"{days[0]} to {days[-1]}"
    if wanted is None or np.isnat(wanted):
        return f"Found “{day}”, expected a day from {span}."
    after = int(np.searchsorted(days, wanted))
    near = [str(days[i]) for i in (after - 1, after) if 0 <= i < len(days)]
    return f"There is no row{of} on {day}. Rows run from {span}; nearest: {' and '.join(near)}."


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
    name = row_name(str(rows.ticker[position]), str(rows.day[position]))
    said = percent(float(probability[position]), 2)
    return StartingPoint(
        id=BORDERLINE,
        kind=BORDERLINE,
        label="A borderline row",
        detail=f"{name}: {said}",
        said=f"A borderline row: {name}, whose {said} is nearest to the threshold of all training rows."
        f" {what_followed(bundle, position)}",
        values=shown_values(bundle.manifest.features, rows.X[position].tolist()),
    )


def _biggest_miss(bundle: Bundle) -> StartingPoint | None:
    scored, rows = bundle.out_of_fold, bundle.reference
    worst = np.argsort(-np.abs(scored.y_true - scored.y_score), kind="stable")[:MISSES_TRIED]
    for i in worst.tolist():
        there = np.flatnonzero((rows.day == scored.day[i]) & (rows.ticker == scored.ticker[i]))
        if there.size == 1:
            break
    else:
        return None
    position = int(there[0])
    features, up = bundle.manifest.features, f"“{bundle.manifest.target.positive_class}”"
    values = shown_values(features, rows.X[position].tolist())
    now = percent(bundle.scorer.one([values[f.name] / f.display_factor for f in features]))
    name, said = row_name(str(scored.ticker[i]), str(scored.day[i])), percent(float(scored.y_score[i]))
    return StartingPoint(
        id=MISS,
        kind=MISS,
        label="The biggest miss",
        detail=f"{name}: {said}, and it was {up if scored.y_true[i] else 'not ' + up}",
        said=f"The biggest miss: {name}. Out of fold the model gave {up} {said}. {what_followed(bundle, position)}"
        f" The model in use was trained on this row too and gives it {now}.",
        values=values,
    )
