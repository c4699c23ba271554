"""What a pipeline puts in place of missing values, held to what scikit-learn does with them."""

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import KNNImputer, SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from model.imputation import filling_of, may_impute
from model.stored_pipeline import dump_pipeline


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 3))
    y = (X[:, 0] > 0).astype(int)
    X[::4, 1] = np.nan
    return X, y


def fitted(rows, *steps):
    return make_pipeline(*steps, LogisticRegression()).fit(*rows)


@pytest.mark.parametrize(
    "imputer",
    [
        SimpleImputer(strategy="median"),
        SimpleImputer(strategy="most_frequent"),
        SimpleImputer(strategy="constant", fill_value=-9.0),
    ],
)
def test_a_row_that_is_filled_in_gets_what_the_row_with_its_gaps_gets(rows, imputer):
    pipeline = fitted(rows, imputer, StandardScaler())
    X = np.array([[np.nan, 1.0, np.nan], [0.1, np.nan, 0.3], [0.1, 0.2, 0.3]])

    filled = np.where(np.isnan(X), filling_of(pipeline, 3), X)

    np.testing.assert_array_equal(pipeline.predict_proba(filled), pipeline.predict_proba(X))


def test_an_imputer_at_the_front_of_a_pipeline_in_a_pipeline_is_found(rows):
    pipeline = fitted(rows, make_pipeline(SimpleImputer(), StandardScaler()))

    assert filling_of(pipeline, 3) == pytest.approx(np.nanmean(rows[0], axis=0), rel=1e-12)


def test_without_an_imputer_in_front_that_leaves_complete_rows_alone_nothing_is_filled_in(rows):
    X, y = rows
    complete = np.nan_to_num(X), y

    assert filling_of(fitted(complete, StandardScaler()), 3) is None
    assert filling_of(LogisticRegression().fit(*complete), 3) is None
    assert filling_of(HistGradientBoostingClassifier(max_iter=2).fit(X, y), 3) is None
    assert filling_of(fitted(rows, StandardScaler(), SimpleImputer()), 3) is None
    assert filling_of(fitted(rows, SimpleImputer(add_indicator=True)), 3) is None
    assert filling_of(fitted(rows, KNNImputer()), 3) is None
    assert filling_of(fitted(complete, SimpleImputer(missing_values=0.0)), 3) is None


def test_whether_a_stored_pipeline_may_fill_in_is_told_without_loading_it(rows):
    complete = np.nan_to_num(rows[0]), rows[1]

    assert may_impute(dump_pipeline(fitted(rows, SimpleImputer(), StandardScaler())))
    assert not may_impute(dump_pipeline(fitted(complete, StandardScaler())))
