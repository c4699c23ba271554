"""The threshold worth most, how sure that is, and how it would have fared on days it was not chosen on."""

from dataclasses import dataclass, fields

import numpy as np

from model.bars import FloatArray
from model.bootstrap import DayBootstrap, interval_of
from model.bundle import OutOfFold
from model.dataset import blocks_of
from model.errors import Fault, InvalidInputError
from model.evaluation import span
from model.manifest import MARKET, Interval, Layout
from model.thresholds import IntArray
from training.estimates import FEWEST_DAYS, FEWEST_ROWS, BoolArray, Estimate, bounds_of, mean_over
from training.stakes import Stakes
from training.threshold_levels import Levels, levels_of, threshold_grid
from training.threshold_scores import ThresholdScore, score_at

SUBJECT = "The choice on one half of the days"


@dataclass(frozen=True, slots=True)
class BestThreshold:
    """The threshold of a grid that is worth most on the rows, and how much of that is noise.

    Among thresholds of equal value, on the rows and in every resample, it is the one nearest to the
    threshold in use; of two equally near ones the lower.

    Parameters
    ----------
    value, advantage
        Value per row, and the same above that of calling every row. Both are flattered: the threshold
        was picked for them on these rows. `chosen_on_first_half` says what is left of them elsewhere.
    interval
        95 % interval of the best threshold over the resamples.
    distinct, counts
        Thresholds that were best in a resample, ascending, and in how many.
    always_best, never_best
        Share of the resamples in which calling every row, or none, is worth as much as any threshold.
    thresholds, within_noise
        The grid, and whether a threshold's value cannot be told from the best one's: the interval of
        their paired difference includes zero, or they call the same but for fewer than `FEWEST_ROWS`
        rows. It is one interval a threshold, not all of them at once.
    """

    threshold: float
    calls: int
    value: float
    advantage: float
    interval: Interval
    distinct: FloatArray
    counts: IntArray
    always_best: float
    never_best: float
    thresholds: FloatArray
    within_noise: BoolArray

    @property
    def noise_ranges(self) -> list[tuple[float, float]]:
        """First and last threshold of each unbroken run of the grid that is within noise, ascending."""
        steps = np.diff(self.within_noise.astype(np.int64), prepend=0, append=0)
        starts, stops = np.flatnonzero(steps == 1), np.flatnonzero(steps == -1) - 1
        return [(float(self.thresholds[a]), float(self.thresholds[b])) for a, b in zip(starts, stops, strict=True)]


def best_threshold(
    rows: OutOfFold, stakes: Stakes, days: DayBootstrap, thresholds: FloatArray | None = None, *, near: float
) -> BestThreshold:
    """Return the threshold worth most on *rows*, its bootstrap distribution, and all that are as good within noise.

    *days* are the resampled days of *rows*, *thresholds* by default `threshold_grid()`. *near* is the
    threshold in use: of several that are worth the same the nearest to it is taken.
    """
    levels = levels_of(rows.y_score, threshold_grid() if thresholds is None else thresholds)
    preferred, named = _preference(levels, near)
    advantage = -levels.left_sums(stakes.gain) / len(rows.day)
    best = int(_best(advantage[None, :], preferred, stakes.rounding)[0])
    draws = _advantage_draws(rows, stakes, days, levels)
    best_of_draw = _best(draws, preferred, stakes.rounding)
    distinct, counts = np.unique(named[best_of_draw], return_counts=True)
    top = draws.max(axis=1)
    return BestThreshold(
        threshold=float(named[best]),
        calls=int(levels.calls[best]),
        value=float(stakes.called.mean() + advantage[best]),
        advantage=float(advantage[best]),
        interval=interval_of(named[best_of_draw]),
        distinct=distinct,
        counts=counts.astype(np.int64),
        always_best=float(np.mean(stakes.rounding >= top)),
        never_best=float(np.mean(stakes.rounding - days.means(stakes.gain) >= top)),
        thresholds=levels.thresholds,
        within_noise=_within_noise(draws, best, levels, stakes.rounding)[levels.level],
    )


def _preference(levels: Levels, near: float) -> tuple[IntArray, FloatArray]:
    """Return the levels, nearest to *near* first, and the threshold that stands for each level."""
    # Rounded, so that 0.43 and 0.45 are equally far from 0.44.
    distance = np.round(np.abs(levels.thresholds - near), 12)
    order = np.lexsort((levels.thresholds, distance))
    preferred, first = np.unique(levels.level[order], return_index=True)
    return preferred[np.argsort(first)].astype(np.int64), levels.thresholds[order[first]]


def _best(values: FloatArray, preferred: IntArray, rounding: float) -> IntArray:
    """Return the best level of each row of *values*, the most preferred one of those that tie."""
    ranked = values[:, preferred]
    first = np.argmax(ranked >= ranked.max(axis=1, keepdims=True) - rounding, axis=1)
    return np.asarray(preferred[first])


def _advantage_draws(rows: OutOfFold, stakes: Stakes, days: DayBootstrap, levels: Levels) -> FloatArray:
    """Return the value per row above that of calling every row in each resample, shape (draws, levels)."""
    lost = [
        days.counts @ levels.left_sums_by_group(stakes.gain, days.day_of_row, days.n_days, block)
        for block in levels.blocks()
    ]
    return -np.concatenate(lost, axis=1) / days.sums(np.ones(len(rows.day)))[:, None]


