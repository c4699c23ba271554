"""What the Curve page says in words: numbers in, text with **strong** parts out."""

from collections.abc import Sequence

from dashboard.curve.response import Calls, Crossing, Grid, View
from model.manifest import FeatureSpec, Interval, Manifest
from model.uncertainty import CalibrationUncertainty, ProbabilityIntervals, WeightUncertainty
from model.wording import interval, number, percent, points
from training.observed_rates import BINS, ObservedRates
from training.panels.display import label_of, range_written, written
from training.panels.row_words import in_brackets, period, whole_blocks

# More changes of the call than that are counted, not listed.
LISTED = 4


def quoted(manifest: Manifest) -> str:
    """Return the positive class in quotation marks."""
    return f"“{manifest.target.positive_class}”"


def column_of(feature: FeatureSpec, others: Sequence[str]) -> str:
    """Return the name of the column of *feature*'s values, with their unit, beside columns of the names *others*.

    They are as shown; the feature's own name stands for values in original units, in requests and files of rows.
    """
    label = label_of(feature)
    return f"feature {label}" if label in others else label


def shown(feature: FeatureSpec, value: float) -> str:
    """Write a value that is in display units already."""
    return written(feature, value / feature.display_factor)


def shown_range(feature: FeatureSpec, view: View) -> str:
    """Write the ends of a view."""
    return f"{number(view.low, feature.decimals)} to {shown(feature, view.high)}"


def moving(manifest: Manifest, feature: FeatureSpec, ends: tuple[float, float]) -> str:
    """Say what moving *feature* does; *ends* are the probabilities at its 1 % and its 99 % value."""
    low, high = ends
    return (
        f"Moving **{feature.label}** alone from {range_written(feature, feature.p1, feature.p99)}"
        f" (its 1–99 % range) takes the probability of {quoted(manifest)} from **{percent(low)}** to"
        f" **{percent(high)}** ({points(high - low)})."
    )


def changes(manifest: Manifest, feature: FeatureSpec, calls: Calls) -> str:
    """Say where along *feature* the call changes, over every value seen."""
    up, crossings = quoted(manifest), calls.crossings
    if not crossings:
        return (
            f"The call stays {up} at every value seen."
            if calls.at_lowest
            else f"At no value seen does the model call {up}."
        )
    at = [f"**{shown(feature, crossing.value)}**" for crossing in crossings]
    if len(at) == 1:
        beyond = f"calls {up}" if crossings[0].calls else f"no longer calls {up}"
        return f"The call changes at {at[0]}{_seldom(feature, crossings)}: from there up the model {beyond}."
    first = f"calls {up}" if crossings[0].calls else f"no longer calls {up}"
    listed = _listed(at) if len(at) <= LISTED else f"{', '.join(at[:LISTED])} and {len(at) - LISTED} more values"
    return f"The call changes {len(at)} times, at {listed}: from the first of them up the model {first}."


def _seldom(feature: FeatureSpec, crossings: Sequence[Crossing]) -> str:
    value = crossings[0].value / feature.display_factor
    return "" if feature.p1 <= value <= feature.p99 else " (outside the 1–99 % range)"


def _listed(parts: Sequence[str]) -> str:
    return " and ".join([", ".join(parts[:-1]), parts[-1]])


def mapped(manifest: Manifest, pair: tuple[FeatureSpec, FeatureSpec], views: tuple[View, View], grid: Grid) -> str:
    """Say what moving two features together does."""
    (first, second), (across, along) = pair, views
    called = float((grid.probability >= manifest.threshold.value).mean())
    return (
        f"Moving **{first.label}** from {shown_range(first, across)} and **{second.label}** from"
        f" {shown_range(second, along)} takes the probability of {quoted(manifest)} from"
        f" **{percent(float(grid.probability.min()))}** to **{percent(float(grid.probability.max()))}**;"
        f" the model calls it on **{percent(called, 0)}** of this map. Everything else stays."
    )


def changes_here(feature: FeatureSpec, other: FeatureSpec, at: float, calls: Calls) -> str:
    """Say where along *feature* the call changes while *other* is *at* a value in display units."""
    held = f"With {other.label} at {shown(other, at)}"
    if not calls.crossings:
        return f"{held} the call is the same at every value of {feature.label} seen."
    values = [f"**{shown(feature, crossing.value)}**" for crossing in calls.crossings]
    more = "" if len(values) <= LISTED else f" and {len(values) - LISTED} more values"
    at_values = _listed(values) if 1 < len(values) <= LISTED else ", ".join(values[:LISTED]) + more
    return f"{held} the call changes at {feature.label} {at_values}."


def about_observed(manifest: Manifest, rates: ObservedRates) -> str:
    """Say what the dots are."""
    data, overall = manifest.trained_on, rates.overall
    span = in_brackets(period(data.first_day, data.last_day))
    among = f" (95 % interval {_between(overall.interval)})" if overall.interval else ""
    return (
        f"Dots: how often the training rows were {quoted(manifest)}, in {BINS} groups of about equal size, with 95 %"
        f" intervals by {whole_blocks(manifest.layout)}; over all {overall.n:,} rows{span}"
        f" {percent(overall.value)}{among}, the dotted line."
    )


def _between(found: Interval) -> str:
    return interval(100 * found.low, 100 * found.high, 1)


def about_band(intervals: ProbabilityIntervals) -> str:
    """Say how the band was obtained, or why there is none."""
    source = intervals.source
    if isinstance(source, WeightUncertainty):
        return f"Band: a 95 % interval of the probability. {source.how}"
    if isinstance(source, CalibrationUncertainty) and source.bins:
        return (
            "Band: how often it came true on the out-of-fold rows with about the probability of the line, a 95 %"
            " interval of that rate; it need not hold the line, and where no such rows are there is no band."
        )
    return "There is no band: the training rows cannot tell how uncertain the line is."


HOW_TO_READ = (
    "The model was fitted to these rows, so dots near the line are no proof of skill; and in each group the other"
    " features are as they were, not as in the scenario, so the dots need not lie on the line.",
    "Bars: how often the training rows took each value. Grey: outside the 1–99 % range; darker, and the line dashed:"
    " outside every training row, where the answer is a guess.",
)


def about_rows(manifest: Manifest, drawn: int, in_view: int) -> str:
    """Say which rows lie on the map."""
    which = f"all {in_view:,} training rows" if drawn == in_view else f"{drawn:,} of {in_view:,} training rows"
    evenly = "" if drawn == in_view else f", taken evenly{' in time' if manifest.layout.time else ''}"
    return (
        f"▲ was {quoted(manifest)}, ○ was not: {which} in view{evenly}. Everything else about those rows is as it was,"
        " not as in the scenario, which the colour and the dashed line speak of."
    )
