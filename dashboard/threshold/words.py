"""What the sections of the Threshold page say in words: numbers in, Markdown out."""

from dashboard.sentences import plain, unbroken
from model.bundle import Bundle
from model.errors import InvalidInputError
from model.evaluation import span
from model.manifest import Layout
from model.wording import interval, number, percent, points
from training.estimates import Estimate
from training.panels.calibration import calibration_check
from training.panels.costs import BASIS_POINTS, CallCosts
from training.panels.row_words import blocks, period
from training.panels.threshold import written
from training.report_words import spread
from training.selective import SelectiveAnswer
from training.stakes import TradeThreshold, implied_cost_ratio
from training.threshold_bands import ThresholdBands
from training.threshold_choice import BestThreshold, Half, HalfChoice

SWITCHED_OFF = (
    "Costs lead to a threshold, and a threshold to costs, only where a probability can be read as a frequency. **Here"
    " it cannot, so both are switched off.** {finding}"
)
CHOSEN_ON_THE_SAME_ROWS = (
    "A threshold that is picked because it looks best on some rows looks worse on the next: choose on one part, report"
    " on another. All rows here are out-of-fold, but a threshold chosen on them has seen them."
)
FEW_RANGES = 3


def unseen(layout: Layout) -> str:
    """Say what of a row the model that scored it had not seen."""
    if layout.time:
        return "its day or any later one"
    return f"it, nor any other row of its {layout.group}" if layout.group else "it"


def rows_and_period(bundle: Bundle) -> str:
    """Write how many out-of-fold rows there are, and from when to when."""
    rows = bundle.out_of_fold
    days = period(*span(rows.day))
    return f"{days}{', ' if days else ''}{len(rows.day):,} rows"


def share(estimate: Estimate) -> str:
    """Write a share over its interval, for a table."""
    between = estimate.interval
    within = interval(100 * between.low, 100 * between.high, 1) if between else "too few rows"
    return f"{unbroken(percent(estimate.value))}\n{within}"


def break_even(bundle: Bundle, trade: TradeThreshold, costs: CallCosts) -> str:
    """Say at which probability a trade of these costs breaks even."""
    up = f"“{bundle.manifest.target.positive_class}”"
    means = (
        f"the return that followed was {number(BASIS_POINTS * trade.mean_if_positive, 0, signed=True)} bp on {up} rows"
        f" and {number(BASIS_POINTS * trade.mean_if_negative, 0, signed=True)} bp on the others"
    )
    said = {
        "always": "a call would pay at any probability",
        "never": "a call would pay at no probability",
        "unrelated": "the probability does not matter to what a call pays",
    }
    if trade.value is None:
        return f"At {costs.written} {said[trade.calling]}: {means}."
    return f"At {costs.written} a call breaks even at a probability of **{number(trade.value, 3)}**: {means}."


def costs_implied(bundle: Bundle, threshold: float, trade: TradeThreshold | None) -> str:
    """Say what costs would make *threshold* the right one."""
    shown = written(bundle, threshold)
    if trade is None:
        ratio = implied_cost_ratio(threshold)
        if ratio in (0.0, float("inf")):
            dear = "a wrong call costs nothing" if ratio == 0 else "a missed call costs nothing"
            return f"The other way round: {shown} is right only if {dear}."
        return f"The other way round: {shown} is right if a wrong call costs **{number(ratio, 2)}** times a missed one."
    cost = BASIS_POINTS * (threshold * trade.mean_if_positive + (1 - threshold) * trade.mean_if_negative)
    if cost < 0:
        return f"The other way round: {shown} would be right only if a trade were paid {number(-cost, 1)} bp."
    return f"The other way round: {shown} is right if a trade costs **{number(cost, 1)} bp**."


def calls_a_month(bundle: Bundle, bands: ThresholdBands, threshold: float) -> str:
    """Say how many calls a month *threshold* comes to."""
    level = bands.level_at(threshold)
    average = number(float(bands.calls_a_month[level]), 1)
    return (
        f"At {written(bundle, threshold)} the model calls **{average}** times a month on average, and"
        f" **{int(bands.busiest_month[level]):,}** times in the month with most calls."
    )


def calls_a_hundred(bundle: Bundle, bands: ThresholdBands, threshold: float) -> str:
    """Say how many calls *threshold* comes to on 100 rows."""
    calls = float(bands.calls[bands.level_at(threshold)])
    return f"At {written(bundle, threshold)} the model calls **{number(100 * calls / bands.n, 1)}** times per 100 rows."


def within_share(bundle: Bundle, bands: ThresholdBands, budget: float, found: float | None) -> str:
    """Say from which threshold on the calls keep to a budget of so many per 100 rows."""
    if found is None:
        return f"No threshold keeps to {number(budget, 1)} calls per 100 rows."
    calls = int(bands.calls[bands.level_at(found)])
    return (
        f"At most {number(budget, 1)} per 100 rows: from **{written(bundle, found)}** on"
        f" ({number(100 * calls / bands.n, 1)} per 100, {calls:,} of {bands.n:,} rows)."
    )


def within_budget(bundle: Bundle, bands: ThresholdBands, budget: float, found: float | None, *, busiest: bool) -> str:
    """Say from which threshold on the calls keep to a budget."""
    which = "in any month" if busiest else "a month on average"
    if found is None:
        return f"No threshold keeps to {number(budget, 0)} calls {which}."
    level = bands.level_at(found)
    average = number(float(bands.calls_a_month[level]), 1)
    return (
        f"At most {number(budget, 0)} calls {which}: from **{written(bundle, found)}** on ({average} a month,"
        f" {int(bands.busiest_month[level]):,} in the busiest)."
    )


