"""Metrics of rules that need no fit: those of a pipeline, as far as they mean anything for a rule."""

import numpy as np

from model.bars import FloatArray
from model.bootstrap import DayBootstrap, interval_of
from model.evaluation import Scored, auc, brier_of, log_loss_of, span
from model.manifest import Metric
from model.wording import threshold_written


def rule_metrics(rows: Scored, threshold: float, days: DayBootstrap, *, hard: bool) -> list[Metric]:
    """Return the metrics of a rule with intervals; without log loss, which is infinite, if it is *hard*.

    Calibration is left out: a rule has at most one probability a fold.
    """
    y, p = rows.y_true.astype(np.float64), rows.y_score
    call = (p >= threshold).astype(np.float64)
    at = threshold_written(threshold)
    hit, quiet, sums = call * y, (1 - call) * (1 - y), days.sums
    figures: list[tuple[str, str, str, float, FloatArray]] = [
        ("auc", "AUC", "higher", auc(rows.y_true, p), days.auc(rows.y_true, p)),
    ]
    means = [] if hard else [("log_loss", "Log loss", "lower", log_loss_of(rows.y_true, p))]
    means.append(("brier", "Brier score", "lower", brier_of(rows.y_true, p)))
    means.append(("accuracy", f"Accuracy at {at}", "higher", (call == y).astype(np.float64)))
    means.append(("call_share", f"Share of {rows.positive_class} calls at {at}", "neither", call))
    figures += [(name, label, better, float(v.mean()), days.means(v)) for name, label, better, v in means]
    balanced = float((hit.sum() / y.sum() + quiet.sum() / (1 - y).sum()) / 2)
    # A resample of few rows may hold one class only: its draw is undefined, and left out.
    with np.errstate(invalid="ignore", divide="ignore"):
        balanced_draws = (sums(hit) / sums(y) + sums(quiet) / sums(1 - y)) / 2
    figures.append(("balanced_accuracy", "Balanced accuracy", "higher", balanced, balanced_draws))
    base = brier_of(rows.y_true, rows.base_rate)
    own = brier_of(rows.y_true, p)
    skill_draws = 1 - sums(own) / sums(base)
    figures.append(("brier_skill", "Brier skill", "higher", float(1 - own.sum() / base.sum()), skill_draws))
    first, last = span(rows.day)
    return [
        Metric(
            name=name,
            label=label,
            value=value,
            interval=interval_of(draws),
            better=better,  # type: ignore[arg-type]
            baselines=[],
            n=len(y),
            days=days.n_days if first else 0,
            first_day=first,
            last_day=last,
        )
        for name, label, better, value, draws in figures
    ]
