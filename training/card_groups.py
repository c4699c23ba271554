"""The quantitative part of the model card: every figure again by year, by what rows belong to, and by thirds."""

from dataclasses import dataclass

import numpy as np

from model.bars import FloatArray
from model.bootstrap import LEVEL, DayBootstrap
from model.bundle import Bundle
from model.errors import InvalidInputError
from model.evaluation import log_loss_of
from model.manifest import Interval, Layout
from model.wording import interval, number, percent
from training.estimates import FEWEST_DAYS, FEWEST_ROWS, Estimate, mean_over
from training.once import once_a_bundle
from training.panels.costs import CallCosts, usual_costs
from training.panels.groups import Grouping, group_scores, label_of, rows_by, rows_on_their_own, usual_feature
from training.report_tables import cell
from training.report_words import counted
from training.threshold_scores import GroupScore

TOO_FEW, THIRD = "too few rows", "third"


@dataclass(frozen=True, slots=True)
class GroupFigures:
    """One group of rows: what the threshold does on it, and its log loss less that of the training base rate.

    `log_loss` is None where there are too few rows, whatever is called on them.
    """

    at_threshold: GroupScore
    log_loss: Estimate | None


@once_a_bundle
def figures_by(bundle: Bundle, grouping: Grouping, feature: str = "") -> list[GroupFigures]:
    """Return the figures of every group of out-of-fold rows.

    Raises
    ------
    InvalidInputError
        The rows cannot be divided by *feature*.
    """
    days = resamples(bundle, on_their_own=rows_on_their_own(bundle, grouping))
    scores = group_scores(bundle, usual_costs(bundle), bundle.threshold, grouping, days, feature=feature)
    rows, groups = bundle.out_of_fold, rows_by(bundle, grouping, feature)
    difference = log_loss_of(rows.y_true, rows.y_score) - log_loss_of(rows.y_true, _base_rates(bundle))
    fewest = FEWEST_DAYS if bundle.manifest.layout.time else FEWEST_ROWS
    return [
        GroupFigures(
            score,
            mean_over(difference, groups[score.name], days)
            if score.rows >= FEWEST_ROWS and score.days >= fewest
            else None,
        )
        for score in scores
    ]


def _base_rates(bundle: Bundle) -> FloatArray:
    """What the base rate said of each out-of-fold row: the share of positives its fold was trained on."""
    of_fold = {fold.fold: fold.base_rate for fold in bundle.manifest.folds}
    return np.array([of_fold[fold] for fold in bundle.out_of_fold.fold.tolist()])


@once_a_bundle
def resamples(bundle: Bundle, *, on_their_own: bool = False) -> DayBootstrap:
    """Return the resampled out-of-fold rows: by what stands or falls together in them, or each *on_their_own*."""
    settings = bundle.manifest.settings
    layout = Layout(time=None, group=None) if on_their_own else bundle.manifest.layout
    draws, seed = int(settings.get("draws") or 1000), int(settings.get("seed") or 0)
    return DayBootstrap.of_rows(bundle.out_of_fold, layout, draws=draws, seed=seed)


def groups_section(bundle: Bundle) -> list[str]:
    """Return every grouping that the rows allow as tables, what they show in one sentence, and how to read them."""
    layout, feature = bundle.manifest.layout, usual_feature(bundle.manifest)
    costs = usual_costs(bundle)
    found: list[GroupFigures] = []
    lines: list[str] = []
    if layout.time:
        found += (years := figures_by(bundle, "year"))
        lines += ["### By year", "", *_table(bundle, "year", years, costs), ""]
    if layout.group:
        found += (groups := figures_by(bundle, "ticker"))
        lines += [f"### By {layout.group}", "", *_table(bundle, layout.group, groups, costs), ""]
        lines += _not_shown(bundle, len(groups))
    lines += [f"### By thirds of {label_of(bundle, feature)}", ""]
    try:
        found += (thirds := figures_by(bundle, "feature", feature))
        lines += [*_table(bundle, THIRD, thirds, costs), ""]
    except InvalidInputError as error:
        lines += [str(error), ""]
    return [_told_apart(found), "", *_how_to_read(bundle, costs), "", *lines, _combinations(layout)]


