"""Figures and bands of every threshold, held to counting in each resample and to scikit-learn."""

import warnings

import numpy as np
import pytest
from sklearn.metrics import precision_recall_curve

from model.bootstrap import DayBootstrap
from model.errors import InvalidInputError
from model.thresholds import confusion_at
from tests.training.scored_rows import out_of_fold, random_rows, resampled
from training.estimates import FEWEST_ROWS
from training.stakes import error_stakes, trade_stakes
from training.threshold_bands import threshold_bands
from training.threshold_budget import threshold_for_budget
from training.threshold_levels import threshold_grid

FIGURES = ("call_share", "precision", "recall", "accuracy", "value_per_call", "value_per_row", "advantage")


def counted(threshold, rows, stakes, drawn):
    """Return the seven figures of the *drawn* rows, by counting."""
    confusion = confusion_at(threshold, rows.y_true[drawn], rows.y_score[drawn])
    called = rows.y_score[drawn] >= threshold
    paid, saved = stakes.called[drawn], stakes.quiet[drawn]
    value = np.where(called, paid, saved).mean()
    rates = (confusion.call_share, confusion.precision, confusion.recall, confusion.accuracy)
    per_call = paid[called].mean() if called.any() else None
    figures = [np.nan if figure is None else figure for figure in (*rates, per_call)]
    return np.array([*figures, value, value - paid.mean()])


@pytest.mark.parametrize("step", [0.05, 0.001])
@pytest.mark.parametrize("kind", ["trades", "errors"])
def test_every_figure_and_band_is_what_counting_gives(step, kind):
    rows = random_rows(step=step)
    stakes = trade_stakes(rows.next_day_return, 0.001) if kind == "trades" else error_stakes(rows.y_true, 2, 1)
    days = DayBootstrap(rows.day, draws=25)
    bands = threshold_bands(rows, stakes, days)

    samples = resampled(rows, days)
    for threshold in np.arange(0, 1.001, 0.07).round(3):
        level = bands.level_at(threshold)
        expected = counted(threshold, rows, stakes, np.arange(len(rows.day)))
        with warnings.catch_warnings(action="ignore", category=RuntimeWarning):
            draws = np.array([counted(threshold, rows, stakes, drawn) for drawn in samples])
            low, high = np.nanquantile(draws, [0.025, 0.975], axis=0)
        for index, name in enumerate(FIGURES):
            band = getattr(bands, name)
            if bands.calls[level] >= FEWEST_ROWS:
                assert band.estimate[level] == pytest.approx(expected[index], abs=1e-12)
            if not np.isnan(band.low[level]):
                assert (band.low[level], band.high[level]) == pytest.approx((low[index], high[index]), abs=1e-12)
    banded = ~np.isnan(bands.advantage.low)
    assert 3 <= banded.sum() < len(banded)


def test_precision_and_recall_agree_with_scikit_learn_at_every_threshold(shipped):
    rows = shipped.out_of_fold
    bands = threshold_bands(rows, trade_stakes(rows.next_day_return, 0.0), DayBootstrap(rows.day, draws=2))
    precision, recall, at = precision_recall_curve(rows.y_true, rows.y_score)

    place = np.searchsorted(at, bands.thresholds, side="left")
    enough = (bands.calls >= FEWEST_ROWS)[bands.level]
    assert bands.precision.estimate[bands.level][enough] == pytest.approx(precision[place][enough])
    assert bands.recall.estimate[bands.level] == pytest.approx(recall[place])
    assert np.isnan(bands.precision.estimate[bands.level][~enough]).all()


def test_counts_are_those_of_the_confusion():
    rows = random_rows()
    bands = threshold_bands(rows, error_stakes(rows.y_true, 1, 1), DayBootstrap(rows.day, draws=2))

    for threshold in (0.0, 0.35, 0.5, 0.501, 1.0):
        level, confusion = bands.level_at(threshold), confusion_at(threshold, rows.y_true, rows.y_score)
        assert bands.calls[level] == confusion.calls
        assert bands.true_positives[level] == confusion.true_positives
        assert bands.false_positives[level] == confusion.false_positives
    assert (bands.n, bands.days) == (len(rows.day), len(np.unique(rows.day)))
    assert bands.base_rate == pytest.approx(rows.y_true.mean())


