"""The panel of every threshold as data: each figure at each threshold, once, for threshold.js to follow a hand with."""

import math
from typing import Any

import numpy as np

from model.bars import FloatArray
from model.bundle import Bundle, OutOfFold
from model.evaluation import span
from model.wording import number
from training.estimates import FEWEST_ROWS
from training.panels.costs import BASIS_POINTS, CallCosts
from training.panels.drawing import DRAWING
from training.panels.row_words import period, plural_of, rows_counted
from training.threshold_bands import Band, ThresholdBands

VIEWS = ("value", "advantage")
STEPS, DAYS_A_YEAR = 1000, 365.25
# Closer than this to the bundle's own threshold means that one, however many decimals it has.
SAME = 5e-7
# The part of the rows that must be called for a band to decide how high a chart reaches.
USUAL_CALLS = 0.05

SCRIPTS = (*DRAWING[:-1], "control.js", "threshold_figures.js", "threshold_charts.js", "threshold.js")
STYLES = ("base.css", "threshold.css")
MARKUP = "threshold.html"


def snapped(bundle: Bundle, value: float) -> float:
    """Return the step of the slider nearest to *value*; the bundle's own threshold is one of them."""
    return bundle.threshold if abs(value - bundle.threshold) < SAME else round(value, 3)


def decimals_of(threshold: float) -> int:
    """Return how many decimals a threshold is written with: three, or as many as it takes to tell it."""
    return next((decimals for decimals in range(3, 6) if abs(round(threshold, decimals) - threshold) < SAME), 6)


def written(bundle: Bundle, threshold: float) -> str:
    """Write a threshold with as many decimals as the bundle's own has."""
    return number(threshold, decimals_of(bundle.threshold))


def bands_data(bundle: Bundle, bands: ThresholdBands, costs: CallCosts) -> dict[str, Any]:
    """Return what the browser must know of every threshold, for threshold.js."""
    rows, manifest = bundle.out_of_fold, bundle.manifest
    years = _years(rows)
    grid = np.arange(STEPS + 1) / STEPS
    return {
        "id": f"{bundle.sha256} {costs}",
        "positive_class": manifest.target.positive_class,
        "own": bundle.threshold,
        "decimals": decimals_of(bundle.threshold),
        "n": bands.n,
        "rows_shown": rows_shown(bundle),
        "over": _over(bundle),
        "years": years if years >= 1 else None,
        "positives": int(np.sum(rows.y_true == 1)),
        "fewest": FEWEST_ROWS,
        "level": bands.level[np.searchsorted(bands.thresholds, grid - SAME / 2)].tolist(),
        "own_level": bands.level_at(bundle.threshold),
        "calls": bands.calls.tolist(),
        "hits": bands.true_positives.tolist(),
        "call_share": _band(bands.call_share),
        "precision": _band(bands.precision),
        "recall": _band(bands.recall),
        "worth": _worth(bands, costs),
        "advantage": _band(bands.advantage, costs.factor),
        "axis": _axis_over(bands, bundle.threshold),
    }


def rows_shown(bundle: Bundle) -> str:
    """Write how many out-of-fold rows there are, on how many days or in how many groups, and of when."""
    rows, layout = bundle.out_of_fold, bundle.manifest.layout
    n_blocks = len(np.unique(rows.day if layout.time else rows.ticker))
    return rows_counted(layout, len(rows.day), n_blocks, period(*span(rows.day)))


def _years(rows: OutOfFold) -> float:
    if np.isnat(rows.day).any():
        return 0.0
    return float((rows.day.max() - rows.day.min()).astype(int) + 1) / DAYS_A_YEAR


def _over(bundle: Bundle) -> str:
    """What the calls of a year are spread over, to follow that number; nothing where it is one thing."""
    group, n = bundle.manifest.layout.group, len(np.unique(bundle.out_of_fold.ticker))
    return f" over {n:,} {plural_of(group)}" if group and n > 1 else ""


def _worth(bands: ThresholdBands, costs: CallCosts) -> dict[str, Any]:
    """What the calls are worth as it is shown: basis points a call, or what the errors of 100 rows cost."""
    trade = costs.kind == "trade"
    band = bands.value_per_call if trade else bands.value_per_row
    factor = BASIS_POINTS if trade else -costs.factor
    shown, always = _band(band, factor), bands.always * factor
    ends = _ends(bands, band, factor, [0.0, always] if trade else [always])
    return shown | {
        "kind": costs.kind,
        "always": always,
        "decimals": costs.decimals,
        "charged": costs.written,
        "value_ends": ends,
        "advantage_ends": _ends(bands, bands.advantage, costs.factor, [0.0]),
    }


def _band(band: Band, factor: float = 1.0) -> dict[str, list[float | None]]:
    """A band as the browser gets it; a negative *factor* turns costs into what is paid, and swaps its ends."""
    low, high = (band.low, band.high) if factor > 0 else (band.high, band.low)
    return {"estimate": _list(band.estimate * factor), "low": _list(low * factor), "high": _list(high * factor)}


def _list(values: FloatArray) -> list[float | None]:
    # Nine decimals are more than is ever shown, and keep what is sent small.
    return [round(value, 9) if math.isfinite(value) else None for value in values.tolist()]


def _ends(bands: ThresholdBands, band: Band, factor: float, also: list[float]) -> list[float | None]:
    """Where a chart of *band* begins and ends: over line and band, but for where few calls make them wild."""
    drawn, usual = (bands.calls >= max(FEWEST_ROWS, share * bands.n) for share in (USUAL_CALLS / 5, USUAL_CALLS))
    held = np.concatenate([band.estimate[drawn], band.low[usual], band.high[usual]]) * factor
    held = np.append(held[np.isfinite(held)], also)
    air = 0.06 * float(np.ptp(held)) or 1.0
    return _list(np.array([held.min() - air, held.max() + air]))


def _axis_over(bands: ThresholdBands, own: float) -> list[float]:
    """Where the charts begin and end: from where some rows are not called to where few are, and at the bundle's own."""
    calls = bands.calls[bands.level]
    drawn = bands.thresholds[(bands.n - calls >= FEWEST_ROWS) & (calls >= FEWEST_ROWS)]
    held = np.append(drawn, own)
    low, high = math.floor(20 * held.min()) / 20, math.ceil(20 * held.max()) / 20
    return [max(0.0, low - 0.05) if low == high else low, min(1.0, high + 0.05) if low == high else high]
