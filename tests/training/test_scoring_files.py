"""`python -m training score`: answers of predict_proba, in bounded memory, resumed where a run was stopped."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.pipeline import make_pipeline

from model.errors import TrainingError
from model.features import FEATURE_NAMES
from model.registry import Registry
from tests import builders
from training.__main__ import main
from training.scoring_files import PROGRESS, ScoringTask, score_file, sources_in, tasks_for

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def registry(tmp_path_factory):
    return builders.registry(tmp_path_factory.mktemp("scoring"))


def features(n, seed=0):
    return np.random.default_rng(seed).normal(size=(n, len(FEATURE_NAMES)))


def table_of(X):
    columns = {name: X[:, i] for i, name in enumerate(FEATURE_NAMES)}
    return pa.table({"id": [f"{i:07d}" for i in range(len(X))], **columns})


def write(X, path):
    if path.suffix == ".parquet":
        pq.write_table(table_of(X), path)
    else:
        with pa.output_stream(path, compression="detect") as stream:
            pyarrow.csv.write_csv(table_of(X), stream)
    return path


def task(registry, source, target, **changes):
    return ScoringTask(registry.folder, registry.load().version, source, target, **changes)


def read(folder):
    parts = sorted(folder.glob("part-*"))
    assert parts
    return pa.concat_tables(
        pq.read_table(part)
        if part.suffix == ".parquet"
        else pyarrow.csv.read_csv(
            part, convert_options=pyarrow.csv.ConvertOptions(column_types={"id": pa.string(), "p_up": pa.float64()})
        )
        for part in parts
    )


@pytest.mark.parametrize("name", ["rows.parquet", "rows.csv", "rows.csv.gz"])
def test_probabilities_are_those_of_predict_proba_and_other_columns_come_along(registry, tmp_path, name):
    X = features(1037)

    done = score_file(task(registry, write(X, tmp_path / name), tmp_path / "out", part_rows=250))

    answers, bundle = read(tmp_path / "out"), registry.load()
    expected = bundle.pipeline.predict_proba(X)[:, 1]
    np.testing.assert_allclose(answers["p_up"].to_numpy(), expected, rtol=0, atol=1e-12)
    np.testing.assert_array_equal(answers["prediction"].to_numpy(), expected >= bundle.threshold)
    assert answers["id"].to_pylist() == [f"{i:07d}" for i in range(1037)]
    assert (done.rows, done.parts, done.called) == (1037, 5, np.sum(expected >= bundle.threshold))
    assert done.finished


def test_a_model_that_takes_missing_values_answers_them(tmp_path):
    X = features(300)
    pipeline = make_pipeline(HistGradientBoostingClassifier(max_iter=5))
    builders.bundle_of(pipeline, tmp_path)
    there = Registry(tmp_path / "artifacts")
    X[::3, 2] = np.nan

    score_file(task(there, write(X, tmp_path / "rows.parquet"), tmp_path / "out"))

    expected = there.load().pipeline.predict_proba(X)[:, 1]
    np.testing.assert_allclose(read(tmp_path / "out")["p_up"].to_numpy(), expected, rtol=0, atol=1e-12)


def test_whole_numbers_and_narrow_ones_are_scored_as_what_they_are(registry, tmp_path):
    X = features(50).astype(np.float32)
    X[:, 0] = 3
    plain = table_of(X)
    pq.write_table(plain.set_column(1, FEATURE_NAMES[0], pa.array([3] * 50)), tmp_path / "rows.parquet")

    score_file(task(registry, tmp_path / "rows.parquet", tmp_path / "out"))

    expected = registry.load().pipeline.predict_proba(X.astype(np.float64))[:, 1]
    np.testing.assert_allclose(read(tmp_path / "out")["p_up"].to_numpy(), expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize(("name", "row"), [("rows.parquet", 138), ("rows.csv", 139)])
def test_a_row_that_cannot_be_scored_is_named_and_rows_before_it_are_done(registry, tmp_path, name, row):
    X = features(300)
    X[137, 3] = np.nan
    source = write(X, tmp_path / name)

    with pytest.raises(TrainingError, match=rf"{name}, row {row}: .*for {FEATURE_NAMES[3]}, expected a number"):
        score_file(task(registry, source, tmp_path / "out", part_rows=100))

    assert read(tmp_path / "out").num_rows == 100


def test_faulty_rows_can_be_left_without_an_answer(registry, tmp_path):
    X = features(300)
    X[[5, 250], [3, 1]] = np.nan, np.inf

    done = score_file(
        task(registry, write(X, tmp_path / "rows.parquet"), tmp_path / "out", part_rows=100, blank_faulty=True)
    )

    answers = read(tmp_path / "out")
    blank = answers["p_up"].is_null().to_numpy()
    assert np.flatnonzero(blank).tolist() == [5, 250] == np.flatnonzero(answers["prediction"].is_null()).tolist()
    assert done.blank == 2
    assert np.isfinite(answers["p_up"].to_numpy()[~blank]).all()


def test_text_in_a_feature_of_a_csv_is_named_by_row_and_column(registry, tmp_path):
    source = write(features(30), tmp_path / "rows.csv")
    lines = source.read_text().splitlines()
    lines[11] = lines[11].replace(lines[11].split(",")[2], "n. a.")
    source.write_text("\n".join(lines))

    with pytest.raises(TrainingError, match=rf"rows.csv, row 12: “n\. a\.” for {FEATURE_NAMES[1]}, expected a number"):
        score_file(task(registry, source, tmp_path / "out"))


def test_a_line_of_another_length_is_named_by_its_row(registry, tmp_path):
    source = write(features(30), tmp_path / "rows.csv")
    lines = source.read_text().splitlines()
    lines[11] += ",1"
    source.write_text("\n".join(lines))

    with pytest.raises(TrainingError, match="row 12: Expected 9 columns, got 10"):
        score_file(task(registry, source, tmp_path / "out"))


def test_a_missing_column_is_named_with_what_may_be_meant(registry, tmp_path):
    pq.write_table(
        table_of(features(5)).rename_columns(["id", "gap_pc", *FEATURE_NAMES[1:]]), tmp_path / "rows.parquet"
    )

    with pytest.raises(TrainingError, match=r"has no column gap_pct; .* Did you mean gap_pc\?"):
        score_file(task(registry, tmp_path / "rows.parquet", tmp_path / "out"))


def test_a_broken_file_is_named(registry, tmp_path):
    source = tmp_path / "rows.parquet"
    source.write_bytes(b"PAR1 and no more")

    with pytest.raises(TrainingError, match=r"rows\.parquet cannot be read: .*export it again"):
        score_file(task(registry, source, tmp_path / "out"))


def test_a_column_named_like_an_answer_is_refused(registry, tmp_path):
    pq.write_table(table_of(features(5)).append_column("p_up", pa.array([0.5] * 5)), tmp_path / "rows.parquet")

    with pytest.raises(TrainingError, match=r"has a column p_up already"):
        score_file(task(registry, tmp_path / "rows.parquet", tmp_path / "out"))


def test_a_finished_file_is_not_scored_again_and_a_changed_one_is_refused(registry, tmp_path):
    source = write(features(120), tmp_path / "rows.csv")
    work = task(registry, source, tmp_path / "out", part_rows=50)
    first = score_file(work)
    written = {part: part.stat().st_mtime_ns for part in (tmp_path / "out").iterdir()}

    assert score_file(work) == first
    assert {part: part.stat().st_mtime_ns for part in (tmp_path / "out").iterdir()} == written
    write(features(130), source)
    with pytest.raises(TrainingError, match=r"holds parts made from another source: .*Choose another folder"):
        score_file(work)


@pytest.mark.parametrize("name", ["rows.parquet", "rows.csv"])
def test_a_run_killed_in_the_middle_goes_on_and_ends_as_if_it_had_not_been(registry, tmp_path, name):
    X = features(60_000)
    (tmp_path / "in").mkdir()
    source = write(X, tmp_path / "in" / name)
    script = (
        "import sys; from pathlib import Path; from training.scoring_files import ScoringTask, score_file;"
        "registry, version, source, target = sys.argv[1:];"
        "score_file(ScoringTask(Path(registry), version, Path(source), Path(target), part_rows=500))"
    )
    target = tmp_path / "out"
    command = [sys.executable, "-c", script, registry.folder, registry.load().version, source, target]
    process = subprocess.Popen([str(part) for part in command], cwd=ROOT)
    while process.poll() is None and len(list(target.glob("part-*"))) < 10:
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert 10 <= len(list(target.glob("part-*"))) < 120, "it was not killed in the middle"
    kept = {part: part.stat().st_mtime_ns for part in sorted(target.glob("part-*"))[:9]}

    done = score_file(task(registry, source, target, part_rows=500))

    assert (done.rows, done.parts) == (60_000, 120)
    assert {part: part.stat().st_mtime_ns for part in kept} == kept
    answers = read(target)
    np.testing.assert_allclose(
        answers["p_up"].to_numpy(), registry.load().pipeline.predict_proba(X)[:, 1], rtol=0, atol=1e-12
    )
    assert answers["id"].to_pylist() == [f"{i:07d}" for i in range(60_000)]


PEAK = """
import resource, sys
from pathlib import Path
from training.scoring_files import ScoringTask, score_file
registry, version, source, target = sys.argv[1:]
score_file(ScoringTask(Path(registry), version, Path(source), Path(target), part_rows=20_000))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


