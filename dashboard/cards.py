"""Data in, HTML out: the answer, the verdict, the figures. Everything from outside is escaped."""

from collections.abc import Iterable, Sequence
from html import escape

from dashboard.display import range_written, written
from dashboard.rates import Rate, Rates
from model.bundle import Bundle
from model.explain import PointShare
from model.manifest import FeatureSpec, Manifest, Metric, Verdict
from model.wording import interval, number, percent, points

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


def answer(probability: float, threshold: float, positive_class: str) -> str:
    """The answer: probability, call, distance from the threshold, and a bar with the threshold's tick."""
    distance = probability - threshold
    called = distance >= 0
    call = f"▲</span> Call: {escape(positive_class)}" if called else "○</span> No call"
    decimals = 1 if abs(distance) >= 0.0005 else 4
    away = f"{number(100 * abs(distance), decimals)} points {'above' if called else 'below'}"
    at = 100 * probability
    tick = 100 * threshold
    return (
        '<div class="answer" role="status">'
        f'<div class="answer-line"><span class="answer-probability">{percent(probability)}</span>'
        f'<span class="answer-call {"called" if called else "quiet"}"><span aria-hidden="true">{call}</span>'
        f'<span class="answer-distance muted">{away} the {percent(threshold)} threshold</span></div>'
        '<div class="scale" aria-hidden="true">'
        f'<div class="scale-above">{_pinned(tick, "threshold", "tick-label")}</div>'
        f'<div class="scale-track"><div class="scale-fill" style="width:{at:.3f}%"></div>'
        f'<div class="scale-tick" style="left:{tick:.3f}%"></div></div>'
        f'<div class="scale-below">{"".join(_pinned(x, f"{x} %") for x in (0, 25, 50, 75, 100))}</div>'
        "</div></div>"
    )


def _pinned(at: float, text: str, kind: str = "") -> str:
    """A label at *at* percent of its row that never reaches beyond the row's ends."""
    return f'<span class="{kind}" style="left:{at:.3f}%;transform:translateX(-{at:.3f}%)">{text}</span>'


def beyond(feature: FeatureSpec) -> str:
    """Say that a value of *feature* lies outside anything seen, right where it is set."""
    seen = range_written(feature, feature.min, feature.max)
    return f'<div class="beyond">Outside the training rows: {escape(seen)}</div>'


def pulls(features: Sequence[FeatureSpec], row: Sequence[float], shares: Sequence[PointShare]) -> str:
    """What pulls the answer: each feature's share of the way from the median row's probability."""
    widest = max(0.01, *(abs(share.points) for share in shares))
    lines = []
    for feature, value, share in zip(features, row, shares, strict=True):
        width = 50 * abs(share.points) / widest
        side = "raises" if share.points >= 0 else "lowers"
        # What is written as 0.0 draws no bar either.
        bar = f'<div class="pull {side}" style="width:{width:.2f}%"></div>' if abs(share.points) >= 0.0005 else ""
        lines.append(
            f'<tr><th scope="row">{escape(feature.label)}'
            f'<span class="muted">{number(value * feature.display_factor, feature.decimals)}'
            f" · median {escape(written(feature, feature.median))}</span></th>"
            f'<td class="pull-cell" aria-hidden="true"><div class="pull-axis">{bar}</div></td>'
            f'<td class="figure">{_signed_points(share.points)}</td></tr>'
        )
    return f'<table class="pulls"><tbody>{"".join(lines)}</tbody></table>'


def _signed_points(share: float) -> str:
    return number(100 * share, 1, signed=True)


def pull_sum(at_median: float, probability: float) -> str:
    """The sum under the pulls: from the median row to the answer."""
    return (
        '<div class="pull-sum">'
        f"<span>Median row<b>{percent(at_median)}</b></span>"
        f"<span>All pulls<b>{points(probability - at_median)}</b></span>"
        f"<span>Answer<b>{percent(probability)}</b></span></div>"
    )


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
