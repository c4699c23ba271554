"""The named checks: each tests an assumption behind the verdict and says what it found."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.bars import FloatArray
from model.bootstrap import DayBootstrap, interval_of
from model.dataset import FeatureTable
from model.evaluation import IntArray, always, auc, never
from model.folds import RowFold
from model.manifest import Check, Interval, Metric
from model.wording import interval, number, percent, points

SUSPICIOUS_AUC = 0.60
# How near 0.5 a shuffled target must score, where there are so many rows that chance stays nearer.
NEAR, MANY_ROWS = 0.03, 2000
# So many standard deviations hold 99 % of what chance gives.
CHANCE = 2.576
# Folds that train on each other's test rows are not independent: in simulated tables of 100 to 1,800 rows the mean of
# five strayed by 1.2 to 1.45 times what it would if they were.
ENTANGLED = 1.4


def check_auc_is_plausible(area: Metric) -> Check:
    """Treat an AUC above `SUSPICIOUS_AUC` as a leak until shown otherwise; for markets, where more is not to be had."""
    return Check(
        name="plausible_auc",
        assumption="The score is not too good to be true.",
        passed=area.value <= SUSPICIOUS_AUC,
        finding=(
            f"AUC {number(area.value, 3)}; above {SUSPICIOUS_AUC:.2f} one should look for a leak first"
            " (a label off by one day gives about 0.79)."
        ),
    )


def check_shuffled_target(
    y_shuffled: IntArray,
    y_score: FloatArray,
    days: DayBootstrap,
    fold: IntArray | None = None,
    *,
    in_order: bool = True,
) -> Check:
    """Trained and scored on a shuffled target, the same procedure must find nothing.

    *fold* is the fold that tested each row, where there are several; *in_order* whether none of them was trained
    on rows that one before it tested, as by walk-forward.
    """
    area, found = auc(y_shuffled, y_score), interval_of(days.auc(y_shuffled, y_score))
    passed = abs(area - 0.5) < NEAR
    given, wanted = f"95 % interval {interval(found.low, found.high, 3)}", f"within {NEAR} of 0.5 was required"
    if not passed and len(y_shuffled) < MANY_ROWS:
        # Few rows cannot tell so small a difference from chance.
        within = area_within_folds(y_shuffled, y_score, fold)
        reach = CHANCE * within.deviation * (1 if in_order else ENTANGLED)
        passed = abs(within.area - 0.5) <= reach
        given = f"{number(within.area, 3)} within folds"
        wanted = f"{interval(0.5 - reach, 0.5 + reach, 3)} was required there, as chance gives in 99 % of cases"
    return Check(
        name="shuffled_target",
        assumption="The evaluation finds no skill where there is none.",
        passed=passed,
        finding=f"On a shuffled target the same procedure gives AUC {number(area, 3)} ({given}); {wanted}.",
    )


@dataclass(frozen=True, slots=True)
class AreaWithinFolds:
    """The mean AUC of folds, each counted by its pairs of a positive and a negative, and what chance moves it by."""

    area: float
    deviation: float


def area_within_folds(y_true: IntArray, y_score: FloatArray, fold: IntArray | None = None) -> AreaWithinFolds:
    """Return the AUC within folds, and its standard deviation where scores and outcomes have nothing in common.

    Across folds the AUC of such scores is not centred on 0.5, for base rates differ: a fold with many positives
    leaves few to train on. Within one, given its scores, every order of its outcomes is as likely, and the variance
    is that of Mann and Whitney's statistic, ties included.

    >>> area_within_folds(np.array([0, 1, 1, 0]), np.array([0.1, 0.2, 0.8, 0.9]), np.array([1, 1, 2, 2])).area
    0.5
    """
    won, variance, pairs = 0.0, 0.0, 0
    for rows in _rows_of_folds(y_true, fold):
        y, score, n = y_true[rows], y_score[rows], int(rows.sum())
        here = int(y.sum()) * (n - int(y.sum()))
        _, tied = np.unique(score, return_counts=True)
        won += here * auc(y, score)
        variance += here / 12 * (n + 1 - float(np.sum(tied.astype(np.float64) ** 3 - tied)) / (n * (n - 1)))
        pairs += here
    return AreaWithinFolds(won / pairs, variance**0.5 / pairs)


def _rows_of_folds(y_true: IntArray, fold: IntArray | None) -> list[NDArray[np.bool_]]:
    """Return the rows of each fold that tests both outcomes; all rows where none does."""
    every = np.ones(len(y_true), dtype=np.bool_)
    folds = [] if fold is None else [fold == number for number in np.unique(fold)]
    return [rows for rows in folds if 0 < y_true[rows].mean() < 1] or [every]


def check_calibration(metrics: Sequence[Metric]) -> Check:
    """Whether probabilities can be read as frequencies: intercept 0 and slope 1 within their intervals."""
    by_name = {metric.name: metric for metric in metrics}
    shift, slope = by_name["calibration_intercept"], by_name["calibration_slope"]
    return Check(
        name="calibration",
        assumption="A probability can be read as a frequency.",
        passed=_within(0.0, shift.interval) and _within(1.0, slope.interval),
        finding=(
            f"Calibration slope {number(slope.value, 2)} (95 % interval"
            f" {interval(slope.interval.low, slope.interval.high, 2)}; 1 is perfect, 0 is no information),"
            f" intercept {number(shift.value, 3)} ({interval(shift.interval.low, shift.interval.high, 3)};"
            " 0 is perfect)."
        ),
    )


def _within(value: float, found: Interval) -> bool:
    return found.low <= value <= found.high


def always_calling(positive_class: str) -> str:
    """Name of the check whether calls are right more often than always making them."""
    return f"beats_always_{positive_class}"


def check_always_calling(metrics: Sequence[Metric], positive_class: str) -> Check:
    """Whether calls at the threshold are right more often than always making the call, and than never making it."""
    accuracy = next(metric for metric in metrics if metric.name == "accuracy")
    constant = {always(positive_class): ("always", "always calling"), never(positive_class): ("never", "never calling")}
    other = max((one for one in accuracy.baselines if one.name in constant), key=lambda one: one.value)
    how_often, doing_so = constant[other.name]
    return Check(
        name=always_calling(positive_class),
        assumption=f"The calls are right more often than {doing_so} “{positive_class}”.",
        passed=other.interval.low > 0,
        finding=(
            f"Right on {percent(accuracy.value, 2)} of rows against {percent(other.value, 2)} for {how_often}"
            f" “{positive_class}”: a difference of {points(other.difference, 2)}"
            f" (95 % interval {interval(100 * other.interval.low, 100 * other.interval.high, 2, signed=True)})."
        ),
    )


def checks_of_folds(table: FeatureTable, folds: Sequence[RowFold]) -> list[Check]:
    """Whether the folds keep apart what belongs together."""
    if table.layout.time:
        # In a market the next days of the same tickers are what is asked for.
        known_groups = table.layout.group and not table.layout.returns
        return [
            check_gap(table, folds, table.target.horizon),
            check_whole_days(table, folds),
            *([check_groups_met_again(table, folds)] if known_groups else []),
        ]
    return [check_whole_groups(table, folds)] if table.layout.group else []


def check_groups_met_again(table: FeatureTable, folds: Sequence[RowFold]) -> Check:
    """How many test rows are of a group that was trained on too, which folds in the order of time allow."""
    group = table.layout.group
    _, group_of = np.unique(table.ticker, return_inverse=True)
    met = sum(int(np.isin(group_of[fold.test], group_of[fold.train]).sum()) for fold in folds)
    tested = sum(int(fold.test.sum()) for fold in folds)
    return Check(
        name="whole_groups",
        assumption=f"Of a {group} that is tested, only earlier rows may have been trained on.",
        passed=True,
        finding=(
            f"{percent(met / tested)} of test rows belong to a {group} that was trained on too, with earlier rows. The"
            f" figures are for such a mix of known and new; for a {group} never seen before they may be too good."
        ),
    )


def check_whole_groups(table: FeatureTable, folds: Sequence[RowFold]) -> Check:
    """All rows of a group must be on one side of every fold."""
    shared = sum(len(np.intersect1d(table.ticker[fold.train], table.ticker[fold.test])) for fold in folds)
    return Check(
        name="whole_groups",
        assumption=f"The rows of one {table.layout.group} are never split between training and test.",
        passed=shared == 0,
        finding=f"{shared} stand on both sides in {len(folds)} folds.",
    )


def check_gap(table: FeatureTable, folds: Sequence[RowFold], horizon: int) -> Check:
    """At least as many days as the horizon must lie between training and test."""
    days = np.unique(table.day)
    gaps = [
        int(np.searchsorted(days, table.day[fold.test].min()) - np.searchsorted(days, table.day[fold.train].max())) - 1
        for fold in folds
    ]
    return Check(
        name="gap",
        assumption="No training label reads a test day.",
        passed=min(gaps) >= horizon,
        finding=f"At least {min(gaps)} day lies between the last training day and the first test day of every fold.",
    )


def check_whole_days(table: FeatureTable, folds: Sequence[RowFold]) -> Check:
    """All rows of a day must be on one side of every fold."""
    days, day_of = np.unique(table.day, return_inverse=True)
    shared = 0
    for fold in folds:
        on_either_side = [np.bincount(day_of[rows], minlength=len(days)) > 0 for rows in (fold.train, fold.test)]
        shared += int(np.logical_and(*on_either_side).sum())
    return Check(
        name="whole_days",
        assumption="A day's rows are never split between training and test.",
        passed=shared == 0,
        finding=f"{shared} days stand on both sides in {len(folds)} folds.",
    )
