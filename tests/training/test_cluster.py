"""Work on a Dask cluster gives what it gives here; without Dask one is told what to install."""

import importlib.util

import numpy as np
import pyarrow.parquet as pq
import pytest

from model.errors import TrainingError
from tests import builders
from tests.training import test_scoring_files as files
from training.__main__ import main
from training.candidates import baseline
from training.cluster import on_cluster, parallel_map

needs_dask = pytest.mark.skipif(
    importlib.util.find_spec("distributed") is None, reason="Dask is not installed (requirements-scale.txt)"
)
# Dask and its libraries warn about themselves; what is tested here is ours.
pytestmark = pytest.mark.filterwarnings("default")


@pytest.fixture(scope="module")
def cluster():
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1"
    ) as local:
        yield local.scheduler_address


def coefficients_of(train):
    rows = builders.table(days=300, signal=1.0)
    known = np.isfinite(rows.y)
    known[train:] = False
    return baseline().fit(rows.X[known], rows.y[known])[-1].coef_[0]


def test_without_an_address_the_work_is_done_here():
    with on_cluster(None):
        found = parallel_map(coefficients_of, [200, 300])

    np.testing.assert_array_equal(found, [coefficients_of(200), coefficients_of(300)])


@needs_dask
def test_two_workers_fit_what_one_machine_fits(cluster):
    sizes = [200, 250, 300, 350]

    with on_cluster(cluster):
        found = parallel_map(coefficients_of, sizes)

    np.testing.assert_allclose(found, [coefficients_of(size) for size in sizes], rtol=0, atol=1e-12)


@needs_dask
def test_files_scored_by_two_workers_have_the_answers_of_one_machine(cluster, tmp_path, capsys):
    registry = builders.registry(tmp_path)
    (tmp_path / "in").mkdir()
    X = [files.features(500, seed) for seed in range(3)]
    for number, rows in enumerate(X):
        files.write(rows, tmp_path / "in" / f"{number}.parquet")

    places = [str(tmp_path / "in"), str(tmp_path / "out"), "--registry", str(registry.folder)]

    status = main(["score", *places, "--scheduler", cluster])

    assert status == 0, capsys.readouterr().err
    for number, rows in enumerate(X):
        answers = pq.read_table(tmp_path / "out" / f"{number}.parquet" / "part-00000.parquet")
        expected = registry.load().pipeline.predict_proba(rows)[:, 1]
        np.testing.assert_allclose(answers["p_up"].to_numpy(), expected, rtol=0, atol=1e-12)


@needs_dask
def test_an_address_where_nothing_answers_is_named():
    with (
        pytest.raises(TrainingError, match=r"No Dask scheduler answers at tcp://127\.0\.0\.1:9"),
        on_cluster("tcp://127.0.0.1:9"),
    ):
        pass


def test_without_dask_one_is_told_what_to_install(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)

    with pytest.raises(TrainingError, match=r"pip install -r requirements-scale\.txt"), on_cluster("tcp://a:1"):
        pass
