"""The verdict of a comparison in words, and its table as text."""

from collections.abc import Sequence

from model.wording import MISSING, interval, number
from training.contenders import Contender, Difference
from training.multiple_testing import SIZE, MultipleTest


def finding(
    contenders: Sequence[Contender], champion: str, multiple: MultipleTest, rows: int
) -> tuple[str | None, str]:
    """Return the name of the challenger that is better than the champion, if one is, and the verdict in words.

    The champion stays unless a paired difference in log loss clears zero; among several challengers StepM,
    which counts all of them at once, must find the same.
    """
    held = next(contender for contender in contenders if contender.name == champion)
    rivals = [(c, gap) for c in contenders if c is not held and (gap := c.difference()) is not None]
    if not rivals:
        return None, f"The champion stays, {held.label}: nothing was compared with it in log loss."
    rivals.sort(key=lambda rival: rival[1].value)
    clear = [(c, gap) for c, gap in rivals if c.outcome == "better"]
    winner = next(((c, gap) for c, gap in clear if len(rivals) == 1 or c.name in multiple.superior), None)
    if winner is not None:
        return winner[0].name, _better(winner[0], winner[1], held, len(rivals), rows)
    if clear:
        return None, _only_alone(*clear[0], held, len(rivals), rows)
    return None, _none_clears(*rivals[0], held, len(rivals), rows)


def _written(gap: Difference) -> str:
    between = interval(gap.interval.low, gap.interval.high, 4, signed=True)
    return f"{number(gap.value, 4, signed=True)} (95 % interval {between}; below zero is better)"


def _better(best: Contender, gap: Difference, held: Contender, n_rivals: int, rows: int) -> str:
    counted = "" if n_rivals == 1 else f" StepM, which counts all {n_rivals} challengers at once, finds the same."
    rule = " It is a rule that needs no model." if best.trivial else ""
    return (
        f"Better than the champion ({held.label}): {best.label}. On the same {rows:,} rows the paired difference in"
        f" log loss is {_written(gap)}, so it clears zero.{counted}{rule}"
    )


def _only_alone(best: Contender, gap: Difference, held: Contender, n_rivals: int, rows: int) -> str:
    return (
        f"The champion stays: {held.label}. On the same {rows:,} rows the paired difference in log loss of {best.label}"
        f" clears zero by itself: {_written(gap)}. But of {n_rivals} challengers the best looks better by chance more"
        f" often than one does, and StepM, which counts all of them at once, does not find it better at"
        f" {100 * SIZE:.0f} %."
    )


def _none_clears(best: Contender, gap: Difference, held: Contender, n_rivals: int, rows: int) -> str:
    if n_rivals == 1:
        which = f"The paired difference in log loss of {best.label} does not clear zero on the same {rows:,} rows:"
    else:
        which = (
            f"On the same {rows:,} rows the paired difference in log loss clears zero for none of {n_rivals}"
            f" challengers; the lowest is that of {best.label}:"
        )
    return f"The champion stays: {held.label}. {which} {_written(gap)}."


def multiple_in_words(multiple: MultipleTest, contenders: Sequence[Contender]) -> str:
    """Say what SPA and StepM found."""
    label = {contender.name: contender.label for contender in contenders}
    if multiple.spa_p_value is None:
        return "SPA and StepM were not run: no challenger differs from the champion in log loss."
    count = "1 challenger" if len(multiple.tested) == 1 else f"all {len(multiple.tested)} challengers at once"
    found = ", ".join(label[name] for name in multiple.superior) or "none of them"
    return (
        f"Over {count}: SPA p = {number(multiple.spa_p_value, 3)} (how often the best would look as"
        f" good if none were better); StepM finds better at {100 * SIZE:.0f} %: {found}."
    )


def table_of(contenders: Sequence[Contender]) -> str:
    """Return every metric of every candidate, with its interval, as text; a dash where it means nothing."""
    blocks = []
    names = dict.fromkeys(metric.name for contender in contenders for metric in contender.metrics)
    width = max(len(contender.label) for contender in contenders)
    for name in names:
        there = [metric for contender in contenders if (metric := contender.metric(name)) is not None]
        lines = [f"{there[0].label} ({there[0].better} is better)" if there[0].better != "neither" else there[0].label]
        for contender in contenders:
            metric = contender.metric(name)
            if metric is None:
                lines.append(f"  {contender.label:<{width}}  {MISSING:>9}")
                continue
            between = interval(metric.interval.low, metric.interval.high, 4)
            lines.append(f"  {contender.label:<{width}}  {number(metric.value, 4):>9}  ({between})")
        blocks.append("\n".join(lines))
    lines = ["Seconds to fit and score all folds"]
    lines += [
        f"  {contender.label:<{width}}  {MISSING if contender.trivial else number(contender.seconds, 2):>9}"
        for contender in contenders
    ]
    return "\n".join([*blocks, "\n".join(lines)])


def differences_of(contenders: Sequence[Contender], champion: str) -> str:
    """Return the paired differences from the champion as text, metric by metric."""
    challengers = [contender for contender in contenders if contender.name != champion]
    width = max((len(contender.label) for contender in challengers), default=0)
    lines = []
    for name in dict.fromkeys(gap.metric for contender in challengers for gap in contender.differences):
        gaps = [(contender, gap) for contender in challengers if (gap := contender.difference(name)) is not None]
        lines.append(f"{gaps[0][1].label}, difference from the champion ({gaps[0][1].better} is better)")
        lines += [
            f"  {contender.label:<{width}}  {number(gap.value, 4, signed=True):>9}"
            f"  ({interval(gap.interval.low, gap.interval.high, 4, signed=True)})"
            for contender, gap in gaps
        ]
    return "\n".join(lines)
