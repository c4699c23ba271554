"""Comparing two models on the rows both know: what is found, how often it was looked for, what cannot be compared."""

from types import SimpleNamespace

import msgspec
import numpy as np
import pytest

from dashboard import comparison
from dashboard.retrain import words
from model.bundle import Bundle, OutOfFold
from model.dataset import MARKET_TARGET
from model.manifest import Layout
from tests import builders
from training.ledger import Looks


def scored(y_score: np.ndarray, *, seed: int = 0, first: int = 0, layout: Layout | None = None, **target) -> Bundle:
    """Something with out-of-fold rows: those from *first* on of four hundred days of one ticker."""
    n = len(y_score)
    y = np.random.default_rng(seed).integers(0, 2, n)
    day = builders.trading_days(n).astype("datetime64[D]")
    rows = (day, np.full(n, "AAA"), y, y_score, np.ones(n, dtype=np.int64), np.zeros(n))
    manifest = SimpleNamespace(
        target=msgspec.structs.replace(MARKET_TARGET, **target),
        layout=layout or Layout(),
        settings={"draws": 200, "seed": 0},
        trained_on=SimpleNamespace(sha256="0" * 64),
    )
    return SimpleNamespace(out_of_fold=OutOfFold(*(column[first:] for column in rows)), manifest=manifest)


def knowing(share: float, n: int = 400) -> np.ndarray:
    """Scores that lean towards the truth of `scored` by *share*."""
    y = np.random.default_rng(0).integers(0, 2, n)
    return 0.5 + share * (y - 0.5)


def noise(size: float, n: int = 400) -> np.ndarray:
    """Scores that know a little and err a lot, differently every day."""
    return np.clip(knowing(0.03) + np.random.default_rng(9).normal(0, size, n), 0.05, 0.95)


@pytest.mark.parametrize(
    ("challenger", "champion", "outcome"),
    [(0.4, 0.0, "better"), (0.0, 0.4, "worse"), (0.0, 0.0, "not distinguishable")],
)
def test_the_paired_difference_finds_the_better_one(challenger: float, champion: float, outcome: str):
    found = comparison.compare(scored(knowing(challenger)), scored(knowing(champion)))

    assert found.outcome == outcome
    assert outcome in found.sentence
    # By hand: every row of a model that leans by s has the loss -log(0.5 + s / 2).
    assert found.difference == pytest.approx(np.log(0.5 + champion / 2) - np.log(0.5 + challenger / 2))


def test_only_the_rows_both_know_are_compared():
    found = comparison.compare(scored(knowing(0.4), first=150), scored(knowing(0.0)))

    assert (found.n, found.blocks) == (250, 250)
    assert found.first_day == str(builders.trading_days(400)[150].astype("datetime64[D]"))
    assert found.outcome == "better"


def test_rows_whose_outcome_was_revised_are_not_the_same_rows():
    new, old = scored(knowing(0.1)), scored(knowing(0.1), seed=1)

    found = comparison.compare(new, old)

    assert found.n == np.sum(new.out_of_fold.y_true == old.out_of_fold.y_true) < 400


def test_the_same_probabilities_are_said_to_be_the_same():
    found = comparison.compare(scored(knowing(0.1)), scored(knowing(0.1), first=100))

    assert found.identical
    assert "the very same probabilities" in found.sentence
    assert found.outcome == "not distinguishable"
    assert "only later rows can tell" in found.sentence


def test_of_rows_without_a_time_none_are_said_to_be_earlier_or_later():
    timeless = Layout(time=None, group=None, folds="stratified")
    found = comparison.compare(scored(knowing(0.1), layout=timeless), scored(knowing(0.1), layout=timeless))

    assert found.identical
    assert "trained on the same rows, in the same way" in found.sentence
    assert "later" not in found.sentence


def test_too_few_rows_in_common_are_not_compared():
    assert "50 days in common, and 60 are needed" in comparison.compare(
        scored(knowing(0.1), first=350), scored(knowing(0))
    )


def test_answers_to_different_questions_are_not_compared():
    why = comparison.compare(scored(knowing(0.1), horizon=5), scored(knowing(0.1)))

    assert why == "the two answer different questions"


def test_rows_of_one_day_that_nothing_tells_apart_are_not_compared_across_data():
    layout = Layout(time="day", group=None, returns=False)
    new, old = scored(knowing(0.1), layout=layout), scored(knowing(0.1), layout=layout)
    for bundle in (new, old):
        bundle.out_of_fold.day[:] = bundle.out_of_fold.day[0]
        bundle.manifest.feature_names = ()
    new.manifest.trained_on.sha256 = "1" * 64

    assert comparison.compare(new, old) == "which rows the two have in common cannot be told"


def test_the_interval_after_many_looks_is_that_of_bonferroni():
    found = comparison.compare(scored(noise(0.1)), scored(knowing(0.0)), level=Looks(9, 20, 20).level)

    # 1 - 0.05 / 20 two-sided: 3.0233 standard errors; at 95 % it would be 1.95996.
    usual = (found.interval.high - found.interval.low) / 2
    widened = (found.corrected.high - found.corrected.low) / 2
    assert widened / usual == pytest.approx(3.0233 / 1.95996, rel=0.1)
    assert (found.corrected.high + found.corrected.low) / 2 == pytest.approx(found.difference)


def test_what_looks_better_at_first_sight_may_not_be_after_many_looks():
    new, old = scored(noise(0.05)), scored(knowing(0.0))
    once, often = comparison.compare(new, old), comparison.compare(new, old, level=Looks(1, 10**9, 10**9).level)

    assert (once.outcome, often.at_first_sight, often.outcome) == ("better", "better", "not distinguishable")
    assert "looked better at first sight" in words.looks_sentence(often, Looks(1, 10**9, 10**9))
    assert words.looks_sentence(once, Looks(1, 1, 1)).endswith("a 95 % interval means what it says.")
