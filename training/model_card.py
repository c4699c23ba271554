"""The model card: what the model is, was trained on, was tested on, and may be used for."""

from model.bundle import Bundle
from model.manifest import FeatureSpec, Manifest, Threshold
from model.wording import in_display_units, percent
from training.report_tables import checks_table, metrics_table, origin_line, sensitivity_table

CALIBRATION_FIGURE = "figures/calibration.svg"


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
            f"- Pipeline: {' → '.join(f'`{step!r}`' for _, step in bundle.pipeline.steps)}.",
            f"- Decision threshold: {bundle.threshold:g}. Rule: {manifest.threshold.rule}."
            f" Chosen on {manifest.threshold.chosen_on}.{_why_kept(manifest.threshold)}",
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
            *metrics_table(manifest.metrics),
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
            *sensitivity_table(bundle),
            "",
            "## Assumptions, and the check that tested each",
            "",
            *checks_table(manifest),
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
            origin_line(bundle),
            "",
        ]
    )


def _why_kept(threshold: Threshold) -> str:
    """Say why and by whom a threshold was kept, where it was chosen, and what errors were taken to cost."""
    if not threshold.reason:
        return ""
    costs = threshold.costs
    given = "" if costs is None else "; " + ", ".join(f"{name} {number:g}" for name, number in costs.numbers.items())
    return f" Kept by {threshold.chosen_by}: {threshold.reason}{given}."


def _first_window(manifest: Manifest) -> str:
    return str(manifest.settings.get("first_window", "–"))


def _feature_row(feature: FeatureSpec) -> str:
    def shown(value: float) -> str:
        return in_display_units(value, feature.display_factor, feature.decimals, feature.unit)

    return (
        f"| {feature.label} (`{feature.name}`) | {feature.description} | {shown(feature.median)} |"
        f" {shown(feature.p1)} to {shown(feature.p99)} | {shown(feature.min)} to {shown(feature.max)} |"
    )
