"""From a pipeline and rows to a bundle: judged on rows it had not seen, then described."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.any_rows import filled
from model.bars import FloatArray
from model.bootstrap import DayBootstrap
from model.bundle import SELF_TEST_TOLERANCE, BundleDraft, OutOfFold, Reference, installed_packages
from model.checks import (
    check_always_calling,
    check_auc_is_plausible,
    check_calibration,
    check_shuffled_target,
    checks_of_folds,
)
from model.dataset import FeatureTable
from model.description import feature_spec, fold_record, trained_on
from model.errors import TrainingError
from model.evaluation import Scored, calibration_table, evaluate, last_outcome
from model.folds import RowFold, Scores, made_ready, out_of_fold_scores
from model.manifest import (
    SCHEMA_VERSION,
    Check,
    Exclusion,
    LinearWeights,
    Manifest,
    Metric,
    Threshold,
    Verdict,
    WholePipeline,
)
from model.scoring import LinearScorer, PipelineScorer, passes_complete_rows
from model.verdict import verdict_on

SELF_TEST_ROWS = 8


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is: *step* of *total*, and what is being done."""

    step: int
    total: int
    message: str


@dataclass(frozen=True, slots=True)
class Judged:
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


@dataclass(frozen=True, slots=True)
class Plan:
    """How a model is made and judged, besides its rows: how often days are resampled, and what is recorded."""

    name: str
    threshold: Threshold
    folds: Sequence[RowFold]
    draws: int
    seed: int
    record: Mapping[str, str | int | float | None]
    excluded: Sequence[Exclusion] = ()
    checks: Sequence[Check] = ()


def draft_bundle(
    table: FeatureTable,
    make_pipeline: Callable[[], Any],
    plan: Plan,
    *,
    fitted: Any = None,
    on_progress: Callable[[Progress], None] = lambda _: None,
) -> BundleDraft:
    """Judge *make_pipeline* on the folds of *plan*, fit it on all rows of a known target, and describe the result.

    Parameters
    ----------
    table
        Rows, of which those with a known target are used.
    make_pipeline
        Returns the pipeline, unfitted.
    plan
        What else the bundle depends on; its folds are masks over the rows with a known target.
    fitted
        The pipeline that is kept, where it has been fitted on just these rows already.
    on_progress
        Is told before each step.
    """
    known = table if not np.isnan(table.y).any() else table.take(~np.isnan(table.y))
    y = known.y.astype(np.int64)
    folds, n_folds = list(plan.folds), len(plan.folds)
    total = 2 * n_folds + 2

    def announce(offset: int, what: str) -> Callable[[RowFold], None]:
        return lambda fold: on_progress(
            Progress(offset + fold.number - 1, total, f"{what} fold {fold.number} of {n_folds}{_span(known, fold)}")
        )

    ready = made_ready(known.X, folds, make_pipeline)
    scores = out_of_fold_scores(known.X, y, folds, make_pipeline, announce(0, "scoring"), ready=ready)
    tested = scores.fold > 0
    _check_both_classes(y[tested], table)
    # Without the features: another copy of them would be the largest thing in memory.
    rows_tested = replace(known, X=known.X[:, :0]).take(tested)
    days = DayBootstrap.of_rows(rows_tested, table.layout, draws=plan.draws, seed=plan.seed)
    shuffled = np.random.default_rng(plan.seed).permutation(y)
    told = announce(n_folds, "shuffled target,")
    null = out_of_fold_scores(known.X, shuffled, folds, make_pipeline, told, ready=ready)
    fold, in_order = scores.fold[tested], bool(known.layout.time)
    nothing_found = check_shuffled_target(shuffled[tested], null.y_score[tested], days, fold, in_order=in_order)
    # With many rows each of these is a large part of all memory.
    del ready, shuffled, null

    on_progress(Progress(total - 2, total, "final fit on all rows"))
    pipeline = make_pipeline().fit(known.X, y) if fitted is None else fitted

    on_progress(Progress(total - 1, total, f"intervals from {plan.draws:,} resamples of {_blocks(known)}"))
    scored = _scored(table, rows_tested, y, scores)
    metrics = evaluate(scored, plan.threshold.value, days)
    checks = [
        *plan.checks,
        *checks_of_folds(known, folds),
        nothing_found,
        *([check_auc_is_plausible(metrics[0])] if table.layout.returns else []),
        check_calibration(metrics),
        check_always_calling(metrics, table.target.positive_class),
    ]

    examples = filled(known.X)[np.linspace(0, len(known) - 1, SELF_TEST_ROWS).astype(np.int64)]
    manifest = Manifest(
        schema_version=SCHEMA_VERSION,
        name=plan.name,
        version="",
        created="",
        trained_on=trained_on(known, list(plan.excluded)),
        target=table.target,
        features=[feature_spec(definition, known.X[:, i]) for i, definition in enumerate(table.features)],
        threshold=plan.threshold,
        metrics=metrics,
        calibration=calibration_table(scored.y_true, scored.y_score, days),
        verdict=verdict_on(metrics, table.target.positive_class),
        checks=checks,
        folds=[fold_record(known, y, fold) for fold in folds],
        settings=dict(plan.record),
        packages=installed_packages(),
        scorer=_scorer_for(pipeline, examples),
        files={},
        layout=table.layout,
    )
    draft = BundleDraft(
        manifest=manifest,
        pipeline=pipeline,
        out_of_fold=_out_of_fold(rows_tested, scored, scores.fold[tested]),
        reference=Reference(table.day, table.ticker, filled(table.X), table.y, table.next_day_return),
        self_test_rows=examples,
    )
    on_progress(Progress(total, total, "done"))
    return draft


