"""Data in, HTML out: the verdict, and what pages end with. Everything from outside is escaped."""

from html import escape

from dashboard.sentences import unbroken
from model.bundle import Bundle
from model.manifest import Manifest, Metric, Verdict
from model.wording import interval, number
from training.panels.row_words import period

SHAPES = {"better": "▲", "not distinguishable": "≈", "worse": "▼"}


def verdict_badge(manifest: Manifest) -> str:
    """The verdict in a badge, beside the figure it stands on."""
    first = manifest.metrics[0]
    return (
        f'<div class="verdict-line">{_badge(manifest.verdict)}'
        f'<span class="muted">{escape(metric_in_words(first))}.</span></div>'
    )


def _badge(verdict: Verdict) -> str:
    kind = verdict.outcome.replace(" ", "-")
    shape = SHAPES[verdict.outcome]
    return f'<span class="badge {kind}"><span aria-hidden="true">{shape}</span> {escape(verdict.headline)}</span>'


def verdict_card(manifest: Manifest, title: str = "") -> str:
    """The verdict in full: what a reader should know before anything else."""
    verdict = manifest.verdict
    head = f'<div class="card-title">{escape(title)}</div>' if title else ""
    return f'<div class="card verdict">{head}{_badge(verdict)}<p>{escape(verdict.sentence)}</p></div>'


def verdicts(challenger: Manifest, champion: Manifest) -> str:
    """The verdicts of two models side by side."""
    cards = verdict_card(challenger, "Challenger") + verdict_card(champion, "Champion, in use")
    return f'<div class="pair">{cards}</div>'


def metric_in_words(metric: Metric) -> str:
    """Write a metric with interval, baseline, n and period."""
    base, span = metric.baselines[0], period(metric.first_day, metric.last_day)
    return (
        f"{metric.label} {number(metric.value, 3)}"
        f" (95 % interval {interval(metric.interval.low, metric.interval.high, 3)}), {base.name}"
        f" {number(base.value, 3)}; {metric.n:,} out-of-fold rows{f', {span}' if span else ''}"
    )


def footer(bundle: Bundle, said: str = "Every score of the model is out-of-fold.") -> str:
    """Which bundle the page speaks of, and what to know about the data behind it."""
    manifest = bundle.manifest
    warned = "".join(
        f'<p class="data-warning"><span aria-hidden="true">⚠</span> About the training data: {escape(warning)}.</p>'
        for warning in (unbroken(text.rstrip(".")) for text in manifest.trained_on.warnings)
    )
    return (
        f'<footer class="muted">{warned}Model <b>{escape(manifest.name)}</b>, version {escape(bundle.version)}, sha256'
        f" {bundle.sha256[:12]}… {said}</footer>"
    )
