"""Three lines in Python make the product of any fitted classifier, or say why they do not."""

import joblib
import numpy as np
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier, VotingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.metrics import log_loss, roc_auc_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from model import Bundle
from model.creation import scorer_of
from model.errors import TrainingError, UntrustedPipelineError
from model.manifest import LinearWeights, WholePipeline

X, Y = load_breast_cancer(return_X_y=True)
X = X[:, :6]
LACKING = np.where(np.arange(len(X))[:, None] % 7 == np.arange(6), np.nan, X)


def logistic():
    return make_pipeline(StandardScaler(), LogisticRegression())


def imputing():
    return make_pipeline(SimpleImputer(strategy="median"), StandardScaler(), LogisticRegression())


def test_three_lines_publish_the_pipeline_as_it_was_fitted(tmp_path):
    pipeline = logistic().fit(X, Y)

    bundle = Bundle.create(pipeline, X, Y, threshold=0.3, draws=100).save(tmp_path / "artifacts")

    assert bundle.threshold == 0.3
    assert bundle.scorer.many(X) == pytest.approx(pipeline.predict_proba(X)[:, 1], abs=1e-12)
    plain = joblib.load(tmp_path / "model.pkl")
    assert plain["version"] == bundle.version
    assert np.array_equal(plain["pipeline"].predict_proba(X), pipeline.predict_proba(X))


def test_the_figures_are_those_of_clones_that_had_not_seen_the_rows():
    pipeline = logistic().fit(X, Y)
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    expected = cross_val_predict(logistic(), X, Y, cv=folds, method="predict_proba")[:, 1]

    made = Bundle.create(pipeline, X, Y, draws=100)

    by_name = {metric.name: metric.value for metric in made.metrics}
    assert by_name["auc"] == pytest.approx(roc_auc_score(Y, expected), abs=1e-12)
    assert by_name["log_loss"] == pytest.approx(log_loss(Y, expected), abs=1e-12)
    assert made.verdict.outcome == "better"


@pytest.mark.parametrize(
    ("classifier", "rows"),
    [
        (LogisticRegression(max_iter=10_000), X),
        (imputing(), LACKING),
        (make_pipeline(StandardScaler(), KNeighborsClassifier(15, algorithm="brute")), X),
        (CalibratedClassifierCV(make_pipeline(StandardScaler(), SVC()), ensemble=False, cv=3), X),
        (GaussianNB(), X),
        (DecisionTreeClassifier(max_depth=3, random_state=0), X),
        (RandomForestClassifier(10, random_state=0), X),
        (HistGradientBoostingClassifier(max_iter=10, random_state=0), LACKING),
        (make_pipeline(StandardScaler(), MLPClassifier((4,), max_iter=2000, random_state=0)), X),
        (VotingClassifier([("a", logistic()), ("b", GaussianNB())], voting="soft"), X),
    ],
    ids=["logistic", "imputing", "neighbours", "svm", "bayes", "tree", "forest", "boosting", "network", "voting"],
)
def test_common_classifiers_are_stored_and_score_as_before(classifier, rows, tmp_path):
    fitted = classifier.fit(rows, Y)

    bundle = Bundle.create(fitted, rows, Y, draws=100).save(tmp_path / "artifacts")

    complete = np.nan_to_num(rows[:50], nan=1.0)
    assert bundle.pipeline.predict_proba(complete)[:, 1] == pytest.approx(fitted.predict_proba(complete)[:, 1])
    assert [bundle.scorer.one(row) for row in complete.tolist()] == pytest.approx(
        fitted.predict_proba(complete)[:, 1], abs=1e-12
    )


def test_an_imputer_in_front_leaves_the_pipeline_linear():
    fitted = imputing().fit(LACKING, Y)

    scorer = scorer_of(fitted)

    assert isinstance(scorer, LinearWeights)
    z = scorer.intercept + X @ np.array(scorer.weights)
    assert 1 / (1 + np.exp(-z)) == pytest.approx(fitted.predict_proba(X)[:, 1], abs=1e-12)


def test_an_imputer_that_drops_a_feature_is_not_folded():
    rows = X.copy()
    rows[:, 2] = np.nan
    with pytest.warns(UserWarning, match="without any observed values"):
        fitted = imputing().fit(rows, Y)

    assert isinstance(scorer_of(fitted), WholePipeline)


def test_missing_values_are_said(tmp_path):
    made = Bundle.create(imputing().fit(LACKING, Y), LACKING, Y, draws=100)

    (warning,) = made.warnings
    assert "6 of 6 features" in warning
    assert (
        "most in “feature_1” 14.4 %, “feature_2” 14.4 %, “feature_3” 14.2 %, and in 3 others" in warning
    )  # 82 or 81 of 569
    assert not np.isnan(made.draft.reference.X).any()


