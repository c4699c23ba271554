"""The calibration a bundle carries, held to scikit-learn's on the same rows, bin by bin."""

import numpy as np
import pytest
from sklearn.calibration import calibration_curve

from model.bootstrap import DayBootstrap
from model.evaluation import calibration_table


@pytest.fixture(scope="module")
def theirs(shipped):
    """Share that came true and mean probability by scikit-learn, lowest bin first.

    A score that is exactly a bin's edge goes down in scikit-learn and up here. With scores and outcomes
    turned over, scikit-learn's down is our up.
    """
    rows = shipped.out_of_fold
    came, said = calibration_curve(1 - rows.y_true, 1 - rows.y_score, n_bins=10, strategy="quantile")
    return 1 - came[::-1], 1 - said[::-1]


def test_the_bins_of_the_bundle_are_scikit_learns(shipped, theirs):
    bins = shipped.manifest.calibration

    assert [bin_.observed for bin_ in bins] == pytest.approx(theirs[0], abs=1e-12)
    assert [bin_.mean_probability for bin_ in bins] == pytest.approx(theirs[1], abs=1e-12)


def test_the_bins_reckoned_anew_are_scikit_learns(shipped, theirs):
    rows = shipped.out_of_fold
    bins = calibration_table(rows.y_true, rows.y_score, DayBootstrap(rows.day, draws=2))

    assert [bin_.observed for bin_ in bins] == pytest.approx(theirs[0], abs=1e-12)
    assert [bin_.mean_probability for bin_ in bins] == pytest.approx(theirs[1], abs=1e-12)
    assert sum(bin_.n for bin_ in bins) == len(rows.day)


def test_the_intervals_of_the_bundle_are_those_of_whole_days_in_every_resample(shipped):
    rows, settings = shipped.out_of_fold, shipped.manifest.settings
    days = DayBootstrap(rows.day, draws=int(settings["draws"]), seed=int(settings["seed"]))
    position = np.unique(rows.day, return_inverse=True)[1]
    bin_ = shipped.manifest.calibration[0]
    here = rows.y_score < bin_.high

    draws = [np.average(rows.y_true[here], weights=count[position[here]]) for count in days.counts]

    assert bin_.n == here.sum()
    assert (bin_.interval.low, bin_.interval.high) == pytest.approx(tuple(np.quantile(draws, [0.025, 0.975])))
