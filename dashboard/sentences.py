"""What the pages say in words: numbers in, Markdown out."""

import re
from collections.abc import Callable
from functools import wraps

from model.manifest import Manifest
from model.wording import interval, number, percent
from training.panels.row_words import in_brackets, period, plural_of

# More groups than that are counted, not listed.
LISTED = 12


def plain(text: str) -> str:
    r"""Return *text* so that Markdown leaves it as it is; what stands in backticks stays code.

    >>> print(plain("5*3*2 in `my_file`"))
    5\*3\*2 in `my_file`
    """
    parts = re.split(r"(`[^`]*`)", text)
    return "".join(part if part.startswith("`") else re.sub(r"([\\*_\[\]<>#|$:~])", r"\\\1", part) for part in parts)


def names_quoted(text: str) -> str:
    """Put names that stand in backticks into quotation marks, for where backticks would be shown.

    >>> names_quoted("1 where `churned` is “yes”.")
    '1 where “churned” is “yes”.'
    """
    return re.sub(r"`([^`]*)`", r"“\1”", text)


def unbroken(text: str) -> str:
    """Keep numbers and their percent signs on one line."""
    return text.replace(" %", "\u00a0%")


def _unbroken(write: Callable[..., str]) -> Callable[..., str]:
    """Let a sentence be written unbroken."""

    @wraps(write)
    def write_unbroken(*args: object) -> str:
        return unbroken(write(*args))

    return write_unbroken


@_unbroken
def retrain_sentence(manifest: Manifest) -> str:
    """Say what is in use now, and what it was trained on."""
    data, first = manifest.trained_on, manifest.metrics[0]
    groups = ", ".join(span.ticker for span in data.tickers)
    if (count := len(data.tickers)) > LISTED and manifest.layout.group:
        groups = f"{count:,} {plural_of(manifest.layout.group)}"
    which = ", ".join(filter(None, [plain(groups), period(data.first_day, data.last_day)]))
    return (
        f"In use now: a model of {data.rows:,} rows of {plain(data.file)}{in_brackets(which)},"
        f" **{manifest.verdict.headline.lower()}**; {first.label} {number(first.value, 3)} (95 %"
        f" interval {interval(first.interval.low, first.interval.high, 3)}) beside"
        f" {number(first.baselines[0].value, 3)} for {first.baselines[0].name}."
        " Train another on other rows or settings, and put it beside this one."
    )


@_unbroken
def what_it_means(manifest: Manifest, precision: float | None, always: float | None) -> str:
    """Say in plain words what the figures allow one to conclude."""
    up = f"“{manifest.target.positive_class}”"
    first = {
        "better": "The probabilities say more than the base rate does; how much more, the difference in log loss says.",
        "not distinguishable": "On these rows the model cannot be told from quoting the base rate: no skill was found.",
        "worse": "Quoting the base rate would have served better than this model: do not use it.",
    }[manifest.verdict.outcome]
    broken, count = sum(not check.passed for check in manifest.checks), len(manifest.checks)
    assumptions = f"{broken} of {count} assumptions failed their check" if broken else f"All {count} assumptions held"
    return "\n".join(
        [
            f"- {first}",
            f"- A call of {up} is right on {percent(precision)} of the rows it is made on;"
            f" {percent(always)} of all rows are {up} without any model.",
            f"- {assumptions}; each is listed below, with what testing it found.",
        ]
    )


def what_it_does_not_mean(manifest: Manifest) -> str:
    """Say what the figures do not allow one to conclude."""
    return "\n".join(
        [
            f"- Not that the question has no answer: these {len(manifest.features)} features and this model were"
            " tested, on these rows only.",
            "- Not that acting on a call pays: costs, and how much is won or lost each time, are in no figure here.",
            "- Not that a feature that pulls the answer matters: the features overlap, and a pull is no importance.",
        ]
    )
