"""The stakeholder summary as a PDF: tagged, with real text and fonts embedded, on two A4 pages at most."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from model.bundle import Bundle
from training.background import NONE_KNOWN, Background
from training.figures import (
    CALIBRATION_FIGURE,
    THRESHOLD_FIGURE,
    calibration_figure,
    displayable,
    font_folder,
    threshold_figure,
)
from training.summary import Block, Grid, Paragraph, Picture, Points, Summary, summary_of

if TYPE_CHECKING:
    import typst

TEMPLATE = Path(__file__).with_name("summary.typ")
MOST_PAGES = 2
# Sizes of type to try until all fits; below the last a page is no longer read.
TYPE_POINTS = (9.5, 9.0, 8.5, 8.0, 7.5, 7.0)
# Cells up to so many characters are taken for numbers and words, and above for sentences.
_SHORT_CHARACTERS = 20
# A sentence twice as long as this does not need a column twice as wide.
_MOST_CHARACTERS = 60


def summary_pdf(bundle: Bundle, background: Background = NONE_KNOWN) -> bytes:
    """Return the summary as a PDF/UA-1 file; the same bundle and *background* always give the same bytes."""
    compiler = _compiler()
    figures = {THRESHOLD_FIGURE: threshold_figure(bundle), CALIBRATION_FIGURE: calibration_figure(bundle)}
    inputs = {name: data.decode() for name, data in figures.items()}
    inputs["summary"] = json.dumps(_written(summary_of(bundle, background), bundle.manifest.name))
    inputs["points"] = str(_type_size(compiler, inputs))
    made = compiler.compile(
        TEMPLATE.read_bytes(),
        format="pdf",
        sys_inputs=inputs,
        pdf_standards="ua-1",
        timestamp=datetime.fromisoformat(bundle.manifest.created).astimezone(UTC),
    )
    return cast(bytes, made)


def _compiler() -> "typst.Compiler":
    """Return a compiler that knows the fonts it comes with and the one of the figures, and none of the machine's."""
    import typst

    fonts = typst.Fonts(include_system_fonts=False, font_paths=[font_folder()])
    return typst.Compiler(font_paths=fonts, ignore_system_fonts=True)


def _type_size(compiler: "typst.Compiler", inputs: dict[str, str]) -> float:
    """Return the largest size of type at which the summary fits on `MOST_PAGES`, else the smallest there is."""
    for points in TYPE_POINTS:
        # Querying reads what the last compilation was given; SVG is the quickest of the formats.
        pages = compiler.compile(TEMPLATE.read_bytes(), format="svg", sys_inputs={**inputs, "points": str(points)})
        if not isinstance(pages, list) or len(pages) <= MOST_PAGES:
            return points
    return TYPE_POINTS[-1]


def _written(summary: Summary, name: str) -> dict[str, Any]:
    """Return the summary as data for the template, every text as the fonts can display it."""
    return {
        "name": displayable(name),
        "title": displayable(summary.title),
        "headline": displayable(summary.headline),
        "lead": displayable(summary.lead),
        "sections": [
            {"heading": displayable(section.heading), "blocks": [_block(block) for block in section.blocks]}
            for section in summary.sections
        ],
        "origin": displayable(summary.origin),
    }


def _block(block: Block) -> dict[str, Any]:
    match block:
        case Paragraph():
            return {"kind": "paragraph", "text": displayable(block.text)}
        case Points():
            return {"kind": "points", "items": _texts(block.items), "numbered": block.numbered}
        case Picture():
            caption, alternative = _texts((block.caption, block.alternative))
            return {"kind": "picture", "file": block.file, "caption": caption, "alternative": alternative}
        case Grid():
            rows = [_texts(row) for row in block.rows]
            columns = _shares([_texts(block.header), *rows])
            return {
                "kind": "grid",
                "header": _texts(block.header),
                "rows": rows,
                "strong": block.strong,
                "columns": columns,
            }


def _texts(texts: tuple[str, ...]) -> list[str]:
    return [displayable(text) for text in texts]


def _shares(rows: list[list[str]]) -> list[int | None]:
    """Return what share of the width each column gets; None for one that is as wide as its cells.

    Sentences share what room there is by their length, and wrap; numbers do not wrap.
    """
    longest = [max(map(len, column)) for column in zip(*rows, strict=True)]
    if max(longest) <= _SHORT_CHARACTERS:
        return list(longest)
    return [None if length <= _SHORT_CHARACTERS else min(length, _MOST_CHARACTERS) for length in longest]
