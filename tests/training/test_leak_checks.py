"""The leak probe finds what was planted, names it, and leaves honest data alone."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from model.bars import Bars
from model.bootstrap import DayBootstrap
from model.errors import TrainingError
from model.evaluation import auc
from model.features import FEATURE_NAMES, build_features
from model.folds import RowFold
from model.manifest import Layout
from model.stratified import stratified_folds
from tests import builders
from training.bars import read_bars
from training.leak_checks import probe_bars, probe_source, subject_of
from training.leaks.areas import area_and_draws, middle_ranks
from training.leaks.controls import shuffled_target, target_shift
from training.leaks.dead import dead_features
from training.leaks.returns import target_and_return
from training.leaks.rows import duplicate_rows, folds_keep_apart, future_days, repeated_days, row_order
from training.leaks.single import feature_shift, plausible_auc, target_in_features
from training.leaks.source import Source, read_source
from training.places import SHIPPED_BARS
from training.table import build_table

TODAY = date(2024, 5, 6)
ANY = Layout(time=None, group=None, returns=False, folds="stratified")


def with_feature(table, values, name=FEATURE_NAMES[0]):
    """Return *table* with *values* in place of the feature *name*."""
    X = table.X.copy()
    X[:, FEATURE_NAMES.index(name)] = values
    return replace(table, X=X)


def without_time(table):
    """Return *table* as rows that have neither time nor group nor returns."""
    known = table.take(~np.isnan(table.y))
    return replace(
        known,
        day=np.full(len(known), "NaT", dtype="datetime64[D]"),
        ticker=np.full(len(known), ""),
        next_day_return=np.full(len(known), np.nan),
        layout=ANY,
    )


def next_of_ticker(table, values):
    """Return for each row the value in its ticker's next row, NaN on the last."""
    later = np.full(len(table), np.nan)
    for ticker in np.unique(table.ticker):
        rows = np.flatnonzero(table.ticker == ticker)
        later[rows[:-1]] = values[rows[1:]]
    return later


def failed(probe):
    """Return the names of the checks that failed."""
    return [finding.check.name for finding in probe.suspected]


@pytest.fixture(scope="module")
def shipped_bars():
    return read_bars(SHIPPED_BARS)


@pytest.fixture(scope="module")
def market(shipped_bars):
    return build_table(shipped_bars)


def test_the_shipped_data_pass_every_check():
    source = read_source(SHIPPED_BARS)

    probe = probe_source(source, today=TODAY)

    assert failed(probe) == []
    assert len(probe.findings) == 15
    assert probe.not_run == ()


def test_noise_passes_every_check_for_at_least_18_of_20_seeds():
    passed = [
        not failed(probe_source(Source(builders.table(days=200, seed=seed)), today=TODAY, seed=seed))
        for seed in range(20)
    ]

    assert sum(passed) >= 18


def test_tomorrows_gap_is_named_with_its_auc(market):
    gap = FEATURE_NAMES.index("gap_pct")
    tomorrow = next_of_ticker(market, market.X[:, gap])
    leaky = with_feature(market, np.where(np.isnan(tomorrow), 0.0, tomorrow), "gap_pct")
    known = ~np.isnan(leaky.y)
    area = roc_auc_score(leaky.y[known], leaky.X[known, gap])

    finding = plausible_auc(subject_of(leaky))

    assert not finding.check.passed
    assert finding.columns == ("gap_pct",)
    assert area == pytest.approx(0.70, abs=0.01)
    assert f"gap_pct {area:.3f}" in finding.check.finding
    assert "Left out, the AUC changes most by: gap_pct −0.2" in finding.check.finding


