"""Drift: the figures are the field's, and the limits those that chance sets for days that resemble each other."""

import numpy as np
import pytest
from scipy.linalg import toeplitz
from scipy.stats import ks_2samp

from training.drift import FeatureDrift, Panel, feature_drift, persistence, widening

DAYS, NEW, TICKERS = 500, 120, 3


def record(seed: int, *, features: int = 4, lasting: float = 0.0, shift: float = 0.0, nested: bool = True) -> Panel:
    """Days whose rows have a common factor; the last *NEW* of them are new, the first feature *shift* higher there."""
    rng = np.random.default_rng(seed)
    factor = rng.normal(size=(DAYS, features))
    for day in range(1, DAYS):
        factor[day] = lasting * factor[day - 1] + np.sqrt(1 - lasting**2) * factor[day]
    X = np.repeat(factor, TICKERS, axis=0) + 0.5 * rng.normal(size=(DAYS * TICKERS, features))
    unit = np.repeat(np.arange(DAYS), TICKERS)
    X[unit >= DAYS - NEW, 0] += shift
    old = np.arange(DAYS) < DAYS - NEW
    return Panel(X, unit, old, np.ones(DAYS, dtype=bool) if nested else ~old, ordered=True)


def drift_of(panel: Panel) -> tuple[FeatureDrift, ...]:
    return feature_drift(panel, [f"f{column}" for column in range(panel.X.shape[1])])


def shuffled_rows(seed: int, shift: float = 0.0) -> Panel:
    """Rows that have nothing in common; the last fifth of them are new."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(600, 4))
    new = np.arange(600) >= 480
    X[new, 0] += shift
    return Panel(X, np.arange(600), ~new, new, ordered=False)


@pytest.mark.parametrize("nested", [True, False])
def test_the_distance_is_that_of_kolmogorov_and_smirnov(nested: bool):
    panel = record(1, shift=0.4, nested=nested)

    for column, found in enumerate(drift_of(panel)):
        old, new = (panel.X[members[panel.unit], column] for members in (panel.in_old, panel.in_new))
        # It is taken at 128 places: between two of them lie less than one in 128 of all rows.
        assert ks_2samp(old, new).statistic == pytest.approx(found.distance, abs=1 / 50)
        assert found.distance <= ks_2samp(old, new).statistic + 1e-12
        assert (found.old_median, found.new_median) == (np.median(old), np.median(new))


def test_the_distance_is_exact_where_a_feature_has_few_values():
    panel = record(2)
    whole = Panel(np.round(panel.X), panel.unit, panel.in_old, ~panel.in_old, ordered=True)

    for column, found in enumerate(drift_of(whole)):
        old, new = (whole.X[members[whole.unit], column] for members in (whole.in_old, whole.in_new))
        assert found.distance == pytest.approx(ks_2samp(old, new).statistic, abs=1e-12)


def test_the_stability_index_is_that_of_the_formula():
    # 60 days of one row: the old ones hold 0 on 30 days and 1 on 10, the new ones 0 on 5 and 1 on 15.
    values = np.r_[np.zeros(30), np.ones(10), np.zeros(5), np.ones(15)]
    old = np.arange(60) < 40
    (found,) = drift_of(Panel(values[:, None], np.arange(60), old, ~old, ordered=True))

    # Half a row is added to each of the two bins, so that an empty one has no infinite logarithm.
    shares_old, shares_new = np.array([30.5, 10.5]) / 41, np.array([5.5, 15.5]) / 21
    assert found.psi == pytest.approx(sum((shares_new - shares_old) * np.log(shares_new / shares_old)), abs=1e-6)
    assert found.distance == pytest.approx(0.75 - 0.25)


@pytest.mark.parametrize(("lasting", "nested"), [(0.0, True), (0.9, True), (0.9, False), (0.99, False)])
def test_without_drift_any_feature_cries_wolf_about_once_in_twenty_records(lasting: float, nested: bool):
    cried = sum(any(d.told_apart for d in drift_of(record(s, lasting=lasting, nested=nested))) for s in range(40))

    # Of 40 records at 5 %, more than 5 would be seen once in seventy times.
    assert cried <= 5


def test_the_usual_test_of_rows_would_cry_wolf_at_most_records():
    cried = 0
    for seed in range(40):
        panel = record(seed, lasting=0.9, nested=False)
        new = panel.in_new[panel.unit]
        cried += any(ks_2samp(column[~new], column[new]).pvalue < 0.05 / 4 for column in panel.X.T)

    assert cried > 30


def test_without_drift_rows_of_no_order_cry_wolf_about_once_in_twenty():
    assert sum(any(d.told_apart for d in drift_of(shuffled_rows(seed))) for seed in range(40)) <= 5


def test_what_lasts_of_a_feature_is_seen_through_rows_that_differ_within_a_day():
    panel = record(5, features=8, lasting=0.95)

    # Of 500 days an estimate is off by about 0.02.
    assert np.mean([persistence(values, panel.unit, DAYS) for values in panel.X.T]) == pytest.approx(0.95, abs=0.02)


@pytest.mark.parametrize("nested", [True, False])
def test_limits_are_wider_by_as_much_as_the_end_of_a_record_lies_further_off_than_places_on_a_ring(nested: bool):
    panel = record(6, features=2, lasting=0.98, nested=nested)

    for values, found in zip(panel.X.T, widening(panel), strict=True):
        covariance = toeplitz(persistence(values, panel.unit, DAYS) ** np.arange(DAYS))
        old, new = panel.in_old / panel.in_old.sum(), panel.in_new / panel.in_new.sum()
        variances = [
            contrast @ covariance @ contrast for place in range(DAYS) for contrast in [np.roll(new - old, place)]
        ]
        assert found == pytest.approx((variances[0] / np.mean(variances)) ** 0.5)
        assert found > 1.01


def test_limits_of_rows_of_no_order_are_not_wider():
    assert widening(shuffled_rows(1)).tolist() == [1, 1, 1, 1]


@pytest.mark.parametrize("nested", [True, False])
def test_drift_is_found_where_it_is(nested: bool):
    found = [drift_of(record(seed, shift=1.0, nested=nested)) for seed in range(20)]

    assert all(first.told_apart for first, *_ in found)
    assert sum(other.told_apart for _, *others in found for other in others) <= 2
    assert all(drift_of(shuffled_rows(seed, shift=1.0))[0].told_apart for seed in range(5))


def test_a_feature_of_one_value_drifts_nowhere():
    panel = record(3, shift=1.0)
    still = Panel(np.column_stack([panel.X, np.ones(len(panel.X))]), panel.unit, panel.in_old, panel.in_new, True)

    *_, last = drift_of(still)
    assert (last.psi, last.distance, last.told_apart) == (0, 0, False)
