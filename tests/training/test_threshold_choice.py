"""The best threshold, its noise, and what it is worth on days it was not chosen on."""

from dataclasses import replace

import numpy as np
import pytest

from model.bootstrap import DayBootstrap
from model.errors import InvalidInputError
from tests.training.scored_rows import out_of_fold, random_rows, resampled
from training.estimates import FEWEST_DAYS, FEWEST_ROWS
from training.stakes import Stakes, error_stakes, threshold_for_errors, trade_stakes
from training.threshold_choice import best_threshold, chosen_on_first_half
from training.threshold_levels import threshold_grid

GRID = np.arange(0, 1.001, 0.025).round(3)


def value_at(threshold, rows, stakes, drawn=slice(None)):
    return np.where(rows.y_score[drawn] >= threshold, stakes.called[drawn], stakes.quiet[drawn]).mean()


def nearest_best(rows, stakes, near, drawn=slice(None)):
    """Return the best threshold of GRID by trying each; ties to the nearest, then the lower."""
    values = np.array([value_at(threshold, rows, stakes, drawn) for threshold in GRID])
    tied = GRID[values >= values.max() - 1e-12]
    return min(tied, key=lambda threshold: (round(abs(threshold - near), 9), threshold))


@pytest.fixture(scope="module")
def rows():
    return random_rows(90, step=0.025, signal=0.5)


@pytest.fixture(scope="module")
def days(rows):
    return DayBootstrap(rows.day, draws=80)


@pytest.mark.parametrize("near", [0.44, 0.5, 0.9])
@pytest.mark.parametrize("kind", ["trades", "errors"])
def test_best_on_the_rows_and_in_every_resample_is_what_trying_each_threshold_gives(rows, days, near, kind):
    stakes = trade_stakes(rows.next_day_return, 0.001) if kind == "trades" else error_stakes(rows.y_true, 1, 1)
    found = best_threshold(rows, stakes, days, GRID, near=near)
    of_draw = np.array([nearest_best(rows, stakes, near, drawn) for drawn in resampled(rows, days)])

    assert found.threshold == nearest_best(rows, stakes, near)
    assert found.value == pytest.approx(value_at(found.threshold, rows, stakes))
    assert found.advantage == pytest.approx(found.value - stakes.called.mean())
    assert found.calls == (rows.y_score >= found.threshold).sum()
    distinct, counts = np.unique(of_draw, return_counts=True)
    assert found.distinct.tolist() == distinct.tolist()
    assert found.counts.tolist() == counts.tolist()
    expected = tuple(np.quantile(of_draw, [0.025, 0.975]))
    assert (found.interval.low, found.interval.high) == pytest.approx(expected)
    for share, extreme in ((found.always_best, 0.0), (found.never_best, 1.0)):
        as_good = [
            value_at(extreme, rows, stakes, drawn) >= value_at(best, rows, stakes, drawn) - 1e-12
            for best, drawn in zip(of_draw, resampled(rows, days), strict=True)
        ]
        assert share == np.mean(as_good)


def test_within_noise_is_every_threshold_whose_paired_difference_may_be_zero(rows, days):
    stakes = error_stakes(rows.y_true, 1, 1)
    found = best_threshold(rows, stakes, days, GRID, near=0.44)
    samples = resampled(rows, days)

    for threshold, within in zip(found.thresholds, found.within_noise, strict=True):
        differences = [
            value_at(found.threshold, rows, stakes, drawn) - value_at(threshold, rows, stakes, drawn)
            for drawn in samples
        ]
        apart = np.sum((rows.y_score >= threshold) != (rows.y_score >= found.threshold))
        assert within == (np.quantile(differences, 0.025) <= 1e-12 or apart < FEWEST_ROWS)
    assert found.within_noise.any()
    assert not found.within_noise.all()


def test_a_handful_of_rows_does_not_tell_two_thresholds_apart():
    n = 200
    score = np.where(np.arange(n) < FEWEST_ROWS - 1, 0.4, 0.6)
    rows = out_of_fold(np.random.default_rng(0).permutation(n), score > 0.5, score)
    found = best_threshold(rows, error_stakes(rows.y_true, 1, 1), DayBootstrap(rows.day, draws=100), GRID, near=0.5)

    # Calling the 19 is wrong every time; calling none of the 200 is worse, and no handful.
    assert found.threshold == 0.5
    assert found.noise_ranges == [(0.0, 0.6)]


