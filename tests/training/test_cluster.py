"""Work on a Dask cluster gives what it gives here; without Dask one is told what to install."""

import importlib.util
import os

import numpy as np
import pyarrow.parquet as pq
import pytest

import training.cluster
from model.errors import TrainingError
from tests import builders
from tests.training import test_scoring_files as files
from training.__main__ import main
from training.candidate_scores import scores_on_cluster
from training.candidates import baseline, candidates_named, imputing
from training.cluster import on_cluster, parallel_map
from training.compare import compare
from training.table import write_table

needs_dask = pytest.mark.skipif(
    importlib.util.find_spec("distributed") is None, reason="Dask is not installed (requirements-scale.txt)"
)
# Dask and its libraries warn about themselves; what is tested here is ours.
pytestmark = pytest.mark.filterwarnings("default")


@pytest.fixture(scope="module")
def local_cluster():
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1"
    ) as local:
        yield local


@pytest.fixture(scope="module")
def cluster(local_cluster):
    return local_cluster.scheduler_address


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


_kept = []


def where_they_are(item, rows):
    # Kept, so that no later array can come to lie in the same place.
    _kept.append(rows)
    return item, os.getpid(), id(rows)


@needs_dask
def test_shared_rows_are_sent_to_a_worker_once_and_not_with_every_item(cluster):
    done = []

    with on_cluster(cluster):
        found = parallel_map(where_they_are, range(20), np.ones(10_000), on_done=done.append)

    assert [item for item, _, _ in found] == list(range(20))
    assert len({(worker, place) for _, worker, place in found}) == len({worker for _, worker, _ in found}) <= 2
    assert done == list(range(1, 21))


@needs_dask
@pytest.mark.parametrize("missing", [False, True], ids=["complete", "with an imputer"])
def test_candidates_compared_by_two_workers_are_as_compared_here(cluster, missing):
    table = builders.table(days=400, signal=0.3)
    names = ["baseline", "calibrated", "hist_gradient_boosting", "random_forest", "base_rate", "last_sign"]
    candidates = candidates_named(names)
    if missing:
        table.X[::7, 0] = np.nan
        candidates = [imputing(candidate) for candidate in candidates[:2]]
    settings, told = builders.small_settings(draws=100), []

    here = compare(table, settings, candidates)
    with on_cluster(cluster):
        there = compare(table, settings, candidates, on_progress=told.append, score=scores_on_cluster)

    assert (there.winner, there.sentence) == (here.winner, here.sentence)
    for contender, expected in zip(there.contenders, here.contenders, strict=True):
        assert contender.name == expected.name
        for found, wanted in zip(figures_of(contender), figures_of(expected), strict=True):
            np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-12)
    fits = here.folds * sum(not candidate.trivial for candidate in candidates)
    assert [progress.step for progress in told] == list(range(fits + 1))
    assert told[-1].message.endswith(f"fold {here.folds} of {here.folds}")


def figures_of(contender):
    for metric in (*contender.metrics, *contender.differences):
        yield metric.value, metric.interval.low, metric.interval.high


@needs_dask
def test_compare_on_a_cluster_prints_what_it_prints_here(cluster, tmp_path, capsys):
    write_table(builders.table(days=400), tmp_path / "table.parquet")
    settings = ["--first-window", "100", "--fold-days", "100", "--draws", "100"]
    asked = ["compare", "--data", str(tmp_path / "table.parquet"), *settings, "--candidates", "baseline", "regularised"]

    assert main([*asked, "--registry", str(tmp_path / "a" / "artifacts")]) == 0
    here = capsys.readouterr().out
    assert main([*asked, "--registry", str(tmp_path / "b" / "artifacts"), "--scheduler", cluster]) == 0
    there = capsys.readouterr()

    # What follows has the seconds of each fit in it.
    sentences, rows = here.split("\n\n")[:2]
    assert there.out.startswith(f"{sentences}\n\n{rows}\n\n")
    assert "6 of 6 fitted and scored Logistic regression, strongly regularised, fold 3 of 3" in there.err


@needs_dask
def test_workers_without_the_code_are_named_with_what_to_do(cluster, monkeypatch):
    monkeypatch.setattr(training.cluster, "CODE", "no_such_package")

    expected = r"tcp://\S+ and 1 more cannot import `no_such_package`: workers need the same code"
    with pytest.raises(TrainingError, match=expected), on_cluster(cluster):
        pass


@needs_dask
def test_workers_with_another_version_of_a_package_are_named_with_both_versions(cluster, monkeypatch):
    monkeypatch.setattr(training.cluster, "installed_packages", lambda: {"numpy": "0.1"})

    with pytest.raises(TrainingError, match=r"numpy [\d.]+ found, 0\.1 expected"), on_cluster(cluster):
        pass


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
def test_an_address_where_nothing_answers_is_named(capsys, monkeypatch):
    monkeypatch.setattr(training.cluster, "CONNECT_SECONDS", 0.5)

    assert main(["compare", "--scheduler", "tcp://127.0.0.1:9"]) == 1
    assert "No Dask scheduler answers at tcp://127.0.0.1:9" in capsys.readouterr().err


def test_without_dask_one_is_told_what_to_install(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)

    with pytest.raises(TrainingError, match=r"pip install -r requirements-scale\.txt"), on_cluster("tcp://a:1"):
        pass


@needs_dask
def test_work_that_ends_its_worker_every_time_is_given_up_in_words(local_cluster, monkeypatch):
    # Last here, for workers have to come back afterwards.
    monkeypatch.setattr(local_cluster.scheduler, "allowed_failures", 0)

    with (
        pytest.raises(TrainingError, match=r"ended over and over at the same work, as when memory runs out: .* Give"),
        on_cluster(local_cluster.scheduler_address),
    ):
        parallel_map(os._exit, [3])
