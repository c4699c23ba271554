"""How much data a given edge would need before it could be told from chance."""

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from model.bars import FloatArray
from model.bootstrap import LEVEL
from model.bundle import Bundle
from model.evaluation import BASE_RATE, log_odds_of_all
from model.manifest import Interval, Manifest
from model.wording import number

POWER = 0.80
EDGES = (0.51, 0.52, 0.55)
DAYS_A_YEAR = 365.25

_NORMAL = NormalDist()
_LEVEL_QUANTILE = _NORMAL.inv_cdf((1 + LEVEL) / 2)
_NEEDED_QUANTILE = _LEVEL_QUANTILE + _NORMAL.inv_cdf(POWER)


@dataclass(frozen=True, slots=True)
class EdgeNeeds:
    """What it takes to tell one edge from chance.

    `gain` is how far well-calibrated probabilities of that AUC lie below the base rate in log loss;
    `for_auc` and `for_verdict` count units of data: for the AUC to show the edge, and for the verdict.
    """

    auc: float
    gain: float
    for_auc: float
    for_verdict: float


@dataclass(frozen=True, slots=True)
class DataNeeded:
    """How many units (days, groups or rows) of such data each of `EDGES` needs, and what those at hand could show.

    Parameters
    ----------
    units, unit
        How many there are, and of what.
    units_a_year
        How many of them come in a year; None where rows have no time, or span less than a year.
    smallest_auc, smallest_gain
        The smallest AUC, and the smallest gain in log loss of a model that says what this one does, that the
        units at hand would have shown.
    smallest_auc_for_verdict
        The smallest AUC of well-calibrated probabilities that would have made the verdict “better”.
    """

    units: int
    unit: str
    units_a_year: float | None
    smallest_auc: float
    smallest_gain: float
    smallest_auc_for_verdict: float
    edges: tuple[EdgeNeeds, ...]

    def amount(self, units: float) -> str:
        """Write a number of units to two digits, with the years it takes where that is known."""
        text = f"{_two_digits(units)} {self.unit}"
        if self.units_a_year is None:
            return text
        years = _rounded(units) / self.units_a_year
        if years < 1:
            return f"{text} (under a year)"
        return f"{text} ({number(years, 0 if years >= 9.95 else 1)} years)"

    @property
    def sentence(self) -> str:
        """How much data each edge would need to show in the AUC, in words."""
        needs = [f"an AUC of {edge.auc:.2f} would need about {self.amount(edge.for_auc)}" for edge in self.edges]
        return (
            f"To be told from chance, which is an AUC of 0.5, in four of five tries (80 % power at 95 %),"
            f" {', '.join(needs[:-1])} and {needs[-1]} of such data."
            f" The {self.units:,} {self.unit} here would have shown an AUC of {self.smallest_auc:.3f}."
        )

    @property
    def verdict_sentence(self) -> str:
        """What it would take for the verdict, which rests on log loss, to be “better”, in words."""
        return (
            f"On as many {self.unit} as here ({self.units:,}) a true AUC of {self.smallest_auc_for_verdict:.3f} would"
            " earn “better” in four of five tries (80 % power at 95 %), if its probabilities came true as often as they"
            f" say; one of {self.smallest_auc:.3f} would be told from 0.5, which is chance."
        )


def data_needed(bundle: Bundle) -> DataNeeded:
    """Return how much data such as the bundle's out-of-fold rows it takes to see each of `EDGES`.

    A two-sided z test at 95 % sees an edge with 80 % power if the edge is (1.96 + 0.84) standard errors
    (Cohen 1988, Statistical Power Analysis for the Behavioral Sciences, chapter 2), and standard errors shrink
    with the square root of the number of units, so

        units needed = units at hand × ((1.96 + 0.84) × standard error / edge)².

    The standard errors are those of the day-block bootstrap: half the width of the manifest's 95 % intervals
    over 1.96. They are taken to be no smaller than those of independent rows without skill (of the AUC, the
    Mann-Whitney one), since those of a model with much skill say little of a small edge.

    The verdict rests on log loss, so an edge in AUC is translated: log-odds that are well calibrated and normal
    with a small spread s about the base rate b have an AUC of Φ(s / √2) and gain b(1 - b)s² / 2 in log loss,
    and the standard error of that gain is as many times that of this model as s is times its spread.
    """
    manifest = bundle.manifest
    rows = bundle.out_of_fold
    n, share = len(rows.y_true), float(np.mean(rows.y_true))
    variance = share * (1 - share)
    area, loss = manifest.metric("auc"), manifest.metric("log_loss")
    auc_error = max(_standard_error(area.interval), math.sqrt((n + 1) / (12 * variance * n * n)))
    base = next(baseline for baseline in loss.baselines if baseline.name == BASE_RATE)
    loss_error = _standard_error(base.interval)
    spread = _spread(bundle)
    error_of_spread = max(loss_error / spread if spread else 0.0, math.sqrt(variance / n))
    units, unit = _units(bundle)

    def needs(auc: float) -> EdgeNeeds:
        spread_there = math.sqrt(2) * _NORMAL.inv_cdf(auc)
        gain = variance * spread_there**2 / 2
        return EdgeNeeds(
            auc=auc,
            gain=gain,
            for_auc=_units_needed(units, auc_error, auc - 0.5),
            for_verdict=_units_needed(units, error_of_spread * spread_there, gain),
        )

    return DataNeeded(
        units=units,
        unit=unit,
        units_a_year=_units_a_year(manifest, units),
        smallest_auc=min(0.5 + _NEEDED_QUANTILE * auc_error, 1.0),
        smallest_gain=_NEEDED_QUANTILE * loss_error,
        smallest_auc_for_verdict=_NORMAL.cdf(math.sqrt(2) * _NEEDED_QUANTILE * error_of_spread / variance),
        edges=tuple(needs(auc) for auc in EDGES),
    )


def _standard_error(found: Interval) -> float:
    return (found.high - found.low) / (2 * _LEVEL_QUANTILE)


def _units_needed(units: int, error: float, edge: float) -> float:
    return units * (_NEEDED_QUANTILE * error / edge) ** 2


def _spread(bundle: Bundle) -> float:
    """Return how far, in log-odds, the probabilities said lie from the base rate of their fold (root mean square)."""
    base_rates = {fold.fold: fold.base_rate for fold in bundle.manifest.folds}
    base: FloatArray = np.array([base_rates[int(fold)] for fold in bundle.out_of_fold.fold], dtype=np.float64)
    apart = log_odds_of_all(bundle.out_of_fold.y_score) - log_odds_of_all(base)
    return float(np.sqrt(np.mean(apart**2)))


def _units(bundle: Bundle) -> tuple[int, str]:
    layout, first = bundle.manifest.layout, bundle.manifest.metric("auc")
    if layout.time:
        return first.days, "days"
    return (len(np.unique(bundle.out_of_fold.ticker)), "groups") if layout.group else (first.n, "rows")


def _units_a_year(manifest: Manifest, units: int) -> float | None:
    first = manifest.metric("auc")
    if not manifest.layout.time:
        return None
    span = np.datetime64(first.last_day, "D") - np.datetime64(first.first_day, "D")
    years = float(span.astype(np.int64)) / DAYS_A_YEAR
    return units / years if years >= 1 else None


def _two_digits(value: float) -> str:
    """Write a number of things with its first two digits, which is as far as such a number can be known."""
    return number(_rounded(value), 0)


def _rounded(value: float) -> float:
    return max(round(value, 2 - len(str(round(value)))) if value >= 10 else round(value), 1)
