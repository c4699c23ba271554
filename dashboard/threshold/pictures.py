"""The charts below the panel of the Threshold page, as data."""

from collections.abc import Sequence

import numpy as np

from model.bundle import Bundle
from model.wording import interval, number
from training.estimates import Estimate
from training.panels.calibration import HEIGHT
from training.panels.drawing import Axis, Chart, band, bars, line, shade
from training.panels.row_words import blocks
from training.panels.threshold import written
from training.selective import SelectiveAnswer
from training.threshold_choice import BestThreshold

BIN = 0.01


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