def test_runs_within_noise_are_listed_one_by_one(rows, days):
    found = best_threshold(rows, error_stakes(rows.y_true, 1, 1), days, np.arange(7) / 10, near=0.5)

    holed = replace(found, within_noise=np.array([True, True, False, True, False, False, True]))

    assert holed.noise_ranges == [(0.0, 0.1), (0.3, 0.3), (0.6, 0.6)]


def calibrated():
    """Return 10 rows at each of 0.1, …, 0.9, of which that share is positive."""
    tenth = np.repeat(np.arange(1, 10), 10)
    y = np.concatenate([np.arange(10) < k for k in range(1, 10)])
    order = np.random.default_rng(0).permutation(90)
    return out_of_fold(np.arange(90), y[order], tenth[order] / 10)


@pytest.mark.parametrize(("false_call", "missed"), [(1, 1), (1, 3), (3, 1), (2, 9)])
def test_where_probabilities_are_frequencies_the_best_threshold_is_the_one_of_the_costs(false_call, missed):
    rows = calibrated()
    stakes, days = error_stakes(rows.y_true, false_call, missed), DayBootstrap(rows.day, draws=20)
    of_costs = threshold_for_errors(false_call, missed)

    found = best_threshold(rows, stakes, days, threshold_grid(of_costs), near=of_costs)

    assert found.threshold == of_costs


def test_thresholds_worth_the_same_give_way_to_the_nearest_and_then_to_the_lower():
    # Calling the rows at 0.5 gains nothing and loses nothing: all thresholds above 0.2 and up to 0.8 tie.
    rows = out_of_fold(np.arange(80), np.tile([0, 0, 1, 1], 20), np.tile([0.2, 0.5, 0.5, 0.8], 20))
    stakes, days = error_stakes(rows.y_true, 1, 1), DayBootstrap(rows.day, draws=20)

    def best(near, grid=None):
        return best_threshold(rows, stakes, days, grid, near=near).threshold

    assert best(0.44) == 0.44
    assert best(0.1) == 0.201
    assert best(0.95) == 0.8
    # In binary 0.5 is nearer to 0.4 than 0.3 is, by 6e-17.
    assert best(0.4, np.array([0.0, 0.3, 0.5, 1.0])) == 0.3


def test_rounding_makes_no_threshold_better():
    # 0.1 + 0.2 - 0.3 is 6e-17 in binary: calling all of it is worth no more than calling nothing.
    rows = out_of_fold(np.arange(60), np.tile([1, 1, 0], 20), np.full(60, 0.5))
    stakes = trade_stakes(np.tile([0.1, 0.2, -0.3], 20), 0.0)

    found = best_threshold(rows, stakes, DayBootstrap(rows.day, draws=5), near=0.9)

    assert found.threshold == 0.9


def test_with_ruinous_costs_never_calling_is_best_in_every_resample(rows, days):
    found = best_threshold(rows, trade_stakes(rows.next_day_return, 0.5), days, near=0.44)

    assert (found.calls, found.never_best, found.always_best) == (0, 1.0, 0.0)
    assert found.value == pytest.approx(0, abs=1e-12)


def test_the_interval_of_noise_is_wider_than_that_of_a_signal():
    widths = []
    for signal in (0.0, 3.0):
        rows = random_rows(400, step=0.001, signal=signal, seed=1)
        days = DayBootstrap(rows.day, draws=200)
        interval = best_threshold(rows, error_stakes(rows.y_true, 1, 1), days, near=0.5).interval
        widths.append(interval.high - interval.low)

    assert widths[1] < 0.5 * widths[0]


