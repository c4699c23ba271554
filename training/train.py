"""Train, evaluate and publish: a table in, a version of the bundle out."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import numpy as np

from model.bundle import BundleDraft, OutOfFold, Reference, installed_packages, write_bundle
from model.errors import TrainingError
from model.features import FEATURES
from model.manifest import (
    SCHEMA_VERSION,
    Check,
    Exclusion,
    Manifest,
    Metric,
    Target,
    Threshold,
    Verdict,
)
from model.registry import Registry
from training.bootstrap import DayBootstrap
from training.candidates import baseline, scorer_of
from training.checks import (
    check_always_up,
    check_auc_is_plausible,
    check_calibration,
    check_gap,
    check_shuffled_target,
    check_whole_days,
)
from training.description import feature_spec, fold_record, trained_on
from training.evaluation import (
    Scored,
    calibration_table,
    evaluate,
    rose_into,
    verdict_on,
)
from training.settings import HORIZON_DAYS, Settings, check_settings
from training.table import TARGET, FeatureTable
from training.walk_forward import RowFold, folds_by_day, out_of_fold_scores

# A year: a ticker with less is in too few folds to be judged on its own days.
FEWEST_ROWS = 252
SELF_TEST_ROWS = 8

TARGET_WORDS = Target(
    column=TARGET,
    positive_class="up",
    horizon=HORIZON_DAYS,
    question="Will the stock close higher tomorrow?",
    description="1 if tomorrow's close is above today's, else 0; an equal close counts as 0.",
)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is: *step* of *total*, and what is being done."""

    step: int
    total: int
    message: str


@dataclass(frozen=True, slots=True)
class TrainingResult:
    """A trained and judged model, not yet published."""

    draft: BundleDraft

    @property
    def verdict(self) -> Verdict:
        """What the metrics come to."""
        return self.draft.manifest.verdict

    @property
    def metrics(self) -> list[Metric]:
        """Every metric with its interval and baselines."""
        return self.draft.manifest.metrics

    @property
    def checks(self) -> list[Check]:
        """The assumptions and what testing them found."""
        return self.draft.manifest.checks

    @property
    def excluded(self) -> list[Exclusion]:
        """Tickers that were read but not used."""
        return self.draft.manifest.trained_on.excluded


