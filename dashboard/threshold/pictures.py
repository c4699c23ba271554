"""The charts below the panel of the Threshold page, as data."""

from collections.abc import Sequence

import numpy as np

from dashboard.drawing import Axis, Chart, band, bars, dots, line, shade
from dashboard.row_words import blocks
from dashboard.threshold.panel import written
from model.bundle import Bundle
from model.wording import interval, number, percent
from training.estimates import Estimate
from training.selective import SelectiveAnswer
from training.threshold_choice import BestThreshold

BIN = 0.01
HEIGHT = 240


def best_chart(bundle: Bundle, best: BestThreshold, shown: float) -> Chart:
    """How often each threshold was best over the resamples."""
    what = blocks(bundle.manifest.layout)
    held = [*best.distinct.tolist(), best.threshold, shown]
    low, high = np.floor(min(held) / BIN) * BIN - BIN, np.ceil(max(held) / BIN) * BIN + BIN
    edges = np.round(np.arange(low, high + BIN / 2, BIN), 6)
    heights, _ = np.histogram(best.distinct, bins=edges, weights=best.counts)
    noise = [(max(start, low), min(end, high)) for start, end in best.noise_ranges if end >= low and start <= high]
    share = heights / best.counts.sum()
    top = 1.08 * float(share.max())
    return Chart(
        title=f"Where the best threshold lies when the {what} are resampled",
        alt=f"Best threshold in {int(best.counts.sum()):,} resamples of the {what}: 95 % lie from"
        f" {interval(best.interval.low, best.interval.high, 3)}; on the rows themselves it is"
        f" {written(bundle, best.threshold)}, and {written(bundle, shown)} is in view.",
        file="threshold_best",
        x=Axis("Best threshold", float(low), float(high), decimals=3),
        y=Axis("share of the resamples", 0.0, top, "percent", 0),
        layers=[
            *(shade("within noise of the best" if i == 0 else "", *ends) for i, ends in enumerate(noise)),
            bars("resamples", edges, share, colour="blue", share=1 / 1.08),
            # As lines, named in the legend: the two may stand close to each other.
            line(
                f"best {written(bundle, best.threshold)}",
                [best.threshold] * 2,
                [0, top],
                colour="vermillion",
                dash="dashed",
            ),
            line(f"in view {written(bundle, shown)}", [shown] * 2, [0, top], colour="ink", dash="dotted"),
        ],
        columns={"threshold_from": edges[:-1], "threshold_to": edges[1:], "share_of_resamples": share},
        height=HEIGHT,
    )


def calibration_chart(bundle: Bundle) -> Chart:
    """What was said beside what came true, over how often it was said."""
    bins, score = bundle.manifest.calibration, bundle.out_of_fold.y_score
    said, observed = [one.mean_probability for one in bins], [one.observed for one in bins]
    low_ends, high_ends = [one.interval.low for one in bins], [one.interval.high for one in bins]
    low = np.floor(20 * min(*said, *low_ends)) / 20
    high = np.ceil(20 * max(*said, *high_ends)) / 20
    counts, edges = np.histogram(np.clip(score, low, high), bins=40, range=(low, high))
    up = f"“{bundle.manifest.target.positive_class}”"
    return Chart(
        title="Said, and came true",
        alt=f"Share of {up} against the probability said, in {len(bins)} bins: from {percent(observed[0])} where"
        f" {percent(said[0])} was said to {percent(observed[-1])} where {percent(said[-1])} was; on the diagonal both"
        " would be equal.",
        file="calibration",
        x=Axis(f"Probability of {up} said", float(low), float(high), "percent", 0),
        y=Axis(f"share that was {up}", float(low), float(high), "percent", 0),
        layers=[
            bars("how often it was said", edges, counts, share=0.3),
            line("said equals came true", [low, high], [low, high], colour="muted", dash="dashed", width=1.5),
            dots("came true, with 95 % intervals", said, observed, low=low_ends, high=high_ends, colour="blue"),
        ],
        columns={
            "mean_probability": said,
            "observed": observed,
            "observed_low": low_ends,
            "observed_high": high_ends,
            "rows": [one.n for one in bins],
        },
        height=HEIGHT,
    )


def no_call_chart(bundle: Bundle, answers: Sequence[SelectiveAnswer]) -> Chart:
    """How much is answered, and how much of that rightly, as the band of no call widens."""
    width = [100 * answer.half_width for answer in answers]
    coverage = [answer.coverage.value for answer in answers]
    right, always = [_value(answer.accuracy) for answer in answers], [_value(answer.always) for answer in answers]
    low_ends, high_ends = zip(*(_ends(answer.accuracy) for answer in answers), strict=True)
    up = f"“{bundle.manifest.target.positive_class}”"
    return Chart(
        title="Answered, and right where answered",
        alt=f"Share of rows answered, and of those answered rightly, as the band of no call widens from"
        f" {number(width[0], 1)} to {number(width[-1], 1)} points on either side of the threshold.",
        file="no_call_band",
        x=Axis("Half-width of the band of no call, points", width[0], width[-1], decimals=1),
        y=Axis("share of rows", 0.0, 1.0, "percent", 0),
        layers=[
            line("answered", width, coverage, colour="vermillion", dash="dashed"),
            band("", width, low_ends, high_ends),
            line("right where answered", width, right),
            line(f"always {up}, same rows", width, always, colour="ink", dash="dotted", width=1.5),
        ],
        columns={
            "half_width_points": width,
            "answered": coverage,
            "right": right,
            "right_low": low_ends,
            "right_high": high_ends,
            "always": always,
            "rows": [answer.answered for answer in answers],
        },
        height=HEIGHT,
    )


def _value(estimate: Estimate | None) -> float | None:
    return None if estimate is None else estimate.value


def _ends(estimate: Estimate | None) -> tuple[float | None, float | None]:
    if estimate is None or estimate.interval is None:
        return None, None
    return estimate.interval.low, estimate.interval.high