def _within_noise(draws: FloatArray, best: int, levels: Levels, rounding: float) -> BoolArray:
    low = np.concatenate([bounds_of(draws[:, [best]] - draws[:, block])[0] for block in levels.blocks()])
    alike = np.abs(levels.calls - levels.calls[best]) < FEWEST_ROWS
    return np.asarray(alike | (low <= rounding))


@dataclass(frozen=True, slots=True)
class Half:
    """Some of the days (groups, or rows without a time, whose first and last day are empty), and their rows."""

    first_day: str
    last_day: str
    days: int
    rows: int


@dataclass(frozen=True, slots=True)
class HalfChoice:
    """A threshold chosen on the first half of the days and scored on the second, beside the one in use.

    Parameters
    ----------
    advantage_where_chosen
        Value per row above that of calling every row on the first half: what it promised.
    chosen, own
        The chosen threshold and the one in use on the second half.
    difference
        Value per row of the chosen threshold less that of the one in use, on the second half.
    """

    first: Half
    second: Half
    advantage_where_chosen: float
    chosen: ThresholdScore
    own: ThresholdScore
    difference: Estimate


def chosen_on_first_half(
    rows: OutOfFold,
    stakes: Stakes,
    own: float,
    *,
    draws: int,
    seed: int = 0,
    gap: int = 1,
    thresholds: FloatArray | None = None,
    layout: Layout = MARKET,
) -> HalfChoice:
    """Choose the best threshold on the first half of the days and score it on the second.

    Rows without a time are halved at random from *seed*, whole groups where *layout* has any.

    *own* is the threshold in use, scored on the same second half; ties in value go to the nearest to it.
    The days of the second half are resampled *draws* times from *seed*. *gap* days are dropped at the
    end of the first half: keep it at least as long as the label's horizon, or the last outcomes the
    choice is made on are read from days it is scored on.

    Raises
    ------
    InvalidInputError
        A half is left with fewer than `FEWEST_DAYS` days; without a time, with fewer than `FEWEST_ROWS` groups or rows.
    """
    first, second = _halves_of_days(rows, gap) if layout.time else _random_halves(rows, layout, seed)
    levels = levels_of(rows.y_score[first], threshold_grid() if thresholds is None else thresholds)
    preferred, named = _preference(levels, own)
    advantage = -levels.left_sums(stakes.gain[first]) / int(first.sum())
    best = int(_best(advantage[None, :], preferred, stakes.rounding)[0])

    later, at_stake = _only(rows, second), Stakes(stakes.called[second], stakes.quiet[second])
    days = DayBootstrap.of_rows(later, layout, draws=draws, seed=seed)
    chosen, in_use = (score_at(threshold, later, at_stake, days) for threshold in (float(named[best]), own))
    difference = _value_difference(chosen.threshold, own, later, at_stake, days)
    return HalfChoice(
        _half(rows, first, layout), _half(rows, second, layout), float(advantage[best]), chosen, in_use, difference
    )


def _halves_of_days(rows: OutOfFold, gap: int) -> tuple[BoolArray, BoolArray]:
    unique = np.unique(rows.day)
    middle = len(unique) // 2
    if middle - gap < FEWEST_DAYS:
        found, expected = f"{len(unique):,}", f"{2 * (FEWEST_DAYS + gap):,} or more, to choose on half of them"
        raise InvalidInputError(SUBJECT, [Fault("days", found, expected, "Score more days.")])
    return rows.day < unique[middle - gap], rows.day >= unique[middle]


def _random_halves(rows: OutOfFold, layout: Layout, seed: int) -> tuple[BoolArray, BoolArray]:
    unique, block_of_row = np.unique(blocks_of(rows, layout), return_inverse=True)
    middle = len(unique) // 2
    if middle < FEWEST_ROWS:
        what = "groups" if layout.group else "rows"
        found, expected = f"{len(unique):,}", f"{2 * FEWEST_ROWS:,} or more, to choose on half of them"
        raise InvalidInputError(SUBJECT.replace("days", what), [Fault(what, found, expected, f"Score more {what}.")])
    chosen = np.random.default_rng(seed).permutation(len(unique)) < middle
    return chosen[block_of_row], ~chosen[block_of_row]


def _value_difference(threshold: float, other: float, rows: OutOfFold, stakes: Stakes, days: DayBootstrap) -> Estimate:
    calls, other_calls = ((rows.y_score >= at).astype(np.float64) for at in (threshold, other))
    values = stakes.of(calls) - stakes.of(other_calls)
    every = np.ones(len(calls), dtype=np.bool_)
    return mean_over(values, every, days, decided_by=int(np.sum(calls != other_calls)))


def _only(rows: OutOfFold, here: BoolArray) -> OutOfFold:
    return OutOfFold(**{field.name: getattr(rows, field.name)[here] for field in fields(OutOfFold)})


def _half(rows: OutOfFold, here: BoolArray, layout: Layout) -> Half:
    return Half(*span(rows.day[here]), len(np.unique(blocks_of(rows, layout)[here])), int(here.sum()))