def train(
    table: FeatureTable, settings: Settings, on_progress: Callable[[Progress], None] = lambda _: None
) -> TrainingResult:
    """Evaluate the baseline by walk-forward on *table*, fit it on all rows, and describe the result.

    Raises
    ------
    TrainingError
        The table or the settings do not allow an honest evaluation.
    """
    check_settings(settings)
    usable, excluded = _usable_rows(table, settings)
    known = usable.take(~np.isnan(usable.y))
    y = known.y.astype(np.int64)
    folds = folds_by_day(known.day, first_window=settings.first_window, step=settings.step, gap=settings.gap)
    total = 2 * len(folds) + 2

    def announce(offset: int, what: str) -> Callable[[RowFold], None]:
        return lambda fold: on_progress(
            Progress(
                offset + fold.number - 1, total, f"{what} fold {fold.number} of {len(folds)}: {_span(known, fold)}"
            )
        )

    scores = out_of_fold_scores(known.X, y, folds, baseline, announce(0, "scoring"))
    shuffled = np.random.default_rng(settings.seed).permutation(y)
    null = out_of_fold_scores(known.X, shuffled, folds, baseline, announce(len(folds), "shuffled target,"))
    tested = scores.fold > 0

    on_progress(Progress(total - 2, total, f"intervals from {settings.draws:,} resamples of days"))
    days = DayBootstrap(known.day[tested], draws=settings.draws, seed=settings.seed)
    scored = Scored(
        day=known.day[tested],
        y_true=y[tested],
        y_score=scores.y_score[tested],
        base_rate=scores.base_rate[tested],
        yesterday=rose_into(usable.y, usable.ticker)[~np.isnan(usable.y)][tested],
    )
    metrics = evaluate(scored, settings.threshold, days)
    checks = [
        *table.provenance.checks,
        check_gap(known, folds, HORIZON_DAYS),
        check_whole_days(known, folds),
        check_shuffled_target(shuffled[tested], null.y_score[tested], days),
        check_auc_is_plausible(metrics[0]),
        check_calibration(metrics),
        check_always_up(metrics),
    ]

    on_progress(Progress(total - 1, total, "final fit on all rows"))
    pipeline = baseline().fit(known.X, y)
    manifest = Manifest(
        schema_version=SCHEMA_VERSION,
        name=settings.name,
        version="",
        created="",
        trained_on=trained_on(known, excluded),
        target=TARGET_WORDS,
        features=[feature_spec(definition, known.X[:, i]) for i, definition in enumerate(FEATURES)],
        threshold=Threshold(
            value=settings.threshold,
            rule=f"call “up” at a probability of {settings.threshold:g} or more; {settings.threshold_reason}",
            chosen_on="no rows: set before looking at any result",
        ),
        metrics=metrics,
        calibration=calibration_table(scored.y_true, scored.y_score, days),
        verdict=verdict_on(metrics, TARGET_WORDS.positive_class),
        checks=checks,
        folds=[fold_record(known, y, fold) for fold in folds],
        settings=_as_record(settings),
        packages=installed_packages(),
        scorer=scorer_of(pipeline),
        files={},
    )
    by_day = np.lexsort((known.ticker[tested], known.day[tested]))
    out_of_fold = OutOfFold(
        day=scored.day[by_day],
        ticker=known.ticker[tested][by_day],
        y_true=scored.y_true[by_day],
        y_score=scored.y_score[by_day],
        fold=scores.fold[tested][by_day],
        next_day_return=known.next_day_return[tested][by_day],
    )
    reference = Reference(usable.day, usable.ticker, usable.X, usable.y, usable.next_day_return)
    spread = np.linspace(0, len(known) - 1, SELF_TEST_ROWS).astype(np.int64)
    result = TrainingResult(BundleDraft(manifest, pipeline, out_of_fold, reference, known.X[spread]))
    on_progress(Progress(total, total, "done"))
    return result


def publish(result: TrainingResult, registry: Registry, *, by: str, why: str, when: datetime) -> str:
    """Write *result* as a new version, promote it, and return its name."""
    version = store(result, registry, when=when)
    registry.promote(version, by=by, why=why, when=when)
    return version


def store(result: TrainingResult, registry: Registry, *, when: datetime) -> str:
    """Write *result* as a new version without promoting it, and return its name."""
    return write_bundle(registry.folder, result.draft.created_at(when)).name


def _usable_rows(table: FeatureTable, settings: Settings) -> tuple[FeatureTable, list[Exclusion]]:
    """Narrow the table to the tickers and days asked for, leaving out tickers that are too short."""
    there = np.unique(table.ticker).tolist()
    if unknown := [ticker for ticker in settings.tickers if ticker not in there]:
        msg = f"The table has no ticker {', '.join(unknown)}; it has {', '.join(there)}."
        raise TrainingError(msg)
    keep = np.isin(table.ticker, list(settings.tickers or there))
    if settings.first_day:
        keep &= table.day >= np.datetime64(settings.first_day, "D")
    if settings.last_day:
        keep &= table.day <= np.datetime64(settings.last_day, "D")
    excluded = []
    for ticker in settings.tickers or there:
        n_rows = int(np.sum(keep & (table.ticker == ticker)))
        if n_rows < FEWEST_ROWS:
            keep &= table.ticker != ticker
            reason = f"too short: {n_rows:,} usable rows, at least {FEWEST_ROWS} (a year) are needed"
            excluded.append(Exclusion(ticker=ticker, reason=reason))
    if not keep.any():
        reasons = "; ".join(f"{exclusion.ticker} is {exclusion.reason}" for exclusion in excluded)
        msg = f"No ticker is left to train on: {reasons or 'no row in the span asked for'}. Supply a longer history."
        raise TrainingError(msg)
    return table.take(keep), excluded


def _span(table: FeatureTable, fold: RowFold) -> str:
    return f"{table.day[fold.test].min()} to {table.day[fold.test].max()}"


def _as_record(settings: Settings) -> dict[str, Any]:
    record = asdict(settings)
    return record | {"tickers": ",".join(settings.tickers)}
