"""Faults, the history and two models side by side as HTML tables; everything from outside is escaped."""

from collections.abc import Sequence
from html import escape

from model.errors import FAULTS_SHOWN, Fault
from model.manifest import FeatureSpec, Manifest, Metric
from model.registry import Promotion
from training.panels.tables import metric_cell, table, written

MOST_ROWS_IN_FULL = 12


def faults(found: Sequence[Fault], count: int) -> str:
    """What is wrong with a file, its first faults in full: where, what was found and expected, what to do."""
    found = found[:FAULTS_SHOWN]
    hidden = count - len(found)
    shown = table(
        ("Where", "Found", "Expected"),
        (
            (fault.where, fault.found, f"{fault.expected}\n{fault.remedy}" if fault.remedy else fault.expected)
            for fault in found
        ),
        caption="Faults, in the order of the file",
        figures=False,
    )
    return shown + (f'<p class="muted">… and {hidden:,} more.</p>' if hidden > 0 else "")


def labels_described(features: Sequence[FeatureSpec]) -> list[str]:
    """What each of *features* is, for a table; what is said of all in the same words tells none from another."""
    said = {feature.description.replace(feature.name, "") for feature in features}
    if len(features) > 1 and len(said) == 1:
        return [feature.label for feature in features]
    return [f"{feature.label}\n{feature.description}" for feature in features]


def scrolling(shown: str, label: str, rows: int) -> str:
    """A table of many *rows* in a box of limited height, which the keyboard can scroll, too."""
    if rows <= MOST_ROWS_IN_FULL:
        return shown
    return f'<div class="scrolls" role="region" tabindex="0" aria-label="{escape(label)}">{shown}</div>'


def history(promotions: Sequence[Promotion]) -> str:
    """Every promotion, newest first."""
    return table(
        ("In use since", "Version", "By", "Why"),
        [
            (promotion.when.replace("T", " ")[:16], promotion.version, promotion.by, promotion.why)
            for promotion in reversed(promotions)
        ],
        caption="Newest first; times are UTC",
        figures=False,
    )


def comparison(challenger: Manifest, champion: Manifest) -> str:
    """Every metric of two models side by side, with interval and first baseline."""
    old = {metric.name: metric for metric in champion.metrics}
    return table(
        ("Metric", "Challenger", "Champion, in use"),
        [
            (f"{_any_threshold(metric.label)}\n{_direction(metric)}", _beside(metric), _beside(old[metric.name]))
            for metric in challenger.metrics
            if metric.name in old
        ],
        caption="Out-of-fold scores with 95 % intervals, each beside its first baseline on the same rows",
    )


def _any_threshold(label: str) -> str:
    # Metrics at a threshold carry it in their label, and the two models may differ in it.
    return label.split(" at ", maxsplit=1)[0]


def _direction(metric: Metric) -> str:
    return {"higher": "higher is better", "lower": "lower is better", "neither": "neither is better"}[metric.better]


def _beside(metric: Metric) -> str:
    base = metric.baselines[0]
    value, between = metric_cell(metric).split("\n")
    return f"{value} ({between})\n{base.name} {written(metric, base.value)}"
