"""Several candidates against one champion at once: SPA and StepM on daily losses."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.bars import FloatArray

# How often, among all candidates at once, one that is no better may be taken for better.
SIZE = 0.05


@dataclass(frozen=True, slots=True)
class MultipleTest:
    """What SPA and StepM say of several candidates against one champion.

    `spa_p_value` is the probability of a best candidate as good as this one if none were better than the
    champion (Hansen's consistent form); `superior` names those that StepM holds to be better, with at most
    a chance of `SIZE` that any of them is not. `identical` names those whose losses are the champion's own,
    which are not tested.
    """

    spa_p_value: float | None
    superior: tuple[str, ...]
    tested: tuple[str, ...]
    identical: tuple[str, ...]


def daily_losses(loss: FloatArray, day_of_row: NDArray[np.int64]) -> FloatArray:
    """Return one loss a day, such that their mean is the mean over rows.

    A day counts by how many rows it has, as it does in every other figure.

    >>> daily_losses(np.array([1.0, 2.0, 6.0]), np.array([0, 0, 1])).tolist()
    [2.0, 4.0]
    """
    sums = np.bincount(day_of_row, weights=loss)
    return np.asarray(sums * (len(sums) / len(loss)))


def compare_all(
    champion: FloatArray, others: Mapping[str, FloatArray], *, draws: int, seed: int, block_days: int
) -> MultipleTest:
    """Test *others* against *champion*, all daily losses of the same days.

    Parameters
    ----------
    champion, others
        Daily losses; lower is better.
    draws, seed, block_days
        Resamples of the stationary bootstrap, their seed, and the mean length of their blocks.
    """
    from arch.bootstrap import SPA

    tested = tuple(name for name, losses in others.items() if not np.allclose(losses, champion, rtol=0, atol=1e-15))
    identical = tuple(name for name in others if name not in tested)
    if not tested:
        return MultipleTest(None, (), (), identical)
    losses = np.column_stack([others[name] for name in tested])
    spa = SPA(champion, losses, block_size=block_days, reps=draws, seed=seed)
    spa.compute()
    p_value = float(spa.pvalues["consistent"])
    superior = _superior(spa, len(tested))
    names = tuple(name for position, name in enumerate(tested) if position in superior)
    return MultipleTest(p_value, names, tested, identical)


def _superior(spa: Any, n_models: int) -> set[int]:
    """Return the positions of the models that StepM finds: those SPA finds, then those it finds among the rest.

    arch's own `StepM` ends in an error where it has found every model, but not all in its first step.
    """
    superior: set[int] = set()
    found = {int(position) for position in spa.better_models(SIZE)}
    while found:
        superior |= found
        rest = np.array([position not in superior for position in range(n_models)])
        if not rest.any():
            break
        spa.subset(rest)
        spa.compute()
        found = {int(position) for position in spa.better_models(SIZE)}
    return superior
