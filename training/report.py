"""Write deliverables/ from a bundle: the stakeholder summary, the model card and their figures."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from model.bundle import Bundle
from model.manifest import FeatureSpec, Interval, Manifest, Metric, Verdict
from model.storage import write_file
from model.thresholds import Confusion, confusion_at, threshold_curve
from model.wording import in_display_units, interval, number, percent
from training.bootstrap import DayBootstrap, interval_of
from training.figures import calibration_chart, threshold_chart

SUMMARY, CARD = "stakeholder_summary.md", "model_card.md"
THRESHOLD_FIGURE, CALIBRATION_FIGURE = "figures/threshold.svg", "figures/calibration.svg"
SENSITIVITY = (0.40, 0.44, 0.48, 0.50, 0.55)


def write_reports(bundle: Bundle, folder: Path) -> list[Path]:
    """Write every report about *bundle* into *folder* and return the paths."""
    paths = []
    for name, data in render_reports(bundle).items():
        write_file(folder / name, data)
        paths.append(folder / name)
    return paths


def render_reports(bundle: Bundle) -> dict[str, bytes]:
    """Return the bytes of every report by file name; the same bundle always gives the same bytes."""
    rows = bundle.out_of_fold
    low, high = np.floor(rows.y_score.min() * 20) / 20, np.ceil(rows.y_score.max() * 20) / 20
    curve = threshold_curve(rows.y_true, rows.y_score, np.linspace(low, high, 201))
    positive = bundle.manifest.target.positive_class
    return {
        SUMMARY: stakeholder_summary(bundle).encode(),
        CARD: model_card(bundle).encode(),
        THRESHOLD_FIGURE: threshold_chart(curve, bundle.threshold, positive),
        CALIBRATION_FIGURE: calibration_chart(bundle.manifest.calibration, positive),
    }


def stakeholder_summary(bundle: Bundle) -> str:
    """Return the page a stakeholder reads, as Markdown: verdict first."""
    manifest = bundle.manifest
    target = manifest.target
    settled = confusion_at(bundle.threshold, bundle.out_of_fold.y_true, bundle.out_of_fold.y_score)
    return "\n".join(
        [
            f"# Stakeholder summary: {manifest.name}",
            "",
            f"**{manifest.verdict.headline}.** {manifest.verdict.sentence}",
            "",
            f"The model answers “{target.question}” with a probability from {len(manifest.features)} features, and"
            f" calls “{target.positive_class}” at a probability of {bundle.threshold:g} or more. At that threshold it"
            f" calls “{target.positive_class}” on {percent(settled.call_share)} of all rows and is right on"
            f" {percent(settled.precision)} of those calls; always calling “{target.positive_class}” is right on"
            f" {percent(settled.base_rate)}.",
            "",
            "## Key metrics",
            "",
            *_metrics(manifest.metrics),
            "",
            "## What the threshold does",
            "",
            *_sensitivity(bundle),
            "",
            f"![Shares against the decision threshold: how often a call is right, how many “{target.positive_class}”"
            f" rows are caught, how many rows are called, and the base rate]({THRESHOLD_FIGURE})",
            "",
            "## Assumptions, and the check that tested each",
            "",
            *_checks(manifest),
            "",
            "## Risks, and what should trigger action",
            "",
            *_risks(bundle, settled),
            "",
            "## What this means",
            "",
            *(f"- {line}" for line in _meaning(manifest.verdict, settled)),
            "",
            "## What this does not mean",
            "",
            f"- It does not show that “{target.question}” can never be answered: these"
            f" {len(manifest.features)} features and this model were tested, on these tickers and days only.",
            "- It says nothing of profit: costs, taxes and the size of moves are not in any figure above.",
            "- A weight or a contribution is not an importance: the features overlap too much to be told apart.",
            "",
            "## Next steps",
            "",
            *(f"{position}. {step}" for position, step in enumerate(_next_steps(manifest.verdict), 1)),
            "",
            _origin(bundle),
            "",
        ]
    )


def model_card(bundle: Bundle) -> str:
    """Return the model card as Markdown."""
    manifest = bundle.manifest
    data, target = manifest.trained_on, manifest.target
    return "\n".join(
        [
            f"# Model card: {manifest.name}",
            "",
            f"**{manifest.verdict.headline}.** {manifest.verdict.sentence}",
            "",
            "## Model",
            "",
            f"- Question: {target.question}",
            f"- Target: column `{target.column}`, {target.description}"
            f" Horizon: {target.horizon} day. Positive class: “{target.positive_class}”.",
            '- Pipeline: StandardScaler → LogisticRegression(solver="newton-cholesky", tol=1e-8).'
            if manifest.settings.get("candidate", "baseline") == "baseline"
            else f"- Pipeline: {manifest.settings['candidate']}.",
            f"- Decision threshold: {bundle.threshold:g}. Rule: {manifest.threshold.rule}."
            f" Chosen on {manifest.threshold.chosen_on}.",
            f"- Settings: {', '.join(f'{key} {value}' for key, value in manifest.settings.items() if value)}.",
            f"- Packages: {', '.join(f'{name} {version}' for name, version in manifest.packages.items())}.",
            "",
            "## Intended use, and misuse",
            "",
            "- For showing how a packaged classifier is handed over, examined, called and retrained.",
            "- For exploring what a threshold and a scenario do to its answer.",
            "- Not for trading or investment advice: see the verdict.",
            "- Not for other markets, other bar lengths or intraday use without retraining and a new verdict.",
            "",
            "## Data",
            "",
            f"- File: `{data.file}`, sha256 `{data.sha256}`.",
            f"- Prices adjusted {data.adjustment}.",
            f"- {data.rows:,} rows from {data.first_day} to {data.last_day}:"
            f" {', '.join(f'{span.ticker} {span.rows:,}' for span in data.tickers)}.",
            *(f"- Left out: {exclusion.ticker}, {exclusion.reason}." for exclusion in data.excluded),
            *(f"- Warning: {warning}" for warning in data.warnings),
            "",
            "## Features",
            "",
            "| feature | meaning | median | 1–99 % | observed range |",
            "|---|---|---|---|---|",
            *map(_feature_row, manifest.features),
            "",
            "## Validation",
            "",
            "Walk-forward, expanding window, ordered in time, whole days; every figure is out-of-fold.",
            "",
            "| fold | trained on | rows | base rate | tested on | rows |",
            "|---|---|---|---|---|---|",
            *(
                f"| {fold.fold} | {fold.train_first_day} to {fold.train_last_day} | {fold.train_rows:,} |"
                f" {percent(fold.base_rate)} | {fold.test_first_day} to {fold.test_last_day} | {fold.test_rows:,} |"
                for fold in manifest.folds
            ),
            "",
            "## Metrics",
            "",
            *_metrics(manifest.metrics),
            "",
            "## Calibration",
            "",
            "| probability said | rows | mean said | came true | 95 % interval |",
            "|---|---|---|---|---|",
            *(
                f"| {percent(bin_.low)} to {percent(bin_.high)} | {bin_.n:,} | {percent(bin_.mean_probability)} |"
                f" {percent(bin_.observed)} | {percent(bin_.interval.low)} to {percent(bin_.interval.high)} |"
                for bin_ in manifest.calibration
            ),
            "",
            f"![What came true against the probability said, with intervals]({CALIBRATION_FIGURE})",
            "",
            "## Threshold",
            "",
            *_sensitivity(bundle),
            "",
            "## Assumptions, and the check that tested each",
            "",
            *_checks(manifest),
            "",
            "## Limits",
            "",
            "- Few tickers, all large survivors of one market: results need not carry over.",
            "- Dividends are left in the prices, so an ex-dividend day looks like a small fall.",
            f"- A ticker's first {_first_window(manifest)} days are never tested on.",
            "- Weights are not importances: the features overlap too much to be told apart.",
            "",
            "## Reproduce",
            "",
            "```",
            "python -m training",
            "python -m training report",
            "```",
            "",
            _origin(bundle),
            "",
        ]
    )


def _first_window(manifest: Manifest) -> str:
    return str(manifest.settings.get("first_window", "–"))


def _metrics(metrics: Sequence[Metric]) -> list[str]:
    first = metrics[0]
    return [
        f"Out-of-fold: {first.n:,} rows, {first.days:,} days, {first.first_day} to {first.last_day}."
        " Intervals are 95 %, from resampling whole days in blocks. The verdict rests on one of these comparisons,"
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


def sensitivity(bundle: Bundle, thresholds: Sequence[float] = SENSITIVITY) -> list[SensitivityRow]:
    """Return what each of *thresholds* does to the out-of-fold rows."""
    rows = bundle.out_of_fold
    draws, seed = bundle.manifest.settings["draws"], bundle.manifest.settings["seed"]
    days = DayBootstrap(rows.day, draws=int(draws or 0), seed=int(seed or 0))
    found = []
    for threshold in thresholds:
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


def _sensitivity(bundle: Bundle) -> list[str]:
    positive = bundle.manifest.target.positive_class
    lines = [
        f"| threshold | called “{positive}” | right when it calls | 95 % interval | “{positive}” caught |"
        f" right overall | always “{positive}” |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in sensitivity(bundle, sorted({*SENSITIVITY, bundle.threshold})):
        at, found = row.confusion, row.precision_interval
        between = "–" if found is None else f"{percent(found.low)} to {percent(found.high)}"
        mark = "**" if row.threshold == bundle.threshold else ""
        lines.append(
            f"| {mark}{row.threshold:.2f}{mark} | {percent(at.call_share)} | {percent(at.precision)} | {between} |"
            f" {percent(at.recall)} | {percent(at.accuracy)} | {percent(at.base_rate)} |"
        )
    return lines


def _checks(manifest: Manifest) -> list[str]:
    return [
        "| assumption | holds? | what the check found |",
        "|---|---|---|",
        *(
            f"| {check.assumption} | {'yes' if check.passed else '**no**'} | {check.finding} |"
            for check in manifest.checks
        ),
    ]


def _risks(bundle: Bundle, settled: Confusion) -> list[str]:
    manifest = bundle.manifest
    area = manifest.metric("auc")
    positive = manifest.target.positive_class
    return [
        "| risk | trigger |",
        "|---|---|",
        f"| The model is used as if it had skill. | Anyone acts on a call while the verdict is not “better”;"
        f" today it is “{manifest.verdict.outcome}”. |",
        f"| The threshold makes it a constant. | Share of “{positive}” calls above 95 % or below 5 %;"
        f" today {percent(settled.call_share)}. |",
        "| The market changes. | Over 250 new days, more than 4 % of a feature's values outside its 1–99 % band"
        " (2 % are expected). |",
        f"| The base rate moves. | Share of “{positive}” over 250 new days further than 5 points from"
        f" {percent(settled.base_rate)}. |",
        f"| A leak slips in with a change. | AUC above 0.60 after a retrain; today {number(area.value, 3)}. |",
        "| Prices are not adjusted for a split. | The readers' warning “looks like an unadjusted split”. |",
    ]


def _meaning(verdict: Verdict, settled: Confusion) -> list[str]:
    if verdict.outcome == "better":
        first = "The probabilities carry information beyond the base rate; how much, the difference in log loss says."
    elif verdict.outcome == "worse":
        first = "Quoting the base rate would have served better than this model."
    else:
        first = "On these days the model cannot be told apart from quoting the base rate: no skill was found."
    return [
        first,
        f"A call is right {percent(settled.precision)} of the time, and {percent(settled.base_rate)} of all rows turn"
        " out that way without any model: compare the two before trusting a call.",
        "The package around it (checks, intervals, API, dashboard) works the same for a model that has skill.",
    ]


def _next_steps(verdict: Verdict) -> list[str]:
    if verdict.outcome == "better":
        return [
            "Look for a leak once more before believing it: run the checks above on fresh data.",
            "Score new days as they come and compare with the interval given here.",
            "Decide the threshold from what a wrong and a missed call cost.",
        ]
    return [
        "Do not act on the calls.",
        "Bring information that these features do not hold, retrain, and read the new verdict.",
        "Extend the history: more days narrow every interval above.",
    ]


def _feature_row(feature: FeatureSpec) -> str:
    def shown(value: float) -> str:
        return in_display_units(value, feature.display_factor, feature.decimals, feature.unit)

    return (
        f"| {feature.label} (`{feature.name}`) | {feature.description} | {shown(feature.median)} |"
        f" {shown(feature.p1)} to {shown(feature.p99)} | {shown(feature.min)} to {shown(feature.max)} |"
    )


def _origin(bundle: Bundle) -> str:
    return (
        f"*Computed from bundle `{bundle.version}` (sha256 `{bundle.sha256}`),"
        f" created {bundle.manifest.created[:10]}, by `python -m training report`.*"
    )
