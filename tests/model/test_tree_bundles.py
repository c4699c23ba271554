"""Bundles whose pipeline is not linear are scored as their pipeline does, one row or many, from any thread."""

import copy
import json
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import (
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from api import create_app
from model.bundle import Bundle
from model.scoring import PipelineScorer
from tests import builders

RNG = np.random.default_rng(7)
X = RNG.normal(size=(400, 8)) * [1e-3, 1, 1, 1, 1, 50, 1, 1e3]
y = (X[:, 0] / 1e-3 + X[:, 5] / 50 + RNG.normal(size=400) > 0).astype(np.int64)
# Rows that trained the model, rows that did not, and rows far outside.
ROWS = np.vstack([X[:150], RNG.normal(size=(100, 8)) * 10, RNG.normal(size=(50, 8)) * 1e30])


class ScaledTwice(StandardScaler):
    """A scaler that only looks like the one that is known."""

    def transform(self, X):
        return 2 * super().transform(X)


def forest(**settings):
    return RandomForestClassifier(**{"n_estimators": 30, "random_state": 0} | settings)


def boosting(**settings):
    return HistGradientBoostingClassifier(**{"max_iter": 30, "random_state": 0} | settings)


WALKED = {
    "forest": forest,
    "forest on all cores": lambda: forest(n_jobs=-1),
    "forest of single leaves": lambda: forest(min_samples_leaf=300),
    "extra trees": lambda: ExtraTreesClassifier(30, random_state=0),
    "scaled forest": lambda: make_pipeline(StandardScaler(), forest()),
    "filled and scaled forest": lambda: make_pipeline(SimpleImputer(), StandardScaler(), forest()),
    "boosting": boosting,
    "boosting, stopping early": lambda: boosting(early_stopping=True, max_iter=60),
    "scaled boosting": lambda: make_pipeline(StandardScaler(), boosting()),
}

LEFT_TO_THE_PIPELINE = {
    "another scaler": lambda: make_pipeline(MinMaxScaler(), forest()),
    "a scaler that does not centre": lambda: make_pipeline(StandardScaler(with_mean=False), forest()),
    "a scaler of one's own": lambda: make_pipeline(ScaledTwice(), boosting()),
    "zeros filled": lambda: make_pipeline(SimpleImputer(missing_values=0), forest()),
    "flags added": lambda: make_pipeline(SimpleImputer(add_indicator=True), forest()),
    "categories": lambda: boosting(categorical_features=[4]),
    "calibrated": lambda: CalibratedClassifierCV(boosting()),
    "gradient boosting": lambda: GradientBoostingClassifier(n_estimators=10, random_state=0),
}


class Counting:
    """A pipeline that counts how often it is asked."""

    def __init__(self, pipeline):
        self.pipeline = pipeline
        self.steps = getattr(pipeline, "steps", [("", pipeline)])
        self.asked = 0

    def predict_proba(self, rows):
        self.asked += 1
        return self.pipeline.predict_proba(rows)


@pytest.fixture(scope="module", params=[*WALKED.values()], ids=[*WALKED])
def walked(request):
    return request.param().fit(X, y)


def test_one_row_gets_what_the_pipeline_says_to_the_bit(walked):
    # On several cores scikit-learn adds trees in the order they finish, and the last digit varies.
    tolerance = 1e-15 if getattr(walked, "n_jobs", None) else 0
    scorer = PipelineScorer(walked)

    found = np.array([scorer.one(row) for row in ROWS.tolist()])

    assert np.max(np.abs(found - walked.predict_proba(ROWS)[:, 1])) <= tolerance


def test_a_value_right_at_a_split_goes_the_way_the_pipeline_sends_it(walked):
    model = walked.steps[-1][1] if hasattr(walked, "steps") else walked
    if hasattr(model, "estimators_"):
        tree = model.estimators_[0].tree_
        splits = [(f, t) for f, t in zip(tree.feature, tree.threshold, strict=True) if f >= 0]
    else:
        nodes = model._predictors[0][0].nodes
        splits = [(n["feature_idx"], n["num_threshold"]) for n in nodes if not n["is_leaf"]]
    # A tree may be a single leaf: then any value will do.
    splits.append((0, 0.0))
    at = np.repeat(np.median(X, axis=0)[None], 3 * len(splits), axis=0)
    for place, (feature, threshold) in enumerate(splits):
        for nearby, value in enumerate((threshold, np.nextafter(threshold, np.inf), np.float32(threshold))):
            at[3 * place + nearby, feature] = value
    scorer = PipelineScorer(walked)

    assert [scorer.one(row) for row in at.tolist()] == pytest.approx(walked.predict_proba(at)[:, 1], rel=0, abs=1e-15)


def test_one_row_does_not_trouble_the_pipeline(walked):
    pipeline = Counting(walked)
    scorer = PipelineScorer(pipeline)

    scorer.one(X[0].tolist())

    assert pipeline.asked == 0


@pytest.mark.parametrize("unfitted", LEFT_TO_THE_PIPELINE.values(), ids=LEFT_TO_THE_PIPELINE.keys())
def test_what_is_not_known_is_left_to_the_pipeline(unfitted):
    rows = X.copy()
    rows[:, 4] = np.abs(rows[:, 4] * 3).round()
    fitted = unfitted().fit(rows, y)
    pipeline = Counting(fitted)

    found = [PipelineScorer(pipeline).one(row) for row in rows[:20].tolist()]

    assert found == fitted.predict_proba(rows[:20])[:, 1].tolist()
    assert pipeline.asked == 20


def test_a_release_that_keeps_its_trees_elsewhere_is_left_to_the_pipeline():
    fitted = boosting().fit(X, y)
    elsewhere = copy.copy(fitted)
    del elsewhere._predictors
    pipeline = Counting(fitted)
    pipeline.steps = [("model", elsewhere)]

    assert PipelineScorer(pipeline).one(X[0].tolist()) == fitted.predict_proba(X[:1])[0, 1]
    assert pipeline.asked == 1


@pytest.mark.parametrize("value", [1e39, -1e308])
def test_a_forest_refuses_what_float32_cannot_hold(value):
    row = X[0].tolist()
    row[3] = value

    with pytest.raises(ValueError, match="too large for dtype"):
        PipelineScorer(forest().fit(X, y)).one(row)


def test_a_forest_refuses_what_float32_cannot_hold_once_it_is_scaled():
    row = X[0].tolist()
    row[0] = 1e37

    with pytest.raises(ValueError, match="too large for dtype"):
        PipelineScorer(make_pipeline(StandardScaler(), forest()).fit(X, y)).one(row)


@pytest.mark.parametrize("value", [1e39, -1e308])
def test_boosting_answers_as_far_as_numbers_go(value):
    fitted = boosting().fit(X, y)
    row = X[0].tolist()
    row[3] = value

    assert PipelineScorer(fitted).one(row) == fitted.predict_proba([row])[0, 1]


def test_a_row_of_another_length_is_refused_as_the_pipeline_refuses_it():
    with pytest.raises(ValueError, match="X has 7 features"):
        PipelineScorer(forest().fit(X, y)).one(X[0, :7].tolist())


@pytest.mark.parametrize("unfitted", [forest, boosting])
def test_with_the_labels_swapped_the_probability_is_one_minus(unfitted):
    # Trees that split alike either way, so that only the side that is counted differs.
    up, down = PipelineScorer(unfitted().fit(X, y)), PipelineScorer(unfitted().fit(X, 1 - y))

    assert [up.one(row) for row in ROWS.tolist()] == pytest.approx([1 - down.one(row) for row in ROWS.tolist()])


def test_the_positive_class_is_the_second_whatever_its_name():
    named = np.where(y == 1, "up", "down")
    fitted = forest().fit(X, named)

    assert fitted.classes_.tolist() == ["down", "up"]
    assert PipelineScorer(fitted).one(X[0].tolist()) == forest().fit(X, y).predict_proba(X[:1])[0, 1]


def test_eight_threads_at_once_get_what_one_gets(walked):
    scorer = PipelineScorer(walked)
    rows = ROWS.tolist()
    expected = [scorer.one(row) for row in rows]

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: [scorer.one(row) for row in rows], range(8)))

    assert found == [expected] * 8


