"""Fitted pipelines of every kind become bytes and come back, and nothing else is let in."""

import hashlib
import io
import json
import os
import subprocess
import sys
import textwrap
import zipfile
from pathlib import Path

import numpy as np
import pytest
import skops.io
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import (
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    VotingClassifier,
)
from sklearn.frozen import FrozenEstimator
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler
from sklearn.tree import DecisionTreeClassifier

from model.errors import UntrustedPipelineError
from model.stored_pipeline import TRUSTED_TYPES, dump_pipeline, load_pipeline

ROOT = Path(__file__).parents[2]
RNG = np.random.default_rng(0)
X = RNG.normal(size=(300, 8))
y = (X[:, 0] + RNG.normal(size=300) > 0).astype(np.int64)


def forest(**settings):
    return RandomForestClassifier(**{"n_estimators": 5, "random_state": 0} | settings)


def boosting(**settings):
    return HistGradientBoostingClassifier(**{"max_iter": 5, "random_state": 0} | settings)


PIPELINES = {
    "forest": forest,
    "forest grown best first": lambda: forest(max_leaf_nodes=12),
    "forest pruned": lambda: forest(ccp_alpha=0.005),
    "extra trees": lambda: ExtraTreesClassifier(5, random_state=0),
    "one tree": lambda: DecisionTreeClassifier(random_state=0),
    "gradient boosting": lambda: GradientBoostingClassifier(n_estimators=5, random_state=0),
    "histogram boosting": boosting,
    "histogram boosting, stopping early": lambda: boosting(early_stopping=True, max_iter=30),
    "calibrated by a sigmoid": lambda: CalibratedClassifierCV(LogisticRegression(), method="sigmoid"),
    "calibrated by steps": lambda: CalibratedClassifierCV(LogisticRegression(), method="isotonic"),
    "calibrated by a temperature": lambda: CalibratedClassifierCV(LogisticRegression(), method="temperature"),
    "calibrated forest": lambda: CalibratedClassifierCV(make_pipeline(PolynomialFeatures(), forest())),
    "calibrated boosting": lambda: CalibratedClassifierCV(boosting()),
    "calibrated as fitted": lambda: CalibratedClassifierCV(
        FrozenEstimator(make_pipeline(StandardScaler(), LogisticRegression()).fit(X, y))
    ),
    "filled, scaled, forest": lambda: make_pipeline(SimpleImputer(), StandardScaler(), forest()),
    "voting": lambda: VotingClassifier([("a", LogisticRegression()), ("b", forest())], voting="soft"),
    **{
        f"network fitted by {solver}": lambda solver=solver: MLPClassifier(
            (3,), solver=solver, max_iter=300, tol=1e-2, random_state=0
        )
        for solver in ("adam", "sgd")
    },
    "more features than given": lambda: make_pipeline(PolynomialFeatures(), forest()),
}


@pytest.fixture(scope="module")
def fitted():
    """A pipeline of each kind."""
    return {kind: unfitted().fit(X, y) for kind, unfitted in PIPELINES.items()}


@pytest.mark.parametrize("kind", PIPELINES)
def test_a_stored_pipeline_gives_the_same_probabilities_to_the_bit(fitted, kind):
    loaded = load_pipeline(dump_pipeline(fitted[kind]), "some.skops")

    np.testing.assert_array_equal(loaded.predict_proba(X), fitted[kind].predict_proba(X))


@pytest.mark.parametrize("kind", PIPELINES)
def test_a_pipeline_that_was_stored_and_loaded_is_stored_as_equal_bytes(fitted, kind):
    data = dump_pipeline(fitted[kind])

    assert dump_pipeline(load_pipeline(data, "some.skops")) == data


def test_a_pipeline_fitted_again_in_another_process_is_stored_as_equal_bytes(fitted):
    code = textwrap.dedent("""
        import hashlib
        from tests.model.test_stored_pipeline import PIPELINES, X, y, dump_pipeline
        for unfitted in PIPELINES.values():
            print(hashlib.sha256(dump_pipeline(unfitted().fit(X, y))).hexdigest())
    """)
    environment = os.environ | {"PYTHONHASHSEED": "4711"}

    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )

    assert done.stdout.split() == [hashlib.sha256(dump_pipeline(pipeline)).hexdigest() for pipeline in fitted.values()]


def test_every_trusted_type_is_needed(fitted):
    needed = set()
    for pipeline in fitted.values():
        needed |= set(skops.io.get_untrusted_types(data=dump_pipeline(pipeline)))

    assert needed == set(TRUSTED_TYPES)


def test_a_type_that_is_not_trusted_is_named():
    neighbours = KNeighborsClassifier(algorithm="kd_tree").fit(X, y)

    with pytest.raises(
        UntrustedPipelineError, match=r"some\.skops is not loaded: .*sklearn\.neighbors\._kd_tree\.KDTree"
    ):
        load_pipeline(dump_pipeline(neighbours), "some.skops")


def spoiled(pipeline, field, value):
    """Return the bytes of *pipeline* with *field* of the first node of each tree set to *value*."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(dump_pipeline(pipeline))) as before, zipfile.ZipFile(buffer, "w") as after:
        for name in before.namelist():
            data = before.read(name)
            array = np.load(io.BytesIO(data)) if name.endswith(".npy") else None
            if array is not None and array.dtype.names:
                array[field][0] = value
                changed = io.BytesIO()
                np.save(changed, array)
                data = changed.getvalue()
            after.writestr(name, data)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("kind", "field", "value"),
    [
        ("forest", "left_child", 10**9),
        ("forest", "right_child", -7),
        ("forest", "left_child", 0),
        ("forest", "feature", 8),
        ("forest", "feature", -3),
        ("histogram boosting", "left", 2**32 - 1),
        ("histogram boosting", "right", 0),
        ("histogram boosting", "feature_idx", 8),
        ("histogram boosting", "feature_idx", -1),
        ("histogram boosting", "is_categorical", 1),
    ],
)
def test_a_tree_that_leads_outside_itself_is_not_loaded(fitted, kind, field, value):
    data = spoiled(fitted[kind], field, value)

    with pytest.raises(UntrustedPipelineError, match=r"some\.skops is not loaded: it holds a decision tree"):
        load_pipeline(data, "some.skops")


@pytest.mark.parametrize("n_features", [0, 1])
def test_a_tree_may_not_compare_more_features_than_the_boosting_around_it_takes(n_features):
    pipeline = GradientBoostingClassifier(n_estimators=3, random_state=0).fit(X, y)
    pipeline.n_features_in_ = n_features

    with pytest.raises(UntrustedPipelineError, match="a feature that the model does not take"):
        load_pipeline(dump_pipeline(pipeline), "some.skops")


def test_a_tree_without_nodes_is_not_loaded():
    pipeline = DecisionTreeClassifier().fit(X, y)
    pipeline.tree_ = type(pipeline.tree_)(8, np.array([2], dtype=np.intp), 1)

    with pytest.raises(UntrustedPipelineError, match="decision tree"):
        load_pipeline(skops.io.dumps(pipeline), "some.skops")


def test_equal_arrays_are_kept_once(fitted):
    with zipfile.ZipFile(io.BytesIO(dump_pipeline(fitted["forest"]))) as archive:
        contents = [archive.read(name) for name in archive.namelist()]
        schema = json.loads(archive.read("schema.json"))

    assert len(contents) == len(set(contents))
    assert schema["__class__"] == "RandomForestClassifier"