def _table(bundle: Bundle, title: str, groups: list[GroupFigures], costs: CallCosts) -> list[str]:
    positive = bundle.manifest.target.positive_class
    return [
        f"| {title} | rows | calls | right when it calls | always “{positive}” is right | gain, {costs.unit} |"
        " log loss less the base rate's |",
        "|---|---|---|---|---|---|---|",
        *(_line(group, costs, is_third=title == THIRD) for group in groups),
    ]


def _line(group: GroupFigures, costs: CallCosts, *, is_third: bool) -> str:
    at, score = group.at_threshold, group.at_threshold.score
    loss = TOO_FEW if group.log_loss is None else _with_interval(group.log_loss, 4)
    if score is None:
        cells = f"{TOO_FEW} | – | –"
    else:
        gain = costs.estimate(score.advantage).replace("\n", " (") + ")"
        cells = f"{_share(score.precision)} | {percent(score.base_rate.value)} | {gain}"
    # Of a third only which one: what it is a third of stands above.
    name = at.name.rpartition(", ")[2] if is_third else at.name
    return f"| {cell(name)} | {at.rows:,} | {at.calls:,} | {cells} | {loss} |"


def _share(found: Estimate) -> str:
    between = found.interval
    written = percent(found.value)
    return written if between is None else f"{written} ({percent(between.low)} to {percent(between.high)})"


def _with_interval(found: Estimate, decimals: int) -> str:
    between = found.interval
    written = number(found.value, decimals, signed=True)
    return written if between is None else f"{written} ({interval(between.low, between.high, decimals, signed=True)})"


def _told_apart(found: list[GroupFigures]) -> str:
    """Say in how many groups either difference is told from zero, and how many one would expect by chance."""
    gain = _sides([one.at_threshold.score.advantage.interval for one in found if one.at_threshold.score])
    loss = _sides([one.log_loss.interval for one in found if one.log_loss])
    if not (of_all := gain.known + loss.known):
        return "No group holds enough rows for an interval."
    return (
        f"The gain over always calling is told from zero in {gain.above + gain.below} of"
        f" {counted(gain.known, 'group')} (above it in {gain.above}, below it in {gain.below}), the log loss from that"
        f" of the base rate in {loss.above + loss.below} of {counted(loss.known, 'group')} (better in {loss.below},"
        f" worse in {loss.above}). Of {counted(of_all, 'such interval')} at {percent(LEVEL, 0)}, about"
        f" {number((1 - LEVEL) * of_all, 1)} would leave zero out by chance alone."
    )


@dataclass(frozen=True, slots=True)
class _Sides:
    above: int
    below: int
    known: int


def _sides(intervals: list[Interval | None]) -> _Sides:
    """Count the intervals that lie above zero, those below it, and all of them."""
    known = [between for between in intervals if between is not None]
    return _Sides(sum(one.low > 0 for one in known), sum(one.high < 0 for one in known), len(known))


def _how_to_read(bundle: Bundle, costs: CallCosts) -> list[str]:
    layout = bundle.manifest.layout
    blocks = f" or {FEWEST_DAYS} days" if layout.time else f" or {FEWEST_ROWS} groups" if layout.group else ""
    charged = f"with {costs.written} charged" + (" (1 bp is a hundredth of a percent)" if costs.kind == "trade" else "")
    return [
        f"Each figure stands with its 95 % interval. *Gain* is what the calls at {bundle.threshold:g} are worth above"
        f" calling every row, {charged}; *log loss less the base rate's* is better below zero."
        f" “{TOO_FEW.capitalize()}” stands where there are fewer than {FEWEST_ROWS} calls (for log loss: rows){blocks}."
    ]


def _not_shown(bundle: Bundle, shown: int) -> list[str]:
    more = len(np.unique(bundle.out_of_fold.ticker)) - shown
    return [f"These are the {shown} with most rows; {more:,} more are not listed.", ""] if more else []


def _combinations(layout: Layout) -> str:
    parts = [*(["one year"] if layout.time else []), *([f"one {layout.group}"] if layout.group else []), "one third"]
    within = f"{', '.join(parts[:-1])} and {parts[-1]}" if len(parts) > 1 else "thirds of two features"
    return f"Combinations ({within} at once) were not looked at: they would hold too few rows to tell anything."
