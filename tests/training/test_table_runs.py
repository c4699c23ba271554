"""Runs on any table: which candidate, which windows, what is said of groups, rare classes, names and gaps."""

import csv
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from model.any_rows import missing_warning, table_of, target_of
from model.bundle import Bundle
from model.creation import Judged
from model.errors import TrainingError
from model.feature_words import question_of
from model.manifest import LinearWeights
from model.registry import Registry
from model.splitting import SplitSettings, split
from tests.builders import WHEN, any_columns
from training.__main__ import main
from training.adopt import AdoptionSettings, adopt
from training.any_file import Roles, read_any_table
from training.any_table import TableSettings, train_table
from training.candidates import CANDIDATES, with_imputer
from training.champion import champion_in_use
from training.train import publish


def written(folder: Path, header: list[str], rows: list[list[object]]) -> Path:
    path = folder / "table.csv"
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    return path


def rows_of(n: int, positives: int) -> list[list[object]]:
    """Rows of two numbers that say nothing, and a class that *positives* of them are of."""
    rng = np.random.default_rng(2)
    is_fraud = rng.permutation(np.arange(n) < positives)
    return [
        [round(a, 3), i % 7, "yes" if f else "no"]
        for i, (a, f) in enumerate(zip(rng.normal(size=n), is_fraud, strict=True))
    ]


def judged(folder: Path, rows: list[list[object]], **settings: object) -> Judged:
    table = read_any_table(written(folder, ["amount", "hour", "fraud"], rows), Roles("fraud"))
    return train_table(table, TableSettings(name="fraud", draws=100, **settings))


def test_where_positives_are_rare_the_majority_answer_is_the_one_to_beat(tmp_path: Path):
    made = judged(tmp_path, rows_of(200, 20))

    accuracy = next(metric for metric in made.metrics if metric.name == "accuracy")
    check = next(check for check in made.checks if check.name == "beats_always_yes")
    # 180 of 200 are right for whoever never calls, 20 for whoever always does.
    assert [(base.name, base.value) for base in accuracy.baselines] == [("never yes", 0.9), ("always yes", 0.1)]
    assert accuracy.baselines[0].difference == pytest.approx(accuracy.value - 0.9, abs=1e-12)
    assert check.assumption == "The calls are right more often than never calling “yes”."
    assert "against 90.00 % for never “yes”" in check.finding
    assert not check.passed


@pytest.mark.parametrize("positives", [100, 150])
def test_where_positives_are_no_minority_always_calling_is_the_one_to_beat(positives: int, tmp_path: Path):
    made = judged(tmp_path, rows_of(200, positives))

    accuracy = next(metric for metric in made.metrics if metric.name == "accuracy")
    assert [(base.name, base.value) for base in accuracy.baselines] == [("always yes", positives / 200)]


def test_with_days_the_share_of_test_rows_of_known_groups_is_said():
    table = table_of(any_columns(time=True, group=True), file="visits.csv", sha256="")
    folds = split(table, SplitSettings()).folds
    met = [table.ticker[row] in set(table.ticker[fold.train]) for fold in folds for row in np.flatnonzero(fold.test)]

    made = train_table(table, TableSettings(name="churn", draws=100))

    found = {check.name: check for check in made.checks}
    assert found["whole_groups"].passed
    assert found["whole_groups"].finding.startswith(
        f"{100 * np.mean(met):.1f} % of test rows belong to a customer that was trained on too, with earlier rows. The"
    )
    assert "do not keep a “customer” whole" in found["folds"].finding


def test_the_help_says_what_a_group_does_with_days_and_without(capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit):
        main(["--help"])

    said = " ".join(capsys.readouterr().out.split())
    assert "without --time all its rows are on one side of every fold; with --time folds follow the days" in said


@pytest.mark.parametrize(
    ("target", "positive", "question"),
    [
        ("is it malignant, 100%?", "yes", "is it malignant, 100%?"),
        ("is it malignant, 100%?", "no", "Is “is it malignant, 100%?” answered no?"),
        ("churned", "yes", "Is churned yes?"),
        ("Outcome", "Type II", "Is Outcome “Type II”?"),
        ("tumour kind", "benign", "Is “tumour kind” benign?"),
        ("hasLeft", "true", "Is “hasLeft” true?"),
        ("island", "1", "Is island 1?"),
        ("left (%)", "1", "Is “left (%)” 1?"),
    ],
)
def test_a_question_is_made_of_any_name(target: str, positive: str, question: str):
    assert question_of(target, positive, affirmed=positive in ("yes", "true", "1")) == question


