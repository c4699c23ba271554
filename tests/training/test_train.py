"""A run from table to result: reproducible, complete, and refusing what cannot be judged."""

import msgspec
import numpy as np
import pytest

from model.bundle import Bundle
from model.errors import TrainingError
from tests import builders
from training.settings import Settings
from training.train import publish, train


def test_every_row_after_the_first_window_and_gap_is_scored_once():
    result = builders.result()

    rows = result.draft.out_of_fold
    # 400 days, of which each ticker's last has no target; a first window of 100 and a gap of 1.
    assert len(np.unique(rows.day)) == 399 - 101
    assert len(rows.day) == 2 * (399 - 101)
    assert len(set(zip(rows.day.tolist(), rows.ticker.tolist(), strict=True))) == len(rows.day)


def test_progress_names_every_fold_with_its_days_and_ends_at_the_end():
    seen = []

    train(builders.table(days=400), builders.small_settings(), seen.append)

    folds = [progress.message for progress in seen if progress.message.startswith("scoring fold")]
    assert len(folds) == 6
    assert folds[0] == "scoring fold 1 of 6: 2001-05-22 to 2001-07-30"
    assert [progress.step for progress in seen] == sorted(progress.step for progress in seen)
    assert seen[-1].step == seen[-1].total


def test_the_same_data_settings_and_seed_give_the_same_result():
    one, other = builders.result().draft, builders.result().draft

    assert msgspec.json.encode(one.manifest) == msgspec.json.encode(other.manifest)
    np.testing.assert_array_equal(one.out_of_fold.y_score, other.out_of_fold.y_score)


def test_yesterdays_sign_is_the_target_of_the_ticker_s_row_before():
    table = builders.table(days=400)
    result = train(table, builders.small_settings())
    known = ~np.isnan(table.y)
    first_tested = np.unique(table.day[known])[101]
    before = {}
    right = []
    for ticker, day, y in zip(table.ticker[known], table.day[known], table.y[known], strict=True):
        if day >= first_tested:
            right.append(before[ticker] == y)
        before[ticker] = y

    accuracy = result.draft.manifest.metric("accuracy")

    assert next(b.value for b in accuracy.baselines if b.name == "yesterday's sign") == pytest.approx(np.mean(right))


def test_feature_statistics_are_those_of_the_training_rows():
    table = builders.table(days=400)
    known = ~np.isnan(table.y)

    spec = train(table, builders.small_settings()).draft.manifest.features[2]

    values = table.X[known, 2]
    assert (spec.min, spec.max, spec.median) == (values.min(), values.max(), np.median(values))
    assert (spec.p1, spec.p99) == pytest.approx(tuple(np.percentile(values, [1, 99])))
    assert sum(spec.histogram.counts) == len(values)


def test_a_ticker_with_less_than_a_year_is_left_out_and_named():
    long, short = builders.table(days=400), builders.table(days=200, tickers=("NEW",))
    both = type(long)(
        long.provenance,
        *(
            np.concatenate([getattr(long, name), getattr(short, name)])
            for name in ("day", "ticker", "X", "y", "next_day_return")
        ),
    )

    result = train(both, builders.small_settings())

    (exclusion,) = result.excluded
    assert (exclusion.ticker, exclusion.reason) == (
        "NEW",
        "too short: 200 usable rows, at least 252 (a year) are needed",
    )
    assert "NEW" not in result.draft.out_of_fold.ticker


def test_span_and_tickers_narrow_the_rows():
    table = builders.table(days=600)

    result = train(table, builders.small_settings(tickers=("BBB",), first_day="2001-06-01", last_day="2002-12-31"))

    data = result.draft.manifest.trained_on
    assert [span.ticker for span in data.tickers] == ["BBB"]
    assert data.first_day >= "2001-06-01"
    assert data.last_day <= "2002-12-31"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"threshold": 1.2}, "threshold 1.2: expected above 0 and below 1"),
        ({"gap": 0}, "gap 0: below 1 training labels leak into the test"),
        ({"step": 0}, "fold of 0 days"),
        (
            {"first_day": "2012-01-01", "last_day": "2001-01-01"},
            "span 2012-01-01 to 2001-01-01: the first day is after",
        ),
        ({"draws": 5}, "5 draws"),
        ({"first_window": 1}, "first window 1"),
        ({"first_window": 10_000}, "usable days; walk-forward evaluation needs more than 10,001"),
        ({"tickers": ("ZZZ",)}, "no ticker ZZZ; it has AAA, BBB"),
        ({"first_day": "2030-01-01"}, "No ticker is left to train on"),
    ],
)
def test_settings_that_allow_no_honest_run_are_refused(changes, words):
    with pytest.raises(TrainingError, match=words):
        train(builders.table(days=400), builders.small_settings(**changes))


def test_all_wrong_settings_are_named_at_once():
    with pytest.raises(TrainingError) as caught:
        train(builders.table(), Settings(threshold=2, gap=0))

    assert "threshold 2" in str(caught.value)
    assert "gap 0" in str(caught.value)


def test_a_published_result_opens_and_scores_as_the_fitted_pipeline(tmp_path):
    registry = builders.registry(tmp_path)
    result = builders.result(seed=4)

    version = publish(result, registry, by="me", why="test", when=builders.WHEN)

    bundle = Bundle.load(registry.folder / version)
    X = result.draft.reference.X
    expected = result.draft.pipeline.predict_proba(X)[:, 1]
    assert np.max(np.abs(bundle.scorer.many(X) - expected)) < 1e-12
    assert np.max(np.abs(bundle.pipeline.predict_proba(X)[:, 1] - expected)) == 0


def test_a_pipeline_that_is_not_linear_is_described_as_one_to_be_scored_whole():
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.pipeline import make_pipeline

    from model.creation import scorer_of
    from model.manifest import WholePipeline

    assert scorer_of(make_pipeline(HistGradientBoostingClassifier())) == WholePipeline()