def stepped(n_called, n=100):
    """Return *n* rows, one a day, of which the last *n_called* score 0.8 and the others 0.2."""
    score = np.where(np.arange(n) < n - n_called, 0.2, 0.8)
    return out_of_fold(np.arange(n), np.arange(n) % 2, score, next_day_return=0.01 * (-1) ** np.arange(n))


@pytest.mark.parametrize(("n_called", "has_band"), [(FEWEST_ROWS - 1, False), (FEWEST_ROWS, True)])
def test_few_called_rows_have_no_band_and_no_precision(n_called, has_band):
    rows = stepped(n_called)
    bands = threshold_bands(rows, trade_stakes(rows.next_day_return, 0.0), DayBootstrap(rows.day, draws=50))
    level = bands.level_at(0.5)

    assert bands.call_share.estimate[level] == n_called / 100
    for name in FIGURES:
        band = getattr(bands, name)
        assert (not np.isnan(band.low[level])) is (not np.isnan(band.high[level])) is has_band
    assert (not np.isnan(bands.precision.estimate[level])) is has_band
    assert (not np.isnan(bands.value_per_call.estimate[level])) is has_band


@pytest.mark.parametrize(("n_left", "has_band"), [(FEWEST_ROWS - 1, False), (FEWEST_ROWS, True)])
def test_an_advantage_that_few_rows_left_decide_has_no_band(n_left, has_band):
    rows = stepped(100 - n_left)
    bands = threshold_bands(rows, trade_stakes(rows.next_day_return, 0.0), DayBootstrap(rows.day, draws=50))
    level = bands.level_at(0.5)

    assert (not np.isnan(bands.advantage.low[level])) is has_band
    assert not np.isnan(bands.value_per_row.low[level])


def test_calling_every_row_is_always_calling_for_certain():
    rows = random_rows()
    bands = threshold_bands(rows, trade_stakes(rows.next_day_return, 0.0003), DayBootstrap(rows.day, draws=50))

    band = bands.advantage
    assert (band.estimate[0], band.low[0], band.high[0]) == (0.0, 0.0, 0.0)
    assert bands.value_per_row.estimate[0] == bands.always == pytest.approx(rows.next_day_return.mean() - 0.0003)
    assert bands.precision.estimate[0] == pytest.approx(bands.base_rate)


def test_never_calling_saves_what_always_calling_is_worth():
    rows = random_rows()
    bands = threshold_bands(rows, trade_stakes(rows.next_day_return, 0.001), DayBootstrap(rows.day, draws=5))

    never = bands.level_at(1.0)
    assert bands.calls[never] == 0
    assert bands.value_per_row.estimate[never] == pytest.approx(0, abs=1e-15)
    assert bands.advantage.estimate[never] == pytest.approx(-bands.always)


def test_rows_without_a_positive_have_no_recall():
    rows = out_of_fold(np.arange(60), np.zeros(60), np.full(60, 0.6))
    bands = threshold_bands(rows, error_stakes(rows.y_true, 1, 1), DayBootstrap(rows.day, draws=5))

    assert np.isnan(bands.recall.estimate).all()
    assert np.isnan(bands.recall.low).all()
    assert bands.precision.low[0] == bands.precision.high[0] == 0


def test_progress_ends_with_all_levels_done():
    rows = random_rows(step=0.001)
    seen = []

    bands = threshold_bands(
        rows,
        error_stakes(rows.y_true, 1, 1),
        DayBootstrap(rows.day, draws=2),
        on_progress=lambda done, total: seen.append((done, total)),
    )

    n = len(bands.calls)
    assert len(seen) > 1
    assert [done for done, _ in seen] == sorted({done for done, _ in seen})
    assert seen[-1] == (n, n)
    assert {total for _, total in seen} == {n}


