"""The stakeholder summary: the decision first, then the numbers behind it, on two pages at most."""

import re
from dataclasses import dataclass

from model.bundle import Bundle
from model.thresholds import confusion_at
from model.wording import threshold_written
from training.background import NONE_KNOWN, Background
from training.power import DataNeeded, data_needed
from training.report_tables import sensitivity
from training.summary_tables import calls_grid, checks_grid, edges_grid, metrics_grid, metrics_note, risks_grid
from training.summary_words import (
    figure_texts,
    lead,
    next_steps,
    not_meant,
    title,
    what_would_change,
    why,
)


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Some sentences."""

    text: str


@dataclass(frozen=True, slots=True)
class Points:
    """Sentences under one another, with numbers where they are steps."""

    items: tuple[str, ...]
    numbered: bool = False


@dataclass(frozen=True, slots=True)
class Grid:
    """A table; `strong` is the place of the row that is set in bold type."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    strong: int | None = None


@dataclass(frozen=True, slots=True)
class Picture:
    """A figure by its file name, what it shows in a line, and in words for who cannot see it."""

    file: str
    caption: str
    alternative: str


Block = Paragraph | Points | Grid | Picture


@dataclass(frozen=True, slots=True)
class Section:
    """A heading with what stands under it."""

    heading: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Summary:
    """All that the summary says, whatever it is written in."""

    title: str
    headline: str
    lead: str
    sections: tuple[Section, ...]
    origin: str


def summary_of(bundle: Bundle, background: Background = NONE_KNOWN) -> Summary:
    """Return what the summary says of *bundle*."""
    manifest = bundle.manifest
    settled = confusion_at(bundle.threshold, bundle.out_of_fold.y_true, bundle.out_of_fold.y_score)
    needed = data_needed(bundle)
    return Summary(
        title=title(manifest),
        headline=f"{manifest.verdict.headline}.",
        lead=lead(manifest),
        sections=(
            Section("What to do now", (Points(tuple(next_steps(manifest)), numbered=True),)),
            Section("Why", (Points(tuple(why(bundle, settled))),)),
            _change(bundle, needed),
            Section("What the threshold does", (*_where_from(bundle), _calls(bundle))),
            Section("In two figures", tuple(Picture(*texts) for texts in figure_texts(bundle, settled))),
            Section(
                "Key metrics",
                (Paragraph(metrics_note(manifest, background.looked)), Grid(*metrics_grid(manifest))),
            ),
            Section("Assumptions, and the check that tested each", (Grid(*checks_grid(manifest)),)),
            Section("Risks, and what should trigger action", (Grid(*risks_grid(manifest, settled)),)),
            Section("What this does not mean", (Points((*not_meant(manifest), *manifest.trained_on.warnings)),)),
        ),
        origin=f"Computed from bundle {bundle.version} (sha256 {bundle.sha256}), created {manifest.created[:10]},"
        " by python -m training report.",
    )


def _change(bundle: Bundle, needed: DataNeeded) -> Section:
    return Section(
        "What would have to be true for the verdict to change",
        (Points(tuple(what_would_change(bundle.manifest, needed))), Grid(*edges_grid(needed))),
    )


def _where_from(bundle: Bundle) -> tuple[Paragraph, ...]:
    """Say so where the threshold was picked on the very rows that are reported on."""
    kept = bundle.manifest.threshold
    if kept.chosen_on.startswith("no rows"):
        return ()
    return (Paragraph(f"The threshold of {threshold_written(kept.value)} was chosen on {kept.chosen_on}."),)


def _calls(bundle: Bundle) -> Grid:
    found = sensitivity(bundle)
    header, rows = calls_grid(bundle.manifest.target.positive_class, found)
    return Grid(header, rows, strong=[row.threshold for row in found].index(bundle.threshold))


def stakeholder_summary(bundle: Bundle, background: Background = NONE_KNOWN) -> str:
    """Return the summary as Markdown."""
    summary = summary_of(bundle, background)
    lines = [f"# {_plain(summary.title)}", "", f"**{_plain(summary.headline)}** {_plain(summary.lead)}", ""]
    for section in summary.sections:
        lines += [f"## {_plain(section.heading)}", ""]
        for block in section.blocks:
            lines += [*_markdown(block), ""]
    return "\n".join([*lines, f"*{_plain(summary.origin)}*", ""])


def _markdown(block: Block) -> list[str]:
    if isinstance(block, Paragraph):
        return [_plain(block.text)]
    if isinstance(block, Points):
        return [f"{f'{place}.' if block.numbered else '-'} {_plain(item)}" for place, item in enumerate(block.items, 1)]
    if isinstance(block, Picture):
        return [f"![{_plain(block.alternative)}]({block.file})", "", f"*{_plain(block.caption)}*"]
    rows = [
        [
            f"**{_plain(cell)}**" if place == block.strong and not column else _plain(cell)
            for column, cell in enumerate(row)
        ]
        for place, row in enumerate(block.rows)
    ]
    return [_row([_plain(cell) for cell in block.header]), "|---" * len(block.header) + "|", *map(_row, rows)]


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _plain(text: str) -> str:
    r"""Write *text* so that Markdown takes no character of it for markup.

    >>> print(_plain("a|b_c *d* <e>"))
    a\|b_c \*d\* \<e>
    """
    # An underscore within a word is no markup, and names of columns are full of them.
    return re.sub(r"([\\`*\[\]<|$#~]|(?<!\w)_|_(?!\w))", r"\\\1", " ".join(text.split()))
