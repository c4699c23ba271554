"""Files with cells that hold no number: filled in where the model does that, else rows without an answer."""

import math

import numpy as np
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from model import Bundle
from model.registry import Registry
from tests import builders
from training.__main__ import main
from training.scoring_files import ScoringTask, score_file

NAMES = ("age", "income", "visits")


def rows(n, seed):
    """Return rows, a fifth of whose values are missing."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 3))
    X[rng.random(X.shape) < 0.2] = np.nan
    return X


@pytest.fixture(scope="module")
def pipeline():
    X = rows(200, 0)
    y = (np.nan_to_num(X).sum(axis=1) + np.random.default_rng(1).normal(size=200) > 0).astype(int)
    steps = SimpleImputer(strategy="median"), StandardScaler(), LogisticRegression()
    return make_pipeline(*steps).fit(X, y), X, y


@pytest.fixture(scope="module")
def registry(pipeline, tmp_path_factory):
    fitted, X, y = pipeline
    there = Registry(tmp_path_factory.mktemp("gaps") / "artifacts")
    made = Bundle.create(fitted, X, y, threshold=0.5, name="gaps", target="lost", features=NAMES, draws=100)
    made.save(there.folder, by="tester", why="first")
    return there


def written(X, path):
    """Write rows as CSV, an empty cell where a value is missing."""
    lines = [",".join("" if math.isnan(value) else repr(float(value)) for value in row) for row in X]
    path.write_text("\n".join([",".join(NAMES), *lines]) + "\n")
    return path


def task(registry, source, target, **changes):
    return ScoringTask(registry.folder, registry.load().version, source, target, **changes)


def test_missing_values_are_filled_in_as_the_pipeline_does(registry, pipeline, tmp_path):
    X = np.vstack([rows(300, 5), np.full((1, 3), np.nan)])
    expected = pipeline[0].predict_proba(X)[:, 1]

    done = score_file(task(registry, written(X, tmp_path / "x.csv"), tmp_path / "out", part_rows=100))

    parts = [pyarrow.csv.read_csv(part) for part in sorted((tmp_path / "out").glob("part-*"))]
    key = registry.load().probability_key
    answers = np.concatenate([part[key].to_numpy() for part in parts])
    np.testing.assert_allclose(answers, expected, rtol=0, atol=1e-12)
    assert (done.blank, done.filled) == (0, int(np.isnan(X).any(axis=1).sum()))
    ages = [age for part in parts for age in part["age"].to_pylist()]
    assert [age is None for age in ages] == np.isnan(X[:, 0]).tolist()


def test_text_is_no_missing_value_and_leaves_its_row_without_an_answer(registry, pipeline, tmp_path, capsys):
    X = np.nan_to_num(rows(50, 6))
    lines = written(X, tmp_path / "x.csv").read_text().splitlines()
    lines[8], lines[20] = "1,x,2", "NA, 0.5 ,1_000"
    (tmp_path / "x.csv").write_text("\n".join(lines))
    command = ["score", str(tmp_path / "x.csv"), str(tmp_path / "out"), "--registry", str(registry.folder)]

    stopped = main(command)
    said = capsys.readouterr().err
    blanked = main([*command[:2], str(tmp_path / "other"), *command[3:], "--faulty", "blank"])

    assert stopped == 1
    assert "x.csv, row 9: “x” for income, expected a number that can be scored" in said
    assert blanked == 0
    assert "blank    2 rows could not be scored" in capsys.readouterr().out
    part = pyarrow.csv.read_csv(tmp_path / "other" / "x.csv" / "part-00000.csv")
    answers = part[registry.load().probability_key]
    assert np.flatnonzero(answers.is_null()).tolist() == [7, 19]
    kept = [i for i in range(50) if i not in (7, 19)]
    np.testing.assert_allclose(
        answers.take(kept).to_numpy(), pipeline[0].predict_proba(X[kept])[:, 1], rtol=0, atol=1e-12
    )


def test_text_far_into_a_file_hides_no_row_before_it(tmp_path, monkeypatch):
    monkeypatch.setattr("training.feature_batches._BLOCK_BYTES", 4096)
    registry = builders.registry(tmp_path)
    bundle = registry.load()
    X = np.random.default_rng(2).normal(size=(500, 8))
    lines = [",".join(bundle.manifest.feature_names), *(",".join(map(repr, row)) for row in X.tolist())]
    lines[401] = "n. a." + lines[401][lines[401].index(",") :]
    (tmp_path / "x.csv").write_text("\n".join(lines))
    work = task(registry, tmp_path / "x.csv", tmp_path / "out", blank_faulty=True, part_rows=90)

    done = score_file(work)

    assert (done.rows, done.blank, done.parts) == (500, 1, 6)
    parts = [pyarrow.csv.read_csv(part) for part in sorted((tmp_path / "out").glob("part-*"))]
    answers = np.concatenate([part["p_up"].to_numpy() for part in parts])
    assert np.flatnonzero(np.isnan(answers)).tolist() == [400]
    known = ~np.isnan(answers)
    np.testing.assert_allclose(answers[known], bundle.pipeline.predict_proba(X[known])[:, 1], rtol=0, atol=1e-12)


def test_in_parquet_missing_values_are_filled_in_too(registry, pipeline, tmp_path):
    X = rows(40, 7)
    pq.write_table(pyarrow.table({name: X[:, i] for i, name in enumerate(NAMES)}), tmp_path / "x.parquet")

    score_file(task(registry, tmp_path / "x.parquet", tmp_path / "out"))

    answers = pq.read_table(tmp_path / "out" / "part-00000.parquet")[registry.load().probability_key]
    np.testing.assert_allclose(answers.to_numpy(), pipeline[0].predict_proba(X)[:, 1], rtol=0, atol=1e-12)