SERVED = {
    "forest": lambda: make_pipeline(forest()),
    "scaled boosting": lambda: make_pipeline(StandardScaler(), boosting()),
    "calibrated boosting": lambda: make_pipeline(
        StandardScaler(), CalibratedClassifierCV(boosting(max_iter=5), method="isotonic", cv=2)
    ),
}


@pytest.fixture(scope="module", params=[*SERVED.values()], ids=[*SERVED])
def served(request, tmp_path_factory):
    """A bundle that was written, promoted, and opened again with all its checks."""
    return builders.bundle_of(request.param(), tmp_path_factory.mktemp("trees"))


def test_a_bundle_reproduces_its_self_test_one_row_at_a_time(served):
    test = json.loads((served.directory / "self_test.json").read_bytes())

    again = Bundle.load(served.directory)

    assert isinstance(again.scorer, PipelineScorer)
    assert [again.scorer.one(row) for row in test["rows"]] == pytest.approx(test["probabilities"], rel=0, abs=1e-15)


def test_the_served_probability_is_that_of_the_pipeline(served):
    rows = served.reference.X[:200]
    client = create_app(served).test_client()
    names = served.manifest.feature_names

    replies = [
        client.post("/predict", json={"features": dict(zip(names, row, strict=True))})
        for row in in_bounds(served, rows)
    ]

    assert [reply.status_code for reply in replies] == [200] * 200
    expected = served.pipeline.predict_proba(np.array(in_bounds(served, rows)))[:, 1]
    assert [reply.json["p_up"] for reply in replies] == pytest.approx(expected, rel=0, abs=1e-12)


def test_a_bundle_trained_on_swapped_labels_serves_one_minus(tmp_path):
    up = builders.bundle_of(make_pipeline(boosting()), tmp_path / "up")
    down = builders.bundle_of(make_pipeline(boosting()), tmp_path / "down", flipped=True)
    rows = up.reference.X[:200].tolist()

    assert up.version != down.version
    assert [down.scorer.one(row) for row in rows] == pytest.approx([1 - up.scorer.one(row) for row in rows], abs=1e-12)


def test_a_value_that_a_served_forest_cannot_hold_is_a_problem_and_no_crash(tmp_path):
    served = builders.bundle_of(make_pipeline(forest()), tmp_path)
    row = dict(zip(served.manifest.feature_names, in_bounds(served, served.reference.X[:1])[0], strict=True))

    reply = create_app(served).test_client().post("/predict", json={"features": row | {"macd": 1e300}})

    assert reply.status_code == 422
    assert "/features/macd" in reply.text


def in_bounds(bundle, rows):
    """Return *rows* with every value moved to where the definition of its feature allows it."""
    low = [-np.inf if feature.hard_minimum is None else feature.hard_minimum for feature in bundle.manifest.features]
    high = [np.inf if feature.hard_maximum is None else feature.hard_maximum for feature in bundle.manifest.features]
    return np.clip(rows, low, high).tolist()