def test_a_label_off_by_one_is_found_by_its_auc_its_return_and_its_neighbour(market):
    late = np.full(len(market), np.nan)
    late[1:] = np.where(market.ticker[1:] == market.ticker[:-1], market.y[:-1], np.nan)
    subject = subject_of(replace(market, y=late))

    plausible, shift, earned = plausible_auc(subject), target_shift(subject), target_and_return(subject)

    assert not plausible.check.passed
    assert "AUC 0.78" in plausible.check.finding
    assert not shift.check.passed
    assert shift.columns == ("up",)
    assert "The skill ends with the row itself" in shift.check.finding
    assert not earned.check.passed
    assert "It fits the return of the row before better: 100.00 %" in earned.check.finding


def test_a_centred_average_in_a_table_is_named(market, shipped_bars):
    close = np.full(len(market), np.nan)
    bars = shipped_bars.bars
    for ticker, rows in bars.segments():
        centred = np.convolve(bars.close[rows], np.full(5, 0.2), mode="same") / bars.close[rows]
        here = market.ticker == ticker
        close[here] = centred[np.isin(bars.day[rows], market.day[here])]

    finding = plausible_auc(subject_of(with_feature(market, close, "ma_ratio_5_20")))

    assert not finding.check.passed
    assert "ma_ratio_5_20" in finding.columns


def centred_average(bars: Bars):
    """Features of which one is a centred moving average over the close."""
    X = build_features(bars)
    for _, rows in bars.segments():
        X[rows, 2] = np.convolve(bars.close[rows], np.full(5, 0.2), mode="same") / bars.close[rows]
    return X


def full_sample_z_score(bars: Bars):
    """Features of which one is standardised by mean and deviation of the whole history."""
    X = build_features(bars)
    X[:, 1] = (X[:, 1] - X[:, 1].mean()) / X[:, 1].std()
    return X


@pytest.mark.parametrize(
    ("build", "column"), [(centred_average, "ma_ratio_5_20"), (full_sample_z_score, "daily_range_pct")]
)
def test_a_feature_that_changes_when_the_future_is_cut_off_is_named(build, column):
    prefix, _ = probe_bars(builders.random_bars(400), build)

    assert not prefix.check.passed
    assert prefix.columns == (column,)


def test_a_feature_that_never_forgets_its_start_is_named():
    def running_volume(bars):
        X = build_features(bars)
        X[:, 4] = np.cumsum(bars.volume)
        return X

    prefix, warm_up = probe_bars(builders.random_bars(400), running_volume)

    assert prefix.check.passed
    assert not warm_up.check.passed
    assert warm_up.columns == ("volume_z20",)


def test_a_feature_that_knows_the_day_after_tomorrow_is_named():
    table = builders.table(days=600, seed=3)
    later = next_of_ticker(table, table.y)
    noise = np.random.default_rng(1).normal(size=len(table))
    leaky = with_feature(table, np.where(np.isnan(later), 0.5, later) + noise, "macd")
    subject = subject_of(leaky)

    by_feature, by_model = feature_shift(subject), target_shift(subject)

    assert not by_feature.check.passed
    assert by_feature.columns == ("macd",)
    assert not by_model.check.passed
    assert "off by a row" in by_model.check.finding


@pytest.mark.parametrize("sign", [1, -1])
def test_the_target_copied_with_a_little_noise_is_named_in_any_table(sign):
    table = without_time(builders.table(days=300))
    noise = np.random.default_rng(1).normal(0, 0.2, len(table))

    finding = target_in_features(subject_of(with_feature(table, sign * table.y + noise, "rsi_14")))

    assert not finding.check.passed
    assert finding.columns == ("rsi_14",)


def test_values_that_are_missing_just_where_the_target_is_0_are_named():
    table = without_time(builders.table(days=300))
    leaky = with_feature(table, np.where(table.y == 1, table.X[:, 0], np.nan))

    finding = target_in_features(subject_of(leaky))

    assert finding.columns == (FEATURE_NAMES[0],)