def test_the_target_of_a_table_asks_the_question():
    assert target_of(any_columns()).question == "Is churned yes?"


def test_of_many_columns_with_gaps_the_three_worst_are_named():
    X = np.zeros((1000, 35))
    for column in range(35):
        X[: column + 1, column] = np.nan

    (warning,) = missing_warning([f"feat {i} %" for i in range(35)], X, "they are filled in")

    assert warning.startswith(
        "Values are missing in 35 of 35 features (most in “feat 34 %” 3.5 %, “feat 33 %” 3.4 %, “feat 32 %” 3.3 %,"
        " and in 32 others no more of them): they are filled in."
    )


def test_spaces_around_names_in_a_file_are_dropped_and_that_is_said(tmp_path: Path):
    path = written(tmp_path, [" amount", "hour ", " fraud "], rows_of(60, 30))

    table = read_any_table(path, Roles("fraud"))

    assert [feature.name for feature in table.features] == ["amount", "hour"]
    assert table.provenance.warnings == (
        "Spaces at either end of a name were dropped: “ amount” is “amount”, “hour ” is “hour”, “ fraud ” is “fraud”.",
    )


def test_names_that_differ_in_spaces_only_are_refused(tmp_path: Path):
    path = written(tmp_path, ["amount", " amount", "fraud"], rows_of(60, 30))

    with pytest.raises(TrainingError, match="column amount: found the name more than once, spaces at either end apart"):
        read_any_table(path, Roles("fraud"))


@pytest.mark.parametrize(
    ("header", "roles", "shown"),
    [
        (["a\nb", "hour", "fraud"], Roles("fraud"), r"column “a\\nb”"),
        (["amount", "bell\x07", "fraud"], Roles("fraud"), r"column “bell\\x07”"),
        (["amount", "hour", "is\tfraud"], Roles("is\tfraud"), r"column “is\\tfraud”"),
    ],
)
def test_control_characters_in_names_are_refused_at_training(header, roles, shown: str, tmp_path: Path):
    with pytest.raises(TrainingError, match=f"{shown}: found a line break or another control character.*Rename it"):
        read_any_table(written(tmp_path, header, rows_of(60, 30)), roles)


