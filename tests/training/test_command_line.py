"""`python -m training` as a person runs it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from model.registry import Registry
from tests.builders import random_bars
from training import command_line
from training.jobs import cancel, start, status_of
from training.options import parser
from training.table import read_table

ROOT = Path(__file__).parents[2]


def run(*arguments):
    """Run the command line and return the finished process."""
    return subprocess.run(
        [sys.executable, "-m", "training", *map(str, arguments)], cwd=ROOT, capture_output=True, text=True, check=False
    )


@pytest.fixture
def bars_file(tmp_path):
    """A file of 900 daily bars named ABC.csv."""
    history = random_bars(900)
    path = tmp_path / "ABC.csv"
    lines = ["date,open,high,low,close,volume"]
    columns = (history.day, history.open, history.high, history.low, history.close, history.volume)
    lines += [",".join(map(str, row)) for row in zip(*columns, strict=True)]
    path.write_text("\n".join(lines))
    return path


@pytest.fixture
def places(tmp_path):
    """Options that keep a run away from the repository's own registry and deliverables."""
    options = {"registry": "artifacts", "deliverables": "deliverables", "processed": "processed"}
    return [str(part) for name, folder in options.items() for part in (f"--{name}", tmp_path / folder)]


QUICK = ["--first-window", "300", "--draws", "100"]


def test_the_main_job_trains_publishes_and_reports(bars_file, places, tmp_path):
    done = run("--data", bars_file, *QUICK, *places, "--why", "a test")

    assert done.returncode == 0, done.stderr
    registry = Registry(tmp_path / "artifacts")
    bundle = registry.load()
    assert bundle.manifest.verdict.headline.upper() in done.stdout
    assert "scoring fold 1 of 2:" in done.stderr
    assert registry.history()[0].why == "a test"
    assert (tmp_path / "model.pkl").exists()
    written = {path.name for path in (tmp_path / "deliverables").rglob("*.*")}
    assert {"stakeholder_summary.md", "model_card.md", "threshold.svg", "calibration.svg"} <= written


def test_a_table_is_built_once_and_again_when_its_bars_change(bars_file, tmp_path, capsys):
    options = parser().parse_args(["--data", str(bars_file), "--processed", str(tmp_path)])

    def rows_and_words():
        return len(command_line.table_for(options)), capsys.readouterr().out

    (first, built), (second, found) = rows_and_words(), rows_and_words()
    bars_file.write_text("\n".join(bars_file.read_text().splitlines()[:-1]))
    third, again = rows_and_words()

    assert (first, second, third) == (800, 800, 799)
    assert ["ABC.parquet" in words for words in (built, found, again)] == [True, False, True]


def test_a_table_is_built_anew_when_the_code_behind_it_changed(bars_file, tmp_path, monkeypatch):
    table = tmp_path / "ABC.parquet"
    run("features", bars_file, "--out", table)
    formula = tmp_path / "features.py"
    formula.write_text("")
    written = table.stat().st_mtime
    monkeypatch.setattr(command_line, "CODE_BEHIND_A_TABLE", (formula,))

    os.utime(formula, (written - 10, written - 10))
    assert command_line._is_fresh(table, bars_file, None)
    os.utime(formula, (written + 10, written + 10))
    assert not command_line._is_fresh(table, bars_file, None)


def test_every_file_behind_a_table_exists():
    assert all(path.exists() for path in command_line.CODE_BEHIND_A_TABLE)


def test_features_writes_a_table_and_says_what_it_read_and_dropped(bars_file, tmp_path):
    done = run("features", bars_file, "--out", tmp_path / "made")

    assert done.returncode == 0, done.stderr
    assert "read     900 daily bars from ABC.csv" in done.stdout
    assert "dropped  100 rows: the first 100 of each ticker" in done.stdout
    assert len(read_table(tmp_path / "made" / "ABC.parquet")) == 800


def test_features_of_several_files_can_go_into_one_table(bars_file, tmp_path):
    other = tmp_path / "XYZ.csv"
    other.write_bytes(bars_file.read_bytes())

    done = run("features", bars_file, other, "--out", tmp_path / "both.parquet")

    assert done.returncode == 0, done.stderr
    assert set(read_table(tmp_path / "both.parquet").ticker) == {"ABC", "XYZ"}


