"""What the out-of-fold scores are worth: metrics with intervals, baselines, the verdict, the checks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.bars import FloatArray
from model.bootstrap import DayBootstrap, interval_of
from model.manifest import Baseline, CalibrationBin, Interval, Metric
from model.scoring import LinearScorer
from model.uncertainty import NORMAL_QUANTILE
from model.wording import threshold_written

IntArray = NDArray[np.int64]
CALIBRATION_BINS = 10

_FARTHEST = -float(np.log(np.finfo(np.float64).eps))
# Residuals below this leave nothing to fit: coefficients would grow without end.
_PERFECT = 1e-6

BASE_RATE, YESTERDAY = "training base rate", "yesterday's sign"


def always(positive_class: str) -> str:
    """What the baseline is called that always makes the call.

    >>> always("up")
    'always up'
    """
    return f"always {positive_class}"


def never(positive_class: str) -> str:
    """What the baseline is called that never makes the call.

    >>> never("fraud")
    'never fraud'
    """
    return f"never {positive_class}"


@dataclass(frozen=True, slots=True)
class Scored:
    """Out-of-fold rows with what the baselines say of them; arrays of one length.

    `base_rate` is the share of positives in the training rows of the row's fold; `yesterday` is
    the latest outcome of its ticker that was known on the row's day, and None where there is no such thing.
    """

    day: NDArray[np.datetime64]
    ticker: NDArray[np.str_]
    y_true: IntArray
    y_score: FloatArray
    base_rate: FloatArray
    yesterday: IntArray | None
    positive_class: str = "up"
    horizon: int = 1


def span(day: NDArray[np.datetime64]) -> tuple[str, str]:
    """Return the first and the last of some days in words; empty where rows have no time."""
    return ("", "") if np.isnat(day[0]) else (str(day.min()), str(day.max()))


def last_outcome(y: FloatArray, ticker: NDArray[np.str_], horizon: int) -> IntArray:
    """Return the latest target of each row's ticker that is known on the row's day: that of *horizon* rows before.

    The target of the row before looks *horizon* days past it; for more than one day it is not known yet.

    >>> last_outcome(np.array([1.0, 0.0, 1.0, np.nan, np.nan]), np.array(["A"] * 5), 2).tolist()
    [0, 0, 1, 0, 1]
    """
    known = np.zeros(len(y), dtype=np.int64)
    earlier = y[:-horizon]
    known[horizon:] = np.where((ticker[horizon:] == ticker[:-horizon]) & (earlier == 1), 1, 0)
    return known


def last_sign(horizon: int) -> str:
    """What the rule is called that repeats the last outcome known.

    >>> last_sign(1), last_sign(5)
    ("yesterday's sign", 'sign of the last 5 days')
    """
    return YESTERDAY if horizon <= 1 else f"sign of the last {horizon} days"


def log_loss_of(y_true: IntArray, y_score: FloatArray) -> FloatArray:
    """Return the log loss of each row.

    >>> log_loss_of(np.array([1, 0]), np.array([0.5, 0.5])).round(3).tolist()
    [0.693, 0.693]
    """
    likelihood = np.where(y_true == 1, y_score, 1 - y_score)
    return np.asarray(-np.log(np.clip(likelihood, np.finfo(np.float64).tiny, None)))


def brier_of(y_true: IntArray, y_score: FloatArray) -> FloatArray:
    """Return the squared error of each row's probability."""
    return (y_score - y_true) ** 2


def auc(y_true: IntArray, y_score: FloatArray) -> float:
    """Return the area under the ROC curve, ties counting half.

    >>> auc(np.array([0, 1, 1]), np.array([0.1, 0.1, 0.9]))
    0.75
    """
    positives = int(np.sum(y_true == 1))
    negatives = len(y_true) - positives
    if not positives or not negatives:
        return float("nan")
    order = np.argsort(y_score)
    score = y_score[order]
    starts = np.flatnonzero(np.r_[True, score[1:] != score[:-1]])
    # Tied rows all have the rank in the middle of theirs.
    middle_rank = starts + (np.diff(starts, append=len(score)) + 1) / 2
    ranks = np.add.reduceat(y_true[order] == 1, starts, dtype=np.int64) @ middle_rank
    return float((ranks - positives * (positives + 1) / 2) / (positives * negatives))


