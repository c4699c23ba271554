"""Any table of numbers with a target of two values is trained on, and what is wrong with one is said."""

import csv
import gzip
import re
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss, roc_auc_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from model.any_rows import table_of
from model.errors import TrainingError
from model.registry import Registry
from model.splitting import SplitSettings, split
from model.storage import sha256_of
from tests.builders import any_columns, table_bundle
from training.__main__ import main
from training.any_file import Roles, read_any_table
from training.any_table import TableSettings, train_table
from training.kept_threshold import ThresholdChoice, keep_threshold
from training.report import render_reports

MARKET_WORDS = re.compile(
    r"ticker|stock|\bbars?\b|market|trading|invest|price|dividend|\bday|“up”|p_up|always up|yesterday", re.IGNORECASE
)


def written(folder: Path, header: list[str], rows: list[list[object]], name: str = "table.csv") -> Path:
    path = folder / name
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    return path


def rows_of(n: int = 60) -> list[list[object]]:
    """Rows of a number, another number, and what they say by a coin that leans on the first."""
    rng = np.random.default_rng(1)
    return [[round(a, 3), i % 7, "yes" if a + rng.normal() > 0 else "no"] for i, a in enumerate(rng.normal(size=n))]


@pytest.fixture(scope="module")
def cancer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = load_breast_cancer()
    names = ["malignant" if value == 0 else "benign" for value in data.target]
    rows = [[*values, name] for values, name in zip(data.data.tolist(), names, strict=True)]
    return written(tmp_path_factory.mktemp("cancer"), [*data.feature_names, "diagnosis"], rows, "cancer.csv")


@pytest.fixture(scope="module")
def published(cancer: Path) -> Path:
    """The folder in which one command published a model of the breast-cancer table, its registry and reports."""
    folder = cancer.parent
    status = main(
        [
            *("--table", str(cancer), "--target", "diagnosis", "--positive", "malignant", "--name", "tumours"),
            *("--draws", "100", "--registry", str(folder / "artifacts"), "--deliverables", str(folder / "reports")),
        ]
    )
    assert status == 0
    return folder


def test_one_command_trains_on_a_table_without_time(published: Path, cancer: Path):
    bundle = Registry(published / "artifacts").load()

    manifest = bundle.manifest
    assert manifest.name == "tumours"
    assert manifest.probability_key == "p_malignant"
    assert manifest.trained_on.sha256 == sha256_of(cancer.read_bytes())
    assert manifest.trained_on.rows == 569
    assert manifest.layout.folds == "stratified"
    assert manifest.verdict.outcome == "better"
    (why,) = (check.finding for check in manifest.checks if check.name == "folds")
    assert "stratified folds at random" in why


def test_its_figures_are_those_of_scikit_learn(published: Path):
    data = load_breast_cancer()
    y = 1 - data.target
    expected = cross_val_predict(
        make_pipeline(StandardScaler(), LogisticRegression(tol=1e-10, max_iter=1000)),
        data.data,
        y,
        cv=StratifiedKFold(5, shuffle=True, random_state=0),
        method="predict_proba",
    )[:, 1]

    manifest = Registry(published / "artifacts").load().manifest

    assert manifest.metric("auc").value == pytest.approx(roc_auc_score(y, expected), abs=1e-4)
    assert manifest.metric("log_loss").value == pytest.approx(log_loss(y, expected), abs=1e-4)


def test_its_reports_hold_no_word_of_markets(published: Path):
    for report in ("stakeholder_summary.md", "model_card.md", "figures/threshold.svg", "figures/calibration.svg"):
        text = (published / "reports" / report).read_text()

        assert not MARKET_WORDS.findall(text), report
        assert "malignant" in text


def test_the_command_says_how_rows_were_split(published: Path, cancer: Path, capsys: pytest.CaptureFixture[str]):
    registry = ["--registry", str(published / "other"), "--deliverables", str(published / "other_reports")]

    main(["--table", str(cancer), "--target", "diagnosis", "--positive", "benign", "--draws", "100", *registry])

    said = capsys.readouterr().out
    assert "split    5 stratified folds at random: neither a time nor a group was named." in said
    assert "569 rows from cancer.csv, 30 features; “benign” is 62.7 % of them" in said