def test_a_code_that_gives_the_target_without_any_order_is_named():
    table = without_time(builders.table(days=300))
    code = np.random.default_rng(1).integers(0, 2, len(table)) * 4 + np.where(table.y == 1, 1, 3)
    swapped = np.where(code == 5, 7, np.where(code == 7, 5, code)).astype(float)
    unordered = np.select([swapped == 1, swapped == 3, swapped == 5, swapped == 7], [2, 1, 3, 4])

    finding = target_in_features(subject_of(with_feature(table, unordered)))

    assert finding.columns == (FEATURE_NAMES[0],)


def test_honest_skill_in_a_table_that_is_no_market_passes_unless_a_limit_is_set():
    table = without_time(builders.table(days=400, signal=1.5))

    free = plausible_auc(subject_of(table))
    limited = plausible_auc(subject_of(table, limit=0.6))

    assert free.check.passed
    assert "can be honest here" in free.check.finding
    assert not limited.check.passed
    assert limited.columns == (FEATURE_NAMES[0],)


def test_copied_rows_are_found_on_both_sides_of_a_fold():
    table = without_time(builders.table(days=300))
    copied = table.take(np.r_[np.arange(len(table)), np.arange(0, 50)])

    finding = duplicate_rows(subject_of(copied))

    assert not finding.check.passed
    assert "again in everything: 50;" in finding.check.finding


def test_rows_with_missing_values_are_copies_too_when_equal():
    table = without_time(builders.table(days=300))
    gaps = with_feature(table, np.where(np.arange(len(table)) < 10, np.nan, table.X[:, 0]))
    copied = gaps.take(np.r_[np.arange(len(table)), np.arange(0, 10)])

    assert "again in everything: 10;" in duplicate_rows(subject_of(copied)).check.finding


def test_equal_rows_of_counted_features_are_no_copies():
    table = without_time(builders.table(days=300))
    counted = replace(table, X=(table.X > 0).astype(float))

    finding = duplicate_rows(subject_of(counted))

    assert finding.check.passed
    assert "cannot be told from chance" in finding.check.finding


def test_equal_rows_with_different_targets_are_no_copies():
    table = without_time(builders.table(days=300))
    copied = table.take(np.r_[np.arange(len(table)), np.arange(0, 50)])
    y = copied.y.copy()
    y[-50:] = np.random.default_rng(1).integers(0, 2, 50)

    assert duplicate_rows(subject_of(replace(copied, y=y))).check.passed


def test_features_that_say_nothing_of_their_own_are_named_with_the_reason():
    table = builders.table(days=300)
    first_half = table.day <= np.sort(np.unique(table.day))[150]
    X = table.X.copy()
    X[:, 1] = 7.0
    X[:, 2] = np.nan
    X[:, 3] = X[:, 0]
    X[:, 4] = 2 - 3 * X[:, 0]
    X[first_half, 5] = 0.0

    finding = dead_features(subject_of(replace(table, X=X)))

    assert set(finding.columns) == set(FEATURE_NAMES[1:6])
    said = finding.check.finding
    assert "without any value: ma_ratio_5_20" in said.lower()
    assert "constant: daily_range_pct" in said
    assert "constant or empty in the training rows of a fold: rsi_14" in said
    assert "ret_vol_10 is equal to gap_pct" in said
    assert "volume_z20 is a multiple of gap_pct" in said


def test_a_table_in_shuffled_order_is_found():
    table = builders.table(days=100)
    shuffled = table.take(np.random.default_rng(1).permutation(len(table)))

    finding = row_order(shuffled, shuffled.layout)

    assert row_order(table, table.layout).check.passed
    assert not finding.check.passed
    assert finding.columns == ("day",)
    assert row_order(shuffled, shuffled.layout, sorted_since=True).check.passed


def test_tickers_that_take_turns_day_by_day_are_in_order():
    table = builders.table(days=100)

    by_day = table.take(np.lexsort((table.ticker, table.day)))

    assert row_order(by_day, by_day.layout).check.passed


