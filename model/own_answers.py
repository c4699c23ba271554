"""Whether a pipeline that came fitted answers the question that its rows ask."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec
import numpy as np

from model.bars import FloatArray
from model.bootstrap import DayBootstrap, interval_of
from model.bundle import BundleDraft
from model.dataset import FeatureTable
from model.errors import TrainingError
from model.evaluation import IntArray, auc, log_loss_of
from model.folds import RowFold
from model.manifest import Check, Interval
from model.wording import interval, number, percent

NO_SKILL = 0.5
# So many standard errors below it chance takes a pipeline without skill in one of 3,000 cases, not in one of 40.
CERTAIN = 3.4
# A mean probability nearer the share that came true is as good as right.
FAR = 0.05


@dataclass(frozen=True, slots=True)
class OwnAnswers:
    """What a fitted pipeline says of the rows it is judged on, and whether it tells them apart."""

    y_score: FloatArray
    area: float
    between: Interval


def own_answers(pipeline: Any, table: FeatureTable, *, draws: int, seed: int) -> OwnAnswers:
    """Return what *pipeline* says of the rows of *table*.

    Raises
    ------
    TrainingError
        It says the opposite of the target: fitted with the classes the other way round, as a rule.
    """
    y = table.y.astype(np.int64)
    p: FloatArray = np.asarray(pipeline.predict_proba(table.X)[:, 1], dtype=np.float64)
    area = auc(y, p)
    areas = DayBootstrap.of_rows(table, table.layout, draws=draws, seed=seed).auc(y, p)
    between = interval_of(areas)
    if between.high < NO_SKILL and area + CERTAIN * float(np.nanstd(areas)) < NO_SKILL:
        positive, column = table.target.positive_class, table.target.column
        msg = (
            f"The pipeline says the opposite of “{column}”: on these {len(y):,} rows its AUC for “{positive}” is"
            f" {number(area, 3)} (95 % interval {interval(between.low, between.high, 3)}), expected 0.5 or more. It"
            " was fitted with the classes the other way round, or on another target. Name the other value of"
            f" “{column}” as the positive class (--positive, or positive= in Python), or keep a clone that is fitted"
            " on these rows (--refit, or refit=True)."
        )
        raise TrainingError(msg)
    return OwnAnswers(p, area, between)


def with_own_answers(draft: BundleDraft, own: OwnAnswers, table: FeatureTable, folds: Sequence[RowFold]) -> BundleDraft:
    """Return *draft* with a check more: whether the pipeline that is kept does as well as its clones on *folds*."""
    checks = [*draft.manifest.checks, _check(own, table, draft, folds)]
    return replace(draft, manifest=msgspec.structs.replace(draft.manifest, checks=checks))


def _check(own: OwnAnswers, table: FeatureTable, draft: BundleDraft, folds: Sequence[RowFold]) -> Check:
    tested = np.flatnonzero(np.any([fold.test for fold in folds], axis=0))
    # Out-of-fold rows stand by day, and those of a day in the order of the table.
    tested = tested[np.lexsort((table.ticker[tested], table.day[tested]))]
    y, p, clones = table.y[tested].astype(np.int64), own.y_score[tested], draft.out_of_fold.y_score
    settings = draft.manifest.settings
    draws, seed = int(settings["draws"] or 0), int(settings["seed"] or 0)
    days = DayBootstrap.of_rows(table.take(tested), table.layout, draws=draws, seed=seed)
    gap = log_loss_of(y, p) - log_loss_of(y, clones)
    between = interval_of(days.means(gap))
    off = _is_off(p, y, days) and not _is_off(clones, y, days)
    told = (
        f"On the {len(y):,} rows that were tested its log loss less that of its clones is"
        f" {number(float(gap.mean()), 4, signed=True)} (95 % interval"
        f" {interval(between.low, between.high, 4, signed=True)}; below zero is better). It says"
        f" {percent(float(p.mean()))} on average, its clones {percent(float(clones.mean()))};"
        f" {percent(float(y.mean()))} came true. Its AUC on all rows is {number(own.area, 3)} (95 % interval"
        f" {interval(own.between.low, own.between.high, 3)})."
    )
    return Check(
        name="own_answers",
        assumption="The pipeline that is kept does no worse on these rows than its clones, whose figures are shown.",
        passed=own.between.high >= NO_SKILL and between.low <= 0 and not off,
        finding=told,
    )


def _is_off(y_score: FloatArray, y_true: IntArray, days: DayBootstrap) -> bool:
    """Whether probabilities are too high or too low on the whole, by more than chance and by enough to matter."""
    gap = y_score - y_true
    between = interval_of(days.means(gap))
    return abs(float(gap.mean())) > FAR and not between.low <= 0 <= between.high