def peak_mib(registry, source, target):
    command = [sys.executable, "-c", PEAK, registry.folder, registry.load().version, source, target]
    environment = os.environ | {"ARROW_DEFAULT_MEMORY_POOL": "system"}
    done = subprocess.run(
        [str(part) for part in command], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    return int(done.stdout)


@pytest.mark.skipif(sys.platform == "win32", reason="it has no such account of memory")
@pytest.mark.parametrize("kind", [".parquet", ".csv"])
def test_memory_does_not_grow_with_the_file(registry, tmp_path, kind):
    small, large = (write(features(n), tmp_path / f"{n}{kind}") for n in (40_000, 800_000))
    unpacked = 800_000 * 9 * 8 / 2**20

    grown = peak_mib(registry, large, tmp_path / "large") - peak_mib(registry, small, tmp_path / "small")

    assert grown < unpacked / 2


def test_a_folder_is_scored_file_by_file_and_the_command_says_what_came_out(registry, tmp_path, capsys):
    (tmp_path / "in").mkdir()
    X = {name: features(100, seed) for seed, name in enumerate(["a.csv", "b.parquet"])}
    for name, rows in X.items():
        write(rows, tmp_path / "in" / name)
    (tmp_path / "in" / "notes.txt").write_text("not to be scored")
    out = tmp_path / "out"

    status = main(["score", str(tmp_path / "in"), str(out), "--registry", str(registry.folder)])

    printed = capsys.readouterr()
    assert status == 0
    bundle = registry.load()
    called = sum(int(np.sum(bundle.pipeline.predict_proba(rows)[:, 1] >= bundle.threshold)) for rows in X.values())
    assert f"scored   200 rows of 2 files with {bundle.version}: {called / 2:.1f} % called “up”" in printed.out
    assert "file 2 of 2: b.parquet" in printed.err
    assert sorted(path.name for path in out.iterdir()) == ["a.csv", "b.parquet"]
    assert msgspec.json.decode((out / "a.csv" / PROGRESS).read_bytes())["finished"]


def test_the_command_says_where_it_stopped(registry, tmp_path, capsys):
    X = features(10)
    X[4, 0] = np.nan
    source = write(X, tmp_path / "rows.parquet")

    status = main(["score", str(source), str(tmp_path / "out"), "--registry", str(registry.folder)])

    assert status == 1
    assert "rows.parquet, row 5: nan for gap_pct" in capsys.readouterr().err


@pytest.mark.parametrize("there", [True, False])
def test_a_place_with_nothing_to_score_is_refused(tmp_path, there):
    with pytest.raises(TrainingError, match=r"expected feature rows in files named \.parquet, \.csv"):
        sources_in(tmp_path if there else tmp_path / "nowhere")


def test_each_file_has_a_folder_of_its_own(registry, tmp_path):
    tasks = tasks_for(registry, "v", [tmp_path / "a.csv", tmp_path / "a.parquet"], tmp_path / "out")

    assert [one.target.name for one in tasks] == ["a.csv", "a.parquet"]
