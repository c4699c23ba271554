"""Data in, HTML tables out; everything from outside is escaped."""

from collections.abc import Iterable, Sequence
from html import escape

from model.manifest import Interval, Metric
from model.wording import interval, number

# A cell is a text whose first line counts and whose others are small print, or several lines that count alike.
Cell = str | tuple[str, ...]


def table(
    header: Sequence[str], rows: Iterable[Sequence[Cell]], *, caption: str, figures: bool = True, stacks: bool = True
) -> str:
    """A table; the first column names its row, the others hold *figures* or text.

    Where it *stacks*, a narrow screen shows each row as a card of its own.
    """
    kind = "".join([" figures" if figures else "", " stacks" if stacks else ""])
    heads = "".join(f'<th scope="col">{escape(title)}</th>' for title in header)
    body = "".join(
        f'<tr><th scope="row">{_lines(row[0])}</th>'
        + "".join(
            f'<td data-label="{escape(title)}">{_lines(cell)}</td>'
            for title, cell in zip(header[1:], row[1:], strict=True)
        )
        + "</tr>"
        for row in rows
    )
    return (
        f'<table class="plain{kind}"><caption>{escape(caption)}</caption>'
        f"<thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>"
    )


def _lines(cell: Cell) -> str:
    if isinstance(cell, tuple):
        return "".join(f"<div>{escape(line)}</div>" for line in cell)
    first, *rest = cell.split("\n")
    return escape(first) + "".join(f'<span class="muted">{escape(line)}</span>' for line in rest)


def facts(pairs: Iterable[tuple[str, Cell]]) -> str:
    """Names and what they are, one pair a line."""
    lines = "".join(f"<div><dt>{escape(name)}</dt><dd>{_lines(value)}</dd></div>" for name, value in pairs)
    return f'<dl class="facts">{lines}</dl>'


def metric_cell(metric: Metric) -> str:
    """A metric's value over its interval, for a table."""
    return f"{written(metric, metric.value)}\n{_range(metric, metric.interval)}"


def baseline_cell(metric: Metric) -> Cell:
    """The baselines of a metric on the same rows."""
    return tuple(f"{base.name} {written(metric, base.value)}" for base in metric.baselines)


def difference_cell(metric: Metric) -> Cell:
    """The metric minus each of its baselines, with the interval of that difference."""
    # A digit more than the metric itself: whether an interval holds zero must be seen.
    return tuple(
        f"{number(base.difference, 4, signed=True)} ({interval(base.interval.low, base.interval.high, 4, signed=True)})"
        for base in metric.baselines
    )


def written(metric: Metric, value: float, *, signed: bool = False) -> str:
    """Write a value of *metric*."""
    return number(value, decimals_of(metric), signed=signed)


def _range(metric: Metric, between: Interval, *, signed: bool = False) -> str:
    return interval(between.low, between.high, decimals_of(metric), signed=signed)


def decimals_of(metric: Metric) -> int:
    """Four decimals for losses, whose differences are small; three for everything else."""
    return 4 if metric.name in {"log_loss", "brier", "brier_skill"} else 3
