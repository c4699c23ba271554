"""The report in one file: the verdict first, then the numbers, then the model itself to try out."""

from model.bundle import Bundle
from model.thresholds import confusion_at
from training.background import NONE_KNOWN, Background
from training.offline import html, live, sections
from training.offline.changes import changes
from training.offline.page import document
from training.offline.sensitivity import everywhere
from training.panels.calibration import calibration_chart
from training.summary_words import title


def offline_report(bundle: Bundle, background: Background = NONE_KNOWN) -> bytes:
    """Return the report as the bytes of an HTML file that needs no network."""
    manifest, rows = bundle.manifest, bundle.out_of_fold
    settled = confusion_at(bundle.threshold, rows.y_true, rows.y_score)
    sliders = live.has_sliders(bundle)
    tried = live.scenario(bundle, settled.base_rate) if sliders else live.curves(bundle)
    explored = live.explorer(bundle)
    calibrated = live.charts([calibration_chart(bundle)] if manifest.calibration else [], "calibration-chart")
    parts = (tried, explored, calibrated)
    main = [
        sections.change(bundle),
        sections.metrics(bundle, background.looked),
        sections.scenario(bundle, tried, sliders=sliders),
        sections.threshold(bundle, explored),
        sections.calibration(bundle, calibrated),
        html.section("sensitivity", "Does it hold everywhere?", *everywhere(bundle)),
        sections.assumptions(bundle),
        sections.risks(bundle, settled),
        sections.meaning(bundle, settled),
        html.section("changes", "What changed since the version before", *changes(bundle, background.before)),
        sections.origin(bundle),
    ]
    return document(
        title=title(manifest),
        about={"bundle-version": bundle.version, "bundle-sha256": bundle.sha256},
        body="\n".join(
            [
                sections.top(bundle, settled),
                sections.navigation(),
                "<main>",
                sections.without_scripts(),
                *main,
                "</main>",
            ]
        ),
        data={name: value for part in parts for name, value in part.data.items()},
        modules=[module for part in parts for module in part.modules],
    ).encode()