def test_a_day_that_a_group_has_twice_is_named():
    table = builders.table(days=100)
    day = table.day.copy()
    day[5] = day[4]
    repeated = replace(table, day=day)

    finding = repeated_days(repeated)

    assert not finding.check.passed
    assert f"AAA {day[4]}" in finding.check.finding
    assert repeated_days(replace(repeated, layout=Layout(group=None))).check.passed


def test_days_after_today_are_named_and_today_is_not():
    table = builders.table(days=100)
    last = table.day.max()

    assert future_days(table, last.item()).check.passed
    assert str(last) in future_days(table, (last - 1).item()).check.finding
    assert not future_days(table, (last - 1).item()).check.passed


def test_groups_split_between_training_and_test_are_found():
    table = without_time(builders.table(days=100))
    grouped = replace(
        table,
        ticker=np.array([f"c{i % 40}" for i in range(len(table))]),
        layout=Layout(time=None, group="customer", returns=False, folds="grouped"),
    )
    honest = subject_of(grouped)
    split = replace(honest, folds=stratified_folds(honest.y))

    assert [finding.check.passed for finding in folds_keep_apart(honest)] == [True]
    (finding,) = folds_keep_apart(split)
    assert not finding.check.passed
    assert "The rows of one customer" in finding.check.assumption


def test_an_evaluation_that_trains_on_its_test_rows_finds_skill_in_shuffled_targets():
    subject = subject_of(without_time(builders.table(days=150)))
    seen = [RowFold(fold.number, fold.train | fold.test, fold.test) for fold in subject.folds]

    assert shuffled_target(subject).check.passed
    assert not shuffled_target(replace(subject, folds=seen)).check.passed


def test_a_target_that_is_not_the_sign_of_its_return_is_found():
    table = builders.table(days=100)
    y = table.y.copy()
    y[:20] = 1 - y[:20]

    finding = target_and_return(subject_of(replace(table, y=y)))

    assert not finding.check.passed
    # 20 of 198 rows with a known target are wrong.
    assert "89.90 %" in finding.check.finding


def test_values_too_large_to_have_a_variance_are_refused_by_name():
    table = builders.table(days=100)

    with pytest.raises(TrainingError, match=r"^macd: values beyond 1e\+150"):
        subject_of(with_feature(table, table.X[:, 0] * 1e200, "macd"))


def test_neighbours_are_not_asked_of_rows_that_have_none():
    probe = probe_source(Source(without_time(builders.table(days=100))), today=TODAY)

    assert {skipped.name for skipped in probe.not_run} == {
        "future_days, repeated_days, row_order",
        "target_shift, feature_shift",
    }


def test_failures_come_first_and_the_worst_of_them_at_the_top():
    table = builders.table(days=300)
    X = table.X.copy()
    X[:, 6] = 1.0
    X[:, 7] = np.where(np.isnan(table.y), 0, table.y)

    probe = probe_source(Source(replace(table, X=X)), today=TODAY)

    outcomes = [finding.check.passed for finding in probe.findings]
    assert outcomes == sorted(outcomes)
    assert failed(probe)[0] == "target_in_features"
    assert failed(probe)[-1] == "dead_features"


def test_areas_and_their_spread_agree_with_scikit_learn_and_with_full_resampling():
    table = builders.table(days=400, signal=0.5)
    known = ~np.isnan(table.y)
    score = np.round(table.X[:, 0], 1)
    days = DayBootstrap(table.day, draws=1000, seed=1)

    area, draws = area_and_draws(table.y, score, days)

    assert area == pytest.approx(roc_auc_score(table.y[known], score[known]), abs=1e-12)
    full = DayBootstrap(table.day[known], draws=1000, seed=1).auc(table.y[known].astype(np.int64), score[known])
    assert draws.std() == pytest.approx(full.std(), rel=0.1)
    assert auc(np.array([0, 1, 1]), middle_ranks(np.array([0.1, 0.1, 0.9]))) == 0.75
