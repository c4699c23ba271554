"""Tables that several reports share, as lines of Markdown computed from a bundle."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from model.bootstrap import DayBootstrap, interval_of
from model.bundle import Bundle
from model.manifest import Interval, Layout, Manifest, Metric
from model.thresholds import Confusion, confusion_at
from model.wording import interval, number, percent, threshold_written
from training.once import once_a_bundle
from training.report_words import resampled, rows_tested

SENSITIVITY = (0.40, 0.44, 0.48, 0.50, 0.55)


def metrics_table(metrics: Sequence[Metric], layout: Layout) -> list[str]:
    """Every metric beside its baselines, as the lines of a Markdown table."""
    return [
        f"Out-of-fold: {rows_tested(metrics[0])}."
        f" Intervals are 95 %, from resampling {resampled(layout)}. The verdict rests on one of these comparisons,"
        " fixed beforehand: log loss against the training base rate. Among so many, some interval leaves zero out by"
        " chance.",
        "",
        "| metric | model | interval | baseline on the same rows | model minus baseline | interval |",
        "|---|---|---|---|---|---|",
        *(
            f"| {metric.label if first_of else ''} | {number(metric.value, 4) if first_of else ''} |"
            f" {_between(metric.interval) if first_of else ''} | {baseline.name} {number(baseline.value, 4)} |"
            f" {number(baseline.difference, 4, signed=True)} | {_between(baseline.interval, signed=True)} |"
            for metric in metrics
            for first_of, baseline in zip([True, *[False] * len(metric.baselines)], metric.baselines, strict=False)
        ),
    ]


def _between(found: Interval, *, signed: bool = False) -> str:
    return interval(found.low, found.high, 4, signed=signed)


@dataclass(frozen=True, slots=True)
class SensitivityRow:
    """What one threshold does; `precision_interval` is None where nothing is called."""

    threshold: float
    confusion: Confusion
    precision_interval: Interval | None


@once_a_bundle
def sensitivity(bundle: Bundle) -> list[SensitivityRow]:
    """Return what each of `SENSITIVITY` and the threshold in use do to the out-of-fold rows."""
    rows = bundle.out_of_fold
    draws, seed = bundle.manifest.settings["draws"], bundle.manifest.settings["seed"]
    days = DayBootstrap.of_rows(rows, bundle.manifest.layout, draws=int(draws or 0), seed=int(seed or 0))
    found = []
    for threshold in sorted({*SENSITIVITY, bundle.threshold}):
        called = (rows.y_score >= threshold).astype(np.float64)
        with np.errstate(invalid="ignore", divide="ignore"):
            precision_draws = days.sums(called * rows.y_true) / days.sums(called)
        some = bool(np.isfinite(precision_draws).any())
        found.append(
            SensitivityRow(
                threshold,
                confusion_at(threshold, rows.y_true, rows.y_score),
                interval_of(precision_draws) if some else None,
            )
        )
    return found


def sensitivity_table(bundle: Bundle) -> list[str]:
    """What each of `SENSITIVITY` and the threshold in use do, as the lines of a Markdown table."""
    positive = bundle.manifest.target.positive_class
    lines = [
        f"| threshold | called “{positive}” | right when it calls | 95 % interval | “{positive}” caught |"
        f" right overall | always “{positive}” |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in sensitivity(bundle):
        at, found = row.confusion, row.precision_interval
        between = "–" if found is None else f"{percent(found.low)} to {percent(found.high)}"
        mark = "**" if row.threshold == bundle.threshold else ""
        lines.append(
            f"| {mark}{threshold_written(row.threshold)}{mark} | {percent(at.call_share)} | {percent(at.precision)} |"
            f" {between} | {percent(at.recall)} | {percent(at.accuracy)} | {percent(at.base_rate)} |"
        )
    return lines


def cell(text: str) -> str:
    """Return *text* as a cell of a Markdown table holds it: a name from elsewhere may have a bar in it."""
    return " ".join(text.split()).replace("|", "\\|")


def checks_table(manifest: Manifest) -> list[str]:
    """Every assumption with what its check found, as the lines of a Markdown table."""
    return [
        "| assumption | holds? | what the check found |",
        "|---|---|---|",
        *(
            f"| {cell(check.assumption)} | {'yes' if check.passed else '**no**'} | {cell(check.finding)} |"
            for check in manifest.checks
        ),
    ]


def origin_line(bundle: Bundle) -> str:
    """Say which bundle a report was computed from."""
    return (
        f"*Computed from bundle `{bundle.version}` (sha256 `{bundle.sha256}`),"
        f" created {bundle.manifest.created[:10]}, by `python -m training report`.*"
    )
