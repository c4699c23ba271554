"""How rows of any layout are split to be judged, and why: by time, by group, or at random."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from model.dataset import FeatureTable
from model.errors import TrainingError
from model.folds import RowFold, folds_by_day
from model.manifest import Check
from model.stratified import FOLDS, grouped_folds, stratified_folds

# Where nothing else is asked for: the share of days in the first training window, and how many folds share the rest.
FIRST_SHARE = 0.4
FEWEST_DAYS = 10


@dataclass(frozen=True, slots=True)
class SplitSettings:
    """How to split; what is None follows from the rows. Days are those that occur in the table.

    With `rolling` training windows keep the length of the first, where they grow otherwise: only rows with a
    time have such windows.
    """

    n_folds: int = FOLDS
    rolling: bool = False
    first_window: int | None = None
    step: int | None = None
    gap: int = 1
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Split:
    """The folds, which kind they are, why in words, and what to record of them."""

    kind: Literal["walk-forward", "stratified", "grouped"]
    folds: list[RowFold]
    why: str
    record: Mapping[str, int]

    @property
    def check(self) -> Check:
        """The rule and its reason, for readers of the bundle."""
        return Check(
            name="folds",
            assumption="Rows are split the way the model will be used.",
            passed=True,
            finding=self.why,
        )


def kind_of_split(*, time: bool, group: bool) -> Literal["walk-forward", "stratified", "grouped"]:
    """Say how rows are split that have a time, or a group, or neither."""
    return "walk-forward" if time else "grouped" if group else "stratified"


def split(table: FeatureTable, settings: SplitSettings) -> Split:
    """Split *table*, whose targets are all known, by walk-forward where rows have a time, else by folds.

    Raises
    ------
    TrainingError
        There are too few days, groups or rows of a class; or windows are to roll where there is no time.
    """
    layout, y = table.layout, table.y.astype(np.int64)
    kind = kind_of_split(time=layout.time is not None, group=layout.group is not None)
    if kind == "walk-forward":
        return _walk_forward(table, settings)
    if settings.rolling:
        msg = "Windows cannot roll where rows have no time: name its column (--time), or leave --window out."
        raise TrainingError(msg)
    _check_n_folds(settings.n_folds)
    record = {"folds": settings.n_folds}
    if kind == "grouped":
        folds = grouped_folds(y, table.ticker, n_folds=settings.n_folds, seed=settings.seed)
        why = (
            f"{settings.n_folds} folds of whole groups: all rows of one “{layout.group}” are on the same side, because"
            " a model that has seen others of its rows is judged too well. No time is known, so nothing shows whether"
            " it holds up later."
        )
        return Split(kind, folds, why, record)
    folds = stratified_folds(y, n_folds=settings.n_folds, seed=settings.seed)
    why = (
        f"{settings.n_folds} stratified folds at random: neither a time nor a group was named. That is right only if"
        " rows are independent of each other; if several belong to one person or thing, or later ones follow from"
        " earlier ones, name that column, or the figures are too good."
    )
    return Split(kind, folds, why, record)


def _walk_forward(table: FeatureTable, settings: SplitSettings) -> Split:
    n_days = len(np.unique(table.day))
    if n_days < FEWEST_DAYS:
        msg = (
            f"Column “{table.layout.time}” holds {n_days:,} different days; walk-forward evaluation needs at least"
            f" {FEWEST_DAYS}. Supply a longer history, or name no time column if the order does not matter."
        )
        raise TrainingError(msg)
    gap = settings.gap
    if gap < table.target.horizon:
        msg = f"A gap of {gap} days lets training labels leak into the test: give at least {table.target.horizon}."
        raise TrainingError(msg)
    first_window = settings.first_window or max(2, round(FIRST_SHARE * n_days))
    step = settings.step or max(1, -(-(n_days - first_window - gap) // settings.n_folds))
    if first_window < 2 or step < 1:
        msg = f"A first window of {first_window} days and a fold of {step}: expected at least 2 and 1."
        raise TrainingError(msg)
    folds = folds_by_day(table.day, first_window=first_window, step=step, gap=gap, rolling=settings.rolling)
    windows = (
        f"Every training window is {first_window:,} days"
        if settings.rolling
        else f"The first window is {first_window:,} days"
    )
    why = (
        f"{len(folds)} walk-forward folds in the order of “{table.layout.time}”: each is scored by a model fitted on"
        f" earlier days only, with {gap} {'day' if gap == 1 else 'days'} left out between, because that is how the"
        f" model will be used. {windows}, each fold {step:,}."
    )
    if group := table.layout.group:
        why += (
            f" Folds follow time and do not keep a “{group}” whole: its earlier rows may be trained on and its later"
            " ones tested."
        )
    return Split("walk-forward", folds, why, {"first_window": first_window, "step": step, "gap": gap})


def _check_n_folds(n_folds: int) -> None:
    if n_folds < 2:
        msg = f"{n_folds} folds: expected at least 2."
        raise TrainingError(msg)