def test_faults_are_told_without_a_traceback_and_with_exit_status_1(tmp_path, places):
    (tmp_path / "bad.csv").write_text("Date,Open\n2000-01-03,1\n")

    done = run("--data", tmp_path / "bad.csv", *places)

    assert done.returncode == 1
    assert "error: bad.csv cannot be used: 4 faults." in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("arguments", [["--from", "yesterday"], ["--gap", "one"], ["--nonsense"]])
def test_wrong_options_are_told_with_exit_status_2(arguments):
    done = run(*arguments)

    assert done.returncode == 2
    assert "usage: python -m training" in done.stderr


def test_help_names_every_option_and_command():
    text = run("--help").stdout

    for word in (
        "--data",
        "--tickers",
        "--from",
        "--to",
        "--first-window",
        "--fold-days",
        "--gap",
        "--threshold",
        "--seed",
    ):
        assert word in text
    assert "features" in text
    assert "report" in text


@pytest.mark.skipif(os.name == "nt", reason="Ctrl-C reaches a process group differently there")
@pytest.mark.parametrize("delay", [0.5, 2.0, 3.5])
def test_ctrl_c_leaves_nothing_half_written(bars_file, places, tmp_path, delay):
    command = [sys.executable, "-m", "training", "--data", str(bars_file), *QUICK, *places]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    time.sleep(delay)

    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)

    registry = Registry(tmp_path / "artifacts")
    assert process.returncode in {0, 130, -signal.SIGINT}
    assert "Traceback" not in errors
    assert not list(tmp_path.rglob(".unfinished-*"))
    if "Stopped." in errors:
        assert registry.current() is None
    for version in registry.versions():
        assert registry.load(version).pipeline is not None


def test_a_job_reports_progress_and_ends_with_a_version_that_is_not_promoted(bars_file, places, tmp_path):
    registry = Registry(tmp_path / "artifacts")
    folder = tmp_path / "job"

    process = start(["--data", str(bars_file), *QUICK, *places], folder)
    process.wait(timeout=60)

    status = status_of(folder)
    assert status.state == "finished", status.error
    assert registry.versions() == [status.version]
    assert registry.current() is None


def test_a_job_that_fails_says_why(tmp_path):
    (tmp_path / "bad.csv").write_text("Date,Open\n2000-01-03,1\n")

    start(["--data", str(tmp_path / "bad.csv")], tmp_path / "job").wait(timeout=60)

    status = status_of(tmp_path / "job")
    assert status.state == "failed"
    assert "bad.csv cannot be used: 4 faults." in status.error


@pytest.mark.skipif(os.name == "nt", reason="a signal cannot be sent there")
def test_a_job_can_be_cancelled_and_leaves_no_version(bars_file, places, tmp_path):
    registry = Registry(tmp_path / "artifacts")
    folder = tmp_path / "job"
    process = start(["--data", str(bars_file), *QUICK, "--draws", "20000", *places], folder)
    while (status := status_of(folder)).state == "running" and status.step == 0:
        time.sleep(0.05)

    cancel(folder)
    process.wait(timeout=30)

    assert status_of(folder).state == "cancelled"
    assert registry.versions() == []


@pytest.mark.skipif(os.name == "nt", reason="a signal cannot be sent there")
def test_a_job_that_does_not_listen_is_cancelled_within_a_second(tmp_path):
    deaf = "from signal import *; signal(SIGTERM, SIG_IGN); print('deaf', flush=True); pause()"
    with subprocess.Popen([sys.executable, "-c", deaf], stdout=subprocess.PIPE) as process:
        assert process.stdout
        process.stdout.readline()
        (tmp_path / "status.json").write_text('{"state": "running"}')
        (tmp_path / "pid").write_text(str(process.pid))

        cancel(tmp_path)

        process.wait(timeout=0.5)
        assert status_of(tmp_path).state == "cancelled"


@pytest.mark.skipif(os.name == "nt", reason="kill -9 is a POSIX way to die")
def test_a_job_whose_process_vanished_is_reported_as_failed(bars_file, places, tmp_path):
    folder = tmp_path / "job"
    process = start(["--data", str(bars_file), *places], folder)
    while not status_of(folder).pid:
        time.sleep(0.05)

    process.kill()
    process.wait()

    assert status_of(folder).state == "failed"


def test_there_is_no_status_where_there_was_no_job(tmp_path):
    assert status_of(tmp_path) is None
