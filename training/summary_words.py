"""The sentences of the stakeholder summary: short, with the number behind each, and no term left unexplained."""

from model.bundle import Bundle
from model.evaluation import BASE_RATE
from model.manifest import Interval, Manifest
from model.thresholds import Confusion
from model.wording import interval, number, percent, threshold_written
from training.figures import CALIBRATION_FIGURE, THRESHOLD_FIGURE
from training.power import DataNeeded
from training.report_words import rows_tested, scope, spread


def title(manifest: Manifest) -> str:
    """The decision in one line."""
    name = f"“{manifest.name}”"
    return {
        "better": f"Skill found: {name} does better than the base rate",
        "worse": f"Worse than the base rate: do not use {name}",
        "not distinguishable": f"No distinguishable skill: do not act on the calls of {name}",
    }[manifest.verdict.outcome]


def lead(manifest: Manifest) -> str:
    """What was asked, on which rows, and what came out."""
    positive = manifest.target.positive_class
    asked = (
        f"The model answers “{manifest.target.question}” with a probability, from {len(manifest.features)} features."
        f" It was tested on {rows_tested(manifest.metrics[0])}, none of which it had seen."
    )
    always = f"always answering the base rate (the share of “{positive}” in the training rows)"
    found = {
        "better": f"Its probabilities are better than {always}, by more than chance explains.",
        "worse": f"Its probabilities are worse than {always}, by more than chance explains.",
        "not distinguishable": f"Its probabilities cannot be told from {always}.",
    }[manifest.verdict.outcome]
    return f"{asked} {found}"


def why(bundle: Bundle, settled: Confusion) -> list[str]:
    """The numbers behind the verdict, one sentence each."""
    manifest = bundle.manifest
    positive = manifest.target.positive_class
    loss, area, slope = (manifest.metric(name) for name in ("log_loss", "auc", "calibration_slope"))
    base = next(baseline for baseline in loss.baselines if baseline.name == BASE_RATE)
    return [
        f"Log loss, the penalty for probabilities that turn out wrong, is {number(loss.value, 4)}; the base rate alone"
        f" gets {number(base.value, 4)}, and lower is better. The difference is"
        f" {number(base.difference, 4, signed=True)} (95 % interval"
        f" {interval(base.interval.low, base.interval.high, 4, signed=True)}): {_against_zero(base.interval)}.",
        f"AUC, how often the model gives the higher probability to the “{positive}” one of two rows, is"
        f" {number(area.value, 3)} (95 % interval {interval(area.interval.low, area.interval.high, 3)}); a coin toss"
        f" gets 0.5, which this interval {_holds(area.interval, 0.5)}.",
        f"At the decision threshold, the probability {threshold_written(bundle.threshold)} from which on it calls"
        f" “{positive}”, it calls {percent(settled.call_share)} of all rows{_rightness(settled)}; always calling"
        f" “{positive}” is right on {percent(settled.base_rate)}.{_nearly_constant(settled, positive)}",
        f"Calibration slope, how much of the differences between its probabilities comes true, is"
        f" {number(slope.value, 2)} (95 % interval {interval(slope.interval.low, slope.interval.high, 2)}): 1 is all of"
        f" it, 0 none. {' '.join(filter(None, (spread(manifest), _frequency(manifest))))}",
    ]


def _rightness(settled: Confusion) -> str:
    return f" and is right on {percent(settled.precision)} of these calls" if settled.calls else ""


def _nearly_constant(settled: Confusion, positive: str) -> str:
    share = settled.call_share or 0.0
    if share > 0.95:
        return f" That is close to always calling “{positive}”."
    return f" That is close to never calling “{positive}”." if share < 0.05 else ""


def _frequency(manifest: Manifest) -> str:
    check = next(check for check in manifest.checks if check.name == "calibration")
    if check.passed:
        return "Its probabilities can be read as frequencies."
    return "Its probabilities cannot be read as frequencies."


def _against_zero(found: Interval) -> str:
    if found.high < 0:
        return "all of it below zero, so chance does not explain it"
    if found.low > 0:
        return "all of it above zero, so chance does not explain it"
    return "zero lies within, so chance can explain it"


def _holds(found: Interval, value: float) -> str:
    return "holds" if found.low <= value <= found.high else "leaves out"


def what_would_change(manifest: Manifest, needed: DataNeeded) -> list[str]:
    """What would turn the verdict, and how much data small edges need."""
    loss, area = manifest.metric("log_loss"), manifest.metric("auc")
    base = next(baseline for baseline in loss.baselines if baseline.name == BASE_RATE)
    turn = {
        "better": (
            "The verdict would no longer be “better” if the interval of the difference in log loss reached zero on new"
            f" rows; today it ends at {number(base.interval.high, 4, signed=True)}."
        ),
        "worse": (
            "The verdict would no longer be “worse” if the interval of the difference in log loss reached zero on new"
            f" rows; today it begins at {number(base.interval.low, 4, signed=True)}."
        ),
        "not distinguishable": (
            "The verdict would be “better” if the whole interval of the difference in log loss lay below zero; today"
            f" it ends at {number(base.interval.high, 4, signed=True)}."
        ),
    }[manifest.verdict.outcome]
    return [
        turn,
        f"{needed.verdict_sentence} Today's is {number(area.value, 3)}.",
        "A smaller edge (what the model knows beyond chance) needs more data; without an edge no amount is enough:",
    ]


def figure_texts(bundle: Bundle, settled: Confusion) -> list[tuple[str, str, str]]:
    """File, caption and alternative text of each figure."""
    positive = bundle.manifest.target.positive_class
    bins = bundle.manifest.calibration
    perfect = sum(bin_.interval.low <= bin_.mean_probability <= bin_.interval.high for bin_ in bins)
    precision, base_rate = percent(settled.precision), percent(settled.base_rate)
    return [
        (
            THRESHOLD_FIGURE,
            f"Calls that are right (circles) against always “{positive}” (thin line): apart is skill.",
            f"Shares against the decision threshold: calls that are right, “{positive}” rows that are called, all rows"
            f" that are called, and the base rate. At {threshold_written(bundle.threshold)}, the threshold in use,"
            f" {precision} of the calls are right; the base rate is {base_rate}.",
        ),
        (
            CALIBRATION_FIGURE,
            "Circles on the dashed line would be probabilities that come true as often as they say.",
            f"What came true against the probability of “{positive}” said, in {len(bins)} groups of rows with 95 %"
            f" intervals. The interval of {perfect} of them holds what was said.",
        ),
    ]


def not_meant(manifest: Manifest) -> list[str]:
    """What must not be read out of the verdict."""
    never, *others = scope(manifest)
    if manifest.verdict.outcome == "better":
        never = "It does not show that the skill carries over: it was found on these rows only, with these features."
    return [
        never,
        *others,
        "A weight or a contribution is not an importance: features overlap too much to be told apart.",
        "It says nothing against the package: checks, intervals, API and dashboard work the same for any verdict.",
    ]


def next_steps(manifest: Manifest) -> list[str]:
    """What to do now."""
    rows = "days" if manifest.layout.returns else "rows"
    if manifest.verdict.outcome == "better":
        return [
            "Look for a leak once more before believing it: run the checks below on fresh data.",
            f"Score new {rows} as they come and compare with the intervals given below.",
            "Decide the threshold from what a wrong and a missed call cost.",
        ]
    return [
        "Do not act on the calls.",
        "Bring information that these features do not hold, retrain, and read the new verdict.",
        f"Extend the {'history' if manifest.layout.time else 'table'}: more {rows} narrow every interval below.",
    ]