def test_a_threshold_off_the_grid_is_refused_unless_the_grid_was_made_with_it():
    rows = random_rows()
    stakes, days = error_stakes(rows.y_true, 1, 1), DayBootstrap(rows.day, draws=2)

    with pytest.raises(InvalidInputError, match=r"found 0\.4437; expected one of the 1,001 thresholds"):
        threshold_bands(rows, stakes, days).level_at(0.4437)
    bands = threshold_bands(rows, stakes, days, threshold_grid(0.4437))
    assert bands.calls[bands.level_at(0.4437)] == (rows.y_score >= 0.4437).sum()


def test_a_threshold_that_rounding_moved_is_found():
    rows = random_rows()
    bands = threshold_bands(rows, error_stakes(rows.y_true, 1, 1), DayBootstrap(rows.day, draws=2))

    assert bands.level_at(0.1 + 0.2) == bands.level_at(0.3)


@pytest.fixture(scope="module")
def busy():
    """Bands of a year with 12 calls at 0.9 in March, one a month at 0.7 otherwise, and a row left each 1st."""
    months = np.arange("2001-01", "2002-01", dtype="datetime64[M]").astype("datetime64[D]")
    quiet = np.delete(months, 2) + 9
    march = np.datetime64("2001-03-05") + np.arange(12)
    day = np.concatenate([months, quiet, march, [np.datetime64("2001-12-31")]])
    score = np.concatenate([np.full(12, 0.1), np.full(11, 0.7), np.full(12, 0.9), [0.1]])
    order = np.argsort(day)
    rows = out_of_fold(day[order], np.arange(36) % 2, score[order])
    return threshold_bands(rows, error_stakes(rows.y_true, 1, 1), DayBootstrap(rows.day, draws=2))


def test_calls_a_month_are_those_of_the_span_and_of_the_busiest_month(busy):
    # 365 days are 11.99 months of 365.25 / 12 days; March has its 12 calls and, at 0, its 1st.
    months = 365 / (365.25 / 12)

    for threshold, calls, busiest in ((0.0, 36, 13), (0.5, 23, 12), (0.8, 12, 12), (0.95, 0, 0)):
        level = busy.level_at(threshold)
        assert busy.calls_a_month[level] == pytest.approx(calls / months)
        assert busy.busiest_month[level] == busiest


@pytest.mark.parametrize(
    ("budget", "on_average", "in_any"), [(50, 0.0, 0.0), (12, 0.0, 0.101), (2.5, 0.101, 0.901), (1.5, 0.701, 0.901)]
)
def test_a_budget_gives_the_lowest_threshold_that_keeps_to_it(busy, budget, on_average, in_any):
    assert threshold_for_budget(busy, budget) == on_average
    assert threshold_for_budget(busy, budget, in_any_month=True) == in_any


def test_a_budget_that_even_the_highest_threshold_breaks_has_none():
    rows = out_of_fold(np.arange(60), np.ones(60), np.ones(60))
    bands = threshold_bands(rows, error_stakes(rows.y_true, 1, 1), DayBootstrap(rows.day, draws=2))

    assert threshold_for_budget(bands, 5) is None


@pytest.mark.parametrize("budget", [-1, np.nan])
def test_a_budget_that_is_none_is_refused(busy, budget):
    with pytest.raises(InvalidInputError, match=r"calls a month: found .* expected 0 or more"):
        threshold_for_budget(busy, budget)


def test_less_than_a_month_of_rows_gives_no_calls_a_month_and_no_budget():
    rows = random_rows(30)
    bands = threshold_bands(rows, error_stakes(rows.y_true, 1, 1), DayBootstrap(rows.day, draws=2))

    assert np.isnan(bands.calls_a_month).all()
    with pytest.raises(InvalidInputError, match="found 30 days; expected at least a month"):
        threshold_for_budget(bands, 5)
