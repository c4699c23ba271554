"""A pickle is opened only where it is trusted, and then judged and published like any other model."""

import csv
import pickle
from pathlib import Path

import joblib
import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from model.registry import Registry
from training.__main__ import main

MARK = "opened"


class Trap:
    """Leaves a file behind as soon as it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


@pytest.fixture
def handed_over(tmp_path: Path) -> dict:
    """A table, a pipeline fitted on its columns b and a, and the options that name them."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(120, 3)).round(4)
    y = (X[:, 0] + rng.normal(size=120) > 0).astype(int)
    with (tmp_path / "table.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["a", "b", "c", "churned"], *np.column_stack([X, y]).tolist()])
    pipeline = make_pipeline(StandardScaler(), LogisticRegression()).fit(X[:, [1, 0]], y)
    plain = {"pipeline": pipeline, "features": ["b", "a"], "threshold": 0.35, "trained_on": "here", "version": "v7"}
    joblib.dump(plain, tmp_path / "model.pkl")
    table = ["--table", str(tmp_path / "table.csv"), "--target", "churned", "--draws", "100"]
    return {
        "X": X,
        "pipeline": pipeline,
        "plain": plain,
        "options": [*table, "--registry", str(tmp_path / "artifacts")],
        "pickle": tmp_path / "model.pkl",
    }


def test_a_trusted_pickle_is_published_as_it_is(handed_over: dict, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    status = main(["adopt", str(handed_over["pickle"]), "--trust", *handed_over["options"]])

    assert status == 0
    bundle = Registry(tmp_path / "artifacts").load()
    X = handed_over["X"][:, [1, 0]]
    assert bundle.manifest.feature_names == ("b", "a")
    assert bundle.threshold == 0.35
    assert bundle.scorer.many(X) == pytest.approx(handed_over["pipeline"].predict_proba(X)[:, 1], abs=1e-12)
    assert any("version v7" in warning for warning in bundle.manifest.trained_on.warnings)
    assert "5 stratified folds at random" in capsys.readouterr().out


def test_without_trust_nothing_is_opened(handed_over: dict, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    trap = tmp_path / "trap.pkl"
    trap.write_bytes(pickle.dumps(Trap(tmp_path / MARK)))

    status = main(["adopt", str(trap), *handed_over["options"]])

    assert status == 1
    assert "runs whatever its maker put into it" in capsys.readouterr().err
    assert not (tmp_path / MARK).exists()
    assert not (tmp_path / "artifacts").exists()


def test_the_trap_would_have_sprung(handed_over: dict, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    trap = tmp_path / "trap.pkl"
    trap.write_bytes(pickle.dumps(Trap(tmp_path / MARK)))

    status = main(["adopt", str(trap), "--trust", *handed_over["options"]])

    assert status == 1
    assert "expected a dict with pipeline, features, threshold, trained_on, version" in capsys.readouterr().err
    assert (tmp_path / MARK).exists()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"features": ["b", "z"]}, "column z: found no such column"),
        ({"pipeline": StandardScaler()}, "gives no probabilities"),
        ({"version": None}, ""),
    ],
)
def test_a_pickle_that_does_not_fit_the_table_is_refused(
    change: dict, message: str, handed_over: dict, capsys: pytest.CaptureFixture[str]
):
    joblib.dump(handed_over["plain"] | change, handed_over["pickle"])

    status = main(["adopt", str(handed_over["pickle"]), "--trust", *handed_over["options"]])

    assert (status == 1) == bool(message)
    assert message in capsys.readouterr().err


def test_a_broken_pickle_is_refused(handed_over: dict, capsys: pytest.CaptureFixture[str]):
    handed_over["pickle"].write_bytes(b"no pickle")

    status = main(["adopt", str(handed_over["pickle"]), "--trust", *handed_over["options"]])

    assert status == 1
    assert "model.pkl cannot be opened" in capsys.readouterr().err
