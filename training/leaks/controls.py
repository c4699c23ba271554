"""Controls on the whole evaluation: targets that must not be predictable."""

from dataclasses import dataclass

import numpy as np

from model.bars import FloatArray
from model.checks import area_within_folds
from model.folds import RowFold, out_of_fold_scores
from model.manifest import Check
from model.wording import interval, number, percent
from training.leaks.areas import area_and_draws
from training.leaks.subject import FALSE_ALARMS, Finding, Subject, moved

MOST_SHUFFLES, FEWEST_SHUFFLES = 20, 8
ROWS_SCORED_IN_ALL = 400_000


def shuffled_target(subject: Subject) -> Finding:
    """Trained and scored on shuffled targets, the same procedure must find nothing.

    Areas are taken within folds, where given the training rows every order of the test labels is as likely:
    across folds they would not be centred on 0.5, for base rates differ. How far their mean may stray is told
    by how far the shuffles differ; folds that train on each other's test rows are not independent.
    """
    from scipy.special import stdtrit  # type: ignore[import-untyped]  # scipy comes without types

    rng = np.random.default_rng(subject.seed)
    X, y = subject.table.X, subject.y
    n_shuffles = int(np.clip(ROWS_SCORED_IN_ALL // max(len(y), 1), FEWEST_SHUFFLES, MOST_SHUFFLES))
    areas = []
    for _ in range(n_shuffles):
        shuffled = rng.permutation(y)
        folds = [fold for fold in subject.folds if 0 < shuffled[fold.train].mean() < 1]
        scores = out_of_fold_scores(X, shuffled, folds, subject.make_pipeline)
        tested = scores.fold > 0
        areas.append(area_within_folds(shuffled[tested], scores.y_score[tested], scores.fold[tested]).area)
    area = float(np.mean(areas))
    deviation = float(np.std(areas, ddof=1)) / n_shuffles**0.5
    reach = float(stdtrit(n_shuffles - 1, 1 - FALSE_ALARMS / 2)) * deviation
    return Finding(
        check=Check(
            name="shuffled_target",
            assumption="The evaluation finds no skill where there is none.",
            passed=abs(area - 0.5) <= reach,
            finding=(
                f"On {n_shuffles} shuffled targets the same procedure gives an AUC of {number(area, 4)} on average;"
                f" {interval(0.5 - reach, 0.5 + reach, 4)} is what chance gives in"
                f" {percent(1 - FALSE_ALARMS, 0)} of cases."
            ),
        ),
        remedy="Look at the folds first: test rows, or copies of them, are among the training rows.",
    )


@dataclass(frozen=True, slots=True)
class _Shift:
    """The out-of-fold AUC of a target moved by some rows, and its values over resampled days."""

    area: float
    draws: FloatArray

    @property
    def low(self) -> float:
        """What the AUC exceeds but for false alarms."""
        return float(np.quantile(self.draws, FALSE_ALARMS))


def target_shift(subject: Subject) -> Finding:
    """A target one row later must not be more predictable, nor the own one as well known as what is past."""
    earlier, own, later = (_shift(subject, rows) for rows in (-1, 0, 1))
    late = later.low > 0.5 and float(np.quantile(later.draws - own.draws, FALSE_ALARMS)) > 0
    above = subject.limit is not None and own.area > subject.limit and own.low > 0.5
    off_by_one = above and float(np.quantile(own.draws - later.draws, FALSE_ALARMS)) > 0
    figures = (
        f"AUC {number(own.area, 3)} on the target as it is, {number(later.area, 3)} on that of the next row,"
        f" {number(earlier.area, 3)} on that of the row before."
    )
    if late:
        said = " Features know the next row's target better than their own: they, or the target, are off by a row."
    elif off_by_one:
        said = (
            " The skill ends with the row itself, as it does where the target is that of the row before"
            " (what has happened is known) or a feature carries the outcome."
        )
    else:
        said = " One row later may not be more predictable; one row earlier may, for what has happened is known."
    return Finding(
        check=Check(
            name="target_shift",
            assumption="The target stands in the row it belongs to.",
            passed=not (late or off_by_one),
            finding=figures + said,
        ),
        remedy="Rebuild the target from its source and compare a few rows by hand; it may be moved by one row.",
        columns=(subject.table.target.column,) if late or off_by_one else (),
    )


def _shift(subject: Subject, rows: int) -> _Shift:
    """Train on the target *rows* later and score it, on rows whose neighbours are known on both sides."""
    table = subject.table
    inner = ~np.isnan(moved(table.y, table.ticker, 1)) & ~np.isnan(moved(table.y, table.ticker, -1))
    target = moved(table.y, table.ticker, rows) if rows else table.y
    y = target[inner].astype(np.int64)
    folds = [RowFold(fold.number, fold.train[inner], fold.test[inner]) for fold in subject.folds]
    usable = [fold for fold in folds if fold.test.any() and 0 < y[fold.train].mean() < 1]
    scores = np.full(len(table), np.nan)
    scores[inner] = out_of_fold_scores(table.X[inner], y, usable, subject.make_pipeline).y_score
    return _Shift(*area_and_draws(np.where(inner, target, np.nan), scores, subject.days))
