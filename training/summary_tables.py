"""The tables of the stakeholder summary: a header, and rows of cells."""

from collections.abc import Sequence

from model.manifest import Baseline, Manifest, Metric
from model.thresholds import Confusion
from model.wording import interval, number, percent, threshold_written
from training.power import DataNeeded
from training.report_tables import SensitivityRow
from training.report_words import changes_to_watch, resampled, rows_tested

Header = tuple[str, ...]
Cells = tuple[tuple[str, ...], ...]


def metrics_note(manifest: Manifest, looked: str) -> str:
    """Say on which rows the metrics rest, which of them the verdict rests on, and how often was *looked* at them."""
    return (
        f"All are out-of-fold, which means from rows the model had not seen: {rows_tested(manifest.metrics[0])}."
        f" A 95 % interval (from resampling {resampled(manifest.layout)}) says how far chance alone may move a number."
        " The verdict rests on log loss against the base rate, the share of positive rows in training. That was fixed"
        f" beforehand: among so many intervals some leave zero out by chance. {looked}"
    ).strip()


def metrics_grid(manifest: Manifest) -> tuple[Header, Cells]:
    """Every metric beside the first of its baselines, with what it is in plain words."""
    return (
        ("metric", "model", "95 % interval", "without a model", "difference", "95 % interval", "what it is"),
        tuple(_metric_row(manifest, metric, metric.baselines[0]) for metric in manifest.metrics),
    )


def _metric_row(manifest: Manifest, metric: Metric, base: Baseline) -> tuple[str, ...]:
    return (
        metric.label,
        number(metric.value, 4),
        interval(metric.interval.low, metric.interval.high, 4),
        f"{number(base.value, 4)} ({base.name})",
        number(base.difference, 4, signed=True),
        interval(base.interval.low, base.interval.high, 4, signed=True),
        _meaning(metric.name, manifest.target.positive_class),
    )


def _meaning(name: str, positive: str) -> str:
    """Say what a metric is to somebody who has not met it."""
    return {
        "auc": f"how often the “{positive}” one of two rows gets the higher probability; 0.5 is a coin toss",
        "log_loss": "penalty for probabilities that turn out wrong; lower is better",
        "brier": "mean squared error of the probabilities; lower is better",
        "brier_skill": "share of that error saved against the base rate; 0 is none",
        "balanced_accuracy": "share called rightly, both outcomes counting the same; 0.5 is a coin toss",
        "accuracy": "share of rows called rightly",
        "call_share": f"how often it calls “{positive}”",
        "calibration_intercept": "whether probabilities are too low (above 0) or too high overall",
        "calibration_slope": "how much of the differences it says comes true; 1 is all, 0 none, above 1 too timid",
    }[name]


def calls_grid(positive: str, found: Sequence[SensitivityRow]) -> tuple[Header, Cells]:
    """What each of some thresholds does."""
    header = (
        "threshold",
        f"called “{positive}”",
        "right when it calls",
        "95 % interval",
        f"“{positive}” caught",
        "right overall",
        f"always “{positive}”",
    )
    return header, tuple(_calls_row(row) for row in found)


def _calls_row(row: SensitivityRow) -> tuple[str, ...]:
    at, found = row.confusion, row.precision_interval
    return (
        threshold_written(row.threshold),
        percent(at.call_share),
        percent(at.precision),
        "–" if found is None else f"{percent(found.low)} to {percent(found.high)}",
        percent(at.recall),
        percent(at.accuracy),
        percent(at.base_rate),
    )


def edges_grid(needed: DataNeeded) -> tuple[Header, Cells]:
    """How much data each edge would need, for the AUC to show it and for the verdict."""
    header = (
        "if the truth were",
        "the AUC would show it after about",
        "the verdict would be “better” after about",
    )
    return header, tuple(
        (f"AUC {number(edge.auc, 2)}", needed.amount(edge.for_auc), needed.amount(edge.for_verdict))
        for edge in needed.edges
    )


def checks_grid(manifest: Manifest) -> tuple[Header, Cells]:
    """Every assumption with what its check found."""
    return (
        ("assumption", "holds?", "what the check found"),
        tuple((check.assumption, "✓ yes" if check.passed else "✗ no", check.finding) for check in manifest.checks),
    )


def risks_grid(manifest: Manifest, settled: Confusion) -> tuple[Header, Cells]:
    """What may go wrong, each with the number that shows it."""
    positive, verdict = manifest.target.positive_class, manifest.verdict
    skill = (
        ("The skill fades.", "The verdict on new rows is no longer “better”; today it is.")
        if verdict.outcome == "better"
        else (
            "The model is used as if it had skill.",
            f"Anyone acts on a call while the verdict is not “better”; today it is “{verdict.outcome}”.",
        )
    )
    constant = (
        "The threshold makes it a constant.",
        f"Share of “{positive}” calls above 95 % or below 5 %; today {percent(settled.call_share)}"
        f"{'' if 0.05 <= (settled.call_share or 0.0) <= 0.95 else ': this is so already'}.",
    )
    others = (_cells(line) for line in changes_to_watch(manifest, settled.base_rate))
    return ("risk", "trigger"), (skill, constant, *others)


def _cells(line: str) -> tuple[str, ...]:
    """Take a row of a Markdown table of two columns apart; a bar within the text belongs to it."""
    risk, _, trigger = line.removeprefix("| ").removesuffix(" |").partition(" | ")
    return risk, trigger
