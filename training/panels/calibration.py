"""Whether a probability can be read as a frequency: what was said beside what came true."""

import numpy as np

from model.bundle import Bundle
from model.manifest import Check
from model.wording import percent
from training.panels.drawing import Axis, Chart, bars, dots, line

HEIGHT = 240


def calibration_check(bundle: Bundle) -> Check | None:
    """Return the check of whether a probability can be read as a frequency, if the bundle has it."""
    return next((check for check in bundle.manifest.checks if check.name == "calibration"), None)


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
