"""What the report says of a model beside its tables: short sentences, each with its number."""

from model.bundle import Bundle
from model.evaluation import BASE_RATE
from model.manifest import CalibrationBin, Manifest
from model.thresholds import Confusion
from model.wording import interval, number, percent
from training.panels.calibration import calibration_check
from training.panels.costs import usual_costs
from training.panels.predict import linear_scorer
from training.panels.row_words import period
from training.report_words import spread


def key_figures(bundle: Bundle, settled: Confusion) -> list[tuple[str, str, str]]:
    """Return the figures to remember: name, value, and what to hold it against."""
    manifest = bundle.manifest
    up, loss, area = f"“{manifest.target.positive_class}”", manifest.metric("log_loss"), manifest.metric("auc")
    base = next(baseline for baseline in loss.baselines if baseline.name == BASE_RATE)
    return [
        (f"Calls {up} on", percent(settled.call_share), f"of {loss.n:,} rows it had not seen"),
        ("Right when it calls", percent(settled.precision), f"always calling {up}: {percent(settled.base_rate)}"),
        (
            "AUC",
            number(area.value, 3),
            f"95 % interval {interval(area.interval.low, area.interval.high, 3)}; a coin toss: 0.5",
        ),
        (
            "Log loss less the base rate's",
            number(base.difference, 4, signed=True),
            f"95 % interval {interval(base.interval.low, base.interval.high, 4, signed=True)}; below 0 is better",
        ),
    ]


def how_to_move(manifest: Manifest) -> str:
    """Say what the sliders do."""
    return (
        "Move a slider, or type a value: the probability, the call and the reasons follow at once. This page reckons"
        f" them itself, with the weights of version {manifest.version}; the numbers are those of the dashboard and"
        " the API."
    )


def why_curves(bundle: Bundle, shown: int) -> str:
    """Say why there are curves instead of sliders, and how to read them."""
    every = len(bundle.manifest.features)
    which = f"all {every} features" if shown == every else f"the {shown} of {every} features that move it most"
    why = (
        f"This model has {every} features, too many for sliders on one page"
        if linear_scorer(bundle)
        else "This model is not a weighted sum, so a page without a server cannot answer for any values you like"
    )
    return (
        f"{why}. Instead, these curves were reckoned beforehand: the probability against each of {which}, all other"
        " features at their median. What moves the answer most comes first. For any other values, use the dashboard"
        " or the API."
    )


def what_the_threshold_does(bundle: Bundle) -> str:
    """Say how to use the explorer, and what it warns of."""
    up = bundle.manifest.target.positive_class
    unit = " A bp, or basis point, is a hundredth of a percent." if usual_costs(bundle).kind == "trade" else ""
    return (
        f"The model calls “{up}” where its probability reaches the threshold. Drag it, type it, or drag a line in a"
        " chart: every figure follows. All rows are ones the model had not seen; a threshold picked because it looks"
        f" best on them will look worse on the next.{unit}"
    )


def where_the_threshold_is_from(bundle: Bundle) -> str:
    """Say by which rule the threshold in use was chosen, on which rows, and why."""
    kept = bundle.manifest.threshold
    by = f" Kept by {kept.chosen_by or 'an unnamed person'}: {kept.reason}." if kept.reason else ""
    return f"The threshold in use: {kept.rule}. Chosen on {kept.chosen_on}.{by}"


def as_frequency(bundle: Bundle) -> str:
    """Say whether a probability can be read as a frequency."""
    check = calibration_check(bundle)
    if check is None:
        return "Whether a probability can be read as a frequency was not checked when this model was made."
    verdict = "can" if check.passed else "cannot"
    return f"A probability {verdict} be read as a frequency here. {check.finding} {spread(bundle.manifest)}".strip()


def calibration_rows(bins: list[CalibrationBin]) -> list[tuple[str, ...]]:
    """Return what was said and what came true, one row for each group of rows."""
    return [
        (
            f"{percent(one.low)} to {percent(one.high)}\n{one.n:,} rows",
            percent(one.mean_probability),
            f"{percent(one.observed)}\n{interval(100 * one.interval.low, 100 * one.interval.high, 1)}",
            "✓ yes" if one.interval.low <= one.mean_probability <= one.interval.high else "✗ no",
        )
        for one in bins
    ]


def meaning(bundle: Bundle, settled: Confusion) -> list[str]:
    """Say what the figures allow one to conclude."""
    manifest = bundle.manifest
    up = f"“{manifest.target.positive_class}”"
    failed = sum(not check.passed for check in manifest.checks)
    first = {
        "better": "The probabilities say more than the base rate does: see the difference in log loss above.",
        "not distinguishable": "On these rows the model cannot be told from quoting the base rate: no skill was found.",
        "worse": "Quoting the base rate would have served better than this model: do not use it.",
    }[manifest.verdict.outcome]
    return [
        first,
        f"A call of {up} is right on {percent(settled.precision)} of the rows it is made on. Of all rows,"
        f" {percent(settled.base_rate)} are {up} without any model.",
        f"{_failed_of(failed, len(manifest.checks))}; all are listed above.",
    ]


def _failed_of(failed: int, n: int) -> str:
    if not failed:
        return f"All {n} assumptions held when they were checked"
    return f"{failed} of {n} assumptions failed their check"


def not_meant(bundle: Bundle) -> list[str]:
    """Say what the figures do not allow one to conclude."""
    manifest = bundle.manifest
    seen = "these tickers and days" if manifest.layout.returns else "these rows"
    carries = (
        f"That the skill carries over: it was found on {seen} only."
        if manifest.verdict.outcome == "better"
        else f"That the question can never be answered: these {len(manifest.features)} features and this model were"
        f" tested, on {seen} only."
    )
    left_out = "; taxes, and what an order does to the price, are in no figure" if manifest.layout.returns else ""
    return [
        carries,
        f"That acting on a call pays: what a call is worth here rests on assumed costs, {usual_costs(bundle).written}"
        f"{left_out}.",
        "That a feature which pulls the answer matters: the features overlap, and a pull is no importance.",
        "That the package is at fault: its checks, intervals, API and dashboard work the same for any verdict.",
    ]


def identity(bundle: Bundle) -> list[tuple[str, str]]:
    """Return what tells this model from any other."""
    manifest = bundle.manifest
    data = manifest.trained_on
    when = period(data.first_day, data.last_day)
    packages = ", ".join(f"{name} {version}" for name, version in manifest.packages.items())
    return [
        ("Model", manifest.name),
        ("Version", bundle.version),
        ("sha256", bundle.sha256),
        ("Created", manifest.created[:10]),
        ("Trained on", f"{data.rows:,} rows{f', {when}' if when else ''}, of {data.file}"),
        ("sha256 of that file", data.sha256),
        ("Made with", packages),
    ]
