"""What a calibration slope says of the probabilities, where it can be told from 1."""

import msgspec
import pytest

from model.bundle import Bundle
from model.manifest import Interval
from model.thresholds import confusion_at
from training.card_words import METRIC_WORDS
from training.offline.words import as_frequency
from training.report_words import spread
from training.summary_words import why


def with_slope(bundle: Bundle, low: float, high: float) -> Bundle:
    """Return *bundle* with another interval of its calibration slope."""
    metrics = [
        msgspec.structs.replace(metric, interval=Interval(low, high)) if metric.name == "calibration_slope" else metric
        for metric in bundle.manifest.metrics
    ]
    return Bundle(bundle.directory, msgspec.structs.replace(bundle.manifest, metrics=metrics))


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (0.2, 0.9, "A slope below 1 says that the probabilities are too far apart (overconfident)."),
        (1.1, 1.6, "A slope above 1 says that the probabilities are too close together (too timid)."),
        (0.9, 1.2, ""),
        (1.0, 1.2, ""),
        (0.8, 1.0, ""),
    ],
)
def test_only_a_slope_told_from_one_says_how_the_probabilities_lie(made_up: Bundle, low: float, high: float, said: str):
    bundle = with_slope(made_up, low, high)
    rows = bundle.out_of_fold
    sentence = why(bundle, confusion_at(bundle.threshold, rows.y_true, rows.y_score))[-1]

    assert spread(bundle.manifest) == said
    for text in (sentence, as_frequency(bundle)):
        assert ("overconfident" in text, "too timid" in text) == ("overconfident" in said, "too timid" in said)
        assert "  " not in text
        assert said in text


def test_the_card_says_what_either_side_of_one_is():
    meaning, _ = METRIC_WORDS["calibration_slope"]

    assert "below 1 they are too far apart (overconfident), above 1 too close together (too timid)" in meaning
