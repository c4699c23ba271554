"""The verdict in words: whether the probabilities beat the base rate."""

from collections.abc import Sequence
from typing import Literal

from model.evaluation import BASE_RATE
from model.manifest import Metric, Verdict
from model.wording import interval, number

_Finding = tuple[Literal["better", "not distinguishable", "worse"], str, str]


def _unseen(metric: Metric) -> str:
    if metric.first_day:
        period = f"{metric.first_day} to {metric.last_day}, {metric.n:,} rows"
        return f"{metric.days:,} days the model had not seen ({period})"
    return f"{metric.n:,} rows, each scored by a model that had not seen it,"


_BETTER: _Finding = (
    "better",
    "Better than the base rate",
    "Skill was found: the probabilities beat the base rate.",
)
_WORSE: _Finding = (
    "worse",
    "Worse than the base rate",
    "The probabilities are worse than the base rate: do not use them.",
)
_NOT_DISTINGUISHABLE: _Finding = (
    "not distinguishable",
    "Not distinguishable from the base rate",
    "No skill was found: the model does no better than always answering the base rate.",
)


def verdict_on(metrics: Sequence[Metric], positive_class: str) -> Verdict:
    """Say in words whether the probabilities beat the base rate, by the paired difference in log loss.

    Better or worse needs a 95 % interval that leaves zero out.
    """
    loss = next(metric for metric in metrics if metric.name == "log_loss")
    area = next(metric for metric in metrics if metric.name == "auc")
    base = next(baseline for baseline in loss.baselines if baseline.name == BASE_RATE)
    outcome, headline, finding = (
        _BETTER if base.interval.high < 0 else _WORSE if base.interval.low > 0 else _NOT_DISTINGUISHABLE
    )
    figures = (
        f"Over {_unseen(loss)} its log loss is {number(loss.value, 4)}, against {number(base.value, 4)} for always"
        f" answering the share of “{positive_class}” in the training rows: a difference of"
        f" {number(base.difference, 4, signed=True)} (95 % interval"
        f" {interval(base.interval.low, base.interval.high, 4, signed=True)}; below zero is better)."
        f" The AUC is {number(area.value, 3)} (95 % interval"
        f" {interval(area.interval.low, area.interval.high, 3)}; 0.5 is no skill)."
    )
    return Verdict(outcome=outcome, headline=headline, sentence=f"{finding} {figures}")