def test_a_candidate_is_trained_on_rolling_windows_with_gaps_filled_and_recorded(tmp_path: Path):
    rng = np.random.default_rng(0)
    rows = [
        [
            str(np.datetime64("2021-01-01") + i // 4),
            *[f"{v:.3f}" for v in x],
            "yes" if x[0] + rng.normal() > 0 else "no",
        ]
        for i, x in enumerate(rng.normal(size=(160, 2)))
    ]
    rows[3][1] = rows[90][2] = ""
    path = written(tmp_path, ["day", "a", "b", "churned"], rows)
    options = ["--table", str(path), "--target", "churned", "--time", "day", "--draws", "100"]
    place = ["--registry", str(tmp_path / "artifacts")]

    status = main(
        [*options, *place, "--candidate", "hist_gradient_boosting", "--window", "rolling", "--first-window", "20"]
    )

    assert status == 0
    bundle = Registry(tmp_path / "artifacts").load()
    settings = bundle.manifest.settings
    assert (settings["candidate"], settings["window"]) == ("hist_gradient_boosting", "rolling")
    assert [type(step).__name__ for _, step in bundle.pipeline.steps] == [
        "SimpleImputer",
        "HistGradientBoostingClassifier",
    ]
    # A window keeps its 20 days of 4 rows.
    assert {fold.train_rows for fold in bundle.manifest.folds} == {80}
    table = read_any_table(path, Roles("churned", time="day"))
    assert champion_in_use(Registry(tmp_path / "artifacts"), table) == "hist_gradient_boosting"
    assert _area_of_own_folds(table) == pytest.approx(bundle.manifest.metric("auc").value, abs=1e-12)


def _area_of_own_folds(table) -> float:
    """The AUC of the same candidate, fitted on windows of 20 days that are counted here by hand."""
    days, position = np.unique(table.day, return_inverse=True)
    y_true, y_score = [], []
    step = -(-(len(days) - 21) // 5)
    for stop in range(20, len(days) - 1, step):
        train = (position >= stop - 20) & (position < stop)
        test = (position > stop) & (position <= stop + step)
        fitted = with_imputer(CANDIDATES["hist_gradient_boosting"].make).fit(table.X[train], table.y[train])
        y_true.append(table.y[test])
        y_score.append(fitted.predict_proba(table.X[test])[:, 1])
    return float(roc_auc_score(np.concatenate(y_true), np.concatenate(y_score)))


def test_a_candidate_that_needs_more_rows_of_a_class_says_so(tmp_path: Path):
    # A training part holds 4 or 5 of 6 positives, and calibration wants 5.
    with pytest.raises(
        TrainingError, match=r"calibrated cannot be fitted on these rows: .* more rows of the rarer class"
    ):
        judged(tmp_path, rows_of(60, 6), candidate="calibrated")


@pytest.mark.parametrize("name", ["baseline", "regularised"])
def test_a_linear_candidate_stays_linear_behind_its_imputer(name: str):
    table = table_of(any_columns(missing=True), file="visits.csv", sha256="")

    manifest = train_table(table, TableSettings(name="churn", draws=100, candidate=name)).draft.manifest

    assert isinstance(manifest.scorer, LinearWeights)
    assert manifest.settings.get("candidate", "baseline") == name
    assert ("candidate" in manifest.settings) == (name != "baseline")


def test_the_champion_is_the_baseline_where_the_version_in_use_is_of_other_rows(tmp_path: Path):
    registry = Registry(tmp_path / "artifacts")
    table = table_of(any_columns(), file="visits.csv", sha256="1" * 64)
    other = table_of(any_columns(seed=1), file="others.csv", sha256="2" * 64)

    none_yet = champion_in_use(registry, table)
    result = train_table(table, TableSettings(name="churn", draws=100, candidate="regularised"))
    publish(result, registry, by="tester", why="first", when=WHEN)

    assert none_yet == champion_in_use(registry, other) == "baseline"
    assert champion_in_use(registry, table) == "regularised"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--horizon", "5"], "--horizon given with --table: the target is a column of the table"),
        (["--window", "rolling"], "--window rolling given without --time"),
        (["--candidate", "base_rate"], "base_rate is a rule that needs no fit"),
        (["--candidate", "oracle"], "There is no candidate oracle"),
    ],
)
def test_choices_that_a_table_does_not_allow_are_refused_with_the_reason(
    options: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    path = written(tmp_path, ["amount", "hour", "fraud"], rows_of(60, 30))

    status = main(["--table", str(path), "--target", "fraud", "--registry", str(tmp_path / "artifacts"), *options])

    assert status == 1
    assert message in capsys.readouterr().err


def test_a_pickle_that_says_the_opposite_is_not_adopted(tmp_path: Path):
    import joblib
    from sklearn.linear_model import LogisticRegression

    rng = np.random.default_rng(0)
    X = rng.normal(size=(80, 2)).round(3)
    healthy = (X[:, 0] + rng.normal(size=80) > 0).astype(int)
    table = written(
        tmp_path, ["a", "b", "ill"], [[*x, "no" if y else "yes"] for x, y in zip(X.tolist(), healthy, strict=True)]
    )
    plain = {"features": ["a", "b"], "threshold": 0.5, "trained_on": "elsewhere", "version": "1"}
    joblib.dump(plain | {"pipeline": LogisticRegression().fit(X, healthy)}, tmp_path / "model.pkl")
    settings = AdoptionSettings(name="ill", draws=100)

    with pytest.raises(TrainingError, match=r"says the opposite of “ill”: .*--positive.*--refit"):
        adopt(tmp_path / "model.pkl", table, Roles("ill"), settings, trust=True)
    turned = adopt(tmp_path / "model.pkl", table, Roles("ill", positive="no"), settings, trust=True)

    bundle = turned.save(tmp_path / "artifacts", when=WHEN)
    assert isinstance(bundle, Bundle)
    assert roc_auc_score(healthy, bundle.scorer.many(X)) > 0.6
