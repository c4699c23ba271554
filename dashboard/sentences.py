"""What the pages say in words: numbers in, Markdown out."""

import re
from collections.abc import Callable
from functools import wraps

from dashboard.charts import Sweep
from dashboard.display import range_written, written
from dashboard.rates import Rates
from model.bars import FloatArray
from model.manifest import FeatureSpec, Manifest
from model.wording import interval, number, percent, points


def plain(text: str) -> str:
    r"""Return *text* so that Markdown leaves it as it is; what stands in backticks stays code.

    >>> print(plain("5*3*2 in `my_file`"))
    5\*3\*2 in `my_file`
    """
    parts = re.split(r"(`[^`]*`)", text)
    return "".join(part if part.startswith("`") else re.sub(r"([\\*_\[\]<>#|$:~])", r"\\\1", part) for part in parts)


def _unbroken(write: Callable[..., str]) -> Callable[..., str]:
    """Keep numbers and their percent signs on one line."""

    @wraps(write)
    def write_unbroken(*args: object) -> str:
        return write(*args).replace(" %", "\u00a0%")

    return write_unbroken


@_unbroken
def curve_sentence(manifest: Manifest, feature: FeatureSpec, usual: FloatArray, threshold: float) -> str:
    """Say what moving *feature* does; *usual* are the probabilities from its 1 % to its 99 % value."""
    low, high = float(usual[0]), float(usual[-1])
    up = f"“{manifest.target.positive_class}”"
    if (usual >= threshold).all():
        call = f"the call stays {up}"
    elif (usual < threshold).all():
        call = "there is no call anywhere"
    else:
        call = f"the call changes on the way, at {percent(threshold)}"
    return (
        f"Moving **{feature.label}** alone from {range_written(feature, feature.p1, feature.p99)}"
        f" (its 1–99 % range) takes the probability of {up} from **{percent(low)}** to **{percent(high)}**"
        f" ({points(high - low)}); {call}."
    )


@_unbroken
def threshold_sentence(manifest: Manifest, rates: Rates, tickers: int) -> str:
    """Say what the threshold does: how often it calls, and how often that is right beside always calling."""
    up = f"“{manifest.target.positive_class}”"
    at = f"At **{number(rates.threshold, 3)}** the model"
    always = f"always calling {up} would be right on **{percent(rates.always)}** of all rows"
    if not rates.confusion.calls:
        return f"{at} never calls {up}, so there is nothing to be right about; {always}."
    yearly = ""
    if rates.calls_a_year is not None:
        over = f" over {tickers} tickers" if tickers > 1 else ""
        yearly = f", about **{number(rates.calls_a_year, 0)}** calls a year{over},"
    between = rates.precision.interval
    within = f" (95 % interval {interval(100 * between.low, 100 * between.high, 1)})" if between else ""
    return (
        f"{at} calls {up} on **{percent(rates.call_share.value)}** of the rows{yearly} and is right on"
        f" **{percent(rates.precision.value)}** of those{within}; {always}."
    )


def curve_alt(feature: FeatureSpec, sweep: Sweep, at: float, probability: float, threshold: float) -> str:
    """Describe the curve to those who do not see it."""
    return (
        f"Probability against {feature.label}: from {percent(float(sweep.probability[0]))} at the left end to"
        f" {percent(float(sweep.probability[-1]))} at the right; the current point is {percent(probability)} at"
        f" {written(feature, at / feature.display_factor)}; the threshold is {percent(threshold)}."
    )


@_unbroken
def retrain_sentence(manifest: Manifest) -> str:
    """Say what is in use now, and what it was trained on."""
    data, first = manifest.trained_on, manifest.metrics[0]
    tickers = ", ".join(span.ticker for span in data.tickers)
    return (
        f"In use now: a model of {data.rows:,} rows of {plain(data.file)} ({plain(tickers)}, {data.first_day} to"
        f" {data.last_day}), **{manifest.verdict.headline.lower()}**; {first.label} {number(first.value, 3)} (95 %"
        f" interval {interval(first.interval.low, first.interval.high, 3)}) beside"
        f" {number(first.baselines[0].value, 3)} for {first.baselines[0].name}."
        " Train another on other rows or settings, and put it beside this one."
    )


def not_comparable(challenger: Manifest, champion: Manifest) -> str:
    """Say that two models were tested on different rows, so that their scores cannot be subtracted."""
    new, old = challenger.metrics[0], champion.metrics[0]
    return (
        f"**Not the same rows:** the challenger was tested on {new.n:,} rows ({new.first_day} to {new.last_day}), the"
        f" champion on {old.n:,} ({old.first_day} to {old.last_day}). Compare each with its own baselines, not the two"
        " scores with each other."
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
    broken = sum(not check.passed for check in manifest.checks)
    return "\n".join(
        [
            f"- {first}",
            f"- A call of {up} is right on {percent(precision)} of the rows it is made on;"
            f" {percent(always)} of all rows are {up} without any model.",
            f"- {broken} of {len(manifest.checks)} assumptions failed their check; they are listed below.",
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
