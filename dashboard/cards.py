"""Data in, HTML out: the verdict, the figures. Everything from outside is escaped."""

from collections.abc import Iterable
from html import escape

from dashboard.display import range_written
from dashboard.rates import Rate, Rates
from model.bundle import Bundle
from model.manifest import FeatureSpec, Manifest, Metric, Verdict
from model.wording import interval, number, percent

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
    return _grid([verdict_card(challenger, "Challenger"), verdict_card(champion, "Champion, in use")], kind="pair")


def metric_in_words(metric: Metric) -> str:
    """Write a metric with interval, baseline, n and period."""
    base = metric.baselines[0]
    return (
        f"{metric.label} {number(metric.value, 3)}"
        f" (95 % interval {interval(metric.interval.low, metric.interval.high, 3)}), {base.name}"
        f" {number(base.value, 3)}; {metric.n:,} out-of-fold rows, {metric.first_day} to {metric.last_day}"
    )


def beyond(feature: FeatureSpec) -> str:
    """Say that a value of *feature* lies outside anything seen, right where it is set."""
    seen = range_written(feature, feature.min, feature.max)
    return f'<div class="beyond">Outside the training rows: {escape(seen)}</div>'


def figures(rates: Rates, positive_class: str) -> str:
    """The four figures of a threshold, each with its interval and rows, beside what always calling gives."""
    up = f"“{positive_class}”"
    calls = rates.confusion.calls
    yearly = "" if rates.calls_a_year is None else f", about {number(rates.calls_a_year, 0)} a year"
    return _grid(
        [
            _figure("Rows called", rates.call_share, f"{calls:,} of {rates.call_share.n:,} rows{yearly}"),
            _figure(
                "Right when it calls",
                rates.precision,
                f"of {rates.precision.n:,} calls; always {up}: {percent(rates.always)}",
            ),
            _figure(f"{up} caught", rates.recall, f"of {rates.recall.n:,} {up} rows; always {up}: {percent(1.0)}"),
            _figure(
                "Right overall",
                rates.accuracy,
                f"of {rates.accuracy.n:,} rows; always {up}: {percent(rates.always)}",
            ),
        ]
    )


def _figure(label: str, rate: Rate, note: str) -> str:
    return (
        f'<div class="card figure-card"><div class="figure-label">{escape(label)}</div>'
        f'<div class="figure-value">{percent(rate.value)}</div>'
        f'<div class="muted">{_between(rate)}</div><div class="muted">{escape(note)}</div></div>'
    )


def _between(rate: Rate) -> str:
    if rate.interval is None:
        return "no rows" if rate.n == 0 else "too few rows for an interval"
    return f"95 % interval {interval(100 * rate.interval.low, 100 * rate.interval.high, 1)}"


def _grid(cells: Iterable[str], kind: str = "figure-grid") -> str:
    return f'<div class="{kind}">{"".join(cells)}</div>'


def confusion(rates: Rates, positive_class: str) -> str:
    """The confusion matrix in words and rows."""
    c = rates.confusion
    up = f"“{escape(positive_class)}”"

    def cell(kind: str, count: int, words: str) -> str:
        share = percent(count / c.n if c.n else None)
        return f'<td class="{kind}"><b>{count:,}</b><span>{words}</span><span class="muted">{share}</span></td>'

    return (
        '<table class="confusion"><thead><tr><td></td>'
        f'<th scope="col">was {up}</th><th scope="col">was not</th></tr></thead><tbody>'
        f'<tr><th scope="row">called</th>{cell("hit", c.true_positives, "good calls")}'
        f"{cell('wrong', c.false_positives, 'wrong calls')}</tr>"
        f'<tr><th scope="row">no call</th>{cell("missed", c.false_negatives, "missed")}'
        f"{cell('rest', c.true_negatives, 'rightly quiet')}</tr></tbody></table>"
    )


def legend(*entries: tuple[str, str]) -> str:
    """Names of a chart's lines beside a sample of each: (kind of line in style.css, name)."""
    samples = "".join(f'<span><i class="{kind}"></i>{escape(name)}</span>' for kind, name in entries)
    return f'<div class="legend muted">{samples}</div>'


def footer(bundle: Bundle) -> str:
    """Which bundle the page speaks of, and what to know about the data behind it."""
    manifest = bundle.manifest
    warned = "".join(
        f'<p class="data-warning"><span aria-hidden="true">⚠</span> About the training data: {escape(warning)}.</p>'
        for warning in manifest.trained_on.warnings
    )
    return (
        f'<footer class="muted">{warned}Model <b>{escape(manifest.name)}</b>, version {escape(bundle.version)}, sha256'
        f" {bundle.sha256[:12]}… Every score shown is out-of-fold.</footer>"
    )
