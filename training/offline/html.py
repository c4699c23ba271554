"""Words and tables in, HTML out; everything from outside is escaped."""

import re
from collections.abc import Iterable, Sequence
from html import escape

from training.panels.row_words import capital
from training.panels.tables import Cell, table


def text(words: str) -> str:
    """Return *words* for a page: escaped, no number parted from its percent sign, and no date in two."""
    return _unbroken(escape(words))


def _unbroken(html: str) -> str:
    # The digits after the last dash end a date, but not the name of a version.
    dates = re.sub(r"(?<![\w-])(\d{4}-\d\d-\d\d)(?![\w-])", r'<span class="unbroken">\1</span>', html)
    return dates.replace(" %", "\u00a0%")


def paragraph(words: str, kind: str = "") -> str:
    """Return a paragraph."""
    return f'<p class="{kind}">{text(words)}</p>' if kind else f"<p>{text(words)}</p>"


def points(items: Iterable[str], *, numbered: bool = False) -> str:
    """Return sentences under one another, with numbers where they are steps."""
    name = "ol" if numbered else "ul"
    return f"<{name}>{''.join(f'<li>{text(item)}</li>' for item in items)}</{name}>"


def grid(
    header: Sequence[str], rows: Iterable[Sequence[Cell]], caption: str, *, figures: bool = True, stacks: bool = True
) -> str:
    """Return a table; on a narrow screen each row of it becomes a card, where it *stacks*."""
    heads = [capital(title) for title in header]
    return table(heads, rows, caption=caption, figures=figures, stacks=stacks).replace(" %", "\u00a0%")


def section(name: str, heading: str, *content: str) -> str:
    """Return a part of the page that a link can lead to."""
    inner = "\n".join(part for part in content if part)
    title = f'<h2 id="{name}-heading">{text(heading)}</h2>'
    return f'<section id="{name}" aria-labelledby="{name}-heading">\n{title}\n{inner}\n</section>'


def part(heading: str, *content: str) -> str:
    """Return a part of a section."""
    return f'<div class="part"><h3>{text(heading)}</h3>\n' + "\n".join(content) + "</div>"