def halves(n_days=160):
    """Return one row a day; in the first half only scores from 0.7 come true, in the second all from 0.3."""
    day = np.arange(n_days)
    score = np.tile([0.1, 0.3, 0.5, 0.7], n_days // 4 + 1)[:n_days]
    y = np.where(day < n_days // 2, score >= 0.7, score >= 0.3)
    return out_of_fold(day, y, score)


def test_a_threshold_is_chosen_on_the_first_half_and_scored_on_the_second():
    rows = halves()

    found = chosen_on_first_half(rows, error_stakes(rows.y_true, 1, 1), 0.3, draws=50, gap=0)

    # First half: a quarter of the rows is positive, and all at 0.7; the nearest such threshold to 0.3 is 0.501.
    assert found.chosen.threshold == 0.501
    assert found.advantage_where_chosen == pytest.approx(0.75)
    assert (found.first.days, found.first.rows, found.second.days, found.second.rows) == (80, 80, 80, 80)
    assert (found.first.first_day, found.first.last_day) == ("2001-01-01", "2001-03-21")
    assert (found.second.first_day, found.second.last_day) == ("2001-03-22", "2001-06-09")
    # Second half: 60 of 80 rows are positive, of which the chosen one calls 20 and the own one all.
    assert (found.chosen.calls, found.own.calls) == (20, 60)
    assert found.chosen.precision.value == found.own.precision.value == 1
    assert found.chosen.value.value == pytest.approx(-0.5)
    assert found.chosen.advantage.value == pytest.approx(-0.25)
    assert found.own.advantage.value == pytest.approx(0.25)
    assert found.difference.value == pytest.approx(-0.5)
    assert found.difference.interval.high < 0


def test_the_scores_of_the_second_half_have_the_intervals_of_its_own_days():
    rows = random_rows(200, signal=0.5)
    stakes = trade_stakes(rows.next_day_return, 0.001)
    unique = np.unique(rows.day)
    second = rows.day >= unique[100]

    found = chosen_on_first_half(rows, stakes, 0.5, draws=40, seed=7)

    days = DayBootstrap(rows.day[second], draws=40, seed=7)
    position = np.unique(rows.day[second], return_inverse=True)[1]
    called = rows.y_score[second] >= 0.5
    advantage = np.where(called, 0, stakes.quiet[second] - stakes.called[second])
    draws = [np.average(advantage, weights=count[position]) for count in days.counts]
    interval = found.own.advantage.interval
    assert found.own.advantage.value == pytest.approx(advantage.mean())
    assert (interval.low, interval.high) == pytest.approx(tuple(np.quantile(draws, [0.025, 0.975])))


@pytest.mark.parametrize("gap", [1, 5])
def test_nothing_from_the_gap_on_can_sway_the_choice(gap):
    rows = random_rows(200, signal=0.5)
    stakes = trade_stakes(rows.next_day_return, 0.001)
    later = rows.day >= np.unique(rows.day)[100 - gap]
    rng = np.random.default_rng(1)
    shuffled = Stakes(np.where(later, rng.normal(0, 1, len(later)), stakes.called), stakes.quiet)
    other = replace(rows, y_score=np.where(later, rng.random(len(later)), rows.y_score))

    chosen = chosen_on_first_half(rows, stakes, 0.44, draws=5, gap=gap)
    swayed = chosen_on_first_half(other, shuffled, 0.44, draws=5, gap=gap)

    assert swayed.chosen.threshold == chosen.chosen.threshold
    assert swayed.advantage_where_chosen == pytest.approx(chosen.advantage_where_chosen)
    assert (chosen.first.days, chosen.second.days) == (100 - gap, 100)


def test_the_middle_day_of_an_odd_number_is_scored_on():
    found = chosen_on_first_half(halves(161), error_stakes(halves(161).y_true, 1, 1), 0.3, draws=5, gap=0)

    assert (found.first.days, found.second.days) == (80, 81)


def test_too_few_days_for_two_halves_are_refused():
    few = halves(2 * FEWEST_DAYS + 1)
    enough = halves(2 * FEWEST_DAYS + 2)

    with pytest.raises(InvalidInputError, match="days: found 121; expected 122 or more"):
        chosen_on_first_half(few, error_stakes(few.y_true, 1, 1), 0.44, draws=5)
    assert chosen_on_first_half(enough, error_stakes(enough.y_true, 1, 1), 0.44, draws=5).first.days == FEWEST_DAYS


def test_where_both_thresholds_call_the_same_they_do_not_differ():
    rows = halves()

    found = chosen_on_first_half(rows, error_stakes(rows.y_true, 1, 1), 0.6, draws=20, gap=0)

    assert found.chosen.threshold == 0.6
    assert (found.difference.value, found.difference.interval.low, found.difference.interval.high) == (0, 0, 0)
