"""A pipeline that came fitted is held against the target it is published for."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss, roc_auc_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from model import Bundle
from model.any_rows import Classes, Columns, table_of
from model.errors import TrainingError
from model.making import NewBundle
from model.manifest import Check
from model.own_answers import own_answers

RNG = np.random.default_rng(3)
X = RNG.normal(size=(400, 4))
Y = (X[:, 0] + RNG.normal(size=400) > 0.3).astype(int)


def logistic():
    return make_pipeline(StandardScaler(), LogisticRegression())


def check_of(made: NewBundle) -> Check:
    return next(check for check in made.checks if check.name == "own_answers")


def test_a_pipeline_that_says_the_opposite_is_refused_with_what_to_do():
    opposite = logistic().fit(X, 1 - Y)
    area = f"{roc_auc_score(Y, opposite.predict_proba(X)[:, 1]):.3f}"

    with pytest.raises(TrainingError, match=rf"says the opposite of “target”.*is {area} .*positive=.*refit=True"):
        Bundle.create(opposite, X, Y, draws=100)


def test_each_way_out_that_is_named_works():
    opposite = logistic().fit(X, 1 - Y)

    renamed = Bundle.create(opposite, X, Y, positive=0, draws=100)
    refitted = Bundle.create(opposite, X, Y, refit=True, draws=100)

    assert renamed.draft.manifest.target.description == "1 where `target` is “0”, 0 where it is “1”."
    assert check_of(renamed).passed
    assert roc_auc_score(Y, refitted.draft.pipeline.predict_proba(X)[:, 1]) > 0.7


def test_what_the_check_says_is_what_scikit_learn_says():
    pipeline = logistic().fit(X, Y)
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    clones = cross_val_predict(logistic(), X, Y, cv=folds, method="predict_proba")[:, 1]
    own = pipeline.predict_proba(X)[:, 1]

    check = check_of(Bundle.create(pipeline, X, Y, draws=100))

    gap = log_loss(Y, own) - log_loss(Y, clones)
    assert check.passed
    assert gap < 0
    assert f"less that of its clones is −{-gap:.4f} (" in check.finding
    assert f"It says {100 * own.mean():.1f} % on average, its clones {100 * clones.mean():.1f} %" in check.finding
    assert f"AUC on all rows is {roc_auc_score(Y, own):.3f} (" in check.finding


@pytest.mark.parametrize("layout", ["days", "groups"])
def test_a_pipeline_of_another_base_rate_does_worse_than_its_clones_and_that_is_said(layout: str):
    # Fitted where every second negative was left out: it tells rows apart as well, and expects too many positives.
    kept = (Y == 1) | (np.arange(400) % 2 == 0)
    shifted = logistic().fit(X[kept], Y[kept])
    # Rows that are put in another order: by day or by group.
    order = np.random.default_rng(5).permutation(400)
    given = {"time": np.datetime64("2020-01-01") + order // 4} if layout == "days" else {"group": order // 8}

    check = check_of(Bundle.create(shifted, X, Y, draws=200, **given))

    assert not check.passed
    assert f"AUC on all rows is {roc_auc_score(Y, shifted.predict_proba(X)[:, 1]):.3f} (" in check.finding


def test_a_pipeline_fitted_on_noise_elsewhere_is_not_taken_for_the_opposite():
    below = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        rows, elsewhere = rng.normal(size=(2, 100, 3))
        y, other = rng.permutation(np.arange(100) % 2), rng.permutation(np.arange(100) % 2)
        columns = Columns(("a", "b", "c"), rows, y, "target", Classes("1", "0", "target"))

        own = own_answers(logistic().fit(elsewhere, other), table_of(columns, file="", sha256=""), draws=100, seed=seed)

        below += own.between.high < 0.5
    # An interval at 95 % alone would have refused these.
    assert below


def test_a_pipeline_fitted_on_noise_here_passes():
    noise = np.random.default_rng(8).permutation(Y)

    assert check_of(Bundle.create(logistic().fit(X, noise), X, noise, draws=100)).passed


def test_names_with_control_characters_are_refused_and_shown():
    with pytest.raises(TrainingError, match=r"column “net\\nincome”: found a line break or another control character"):
        Bundle.create(logistic().fit(X, Y), X, Y, features=["a", "b", "net\nincome", "d"], draws=100)


def test_spaces_at_either_end_of_a_name_are_dropped_and_that_is_said():
    made = Bundle.create(logistic().fit(X, Y), X, Y, features=["a", " b", "c ", "d"], draws=100)

    assert made.draft.manifest.feature_names == ("a", "b", "c", "d")
    assert made.warnings == ["Spaces at either end of a name were dropped: “ b” is “b”, “c ” is “c”."]
    with pytest.raises(TrainingError, match="column b: found the name more than once"):
        Bundle.create(logistic().fit(X, Y), X, Y, features=["a", " b", "b", "d"], draws=100)
