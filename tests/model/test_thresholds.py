"""Confusion and rates, held to scikit-learn's own."""

import numpy as np
import pytest
from sklearn import metrics

from model.thresholds import Confusion, confusion_at, threshold_curve


def test_confusion_agrees_with_scikit_learn_at_every_threshold(shipped):
    y, p = shipped.out_of_fold.y_true, shipped.out_of_fold.y_score

    for threshold in (0.40, 0.44, 0.48, 0.50, 0.55):
        (tn, fp), (fn, tp) = metrics.confusion_matrix(y, p >= threshold)
        found = confusion_at(threshold, y, p)

        assert found == Confusion(tp, fp, fn, tn)
        assert found.precision == pytest.approx(metrics.precision_score(y, p >= threshold))
        assert found.recall == pytest.approx(metrics.recall_score(y, p >= threshold))
        assert found.accuracy == pytest.approx(metrics.accuracy_score(y, p >= threshold))


def test_a_score_equal_to_the_threshold_is_a_call():
    assert confusion_at(0.44, np.array([1]), np.array([0.44])).calls == 1


def test_a_rate_without_rows_is_none():
    nothing_called = confusion_at(1.0, np.array([0, 1]), np.array([0.2, 0.3]))
    nothing_positive = confusion_at(0.0, np.array([0, 0]), np.array([0.2, 0.3]))

    assert nothing_called.precision is None
    assert nothing_called.recall == 0
    assert nothing_positive.recall is None
    assert nothing_positive.specificity == 0
    assert Confusion(0, 0, 0, 0).call_share is None


def test_the_curve_is_the_confusion_at_each_point():
    rng = np.random.default_rng(0)
    y, p = rng.integers(0, 2, 200), rng.random(200).round(2)
    thresholds = np.linspace(0, 1, 101)

    curve = threshold_curve(y, p, thresholds)

    for i, threshold in enumerate(thresholds):
        at = confusion_at(threshold, y, p)
        assert curve.recall[i] == at.recall
        assert curve.call_share[i] == at.call_share
        assert np.isnan(curve.precision[i]) if at.precision is None else curve.precision[i] == at.precision
    assert curve.base_rate == y.mean()
