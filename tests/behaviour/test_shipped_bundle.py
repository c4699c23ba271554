"""The committed bundle is what this code makes of the committed data."""

from pathlib import Path

import joblib
import msgspec
import numpy as np
import pytest

from model.registry import Registry
from training.bars import read_bars
from training.settings import Settings
from training.table import build_table
from training.train import train

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def retrained():
    """A run of today's code on the shipped bars."""
    return train(build_table(read_bars(ROOT / "data" / "raw" / "stocks.csv.gz")), Settings()).draft


def test_retraining_gives_the_committed_probabilities(shipped, retrained):
    np.testing.assert_array_equal(retrained.out_of_fold.day, shipped.out_of_fold.day)
    np.testing.assert_allclose(retrained.out_of_fold.y_score, shipped.out_of_fold.y_score, rtol=0, atol=1e-12)
    X = shipped.reference.X
    np.testing.assert_allclose(retrained.reference.X, X, rtol=0, atol=1e-12)
    probabilities = retrained.pipeline.predict_proba(X)[:, 1]
    np.testing.assert_allclose(probabilities, shipped.scorer.many(X), rtol=0, atol=1e-12)


def test_retraining_gives_the_committed_manifest_but_for_its_making(shipped, retrained):
    """Numbers may differ in the last digits from machine to machine; nothing else may."""
    by_making = ("created", "version", "files", "packages")

    def compare(found, expected, path):
        if isinstance(expected, dict):
            assert found.keys() == expected.keys(), path
            for key in expected:
                compare(found[key], expected[key], f"{path}.{key}")
        elif isinstance(expected, list):
            assert len(found) == len(expected), path
            for position, (one, other) in enumerate(zip(found, expected, strict=True)):
                compare(one, other, f"{path}[{position}]")
        elif isinstance(expected, float):
            assert found == pytest.approx(expected, rel=1e-9, abs=1e-12), path
        else:
            assert found == expected, path

    found, expected = (msgspec.to_builtins(bundle.manifest) for bundle in (retrained, shipped))
    for key in by_making:
        del found[key], expected[key]
    compare(found, expected, "manifest")


def test_the_shipped_model_is_the_one_described(shipped):
    manifest = shipped.manifest

    assert manifest.name == "upmove"
    assert shipped.threshold == 0.44
    assert [span.ticker for span in manifest.trained_on.tickers] == ["AAPL", "GOOG", "IBM", "MSFT"]
    assert [exclusion.ticker for exclusion in manifest.trained_on.excluded] == ["FB"]
    assert manifest.settings["first_window"] == 750
    assert manifest.settings["step"] == 250
    assert manifest.settings["gap"] == 1


def test_the_plain_form_is_that_of_the_version_in_use(shipped):
    plain = joblib.load(ROOT / "model" / "model.pkl")

    assert set(plain) == {"pipeline", "features", "threshold", "trained_on", "version"}
    assert plain["version"] == shipped.version
    assert plain["threshold"] == 0.44
    X = shipped.reference.X[:100]
    np.testing.assert_allclose(plain["pipeline"].predict_proba(X)[:, 1], shipped.scorer.many(X), atol=1e-12)


def test_history_begins_with_the_shipped_version(shipped):
    assert shipped.version in [promotion.version for promotion in Registry().history()]
