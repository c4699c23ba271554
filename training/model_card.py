"""The model card, from the bundle alone.

Its sections are those of Mitchell et al., "Model Cards for Model Reporting" (2019).
"""

from typing import Any

from model.bundle import Bundle
from model.manifest import FeatureSpec, Manifest, Threshold
from model.thresholds import confusion_at
from model.wording import in_display_units, percent
from training.background import NONE_KNOWN, Background
from training.card_groups import groups_section
from training.card_words import ethics, evaluation_rows, factors, metrics_in_words, uses, worth
from training.figures import CALIBRATION_FIGURE
from training.panels.groups import label_of, usual_feature
from training.power import data_needed
from training.report_tables import cell, checks_table, metrics_table, origin_line, sensitivity_table
from training.report_words import changes_to_watch, horizon, limits, rows_behind, scope, validation
from training.reproduce import reproduce


def model_card(bundle: Bundle, background: Background = NONE_KNOWN) -> str:
    """Return the model card as Markdown, the verdict first."""
    manifest = bundle.manifest
    sections = {
        "Model details": _details(bundle),
        "Intended use, users and misuse": _list(uses(manifest)),
        "Factors": _list(factors(manifest, label_of(bundle, usual_feature(manifest)))),
        "Metrics, and why these": metrics_in_words(manifest),
        "Evaluation data": [f"{evaluation_rows(manifest)} {background.looked}".strip(), "", *validation(manifest)],
        "Training data": _training_data(manifest),
        "Quantitative analysis: all rows": _all_rows(bundle),
        "Quantitative analysis: group by group": groups_section(bundle),
        "Ethics": _list(ethics(manifest)),
        "Assumptions, and the check that tested each": checks_table(manifest),
        "Limits and caveats": _limits(bundle),
        "Reproduce": _reproduce(manifest),
    }
    return "\n".join(
        [
            f"# Model card: {manifest.name}",
            "",
            f"**{manifest.verdict.headline}.** {manifest.verdict.sentence}",
            "",
            *(line for title, lines in sections.items() for line in (f"## {title}", "", *lines, "")),
            origin_line(bundle),
            "",
        ]
    )


def _list(lines: list[str]) -> list[str]:
    return [f"- {line}" for line in lines]


def _details(bundle: Bundle) -> list[str]:
    manifest, target = bundle.manifest, bundle.manifest.target
    settings = {key: value for key, value in manifest.settings.items() if value not in ("", None)}
    return [
        f"- Question: {target.question}",
        f"- Target: column `{target.column}`, {target.description}{horizon(manifest)}"
        f" Positive class: “{target.positive_class}”.",
        f"- Answer: the probability of “{target.positive_class}”, and a call where it reaches the threshold.",
        f"- Version: `{bundle.version}`, sha256 `{bundle.sha256}`, made {manifest.created[:10]}"
        f" by `{manifest.settings.get('made_by', 'python -m training')}`.",
        f"- Pipeline: {' → '.join(f'`{_one_line(repr(step))}`' for step in _steps(bundle.pipeline))}.",
        f"- Decision threshold: {bundle.threshold:g}. Rule: {manifest.threshold.rule}."
        f" Chosen on {manifest.threshold.chosen_on}.{_why_kept(manifest.threshold)}",
        f"- Settings: {', '.join(f'{key} {value}' for key, value in settings.items())}.",
        f"- Packages: {', '.join(f'{name} {version}' for name, version in manifest.packages.items())}.",
    ]


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


def _training_data(manifest: Manifest) -> list[str]:
    data = manifest.trained_on
    return [
        f"- File: `{data.file}`, sha256 `{data.sha256}`.",
        *_list(rows_behind(manifest)),
        *(f"- Left out: {exclusion.ticker}, {exclusion.reason}." for exclusion in data.excluded),
        *(f"- Warning: {warning}" for warning in data.warnings),
        "",
        "| feature | meaning | median | 1–99 % | observed range |",
        "|---|---|---|---|---|",
        *map(_feature_row, manifest.features),
    ]


def _feature_row(feature: FeatureSpec) -> str:
    def shown(value: float) -> str:
        return in_display_units(value, feature.display_factor, feature.decimals, feature.unit)

    return (
        f"| {cell(feature.label)} (`{cell(feature.name)}`) | {cell(feature.description)} | {shown(feature.median)} |"
        f" {shown(feature.p1)} to {shown(feature.p99)} | {shown(feature.min)} to {shown(feature.max)} |"
    )


def _all_rows(bundle: Bundle) -> list[str]:
    manifest = bundle.manifest
    return [
        *metrics_table(manifest.metrics, manifest.layout),
        "",
        "### Calibration",
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
        "### Threshold",
        "",
        *sensitivity_table(bundle),
    ]


def _limits(bundle: Bundle) -> list[str]:
    manifest, rows = bundle.manifest, bundle.out_of_fold
    base_rate = confusion_at(bundle.threshold, rows.y_true, rows.y_score).base_rate
    return [
        *_list(limits(manifest)),
        f"- {scope(manifest)[0]}",
        f"- {worth(manifest)}",
        "- Weights are not importances: the features overlap too much to be told apart.",
        f"- {data_needed(bundle).sentence}",
        "",
        "| what may change | what shows it |",
        "|---|---|",
        *changes_to_watch(manifest, base_rate),
    ]


def _and_who_kept(manifest: Manifest) -> str:
    """What the name of a version with a kept threshold depends on besides."""
    if not manifest.threshold.chosen_by:
        return ""
    return ", to which the costs, the reason and the name of who kept the threshold belong"


def _reproduce(manifest: Manifest) -> list[str]:
    return [
        "With the packages named above, in the folder of this project:",
        "",
        "```",
        *reproduce(manifest),
        "```",
        "",
        f"The same rows, settings and packages give the same version, `{manifest.version}`: its name is made from its"
        f" content{_and_who_kept(manifest)}.",
    ]
