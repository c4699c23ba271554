"""One threshold on some of the rows: by counting, and nothing where rows are few."""

import numpy as np
import pytest

from model.bootstrap import DayBootstrap
from model.thresholds import confusion_at
from tests.training.scored_rows import out_of_fold, random_rows, resampled
from training.estimates import FEWEST_DAYS, FEWEST_ROWS
from training.groups import ticker_groups, year_groups
from training.stakes import error_stakes, trade_stakes
from training.threshold_bands import threshold_bands
from training.threshold_scores import by_group, score_at


@pytest.fixture(scope="module")
def rows():
    return random_rows(300)


@pytest.fixture(scope="module")
def days(rows):
    return DayBootstrap(rows.day, draws=60)


def test_the_score_of_all_rows_is_the_entry_of_the_bands(rows, days):
    stakes = trade_stakes(rows.next_day_return, 0.001)
    bands = threshold_bands(rows, stakes, days)
    level = bands.level_at(0.5)

    score = score_at(0.5, rows, stakes, days)

    pairs = [
        (score.call_share, bands.call_share),
        (score.precision, bands.precision),
        (score.value, bands.value_per_row),
        (score.advantage, bands.advantage),
    ]
    for estimate, band in pairs:
        found = (estimate.value, estimate.interval.low, estimate.interval.high)
        assert found == pytest.approx((band.estimate[level], band.low[level], band.high[level]))
    assert score.calls == bands.calls[level]
    assert score.base_rate.value == pytest.approx(bands.base_rate)


def test_a_group_is_scored_on_its_own_rows_in_every_resample(rows, days):
    stakes = error_stakes(rows.y_true, 2, 1)
    here = rows.day < rows.day[0] + 150

    (group,) = by_group(0.5, {"early": here}, rows, stakes, days)

    own = confusion_at(0.5, rows.y_true[here], rows.y_score[here])
    assert (group.name, group.rows, group.days, group.calls) == ("early", here.sum(), 150, own.calls)
    assert group.score.precision.value == pytest.approx(own.precision)
    assert group.score.call_share.value == pytest.approx(own.call_share)
    assert group.score.base_rate.value == pytest.approx(own.base_rate)
    drawn = [rows_drawn[here[rows_drawn]] for rows_drawn in resampled(rows, days)]
    precision = [confusion_at(0.5, rows.y_true[one], rows.y_score[one]).precision for one in drawn]
    beaten = stakes.always_beaten_by((rows.y_score >= 0.5).astype(float))
    for found, expected in (
        (group.score.precision, precision),
        (group.score.advantage, [beaten[one].mean() for one in drawn]),
    ):
        assert (found.interval.low, found.interval.high) == pytest.approx(tuple(np.quantile(expected, [0.025, 0.975])))


@pytest.mark.parametrize(
    ("n_days", "n_calls", "scored"),
    [
        (FEWEST_DAYS, FEWEST_ROWS, True),
        (FEWEST_DAYS - 1, FEWEST_ROWS, False),
        (FEWEST_DAYS, FEWEST_ROWS - 1, False),
    ],
)
def test_too_few_calls_or_days_get_no_figures_but_are_counted(n_days, n_calls, scored):
    day = np.concatenate([np.arange(n_days), np.arange(n_days, 200)])
    score = np.where(np.arange(200) < n_calls, 0.9, 0.1)
    rows = out_of_fold(day, np.arange(200) % 2, score)

    (group,) = by_group(
        0.5,
        {"some": np.arange(200) < n_days},
        rows,
        error_stakes(rows.y_true, 1, 1),
        DayBootstrap(rows.day, draws=20),
    )

    assert (group.rows, group.days, group.calls) == (n_days, n_days, n_calls)
    assert (group.score is not None) is scored


@pytest.mark.parametrize(("n_left", "has_interval"), [(0, True), (FEWEST_ROWS - 1, False), (FEWEST_ROWS, True)])
def test_an_advantage_that_few_rows_left_decide_has_no_interval(n_left, has_interval):
    score = np.where(np.arange(100) < n_left, 0.1, 0.9)
    rows = out_of_fold(np.arange(100), np.arange(100) % 2, score)

    found = score_at(0.5, rows, error_stakes(rows.y_true, 1, 1), DayBootstrap(rows.day, draws=20))

    assert (found.advantage.interval is not None) is has_interval
    assert found.value.interval is not None


def test_an_empty_group_is_counted_as_empty(rows, days):
    nothing = np.zeros(len(rows.day), dtype=bool)

    (group,) = by_group(0.5, {"none": nothing}, rows, error_stakes(rows.y_true, 1, 1), days)

    assert (group.rows, group.days, group.calls, group.score) == (0, 0, 0, None)


def test_the_groups_of_the_shipped_rows_add_up_to_all_of_them(shipped):
    rows = shipped.out_of_fold
    stakes, days = trade_stakes(rows.next_day_return, 0.0005), DayBootstrap(rows.day, draws=50)
    whole = score_at(0.44, rows, stakes, days)

    for groups in (year_groups(rows), ticker_groups(rows)):
        found = by_group(0.44, groups, rows, stakes, days)
        assert sum(group.rows for group in found) == len(rows.day)
        assert sum(group.calls for group in found) == whole.calls
        assert [group.name for group in found] == sorted(groups)
    # 2013 holds January and February only.
    assert [group.name for group in by_group(0.44, year_groups(rows), rows, stakes, days) if not group.score] == [
        "2013"
    ]