def how_sure(bundle: Bundle, best: BestThreshold, costs: CallCosts, shown: float) -> str:
    """Say how sure the best threshold is, and whether the one in view can be told from it."""
    low, high, what = best.interval.low, best.interval.high, blocks(bundle.manifest.layout)
    inside = any(start <= shown <= end for start, end in best.noise_ranges)
    verdict = "cannot be told from it" if inside else "is worse than it, beyond noise"
    return (
        f"On these rows **{written(bundle, best.threshold)}** is worth most ({costs.value(best.advantage)} {costs.unit}"
        f" against always calling), but resampling the {what} moves it anywhere from **{interval(low, high, 3)}**"
        f" (95 % of {int(best.counts.sum()):,} resamples), and {noise_ranges(best)} is within noise of it:"
        f" **{written(bundle, shown)} {verdict}**."
    )


def noise_ranges(best: BestThreshold) -> str:
    """Write the thresholds that cannot be told from the best one."""
    ranges = best.noise_ranges
    texts = [number(low, 3) if low == high else interval(low, high, 3) for low, high in ranges]
    if len(texts) <= FEW_RANGES:
        return "all of " + " and ".join(texts)
    return f"nearly all of {interval(ranges[0][0], ranges[-1][1], 3)} ({len(texts)} ranges)"


def chosen_on_half(bundle: Bundle, half: HalfChoice, costs: CallCosts) -> str:
    """Say what a choice on one half of the rows was worth on the other."""
    first, second = half.first, half.second
    chosen, own = (written(bundle, score.threshold) for score in (half.chosen, half.own))
    one, other = ("the first", "the second") if first.first_day else ("a random", "the other")
    return (
        f"Chosen on {one} half ({_half_rows(first)}), **{chosen}** looked"
        f" {costs.value(half.advantage_where_chosen)} {costs.unit} better than always calling. On {other}"
        f" ({_half_rows(second)}) it came to"
        f" **{costs.value(half.chosen.advantage.value)}**; beside the bundle's own {own} that is"
        f" **{_told(half.difference)}**."
    )


def no_halves(error: InvalidInputError) -> str:
    """Say why nothing can be chosen on one half and scored on the other."""
    return " ".join(
        f"**Too few {fault.where} for this:** {fault.found} are out-of-fold, and it takes {fault.expected}. With a"
        " longer table it appears here."
        for fault in error.faults
    )


def _half_rows(half: Half) -> str:
    days = f"{half.first_day} to {half.last_day}, " if half.first_day else ""
    return f"{days}{half.rows:,} rows"


def _told(difference: Estimate) -> str:
    if difference.interval is None:
        return "the same, but for too few rows to tell"
    if difference.interval.low > 0:
        return "better"
    return "worse" if difference.interval.high < 0 else "not distinguishable"


def holds_everywhere(bundle: Bundle, threshold: float, told: int, groups: int) -> str:
    """Say in how many of the *groups* with rows enough the calls can be told from always calling."""
    up = f"“{bundle.manifest.target.positive_class}”"
    if groups == 0:
        return f"At {written(bundle, threshold)} no group has enough calls to tell the value from always calling {up}."
    count = "none" if told == 0 else str(told)
    return (
        f"At {written(bundle, threshold)} the value can be told from always calling {up} in **{count} of {groups}"
        " groups** with rows enough; one in twenty would stand out by chance alone."
    )


def as_frequency(bundle: Bundle) -> str:
    """Say whether a probability can be read as a frequency."""
    check = calibration_check(bundle)
    if check is None:
        return "Whether a probability can be read as a frequency was not checked when this bundle was made."
    verdict = "can" if check.passed else "**cannot**"
    return (
        f"A probability {verdict} be read as a frequency here. {plain(check.finding)} {spread(bundle.manifest)}".strip()
    )


def left_unanswered(bundle: Bundle, answer: SelectiveAnswer) -> str:
    """Say what a band of no call leaves, and how well that is answered."""
    up = f"“{bundle.manifest.target.positive_class}”"
    width, ends = number(100 * answer.half_width, 1), interval(answer.lower, answer.upper, 3)
    share = percent(answer.coverage.value)
    begin = f"With no answer within {width} points of the threshold ({ends}), **{share}** of the rows get one"
    if answer.accuracy is None or answer.always is None or answer.difference is None:
        return f"{begin}: {answer.answered:,} rows, too few to say how often it is right."
    told = "not distinguishable" if answer.difference.interval else "too few differ to tell"
    if (between := answer.difference.interval) and (between.low > 0 or between.high < 0):
        told = "better" if between.low > 0 else "worse"
    within = f", {interval(100 * between.low, 100 * between.high, 1, signed=True)}" if between else ""
    caution = (
        ""
        if told.startswith(("not", "too"))
        else " One width of many looked at: among so many, some stand out by chance."
    )
    return (
        f"{begin}; it is right on **{percent(answer.accuracy.value)}** of them, always answering {up} on"
        f" {percent(answer.always.value)} of the same rows: **{told}**"
        f" ({points(answer.difference.value)}{within}).{caution}"
    )
