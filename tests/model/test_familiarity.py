"""How unlike the training rows a combination is, held to scikit-learn's Mahalanobis distance."""

import numpy as np
import pytest
from sklearn.covariance import EmpiricalCovariance

from model.bundle import Bundle
from model.familiarity import LEVELS, familiarity


@pytest.fixture(name="X")
def rows() -> np.ndarray:
    rng = np.random.default_rng(5)
    return rng.normal(size=(2000, 3)) @ np.array([[1.0, 0.9, 0.0], [0.0, 0.1, 40.0], [0.0, 0.0, 5.0]]) + [5, -2, 300]


def test_distances_are_mahalanobis_distances(X: np.ndarray):
    found = familiarity(X).distances(X[:50])

    assert found == pytest.approx(np.sqrt(EmpiricalCovariance().fit(X).mahalanobis(X[:50])), rel=1e-9)


def test_of_the_shipped_rows_too(shipped: Bundle):
    rows = shipped.reference.X[~np.isnan(shipped.reference.y)]

    found = familiarity(rows).distances(rows[::100])

    assert found == pytest.approx(np.sqrt(EmpiricalCovariance().fit(rows).mahalanobis(rows[::100])), rel=1e-6)


def test_the_share_is_that_of_the_training_rows_that_lie_nearer(X: np.ndarray):
    cloud = familiarity(X)
    distances = cloud.distances(X)

    for row, distance in zip(X[::37].tolist(), distances[::37].tolist(), strict=True):
        assert cloud.share_nearer(row) == pytest.approx(np.mean(distances < distance), abs=0.006)
    assert cloud.share_nearer(X[np.argsort(distances)[-6]].tolist()) == pytest.approx(1 - 6 / 2000, abs=0.0006)


def test_what_is_further_out_than_the_furthest_row_is_beyond_them_all(X: np.ndarray):
    cloud = familiarity(X)

    assert cloud.share_nearer((X.mean(axis=0) + 1e6).tolist()) == 1.0
    assert cloud.share_nearer(X.mean(axis=0).tolist()) == 0.0
    assert cloud.share_nearer([1e308, -1e308, 1e308]) == 1.0


def test_the_furthest_row_is_beyond_all_others_but_not_beyond_itself(X: np.ndarray):
    cloud = familiarity(X)

    assert cloud.share_nearer(X[np.argmax(cloud.distances(X))].tolist()) == pytest.approx(1999 / 2000)


def test_values_that_are_usual_alone_can_be_unlike_anything_together():
    rng = np.random.default_rng(6)
    first = rng.normal(size=5000)
    X = np.column_stack([first, first + rng.normal(scale=0.05, size=5000)])

    assert familiarity(X).share_nearer([1.0, -1.0]) == 1.0
    assert familiarity(X).share_nearer([1.0, 1.0]) < 0.5


def test_what_never_varies_and_what_repeats_another_feature_says_nothing(X: np.ndarray):
    wider = np.column_stack([X, np.full(len(X), 7.0), 2 * X[:, 0] - 1])

    found = familiarity(wider)

    assert found.factor.shape == (5, 3)
    assert found.distances(wider[:50]) == pytest.approx(familiarity(X).distances(X[:50]), rel=1e-6)


def test_rows_that_do_not_vary_at_all_give_no_direction_and_no_warning():
    cloud = familiarity(np.ones((10, 2)))

    assert cloud.factor.shape == (2, 0)
    assert cloud.distances(np.array([[5.0, 5.0]])).tolist() == [0.0]


def test_the_levels_are_finest_where_rows_are_rare():
    assert (LEVELS[0], LEVELS[-1]) == (0.0, 1.0)
    assert (np.diff(LEVELS) > 0).all()
    assert np.diff(LEVELS)[LEVELS[:-1] >= 0.9].max() == pytest.approx(0.001)