def _scored(table: FeatureTable, rows_tested: FeatureTable, y: NDArray[np.int64], scores: Scores) -> Scored:
    """Put the out-of-fold scores beside what is known of their rows."""
    tested = scores.fold > 0
    yesterday = None
    if table.layout.returns:
        known = ~np.isnan(table.y)
        yesterday = last_outcome(table.y, table.ticker, table.target.horizon)[known][tested]
    return Scored(
        day=rows_tested.day,
        ticker=rows_tested.ticker,
        y_true=y[tested],
        y_score=scores.y_score[tested],
        base_rate=scores.base_rate[tested],
        yesterday=yesterday,
        horizon=table.target.horizon,
        positive_class=table.target.positive_class,
    )


def _check_both_classes(y: NDArray[np.int64], table: FeatureTable) -> None:
    if len(np.unique(y)) < 2:
        only = table.target.positive_class if y.all() else f"no {table.target.positive_class}"
        msg = (
            f"All {len(y):,} rows that are tested have one outcome ({only}): nothing can be judged on them."
            " Supply more rows, or a smaller first window."
        )
        raise TrainingError(msg)


def scorer_of(pipeline: Any) -> LinearWeights | WholePipeline:
    """Return how a fitted pipeline is scored: folded weights in original units if it is linear.

    A row that lacks no value passes an imputer as it came, so that one in front changes no weight.
    """
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    steps = [step for _, step in getattr(pipeline, "steps", [("", pipeline)])]
    if steps and type(steps[0]) is SimpleImputer and passes_complete_rows(steps[0]):
        steps = steps[1:]
    kinds = [type(step) for step in steps]
    if kinds not in ([StandardScaler, LogisticRegression], [LogisticRegression]):
        return WholePipeline()
    regression = steps[-1]
    weights, intercept = regression.coef_[0], regression.intercept_[0]
    if len(steps) > 1:
        scaler = steps[0]
        if not (scaler.with_mean and scaler.with_std):
            return WholePipeline()
        weights = weights / scaler.scale_
        intercept = intercept - weights @ scaler.mean_
    return LinearWeights(intercept=float(intercept), weights=weights.tolist())


def _scorer_for(pipeline: Any, rows: FloatArray) -> LinearWeights | WholePipeline:
    """Return how *pipeline* is scored; folded weights only where they say the same of *rows*."""
    found = scorer_of(pipeline)
    if isinstance(found, WholePipeline):
        return found
    said = LinearScorer(found.intercept, found.weights).many(rows)
    differ = np.max(np.abs(said - PipelineScorer(pipeline).many(rows)))
    return found if differ <= SELF_TEST_TOLERANCE / 10 else WholePipeline()


def _out_of_fold(tested: FeatureTable, scored: Scored, fold: NDArray[np.int64]) -> OutOfFold:
    by_day = np.lexsort((tested.ticker, tested.day))
    return OutOfFold(
        day=tested.day[by_day],
        ticker=tested.ticker[by_day],
        y_true=scored.y_true[by_day],
        y_score=scored.y_score[by_day],
        fold=fold[by_day],
        next_day_return=tested.next_day_return[by_day],
    )


def _blocks(table: FeatureTable) -> str:
    return "days" if table.layout.time else "groups" if table.layout.group else "rows"


def _span(table: FeatureTable, fold: RowFold) -> str:
    return f": {table.day[fold.test].min()} to {table.day[fold.test].max()}" if table.layout.time else ""
