"""The probabilities of a scored file as a histogram, with the threshold between its bars."""

import numpy as np

from dashboard.score.scored_file import ScoredFile
from model.bars import FloatArray
from model.wording import percent
from training.panels.drawing import Axis, Chart, bars, rule, shade

MOST_BARS = 40
WIDTHS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05)


def histogram_edges(probability: FloatArray, threshold: float) -> FloatArray:
    """Return the edges of at most `MOST_BARS` equal bars over all values; the threshold is one of the edges.

    >>> [round(edge, 3) for edge in histogram_edges(np.array([0.30, 0.50]), 0.44)[[0, -1]].tolist()]
    [0.3, 0.51]
    """
    low, high = min(probability.min(), threshold), max(probability.max(), threshold)
    width = next((width for width in WIDTHS if (high - low) / width <= MOST_BARS - 2), WIDTHS[-1])
    first = int(np.floor(round((low - threshold) / width, 9)))
    # One more than the highest value needs: the last bar would count a value on its right edge.
    last = int(np.floor(round((high - threshold) / width, 9))) + 1
    return np.asarray(np.clip(threshold + width * np.arange(first, last + 1), 0.0, 1.0))


def probability_chart(scored: ScoredFile) -> Chart:
    """How the probabilities are distributed, on which side of the threshold."""
    threshold, p = scored.manifest.threshold.value, scored.probability
    up = f"“{scored.manifest.target.positive_class}”"
    edges = histogram_edges(p, threshold)
    counts, _ = np.histogram(p, edges)
    calls, n = int(scored.called.sum()), len(p)
    low, quarter, middle, three_quarters, high = np.quantile(p, [0, 0.25, 0.5, 0.75, 1])
    sides = [shade("no call", float(edges[0]), threshold)] if edges[0] < threshold else []
    return Chart(
        title=f"Probability of {up}, {n:,} rows",
        alt=(
            f"Histogram of {n:,} probabilities of {up}, from {percent(low)} to {percent(high)}, the middle half from"
            f" {percent(quarter)} to {percent(three_quarters)}, median {percent(middle)}; {calls:,} at or above the"
            f" threshold of {percent(threshold)}, {n - calls:,} below it."
        ),
        file="probabilities",
        x=Axis(f"probability of {up}", float(edges[0]), float(edges[-1]), "percent"),
        y=Axis("rows", 0, float(counts.max()), decimals=0),
        layers=[
            *sides,
            bars("rows", edges, counts, colour="blue"),
            rule(f"threshold {percent(threshold)}", x=threshold),
        ],
        height=340,
        columns={
            "from": edges[:-1],
            "to": edges[1:],
            "rows": counts,
            "called": ["yes" if edge >= threshold else "no" for edge in edges[:-1]],
        },
    )
