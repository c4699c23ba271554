"""The sections of the report, each from a bundle to HTML."""

from model.bundle import Bundle
from model.thresholds import Confusion
from training.offline import html, words
from training.offline.live import Live
from training.panels.tables import baseline_cell, difference_cell, facts, metric_cell
from training.power import data_needed
from training.summary_tables import checks_grid, edges_grid, metrics_grid, metrics_note, risks_grid
from training.summary_words import lead, next_steps, title, what_would_change, why

SHAPES = {"better": "▲", "not distinguishable": "≈", "worse": "▼"}
CONTENTS = {
    "change": "What would change it",
    "metrics": "Key metrics",
    "scenario": "Try it",
    "threshold": "Threshold",
    "calibration": "Calibration",
    "sensitivity": "Sensitivity",
    "assumptions": "Assumptions",
    "risks": "Risks",
    "meaning": "What it means",
    "changes": "What changed",
    "origin": "Version",
}


def top(bundle: Bundle, settled: Confusion) -> str:
    """Return the verdict, why it is so, and the four figures to remember."""
    manifest = bundle.manifest
    outcome = manifest.verdict.outcome
    figures = "".join(
        f'<div class="card"><div class="figure-name">{html.text(name)}</div><div class="figure-shown">'
        f'{html.text(value)}</div><div class="muted">{html.text(beside)}</div></div>'
        for name, value, beside in words.key_figures(bundle, settled)
    )
    return (
        f'<header class="verdict {outcome.replace(" ", "-")}"><h1><span class="shape" aria-hidden="true">'
        f'{SHAPES[outcome]}</span> {html.text(title(manifest))}</h1>\n<div class="verdict-body"><div>'
        f"{html.paragraph(lead(manifest), 'lead')}\n{html.points(why(bundle, settled))}</div>\n"
        f'<div class="key-figures">{figures}</div></div></header>'
    )


def navigation() -> str:
    """Return links to the sections."""
    links = "".join(f'<a href="#{name}">{html.text(label)}</a>' for name, label in CONTENTS.items())
    return f'<nav aria-label="Contents">{links}</nav>'


def without_scripts() -> str:
    """Return what is said where scripts do not run, as in the preview of a mail program."""
    return (
        "<noscript><p>Scripts do not run here, so the sliders and charts are left out. Open the file in a browser to"
        " see them; the tables hold their numbers everywhere.</p></noscript>"
    )


def _left_out(what: str) -> str:
    """Return what stands in place of a live part where scripts do not run."""
    return f'<noscript><p class="muted">{what} left out here: scripts do not run.</p></noscript>'


def change(bundle: Bundle) -> str:
    """Return what would turn the verdict, and what to do until then."""
    needed = data_needed(bundle)
    header, rows = edges_grid(needed)
    return html.section(
        "change",
        "What would have to be true for the verdict to change",
        html.points(what_would_change(bundle.manifest, needed)),
        html.grid(header, rows, "How much data it takes to see a small edge, in four of five tries"),
        html.part("What to do now", html.points(next_steps(bundle.manifest), numbered=True)),
    )


def metrics(bundle: Bundle, looked: str) -> str:
    """Return every metric beside its baselines, and how often was *looked* at the rows behind them."""
    manifest = bundle.manifest
    _, rows = metrics_grid(manifest)
    lines = [
        (f"{metric.label}\n{said[-1]}", metric_cell(metric), baseline_cell(metric), difference_cell(metric))
        for metric, said in zip(manifest.metrics, rows, strict=True)
    ]
    header = ("Metric, and what it is", "Model (95 % interval)", "Without a model", "Difference (95 % interval)")
    return html.section(
        "metrics",
        "Key metrics",
        html.paragraph(metrics_note(manifest, looked)),
        html.grid(header, lines, "Every metric beside what needs no model, on the same rows"),
    )


def scenario(bundle: Bundle, tried: Live, *, sliders: bool) -> str:
    """Return the model to try out, or its curves."""
    manifest = bundle.manifest
    said = words.how_to_move(manifest) if sliders else words.why_curves(bundle, len(tried.data))
    heading = "Try it: move a value and see the answer" if sliders else "How the answer moves with each feature"
    return html.section(
        "scenario",
        heading,
        html.paragraph(manifest.target.question, "question"),
        html.paragraph(said),
        _left_out("The sliders are" if sliders else "The curves are"),
        tried.html,
    )


def threshold(bundle: Bundle, explored: Live) -> str:
    """Return what each threshold does."""
    return html.section(
        "threshold",
        "What the threshold does",
        html.paragraph(words.what_the_threshold_does(bundle)),
        _left_out("The slider and the charts are"),
        explored.html,
        html.paragraph(words.where_the_threshold_is_from(bundle), "muted"),
    )


def calibration(bundle: Bundle, calibrated: Live) -> str:
    """Return whether a probability can be read as a frequency."""
    header = ("Probability said", "On average", "Came true (95 % interval)", "Within it?")
    lines = words.calibration_rows(bundle.manifest.calibration)
    return html.section(
        "calibration",
        "Does what it says come true as often as it says?",
        html.paragraph(words.as_frequency(bundle)),
        _left_out("The chart is"),
        '<div class="beside">',
        calibrated.html,
        html.grid(header, lines, "Within it: whether the interval of what came true holds what was said", stacks=False),
        "</div>",
    )


def assumptions(bundle: Bundle) -> str:
    """Return every assumption with its check."""
    header, rows = checks_grid(bundle.manifest)
    return html.section(
        "assumptions",
        "Assumptions, and the check that tested each",
        html.grid(header, rows, "Checked when the model was made", figures=False),
    )


def risks(bundle: Bundle, settled: Confusion) -> str:
    """Return what may go wrong."""
    header, rows = risks_grid(bundle.manifest, settled)
    return html.section(
        "risks",
        "Risks, and what should trigger action",
        html.grid(header, rows, "What may go wrong, and the number that shows it", figures=False),
    )


def meaning(bundle: Bundle, settled: Confusion) -> str:
    """Return what the figures allow one to conclude, and what not."""
    return html.section(
        "meaning",
        "What it means, and what it does not mean",
        '<div class="parts">',
        html.part("It means", html.points(words.meaning(bundle, settled))),
        html.part("It does not mean", html.points(words.not_meant(bundle))),
        "</div>",
    )


def origin(bundle: Bundle) -> str:
    """Return what tells this model from any other."""
    return html.section("origin", "Version and hash", facts(words.identity(bundle)))
