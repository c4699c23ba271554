"""The named checks: each tests an assumption behind the verdict and says what it found."""

from collections.abc import Sequence

import numpy as np

from model.bars import FloatArray
from model.bootstrap import DayBootstrap, interval_of
from model.dataset import FeatureTable
from model.evaluation import IntArray, always, auc
from model.folds import RowFold
from model.manifest import Check, Interval, Metric
from model.wording import interval, number, percent, points

SUSPICIOUS_AUC = 0.60
# How near 0.5 a shuffled target must score, where there are so many rows that chance stays nearer.
NEAR, MANY_ROWS = 0.03, 2000


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


def check_shuffled_target(y_shuffled: IntArray, y_score: FloatArray, days: DayBootstrap) -> Check:
    """Trained and scored on a shuffled target, the same procedure must find nothing."""
    area, found = auc(y_shuffled, y_score), interval_of(days.auc(y_shuffled, y_score))
    near, many_rows = abs(area - 0.5) < NEAR, len(y_shuffled) >= MANY_ROWS
    # Few rows cannot tell so small a difference from chance.
    wanted = f"within {NEAR} of 0.5 was required" if near or many_rows else "an interval that holds 0.5 was required"
    return Check(
        name="shuffled_target",
        assumption="The evaluation finds no skill where there is none.",
        passed=near or (not many_rows and _within(0.5, found)),
        finding=(
            f"On a shuffled target the same procedure gives AUC {number(area, 3)}"
            f" (95 % interval {interval(found.low, found.high, 3)}); {wanted}."
        ),
    )


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
    """Whether calls at the threshold are right more often than always making the call."""
    accuracy = next(metric for metric in metrics if metric.name == "accuracy")
    other = next(baseline for baseline in accuracy.baselines if baseline.name == always(positive_class))
    return Check(
        name=always_calling(positive_class),
        assumption=f"The calls are right more often than always calling “{positive_class}”.",
        passed=other.interval.low > 0,
        finding=(
            f"Right on {percent(accuracy.value, 2)} of rows against {percent(other.value, 2)} for always"
            f" “{positive_class}”: a difference of {points(other.difference, 2)}"
            f" (95 % interval {interval(100 * other.interval.low, 100 * other.interval.high, 2, signed=True)})."
        ),
    )


def checks_of_folds(table: FeatureTable, folds: Sequence[RowFold]) -> list[Check]:
    """Whether the folds keep apart what belongs together."""
    if table.layout.time:
        return [check_gap(table, folds, table.target.horizon), check_whole_days(table, folds)]
    return [check_whole_groups(table, folds)] if table.layout.group else []


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