def test_text_labels_in_order_keep_the_pipeline():
    labels = np.where(Y == 1, "yes", "no")
    fitted = logistic().fit(X, labels)

    made = Bundle.create(fitted, X, labels, target="benign", draws=100)

    assert made.draft.manifest.probability_key == "p_yes"
    assert list(made.draft.pipeline.classes_) == ["no", "yes"]


def test_a_pipeline_with_the_positive_class_first_is_refused():
    labels = np.where(Y == 1, "benign", "malignant")
    fitted = logistic().fit(X, labels)

    with pytest.raises(TrainingError, match="its second is not the positive class “benign”"):
        Bundle.create(fitted, X, labels, positive="benign", draws=100)


def test_refitting_puts_the_classes_in_order():
    labels = np.where(Y == 1, "benign", "malignant")
    fitted = logistic().fit(X, labels)

    made = Bundle.create(fitted, X, labels, positive="benign", refit=True, draws=100)

    assert made.draft.pipeline.predict_proba(X)[:, 1] == pytest.approx(fitted.predict_proba(X)[:, 0], abs=1e-6)


def test_a_data_frame_gives_names_and_leaves_none_in_the_pipeline(recwarn):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(X, columns=list("abcdef"))
    fitted = logistic().fit(frame, pandas.Series(Y, name="benign"))

    made = Bundle.create(fitted, frame, pandas.Series(Y, name="benign"), draws=100)

    assert made.draft.manifest.feature_names == tuple("abcdef")
    assert made.draft.manifest.probability_key == "p_benign"
    made.draft.pipeline.predict_proba(X[:1])
    assert [str(warning.message) for warning in recwarn] == []
    assert list(fitted.feature_names_in_) == list("abcdef")


def test_groups_are_kept_whole_and_days_in_order():
    fitted = logistic().fit(X, Y)
    group = np.arange(len(X)) % 50
    days = np.datetime64("2020-01-01") + np.arange(len(X)) // 3

    grouped = Bundle.create(fitted, X, Y, group=group, draws=100)
    ordered = Bundle.create(fitted, X, Y, time=days, draws=100)

    assert {check.name: check.passed for check in grouped.checks}["whole_groups"]
    folds = ordered.draft.manifest.folds
    assert all(fold.train_last_day < fold.test_first_day for fold in folds)
    assert ordered.draft.manifest.layout.folds == "walk-forward"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Bundle.create(RidgeClassifier().fit(X, Y), X, Y), "gives no probabilities"),
        (lambda: Bundle.create(logistic(), X, Y), "is not fitted"),
        (lambda: Bundle.create(logistic().fit(X, Y), X[:, :3], Y), "does not score these rows"),
        (lambda: Bundle.create(logistic().fit(X, Y), X, Y[:-1]), "y has 568 values and X has 569"),
        (lambda: Bundle.create(logistic().fit(X, Y), X, np.arange(569) % 3), r"3 different values \(“0”, “1”, “2”\)"),
        (lambda: Bundle.create(logistic().fit(X, Y), X, Y, threshold=1.5), "threshold is 1.5"),
        (lambda: Bundle.create(logistic().fit(X, Y), LACKING, Y), "impute itself what is missing"),
        (lambda: Bundle.create(logistic().fit(X, Y), [["a"]], [1]), "something other than numbers"),
    ],
)
def test_what_does_not_fit_is_refused_in_words(make, message):
    with pytest.raises(TrainingError, match=message):
        make()


def test_what_cannot_be_stored_safely_is_refused_with_a_way_out():
    trees = make_pipeline(StandardScaler(), KNeighborsClassifier(15, algorithm="kd_tree")).fit(X, Y)
    own = make_pipeline(FunctionTransformer(lambda rows: rows), LogisticRegression(max_iter=10_000)).fit(X, Y)

    with pytest.raises(UntrustedPipelineError, match=r"KDTree.*brute"):
        Bundle.create(trees, X, Y)
    with pytest.raises(UntrustedPipelineError, match="cannot be stored safely"):
        Bundle.create(own, X, Y)


def test_classes_told_apart_without_an_error_are_described_all_the_same(tmp_path):
    rows = np.column_stack([np.r_[np.linspace(-9, -5, 40), np.linspace(5, 9, 40)], np.arange(80) % 7])
    labels = np.repeat([0, 1], 40)
    tree = DecisionTreeClassifier(random_state=0).fit(rows, labels)

    bundle = Bundle.create(tree, rows, labels, draws=100).save(tmp_path / "artifacts")

    assert bundle.manifest.metric("auc").value == 1
    assert bundle.manifest.metric("log_loss").value == pytest.approx(0)
