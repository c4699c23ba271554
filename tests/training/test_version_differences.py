"""What a new version changes: rows, features, weights and calls, worked out from the two bundles by hand."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from model.bundle import Bundle, write_bundle
from model.dataset import FeatureTable
from tests import builders
from training.shared_rows import shared_by_values, shared_rows
from training.train import train
from training.version_differences import version_differences

WHOLE = builders.table(days=700, signal=0.5)
DAYS = np.unique(WHOLE.day)


def bundle_of(table: FeatureTable, folder: Path, **settings: object) -> Bundle:
    draft = train(table, builders.small_settings(**settings)).draft.created_at(builders.WHEN)
    return Bundle.load(write_bundle(folder, draft))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return bundle_of(WHOLE, tmp_path_factory.mktemp("whole"))


@pytest.fixture(scope="module")
def earlier(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """A version of the first 500 days."""
    return bundle_of(WHOLE, tmp_path_factory.mktemp("earlier"), last_day=str(DAYS[499]))


def test_newer_data_add_rows_and_leave_the_others_the_same(whole: Bundle, earlier: Bundle):
    rows = version_differences(whole, earlier).rows

    # Two tickers; the last day of a ticker has no outcome, and is no training row.
    assert (rows.new.rows, rows.old.rows, rows.shared) == (2 * 699, 2 * 500, 2 * 500)
    assert (rows.revised, rows.groups_added, rows.groups_dropped) == (0, (), ())


def test_tickers_that_come_and_go_are_named(whole: Bundle, tmp_path: Path):
    one = bundle_of(WHOLE, tmp_path, tickers=("AAA",))

    assert version_differences(whole, one).rows.groups_added == ("BBB",)
    assert version_differences(one, whole).rows.groups_dropped == ("BBB",)
    assert version_differences(one, whole).rows.shared == 699


def test_revised_values_are_counted(whole: Bundle, tmp_path: Path):
    X = WHOLE.X.copy()
    X[[3, 5, 8], 2] += 0.1
    revised = bundle_of(replace(WHOLE, X=X), tmp_path)

    assert version_differences(revised, whole).rows.revised == 3


def test_rows_without_drift_are_not_said_to_have_drifted(whole: Bundle, earlier: Bundle):
    drift = version_differences(whole, earlier).drift

    assert (drift.units, len(drift.features), drift.told_apart) == (699, 8, ())


def test_drift_in_the_newer_rows_is_found_in_its_feature(earlier: Bundle, tmp_path: Path):
    X = WHOLE.X.copy()
    X[WHOLE.day > DAYS[499], 4] += 1.5
    drift = version_differences(bundle_of(replace(WHOLE, X=X), tmp_path), earlier).drift

    assert [feature.name for feature in drift.told_apart] == [earlier.manifest.feature_names[4]]


def test_the_same_days_have_nothing_that_could_drift(whole: Bundle, tmp_path: Path):
    again = bundle_of(WHOLE, tmp_path, first_window=120)

    assert version_differences(again, whole).drift.why_not == "both versions know the same 699 days"


def test_versions_without_a_common_ticker_are_not_asked_for_drift(whole: Bundle, tmp_path: Path):
    other = bundle_of(replace(WHOLE, ticker=np.char.add(WHOLE.ticker, "X")), tmp_path)

    found = version_differences(other, whole)
    assert found.drift.why_not == "the two versions have no ticker in common"
    assert (found.rows.shared, found.calls) == (0, None)


def test_weights_are_those_of_the_two_pipelines_in_one_unit(whole: Bundle, earlier: Bundle):
    found = version_differences(whole, earlier).weights

    sd = np.std(earlier.reference.X[~np.isnan(earlier.reference.y)], axis=0, ddof=0)
    for column, weight in enumerate(found):
        new, old = (one.pipeline[-1].coef_[0, column] / one.pipeline[0].scale_[column] for one in (whole, earlier))
        assert weight.new == pytest.approx(new * sd[column], rel=2e-3)
        assert weight.old == pytest.approx(old * sd[column], rel=2e-3)
        assert weight.change == weight.new - weight.old


def test_weights_are_left_out_where_a_version_has_none(whole: Bundle, tmp_path: Path):
    forest = bundle_of(WHOLE, tmp_path, candidate="hist_gradient_boosting")

    assert version_differences(forest, whole).weights is None
    assert version_differences(whole, forest).weights is None


def test_calls_are_counted_each_at_its_own_threshold(whole: Bundle, tmp_path: Path):
    other = bundle_of(WHOLE, tmp_path, threshold=0.6, candidate="regularised")
    calls = version_differences(other, whole).calls

    X = WHOLE.X[~np.isnan(WHOLE.y)]
    new, old = (one.pipeline.predict_proba(X)[:, 1] for one in (other, whole))
    assert calls.rows == len(X)
    assert (calls.gained, calls.lost) == (
        np.sum((new >= 0.6) & (old < 0.44)),
        np.sum((new < 0.6) & (old >= 0.44)),
    )
    assert calls.differ == np.sum((new >= 0.6) != (old >= 0.44)) > 0
    assert calls.mean_move == pytest.approx(np.mean(np.abs(new - old)))
    assert calls.largest_move == pytest.approx(np.max(np.abs(new - old)))


class Rows:
    def __init__(self, day: list[str], ticker: list[str]) -> None:
        self.day, self.ticker = np.array(day, dtype="datetime64[D]"), np.array(ticker)


def test_rows_are_the_same_where_day_and_ticker_are():
    new = Rows(["2020-01-02", "2020-01-02", "2020-01-03"], ["B", "A", "A"])
    old = Rows(["2020-01-03", "2020-01-02", "2020-01-06"], ["A", "B", "A"])

    found = shared_rows(new, old, same_data=False)
    assert sorted(zip(found.new.tolist(), found.old.tolist(), strict=True)) == [(0, 1), (2, 0)]


def test_rows_of_one_day_and_ticker_are_told_apart_by_their_order_in_the_same_data_only():
    new, old = Rows(["NaT"] * 4, [""] * 4), Rows(["NaT"] * 3, [""] * 3)

    assert shared_rows(new, old, same_data=False) is None
    assert shared_rows(new, old, same_data=True).new.tolist() == [0, 1, 2]


def test_equal_rows_are_paired_once():
    found = shared_by_values(np.array([[1.0, 2], [1, 2], [3, 4]]), np.array([[1.0, 2], [9, 9]]))

    assert (found.new.tolist(), found.old.tolist()) == ([0], [0])