@pytest.mark.parametrize("group", [False, True])
@pytest.mark.parametrize("time", [False, True])
def test_reports_and_thresholds_work_for_every_layout(time: bool, group: bool, tmp_path: Path):
    bundle = table_bundle(tmp_path, time=time, group=group, missing=True)

    reports = render_reports(bundle)
    kept = keep_threshold(bundle, ThresholdChoice(0.6, "by hand", "a test", who="tester"))

    found = {metric.name: metric.value for metric in kept.manifest.metrics}
    rows = bundle.out_of_fold
    assert found["accuracy"] == pytest.approx(np.mean((rows.y_score >= 0.6) == rows.y_true), abs=1e-12)
    assert found["log_loss"] == bundle.manifest.metric("log_loss").value
    # The words of the PDF and of the offline page have tests of their own.
    text = b"\n".join(data for name, data in reports.items() if not name.endswith((".pdf", ".html"))).decode()
    assert not [word for word in MARKET_WORDS.findall(text) if not (time and word.lower() == "day")]
    assert "  to " not in text


def test_missing_values_are_imputed_in_the_pipeline_and_said(tmp_path: Path):
    columns = any_columns(missing=True)
    bundle = table_bundle(tmp_path, missing=True)

    imputer = bundle.pipeline.steps[0][1]

    assert imputer.statistics_[3] == pytest.approx(np.nanmedian(columns.X[:, 3]))
    (warning,) = bundle.manifest.trained_on.warnings
    assert "(“mean_3” 11.2 %)" in warning  # 45 of 400 rows
    assert bundle.pipeline.predict_proba(columns.X[:9])[0, 1] == pytest.approx(
        bundle.scorer.many(np.where(np.isnan(columns.X), imputer.statistics_, columns.X)[:9])[0], abs=1e-12
    )


def test_with_a_time_rows_are_scored_by_models_of_earlier_days(tmp_path: Path):
    folds = table_bundle(tmp_path, time=True).manifest.folds

    assert [fold.fold for fold in folds] == [1, 2, 3, 4, 5]
    assert all(fold.train_last_day < fold.test_first_day for fold in folds)


def test_window_and_step_follow_from_the_days_unless_given():
    table = table_of(any_columns(time=True), file="visits.csv", sha256="")  # 100 days

    own = split(table, SplitSettings())
    given = split(table, SplitSettings(first_window=50, step=7, gap=2))

    assert own.record == {"first_window": 40, "step": 12, "gap": 1}  # 59 days left for 5 folds
    assert given.record == {"first_window": 50, "step": 7, "gap": 2}
    assert [int(fold.train.sum()) for fold in given.folds][:2] == [200, 228]  # 4 rows a day


def test_no_group_is_ever_on_both_sides():
    table = table_of(any_columns(group=True), file="visits.csv", sha256="")

    found = split(table, SplitSettings())

    assert all(not set(table.ticker[fold.train]) & set(table.ticker[fold.test]) for fold in found.folds)
    assert sum(fold.test.astype(int) for fold in found.folds).tolist() == [1] * 400


@pytest.mark.parametrize("form", ["csv", "csv.gz", "parquet", "semicolons"])
def test_csv_and_parquet_give_the_same_table(form: str, tmp_path: Path):
    plain = written(tmp_path, ["a", "b", "churned"], rows_of())
    path = tmp_path / f"other.{form}"
    if form == "csv.gz":
        path.write_bytes(gzip.compress(plain.read_bytes()))
    elif form == "parquet":
        a, b, churned = zip(*rows_of(), strict=True)
        pq.write_table(pa.table({"a": a, "b": b, "churned": churned}), path)
    else:
        path.write_text(plain.read_text().replace(",", ";" if form == "semicolons" else ","))

    table = read_any_table(path, Roles("churned"))

    assert [feature.name for feature in table.features] == ["a", "b"]
    assert table.X.tolist() == [row[:2] for row in rows_of()]
    assert table.y.tolist() == [row[2] == "yes" for row in rows_of()]
    assert table.target.positive_class == "yes"


def test_columns_that_cannot_be_features_are_left_out_and_named(tmp_path: Path):
    header = ["", "a", "b", "twin", "same", "none", "city", "nearly", "when", "churned"]
    rows = [
        [i, a, b, a, 5, "", f"C{i}", "?" if i == 3 else i, f"2020-01-{1 + i % 28:02}", y]
        for i, (a, b, y) in enumerate(rows_of())
    ]

    table = read_any_table(written(tmp_path, header, rows), Roles("churned"))

    assert [feature.name for feature in table.features] == ["a", "b"]
    said = "\n".join(table.provenance.warnings)
    for part in (
        "column “”, without a name",
        "“twin”, equal to “a” in every row",
        "“same”, constant",
        "“none”, empty",
        "“city”, not numbers but text",
        "“nearly”, text in 1.7 % of its cells, such as “?”",
        "“when”, not numbers but times",
    ):
        assert part in said


