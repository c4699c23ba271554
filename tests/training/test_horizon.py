"""Targets more than a day ahead, and rolling windows: labels, unknown rows, files, and a whole run."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from model.dataset import MARKET_TARGET
from model.errors import TrainingError
from tests import builders
from training.bars import BarsFile
from training.settings import Settings
from training.table import build_table, market_target, pool, read_table, write_table
from training.train import train

ROOT = Path(__file__).parents[2]


def source(ticker="ABC", n=700, seed=0):
    bars = builders.random_bars(n, seed=seed, ticker=ticker)
    return BarsFile(name=f"{ticker}.csv", sha256="0" * 64, bars=bars, adjustment="none: …", warnings=())


@pytest.mark.parametrize("horizon", [1, 2, 5, 20])
def test_the_target_is_one_where_the_close_that_many_days_later_is_strictly_higher(horizon):
    bars = source()
    close = bars.bars.close

    table = build_table(bars, horizon)

    for row, position in enumerate(range(100, 700)):
        if position + horizon < 700:
            later = close[position + horizon]
            assert table.y[row] == (1.0 if later > close[position] else 0.0)
            assert table.next_day_return[row] == pytest.approx(later / close[position] - 1)
        else:
            assert np.isnan(table.y[row])
            assert np.isnan(table.next_day_return[row])
    assert table.target == market_target(horizon)


def test_a_horizon_of_one_day_is_the_default_target():
    assert build_table(source()).target is MARKET_TARGET


def test_a_horizon_below_a_day_is_refused():
    with pytest.raises(TrainingError, match="A horizon of 0 days: expected at least 1"):
        build_table(source(), 0)


@pytest.mark.parametrize("horizon", [1, 5])
def test_the_horizon_comes_back_with_the_table_from_its_file(tmp_path, horizon):
    table = build_table(source(), horizon)

    write_table(table, tmp_path / "x.parquet")

    again = read_table(tmp_path / "x.parquet")
    assert again.target == market_target(horizon)
    np.testing.assert_array_equal(again.y, table.y)
    np.testing.assert_array_equal(again.next_day_return, table.next_day_return)


def test_pooled_tables_keep_their_horizon():
    pooled = pool([build_table(source("AAA"), 5), build_table(source("BBB", seed=1), 5)])

    assert pooled.target.horizon == 5


def test_no_training_label_of_five_days_reads_a_test_day():
    table = build_table(source(), 5)
    settings = Settings(first_window=200, step=100, gap=5, horizon=5, draws=100)

    manifest = train(table, settings).draft.manifest

    days = np.unique(table.day)
    for fold in manifest.folds:
        last_label = np.searchsorted(days, np.datetime64(fold.train_last_day)) + 5
        assert days[last_label] < np.datetime64(fold.test_first_day)
    assert manifest.target.question == "Will the stock close higher in 5 trading days?"
    assert manifest.settings["horizon"] == 5
    assert next(check for check in manifest.checks if check.name == "gap").passed


def test_a_rolling_window_trains_every_fold_on_as_many_days():
    settings = builders.small_settings(window="rolling")

    manifest = train(builders.table(days=400), settings).draft.manifest

    assert {fold.train_rows for fold in manifest.folds} == {2 * 100}
    assert manifest.settings["window"] == "rolling"


def run(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "training", *map(str, arguments)], cwd=ROOT, capture_output=True, text=True, check=False
    )


@pytest.fixture
def bars_file(tmp_path):
    """A file of 700 daily bars named ABC.csv."""
    bars = builders.random_bars(700)
    columns = (bars.day, bars.open, bars.high, bars.low, bars.close, bars.volume)
    lines = ["date,open,high,low,close,volume", *(",".join(map(str, row)) for row in zip(*columns, strict=True))]
    path = tmp_path / "ABC.csv"
    path.write_text("\n".join(lines))
    return path


def test_a_comparison_from_the_command_line_counts_itself_and_publishes_nothing(bars_file, tmp_path):
    options = ["compare", "--data", bars_file, "--candidates", "baseline", "base_rate", "last_sign"]
    options += ["--first-window", 200, "--fold-days", 150, "--draws", 100, "--horizon", 3, "--gap", 3]
    options += ["--registry", tmp_path / "artifacts", "--processed", tmp_path, "--json", tmp_path / "found.json"]

    first, second = run(*options), run(*options)

    assert first.returncode == 0, first.stderr
    found = json.loads((tmp_path / "found.json").read_bytes())
    assert found["sentence"] in first.stdout
    assert "SPA p = " in first.stdout
    assert "sign of the last 3 days" in first.stdout
    assert "3 different things were tried on these out-of-fold rows, in 1 run; after 3" in first.stdout
    assert "3 different things were tried on these out-of-fold rows, in 2 runs" in second.stdout
    assert found["looks"] | {"sentence": ""} == {
        "runs": 2,
        "total": 6,
        "different": 3,
        "level": pytest.approx(1 - 0.05 / 3),
        "sentence": "",
    }
    assert (tmp_path / "ABC-3d.parquet").exists()
    assert not (tmp_path / "artifacts").exists()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--horizon", 5], "error: These settings cannot be used: gap 1: below 5 training labels leak"),
        (["--candidates", "magic"], "error: There is no candidate magic; there are baseline"),
        (["--champion", "last_sign", "--first-window", 200], "error: last_sign cannot be the champion"),
    ],
)
def test_a_comparison_that_cannot_be_made_says_why(bars_file, tmp_path, options, words):
    done = run("compare", "--data", bars_file, "--registry", tmp_path / "a", "--processed", tmp_path, *options)

    assert done.returncode == 1
    assert words in done.stderr
