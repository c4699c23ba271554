"""The model card: what the model is, was trained on, was tested on, and may be used for."""

from typing import Any

from model.bundle import Bundle
from model.manifest import FeatureSpec, Threshold
from model.wording import in_display_units, percent
from training.report_tables import checks_table, metrics_table, origin_line, sensitivity_table
from training.report_words import horizon, limits, misuse, reproduce, rows_behind, validation

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
            f"{horizon(manifest)} Positive class: “{target.positive_class}”.",
            f"- Pipeline: {' → '.join(f'`{_one_line(repr(step))}`' for step in _steps(bundle.pipeline))}.",
            f"- Decision threshold: {bundle.threshold:g}. Rule: {manifest.threshold.rule}."
            f" Chosen on {manifest.threshold.chosen_on}.{_why_kept(manifest.threshold)}",
            f"- Settings: {', '.join(f'{key} {value}' for key, value in manifest.settings.items() if value)}.",
            f"- Packages: {', '.join(f'{name} {version}' for name, version in manifest.packages.items())}.",
            "",
            "## Intended use, and misuse",
            "",
            "- For showing how a packaged classifier is handed over, examined, called and retrained.",
            "- For exploring what a threshold and a scenario do to its answer.",
            *(f"- {line}" for line in misuse(manifest)),
            "",
            "## Data",
            "",
            f"- File: `{data.file}`, sha256 `{data.sha256}`.",
            *(f"- {line}" for line in rows_behind(manifest)),
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
            *validation(manifest),
            "",
            "## Metrics",
            "",
            *metrics_table(manifest.metrics, manifest.layout),
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
            *(f"- {line}" for line in limits(manifest)),
            "- Weights are not importances: the features overlap too much to be told apart.",
            "",
            "## Reproduce",
            "",
            "```",
            *reproduce(manifest),
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


def _steps(pipeline: Any) -> list[Any]:
    return [step for _, step in getattr(pipeline, "steps", [("", pipeline)])]


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _feature_row(feature: FeatureSpec) -> str:
    def shown(value: float) -> str:
        return in_display_units(value, feature.display_factor, feature.decimals, feature.unit)

    return (
        f"| {feature.label} (`{feature.name}`) | {feature.description} | {shown(feature.median)} |"
        f" {shown(feature.p1)} to {shown(feature.p99)} | {shown(feature.min)} to {shown(feature.max)} |"
    )
