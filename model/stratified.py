"""Folds of rows that have no time: equal shares of both classes, and whole groups where there are any."""

import numpy as np
from numpy.typing import NDArray

from model.errors import TrainingError
from model.folds import RowFold

FOLDS = 5


def stratified_folds(y: NDArray[np.int64], *, n_folds: int = FOLDS, seed: int = 0) -> list[RowFold]:
    """Deal the rows into *n_folds* at random, each with the same share of positives.

    Every row is tested once, by a model fitted on the rows of all other folds.

    Raises
    ------
    TrainingError
        One class has too few rows.
    """
    from sklearn.model_selection import StratifiedKFold

    fewest = int(np.bincount(y, minlength=2).min())
    if fewest < n_folds:
        msg = (
            f"The rarer class has {fewest:,} rows; {n_folds} folds need at least {n_folds},"
            " one for each. Supply more rows of it, or ask for fewer folds."
        )
        raise TrainingError(msg)
    parts = StratifiedKFold(n_folds, shuffle=True, random_state=seed).split(y, y)
    return [_fold(number, test, len(y)) for number, (_, test) in enumerate(parts, 1)]


def grouped_folds(
    y: NDArray[np.int64], group: NDArray[np.str_], *, n_folds: int = FOLDS, seed: int = 0
) -> list[RowFold]:
    """Deal whole groups into *n_folds* at random, with the shares of positives as equal as groups allow.

    Raises
    ------
    TrainingError
        There are too few groups, or a class is in too few of them.
    """
    from sklearn.model_selection import StratifiedGroupKFold

    counted = {"groups": group, "groups with a positive": group[y == 1], "groups with a negative": group[y == 0]}
    for name, those in counted.items():
        if (count := len(np.unique(those))) < n_folds:
            msg = (
                f"There are {count:,} {name}; {n_folds} folds of whole groups need at least {n_folds}."
                " Supply more groups, ask for fewer folds, or name no group if rows do not belong together."
            )
            raise TrainingError(msg)
    parts = StratifiedGroupKFold(n_folds, shuffle=True, random_state=seed).split(y, y, group)
    return [_fold(number, test, len(y)) for number, (_, test) in enumerate(parts, 1)]


def _fold(number: int, test: NDArray[np.int64], n_rows: int) -> RowFold:
    tested = np.zeros(n_rows, dtype=np.bool_)
    tested[test] = True
    return RowFold(number, ~tested, tested)
