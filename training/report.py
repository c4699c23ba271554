"""Write deliverables/ from a bundle: the stakeholder summary, the model card and their figures."""

from pathlib import Path

import numpy as np

from model.bundle import Bundle
from model.manifest import Manifest
from model.storage import write_file
from model.thresholds import Confusion, confusion_at, threshold_curve
from model.wording import percent
from training.figures import calibration_chart, threshold_chart
from training.model_card import CALIBRATION_FIGURE, model_card
from training.report_tables import checks_table, metrics_table, origin_line, sensitivity_table
from training.report_words import changes_to_watch, scope

SUMMARY, CARD = "stakeholder_summary.md", "model_card.md"
THRESHOLD_FIGURE = "figures/threshold.svg"


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
            *metrics_table(manifest.metrics, manifest.layout),
            "",
            "## What the threshold does",
            "",
            *sensitivity_table(bundle),
            "",
            f"![Shares against the decision threshold: how often a call is right, how many “{target.positive_class}”"
            f" rows are caught, how many rows are called, and the base rate]({THRESHOLD_FIGURE})",
            "",
            "## Assumptions, and the check that tested each",
            "",
            *checks_table(manifest),
            "",
            "## Risks, and what should trigger action",
            "",
            *_risks(bundle, settled),
            "",
            "## What this means",
            "",
            *(f"- {line}" for line in _meaning(manifest, settled)),
            "",
            "## What this does not mean",
            "",
            *(f"- {line}" for line in scope(manifest)),
            "- A weight or a contribution is not an importance: the features overlap too much to be told apart.",
            "",
            "## Next steps",
            "",
            *(f"{position}. {step}" for position, step in enumerate(_next_steps(manifest), 1)),
            "",
            origin_line(bundle),
            "",
        ]
    )


def _risks(bundle: Bundle, settled: Confusion) -> list[str]:
    manifest = bundle.manifest
    positive = manifest.target.positive_class
    return [
        "| risk | trigger |",
        "|---|---|",
        f"| The model is used as if it had skill. | Anyone acts on a call while the verdict is not “better”;"
        f" today it is “{manifest.verdict.outcome}”. |",
        f"| The threshold makes it a constant. | Share of “{positive}” calls above 95 % or below 5 %;"
        f" today {percent(settled.call_share)}. |",
        *changes_to_watch(manifest, settled.base_rate),
    ]


def _meaning(manifest: Manifest, settled: Confusion) -> list[str]:
    verdict = manifest.verdict
    if verdict.outcome == "better":
        first = "The probabilities carry information beyond the base rate; how much, the difference in log loss says."
    elif verdict.outcome == "worse":
        first = "Quoting the base rate would have served better than this model."
    else:
        rows = "days" if manifest.layout.returns else "rows"
        first = f"On these {rows} the model cannot be told apart from quoting the base rate: no skill was found."
    return [
        first,
        f"A call is right {percent(settled.precision)} of the time, and {percent(settled.base_rate)} of all rows turn"
        " out that way without any model: compare the two before trusting a call.",
        "The package around it (checks, intervals, API, dashboard) works the same for a model that has skill.",
    ]


def _next_steps(manifest: Manifest) -> list[str]:
    rows = "days" if manifest.layout.returns else "rows"
    if manifest.verdict.outcome == "better":
        return [
            "Look for a leak once more before believing it: run the checks above on fresh data.",
            f"Score new {rows} as they come and compare with the interval given here.",
            "Decide the threshold from what a wrong and a missed call cost.",
        ]
    return [
        "Do not act on the calls.",
        "Bring information that these features do not hold, retrain, and read the new verdict.",
        f"Extend the {'history' if manifest.layout.time else 'table'}: more {rows} narrow every interval above.",
    ]
