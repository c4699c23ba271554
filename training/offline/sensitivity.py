"""Whether the figures depend on the threshold, the year, the group, or the level of a feature."""

from collections.abc import Sequence

import numpy as np

from model.bundle import Bundle
from model.errors import InvalidInputError
from model.wording import interval, number, percent
from training.card_groups import TOO_FEW, GroupFigures, figures_by
from training.estimates import FEWEST_DAYS, FEWEST_ROWS, Estimate
from training.offline import html
from training.panels.groups import label_of, usual_feature
from training.panels.row_words import plural_of, title_of
from training.report_tables import sensitivity
from training.summary_tables import calls_grid


def everywhere(bundle: Bundle) -> list[str]:
    """Return what other thresholds do, and every grouping that the rows allow."""
    layout, feature = bundle.manifest.layout, usual_feature(bundle.manifest)
    parts: list[str] = []
    found: list[GroupFigures] = []
    if layout.time:
        found += (years := figures_by(bundle, "year"))
        parts.append(_part(bundle, "By year", "Year", years))
    if layout.group:
        found += (groups := figures_by(bundle, "ticker"))
        parts.append(_part(bundle, f"By {layout.group}", title_of(layout.group), groups, _left_out(bundle, groups)))
    label = label_of(bundle, feature)
    try:
        found += (thirds := figures_by(bundle, "feature", feature))
        parts.append(_part(bundle, f"By thirds of {label}", "Third", thirds, label=label))
    except InvalidInputError as error:
        parts.append(html.part(f"By thirds of {label}", html.paragraph(str(error))))
    told, how_to_read = html.paragraph(_told_apart(found)), html.paragraph(_how_to_read(bundle), "muted")
    return [told, how_to_read, _by_threshold(bundle), *parts]


def _by_threshold(bundle: Bundle) -> str:
    found = sensitivity(bundle)
    header, rows = calls_grid(bundle.manifest.target.positive_class, found)
    named = [
        (f"{row[0]}\nin use" if at.threshold == bundle.threshold else row[0], *row[1:])
        for at, row in zip(found, rows, strict=True)
    ]
    return html.part("By threshold", html.grid(header, named, "On rows the model had not seen"))


def _told_apart(found: Sequence[GroupFigures]) -> str:
    """Say in how many groups the log loss differs from the base rate's beyond chance, and how many would by chance."""
    known = [one.log_loss.interval for one in found if one.log_loss and one.log_loss.interval]
    better, worse = sum(one.high < 0 for one in known), sum(one.low > 0 for one in known)
    if not known:
        return "No group has rows enough to tell the model from the base rate."
    return (
        f"The model is better than the base rate, beyond chance, in {better} of {len(known)} groups with rows enough,"
        f" and worse in {worse}. About {number(0.05 * len(known), 1)} of {len(known)} would stand out by chance alone."
    )


def _how_to_read(bundle: Bundle) -> str:
    layout = bundle.manifest.layout
    blocks = f" or {FEWEST_DAYS} days" if layout.time else f" or {FEWEST_ROWS} groups" if layout.group else ""
    return (
        f"95 % intervals stand below each figure of a group. “{TOO_FEW.capitalize()}” stands where there are fewer than"
        f" {FEWEST_ROWS} calls (for log loss: rows){blocks}. Log loss is the penalty for probabilities that turn out"
        " wrong; less than the base rate's, that is below zero, is better."
    )


def _left_out(bundle: Bundle, groups: Sequence[GroupFigures]) -> str:
    """Say how many groups are not shown, where some are not."""
    more = len(np.unique(bundle.out_of_fold.ticker)) - len(groups)
    if not more:
        return ""
    return (
        f"The {len(groups)} {plural_of(bundle.manifest.layout.group or '')} with most rows; {more:,} more are not shown"
    )


def _part(
    bundle: Bundle, heading: str, name: str, groups: Sequence[GroupFigures], caption: str = "", *, label: str = ""
) -> str:
    up = f"“{bundle.manifest.target.positive_class}”"
    header = (name, "Right when it calls", f"Always {up}", "Log loss less the base rate's")
    lines = [_row(one, label) for one in groups]
    return html.part(heading, html.grid(header, lines, caption or "On rows the model had not seen", stacks=False))


def _row(one: GroupFigures, label: str) -> tuple[str, ...]:
    at, score = one.at_threshold, one.at_threshold.score
    # Of a third only which one: what it is a third of stands above.
    name = at.name.removeprefix(f"{label}, ").capitalize() if label else at.name
    begin = f"{name}\n{at.calls:,} calls of {at.rows:,} rows"
    loss = TOO_FEW if one.log_loss is None else _below(one.log_loss, number(one.log_loss.value, 4, signed=True), 1, 4)
    if score is None:
        return begin, TOO_FEW, "–", loss
    return begin, _below(score.precision, percent(score.precision.value), 100, 1), percent(score.base_rate.value), loss


def _below(found: Estimate, written: str, factor: float, decimals: int) -> str:
    """Write a figure over its interval."""
    if found.interval is None:
        return f"{written}\nno interval: too few rows"
    low, high = factor * found.interval.low, factor * found.interval.high
    return f"{written}\n{interval(low, high, decimals, signed=factor == 1)}"
