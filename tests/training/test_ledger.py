"""The ledger of looks: counts, corrections, and lines that survive crashes and company."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from model.any_rows import Classes, Columns, table_of
from model.errors import TrainingError
from model.registry import Registry
from model.splitting import SplitSettings
from tests import builders
from training.any_table import TableSettings, train_table
from training.ledger import Ledger, Looks, looks_of, note_threshold, rows_key
from training.train import store, train

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def result():
    """One run on made-up rows; read only."""
    return builders.result()


def rows_of(draft):
    return draft.manifest.trained_on.sha256, draft.out_of_fold


def test_a_training_run_is_one_look_and_the_same_run_again_tries_nothing_different(tmp_path, result):
    registry = Registry(tmp_path / "artifacts")

    store(result, registry, when=builders.WHEN)
    store(result, registry, when=builders.WHEN)

    assert looks_of(registry, result.draft) == Looks(runs=2, total=2, different=1)
    lines = (tmp_path / "ledger.jsonl").read_text().splitlines()[1::2]
    folds = "expanding windows from 100 days, 50 days a fold, gap 1"
    assert [json.loads(line)["tried"] for line in lines] == [[f"baseline at 0.44, {folds}"]] * 2


def test_a_threshold_kept_is_a_look_at_the_rows_it_was_chosen_on(tmp_path, result):
    registry = Registry(tmp_path / "artifacts")
    version = store(result, registry, when=builders.WHEN)
    bundle = registry.load(version)

    looks = note_threshold(registry, bundle, 0.515, builders.WHEN)

    assert looks == Looks(runs=2, total=2, different=2)
    assert Ledger.beside(registry).all()[-1].kind == "threshold"
    assert Ledger.beside(registry).all()[-1].tried[0].startswith("baseline at 0.515, ")


def test_the_same_candidate_on_rolling_windows_is_another_thing_tried(tmp_path):
    registry = Registry(tmp_path / "artifacts")
    table = builders.table(days=300)
    for window in ("expanding", "rolling", "rolling"):
        store(train(table, builders.small_settings(window=window)), registry, when=builders.WHEN)

    looks = Ledger.beside(registry).all()
    assert [look.tried[0].split()[3] for look in looks] == ["expanding", "rolling", "rolling"]
    assert Ledger.beside(registry).looks_at(looks[0].rows) == Looks(runs=3, total=3, different=2)


@pytest.mark.parametrize("change", ["seed", "n_folds"])
def test_the_same_rows_dealt_into_other_folds_are_looked_at_again(change, tmp_path):
    registry = Registry(tmp_path / "artifacts")
    X = np.random.default_rng(0).normal(size=(120, 2))
    y = np.arange(120) % 3 == 0
    columns = Columns(("a", "b"), X, y.astype(np.int64), "lost", Classes("yes", "no", "yes"))
    table = table_of(columns, file="x.csv", sha256="0" * 64)
    for value in (3, 4, 4):
        settings = TableSettings("lost", SplitSettings(**{change: value}), draws=100)
        if change == "seed":
            settings = replace(settings, seed=value)
        result = train_table(table, settings)
        store(result, registry, when=builders.WHEN)

    assert looks_of(registry, result.draft) == Looks(runs=3, total=3, different=2)


def test_rows_are_the_same_in_any_order_and_folds_and_others_with_other_data_or_outcomes(result):
    draft = result.draft
    data, rows = rows_of(draft)
    shuffled = np.random.default_rng(0).permutation(len(rows.day))
    arrays = {name: getattr(rows, name) for name in ("day", "ticker", "y_true", "y_score", "fold", "next_day_return")}
    reordered = type(rows)(**{name: values[shuffled] for name, values in arrays.items()})
    key = rows_key(data, rows)

    assert rows_key(data, reordered) == key
    assert rows_key("1" * 64, rows) != key
    assert rows_key(data, type(rows)(**arrays | {"y_true": 1 - rows.y_true})) != key
    assert rows_key(data, type(rows)(**arrays | {"fold": rows.fold[::-1]})) == key


@pytest.mark.parametrize(("different", "level"), [(1, 0.95), (2, 0.975), (5, 0.99), (50, 0.999)])
def test_the_correction_divides_what_may_go_wrong_by_the_number_of_looks(different, level):
    assert Looks(runs=1, total=different, different=different).level == pytest.approx(level)


def test_the_sentence_says_the_count_and_the_level():
    assert Looks(runs=3, total=9, different=7).sentence == (
        "7 different things were tried on these out-of-fold rows, in 3 runs; after 7 an interval would have to be"
        " at 99.3 % to mean what 95 % means for one."
    )
    assert Looks(runs=1, total=1, different=1).sentence == (
        "1 thing was tried on these out-of-fold rows, in 1 run: a 95 % interval means what it says."
    )
    assert Looks(0, 0, 0).sentence == "no look at these out-of-fold rows is in the ledger."


def test_a_line_that_a_crash_left_unfinished_hides_no_other_look(tmp_path, result):
    ledger = Ledger(tmp_path / "ledger.jsonl")
    data, rows = rows_of(result.draft)
    ledger.note("training", data, rows, ["a"], builders.WHEN)
    with ledger.path.open("ab") as file:
        file.write(b'\n{"when":"2024-05-06T07:08:09+00:00","kind":"train')

    looks = ledger.note("training", data, rows, ["b"], builders.WHEN)

    assert looks == Looks(runs=2, total=2, different=2)


def test_a_line_changed_by_hand_is_an_error_that_names_it(tmp_path):
    ledger = Ledger(tmp_path / "ledger.jsonl")
    ledger.path.write_text('\n{"kind": "holiday"}\n')

    with pytest.raises(TrainingError, match=r"ledger.jsonl, line 2, cannot be read .* Restore the line, or remove it"):
        ledger.all()


def test_a_ledger_that_cannot_be_written_is_a_clear_error(tmp_path, result):
    (tmp_path / "ledger.jsonl").mkdir()
    data, rows = rows_of(result.draft)

    with pytest.raises(TrainingError, match="cannot be written"):
        Ledger(tmp_path / "ledger.jsonl").note("training", data, rows, ["a"], builders.WHEN)


WRITER = """
import sys
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
import numpy as np
from training.ledger import Ledger
day = np.arange(3).astype("datetime64[D]")
rows = SimpleNamespace(day=day, ticker=np.array(["A"] * 3), y_true=np.arange(3))
ledger = Ledger(Path(sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
for number in range(100):
    ledger.note("training", "0" * 64, rows, [f"{sys.argv[2]} {number}"], datetime(2024, 5, 6))
"""


def test_two_processes_that_note_at_once_lose_no_look(tmp_path):
    path = tmp_path / "ledger.jsonl"
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path), name],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for name in ("one", "other")
    ]
    for writer in writers:
        assert writer.stdout.readline() == "ready\n"
    for writer in writers:
        writer.stdin.write("go\n")
        writer.stdin.flush()
    for writer in writers:
        writer.communicate()
        assert writer.returncode == 0

    tried = [look.tried[0] for look in Ledger(path).all()]

    assert sorted(tried) == sorted(f"{name} {number}" for name in ("one", "other") for number in range(100))
