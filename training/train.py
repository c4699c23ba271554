"""Train, evaluate and publish: a table in, a version of the bundle out."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from model.bundle import write_bundle
from model.creation import Judged, Plan, Progress, draft_bundle
from model.dataset import FeatureTable
from model.errors import TrainingError
from model.manifest import Exclusion, Threshold
from model.registry import Registry
from training.candidates import pipeline_maker
from training.ledger import note_training
from training.settings import Settings, check_settings, usable_folds

# A year: a ticker with less is in too few folds to be judged on its own days.
FEWEST_ROWS = 252


@dataclass(frozen=True, slots=True)
class TrainingResult(Judged):
    """A trained and judged model, not yet published."""

    @property
    def excluded(self) -> list[Exclusion]:
        """Tickers that were read but not used."""
        return self.draft.manifest.trained_on.excluded


def train(
    table: FeatureTable, settings: Settings, on_progress: Callable[[Progress], None] = lambda _: None
) -> TrainingResult:
    """Evaluate a candidate by walk-forward on *table*, fit it on all rows, and describe the result.

    Raises
    ------
    TrainingError
        The table or the settings do not allow an honest evaluation.
    """
    check_settings(settings)
    make_pipeline = pipeline_maker(settings.candidate)
    usable, excluded = usable_rows(table, settings)
    folds = usable_folds(usable, settings)
    plan = Plan(
        name=settings.name,
        threshold=Threshold(
            value=settings.threshold,
            rule=(
                f"call “{table.target.positive_class}” at a probability of {settings.threshold:g} or more;"
                f" {settings.threshold_reason}"
            ),
            chosen_on="no rows: set before looking at any result",
        ),
        folds=folds,
        draws=settings.draws,
        seed=settings.seed,
        record=settings.as_record(),
        excluded=excluded,
        checks=table.provenance.checks,
    )
    return TrainingResult(draft_bundle(usable, make_pipeline, plan, on_progress=on_progress))


def publish(result: TrainingResult, registry: Registry, *, by: str, why: str, when: datetime) -> str:
    """Write *result* as a new version, promote it, and return its name."""
    version = store(result, registry, when=when)
    registry.promote(version, by=by, why=why, when=when)
    return version


def store(result: TrainingResult, registry: Registry, *, when: datetime) -> str:
    """Write *result* as a new version without promoting it, note the look at its rows, and return its name."""
    draft = result.draft.created_at(when)
    version = write_bundle(registry.folder, draft).name
    note_training(registry, draft, when)
    return version


def usable_rows(table: FeatureTable, settings: Settings) -> tuple[FeatureTable, list[Exclusion]]:
    """Narrow the table to the tickers and days asked for, leaving out tickers that are too short."""
    names, of_row = np.unique(table.ticker, return_inverse=True)
    there = names.tolist()
    if unknown := [ticker for ticker in settings.tickers if ticker not in there]:
        msg = f"The table has no ticker {', '.join(unknown)}; it has {', '.join(there)}."
        raise TrainingError(msg)
    keep = np.isin(names, settings.tickers or there)[of_row]
    if settings.first_day:
        keep &= table.day >= np.datetime64(settings.first_day, "D")
    if settings.last_day:
        keep &= table.day <= np.datetime64(settings.last_day, "D")
    rows_of = dict(zip(there, np.bincount(of_row[keep], minlength=len(there)).tolist(), strict=True))
    keep &= np.array([rows_of[ticker] >= FEWEST_ROWS for ticker in there])[of_row]
    excluded = []
    for ticker in settings.tickers or there:
        n_rows = rows_of[ticker]
        if n_rows < FEWEST_ROWS:
            reason = f"too short: {n_rows:,} usable rows, at least {FEWEST_ROWS} (a year) are needed"
            excluded.append(Exclusion(ticker=ticker, reason=reason))
    if not keep.any():
        reasons = "; ".join(f"{exclusion.ticker} is {exclusion.reason}" for exclusion in excluded)
        msg = f"No ticker is left to train on: {reasons or 'no row in the span asked for'}. Supply a longer history."
        raise TrainingError(msg)
    return table if keep.all() else table.take(keep), excluded