def evaluate(rows: Scored, threshold: float, days: DayBootstrap) -> list[Metric]:
    """Return every metric of the out-of-fold rows, with intervals, beside its baselines."""
    build = _MetricBuilder(rows, days)
    y, p = rows.y_true, rows.y_score
    constant = np.full(len(y), 0.5)
    ones = np.ones(len(y), dtype=np.int64)
    call = (p >= threshold).astype(np.int64)

    at = threshold_written(threshold)

    area, area_draws = auc(y, p), days.auc(y, p)
    metrics = [build.metric("auc", "AUC", "higher", area, area_draws, [("no skill", 0.5, None)])]
    for name, label, loss in (("log_loss", "Log loss", log_loss_of), ("brier", "Brier score", brier_of)):
        losses = {BASE_RATE: loss(y, rows.base_rate), "a constant 0.5": loss(y, constant)}
        metrics.append(build.mean(name, label, "lower", loss(y, p), losses))
    metrics.append(build.brier_skill())
    trivial = {always(rows.positive_class): ones}
    if rows.yesterday is not None:
        trivial[last_sign(rows.horizon)] = rows.yesterday
    metrics.append(build.balanced_accuracy(call, trivial))
    # Where most rows are negative, whoever always makes the call is a rival of straw.
    rare = {never(rows.positive_class): 1 - ones} if 2 * int(y.sum()) < len(y) else {}
    hits = {name: said == y for name, said in (rare | trivial).items()}
    metrics.append(build.mean("accuracy", f"Accuracy at {at}", "higher", (call == y), hits))
    name = rows.positive_class
    shares = {always(name): ones, f"{name} {'days' if rows.yesterday is not None else 'rows'}": y}
    metrics.append(build.mean("call_share", f"Share of {name} calls at {at}", "neither", call, shares))
    return [*metrics, *build.calibration_line()]


class _MetricBuilder:
    """Puts value, interval and paired differences together; the rows are the same for all."""

    def __init__(self, rows: Scored, days: DayBootstrap) -> None:
        self.rows = rows
        self.days = days

    def metric(
        self,
        name: str,
        label: str,
        better: str,
        value: float,
        draws: FloatArray,
        baselines: Sequence[tuple[str, float, FloatArray | None]],
    ) -> Metric:
        """Make a metric; a baseline without draws of its own is a constant."""
        day = self.rows.day
        first, last = span(day)
        return Metric(
            name=name,
            label=label,
            value=value,
            interval=interval_of(draws),
            better=better,  # type: ignore[arg-type]
            baselines=[
                Baseline(
                    name=other,
                    value=float(at),
                    difference=float(value - at),
                    interval=interval_of(draws - (at if at_draws is None else at_draws)),
                )
                for other, at, at_draws in baselines
            ],
            n=len(day),
            days=0 if np.isnat(day[0]) else self.days.n_days,
            first_day=first,
            last_day=last,
        )

    def mean(
        self, name: str, label: str, better: str, values: NDArray[Any], others: Mapping[str, NDArray[Any]]
    ) -> Metric:
        """Make a metric that is a mean over rows."""
        own = values.astype(np.float64)
        return self.metric(
            name,
            label,
            better,
            float(own.mean()),
            self.days.means(own),
            [(key, float(v.mean()), self.days.means(v.astype(np.float64))) for key, v in others.items()],
        )

    def brier_skill(self) -> Metric:
        """Brier skill: 1 minus the Brier score over that of the base rate."""
        own = brier_of(self.rows.y_true, self.rows.y_score)
        base = brier_of(self.rows.y_true, self.rows.base_rate)
        draws = 1 - self.days.sums(own) / self.days.sums(base)
        value = float(1 - own.sum() / base.sum())
        return self.metric("brier_skill", "Brier skill", "higher", value, draws, [(BASE_RATE, 0.0, None)])

    def balanced_accuracy(self, call: IntArray, others: dict[str, IntArray]) -> Metric:
        """Mean of the share of positives called and the share of negatives not called."""
        value, draws = self._balanced(call)
        baselines = [(name, *self._balanced(other)) for name, other in others.items()]
        return self.metric("balanced_accuracy", "Balanced accuracy", "higher", value, draws, baselines)

    def _balanced(self, call: IntArray) -> tuple[float, FloatArray]:
        y = self.rows.y_true.astype(np.float64)
        hit, quiet = call * y, (1 - call) * (1 - y)
        value = (hit.sum() / y.sum() + quiet.sum() / (1 - y).sum()) / 2
        sums = self.days.sums
        # A resample of few rows may hold one class only: its draw is undefined, and left out.
        with np.errstate(invalid="ignore", divide="ignore"):
            return float(value), (sums(hit) / sums(y) + sums(quiet) / sums(1 - y)) / 2

    def calibration_line(self) -> list[Metric]:
        """Calibration intercept (slope held at 1) and slope, of outcomes on the log-odds said.

        In the resamples each is one Newton step from the estimate on all rows: such a step needs
        day sums only, and a second one changes no digit that is shown.
        """
        y = self.rows.y_true.astype(np.float64)
        z = log_odds_of_all(self.rows.y_score)
        sums = self.days.sums
        shift = float(logistic_fit(y, np.ones((len(y), 1)), offset=z)[0])
        residual, weight = _residual_and_weight(y, shift + z)
        with np.errstate(invalid="ignore", divide="ignore"):
            shift_draws = _or(shift, shift + sums(residual) / sums(weight))
        intercept, slope = (float(b) for b in logistic_fit(y, np.column_stack([np.ones(len(y)), z])))
        residual, weight = _residual_and_weight(y, intercept + slope * z)
        a, b, c = sums(weight), sums(weight * z), sums(weight * z * z)
        # Where the scores tell the classes apart without an error, any steeper slope fits as well.
        with np.errstate(invalid="ignore", divide="ignore"):
            slope_draws = _or(slope, slope + (a * sums(residual * z) - b * sums(residual)) / (a * c - b * b))
        return [
            self.metric(
                "calibration_intercept",
                "Calibration intercept",
                "neither",
                shift,
                shift_draws,
                [("perfect", 0.0, None)],
            ),
            self.metric(
                "calibration_slope", "Calibration slope", "neither", slope, slope_draws, [("perfect", 1.0, None)]
            ),
        ]


