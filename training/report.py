"""The reports about a bundle: which there are, their bytes, and writing them to a folder together."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from model.bundle import Bundle
from model.creation import Progress
from model.errors import TrainingError
from model.storage import write_files
from training.background import NONE_KNOWN, Background
from training.figures import CALIBRATION_FIGURE, THRESHOLD_FIGURE, calibration_figure, threshold_figure
from training.model_card import model_card
from training.offline.report import offline_report
from training.summary import stakeholder_summary
from training.summary_pdf import summary_pdf

SUMMARY, SUMMARY_PDF, CARD = "stakeholder_summary.md", "stakeholder_summary.pdf", "model_card.md"
OFFLINE = "report.html"


@dataclass(frozen=True, slots=True)
class Report:
    """One report: its file name, what it is, and its bytes from a bundle and what else is known of it."""

    name: str
    what: str
    make: Callable[[Bundle, Background], bytes]


def render_reports(
    bundle: Bundle, background: Background = NONE_KNOWN, on_progress: Callable[[Progress], None] = lambda _: None
) -> dict[str, bytes]:
    """Return the bytes of every report by file name; the same bundle and *background* always give the same bytes."""
    rendered = {}
    for step, report in enumerate(REPORTS):
        on_progress(Progress(step, len(REPORTS), report.what))
        rendered[report.name] = report.make(bundle, background)
    on_progress(Progress(len(REPORTS), len(REPORTS), "done"))
    return rendered


def render_report(name: str, bundle: Bundle, background: Background = NONE_KNOWN) -> bytes:
    """Return the bytes of the report called *name*, as `render_reports` does."""
    return next(report for report in REPORTS if report.name == name).make(bundle, background)


def write_reports(
    bundle: Bundle,
    folder: Path,
    background: Background = NONE_KNOWN,
    on_progress: Callable[[Progress], None] = lambda _: None,
) -> list[Path]:
    """Write every report about *bundle* into *folder*, all of them or none, and return the paths.

    Raises
    ------
    TrainingError
        *folder* cannot be written; the reports that are there are as they were.
    """
    contents = {folder / name: data for name, data in render_reports(bundle, background, on_progress).items()}
    try:
        for path in contents:
            if path.is_dir():
                raise IsADirectoryError(None, "a folder is in the way", str(path))
        write_files(contents)
    except OSError as error:
        msg = (
            f"{error.filename or folder} cannot be written ({error.strerror or error}); no report was changed."
            " Make room, or make it writable, or name another folder, and run `python -m training report` again."
        )
        raise TrainingError(msg) from error
    return list(contents)


# In the order in which they are made, and offered; the files of a folder of reports are these and no others.
REPORTS: tuple[Report, ...] = (
    Report(OFFLINE, "the report with live sliders", offline_report),
    Report(SUMMARY, "the summary for stakeholders", lambda *known: stakeholder_summary(*known).encode()),
    Report(SUMMARY_PDF, "the summary for stakeholders as a PDF", summary_pdf),
    Report(CARD, "the model card", lambda *known: model_card(*known).encode()),
    Report(THRESHOLD_FIGURE, "a figure of the thresholds", lambda bundle, _: threshold_figure(bundle)),
    Report(CALIBRATION_FIGURE, "a figure of the calibration", lambda bundle, _: calibration_figure(bundle)),
)