def test_rows_without_a_target_are_left_out_and_counted(tmp_path: Path):
    rows = rows_of()
    rows[5][2] = rows[9][2] = ""

    table = read_any_table(written(tmp_path, ["a", "b", "churned"], rows), Roles("churned"))

    assert len(table) == 58
    assert "2 of 60 rows have no “churned” and were left out." in table.provenance.warnings


@pytest.mark.parametrize(
    ("header", "change", "roles", "message"),
    [
        (["a", "b", "churned"], None, Roles("left"), "column left: found nothing; expected one of a, b, churned"),
        (["a", "a", "churned"], None, Roles("churned"), "column a: found the name more than once"),
        (["a", "b", "churned"], None, Roles("b"), "7 different values"),
        (["a", "b", "churned"], "maybe", Roles("churned"), "3 different values"),
        (["a", "b", "churned"], None, Roles("churned", positive="ja"), "not “ja”"),
        (["a", "b", "churned"], None, Roles("churned", time="a"), "expected a day in each row"),
        (["a", "b", "churned"], None, Roles("churned", time="b", group="b"), "must be different columns"),
    ],
)
def test_a_table_that_cannot_be_used_is_refused_in_words(header, change, roles, message, tmp_path: Path):
    rows = rows_of()
    if change:
        rows[0][2] = change

    with pytest.raises(TrainingError, match=re.escape(message)):
        read_any_table(written(tmp_path, header, rows), roles)


def test_values_whose_squares_overflow_are_faults_told_with_what_to_do(tmp_path: Path):
    values = np.arange(60.0)
    values[7], values[9] = 1e160, -1e300
    columns = {"sum": values, "other": np.cos(np.arange(60)), "y": np.arange(60) % 2}
    path = tmp_path / "huge.csv"
    np.savetxt(path, np.column_stack(list(columns.values())), delimiter=",", header=",".join(columns), comments="")

    with pytest.raises(TrainingError) as told:
        read_any_table(path, Roles("y"))

    assert "column sum: found 2 values beyond 1e+150, whose squares overflow; expected smaller numbers" in str(
        told.value
    )
    assert "use a larger unit" in str(told.value)


def test_infinite_values_and_too_few_rows_are_faults_told_at_once(tmp_path: Path):
    rows = rows_of(12)
    rows[0][0] = "inf"

    with pytest.raises(TrainingError) as told:
        read_any_table(written(tmp_path, ["a", "b", "churned"], rows), Roles("churned"))

    assert "2 faults" in str(told.value)
    assert "1 infinite value" in str(told.value)
    assert "12 rows with a target; expected at least 20" in str(told.value)


def test_two_values_that_say_nothing_need_to_be_told_apart(tmp_path: Path):
    rows = [[a, b, "red" if y == "yes" else "blue"] for a, b, y in rows_of()]
    path = written(tmp_path, ["a", "b", "colour"], rows)

    with pytest.raises(TrainingError, match="say which is the positive class"):
        read_any_table(path, Roles("colour"))
    assert read_any_table(path, Roles("colour", positive="red")).target.positive_class == "red"


def test_a_positive_class_is_made_an_identifier(tmp_path: Path):
    rows = [[a, b, "Yes, gone!" if y == "yes" else "no"] for a, b, y in rows_of()]

    table = read_any_table(written(tmp_path, ["a", "b", "churned"], rows), Roles("churned", positive="Yes, gone!"))

    assert table.target.positive_class == "yes_gone"
    assert "“Yes, gone!”" in table.target.description


def test_features_may_be_called_as_the_columns_a_bundle_keeps(tmp_path: Path):
    rng = np.random.default_rng(0)
    header = ["day", "ticker", "next_day_return", "up"]
    rows = [[*rng.normal(size=3).round(3), int(rng.random() < 0.5)] for _ in range(80)]
    table = read_any_table(written(tmp_path, header, rows), Roles("up"))

    result = train_table(table, TableSettings(name="clash", draws=100))

    from model.bundle import Bundle, write_bundle

    bundle = Bundle.load(write_bundle(tmp_path / "artifacts", result.draft))
    assert bundle.reference.X.tolist() == [row[:3] for row in rows]
    assert bundle.reference.y.tolist() == [row[3] for row in rows]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--target", "x"], "--target given without --table"),
        (["--table", "x.csv"], "given without --target"),
        (["--table", "x.csv", "--target", "y", "--tickers", "A"], "--tickers given with --table"),
        (["--table", "x.csv", "--target", "y"], "no readable file"),
    ],
)
def test_options_that_make_no_sense_together_are_refused(arguments, message, capsys: pytest.CaptureFixture[str]):
    status = main(arguments)

    assert status == 1
    assert message in capsys.readouterr().err