def log_odds_of_all(y_score: FloatArray) -> FloatArray:
    """Return the log-odds of probabilities; those of 0 and 1 as far out as float64 tells probabilities from 1.

    >>> log_odds_of_all(np.array([0.5, 1.0])).round(2).tolist()
    [0.0, 36.04]
    """
    with np.errstate(divide="ignore"):
        log_odds = np.log(y_score) - np.log1p(-y_score)
    return np.asarray(np.clip(log_odds, -_FARTHEST, _FARTHEST))


def _or(value: float, draws: FloatArray) -> FloatArray:
    return draws if np.isfinite(draws).any() else np.full(len(draws), value)


def logistic_fit(y: FloatArray, design: FloatArray, offset: FloatArray | float = 0.0) -> FloatArray:
    """Return the maximum-likelihood coefficients of a small logistic regression, by Newton's method."""
    beta = np.zeros(design.shape[1])
    for _ in range(50):
        residual, weight = _residual_and_weight(y, offset + design @ beta)
        step = np.linalg.lstsq((design * weight[:, None]).T @ design, design.T @ residual, rcond=None)[0]
        beta += step
        if np.max(np.abs(step)) < 1e-10 or np.max(np.abs(residual)) < _PERFECT:
            break
    return beta


def _residual_and_weight(y: FloatArray, log_odds: FloatArray) -> tuple[FloatArray, FloatArray]:
    p = LinearScorer(0.0, [1.0]).many(log_odds[:, None])
    return y - p, p * (1 - p)


def calibration_table(y_true: IntArray, y_score: FloatArray, days: DayBootstrap) -> list[CalibrationBin]:
    """Return what was said and what came true, in bins of equally many rows."""
    edges = np.unique(np.quantile(y_score, np.linspace(0, 1, CALIBRATION_BINS + 1)))
    bin_of = np.clip(np.searchsorted(edges, y_score, side="right") - 1, 0, max(len(edges) - 2, 0))
    n_bins, positive = int(bin_of.max()) + 1, y_true == 1
    with np.errstate(invalid="ignore", divide="ignore"):
        shares = days.counts_in(bin_of, n_bins, positive) / days.counts_in(bin_of, n_bins, np.full(len(bin_of), True))
    table = []
    for index in np.unique(bin_of):
        here, draws = bin_of == index, shares[:, index]
        table.append(
            CalibrationBin(
                low=float(edges[index]),
                high=float(edges[min(index + 1, len(edges) - 1)]),
                n=int(here.sum()),
                mean_probability=float(y_score[here].mean()),
                observed=float(y_true[here].mean()),
                interval=interval_of(draws) if 0 < y_true[here].mean() < 1 else _of_one_outcome(y_true[here]),
            )
        )
    return table


def _of_one_outcome(y_true: IntArray) -> Interval:
    """Return Wilson's 95 % interval of a share that is 0 or 1: resamples of such rows are all alike.

    >>> round(_of_one_outcome(np.zeros(56, dtype=np.int64)).high, 4)
    0.0642
    """
    reach = NORMAL_QUANTILE**2 / (len(y_true) + NORMAL_QUANTILE**2)
    return Interval(low=1.0 - reach, high=1.0) if y_true[0] else Interval(low=0.0, high=reach)
