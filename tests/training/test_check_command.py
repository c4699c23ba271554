"""`python -m training check` as a person or a script runs it."""

import json
import signal
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests import builders
from training.__main__ import main
from training.table import write_table


@pytest.fixture(autouse=True)
def _own_signals() -> Iterator[None]:
    """Leave this process as it was: the command line answers a stop in its own way."""
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


def write_csv(path, columns):
    """Write columns as CSV and return the path."""
    lines = [",".join(columns), *(",".join(map(str, row)) for row in zip(*columns.values(), strict=True))]
    path.write_text("\n".join(lines))
    return path


def customers(seed=0, n=400):
    """Return columns of a made-up table of customers, whose churn follows their calls a little."""
    rng = np.random.default_rng(seed)
    calls, age = rng.normal(size=n), rng.normal(size=n)
    churned = np.where(rng.random(n) < 1 / (1 + np.exp(-calls)), "yes", "no")
    return {"calls": calls, "age": age, "churned": churned}


def test_the_shipped_bars_are_checked_by_default_and_pass(capsys):
    status = main(["check"])

    said = capsys.readouterr().out
    assert status == 0
    assert said.startswith("All 15 checks passed. stocks.csv.gz: ")
    assert "prefix_invariance" in said


def test_a_processed_table_is_read_as_one(tmp_path, capsys):
    write_table(builders.table(days=300), tmp_path / "made.parquet")

    status = main(["check", str(tmp_path / "made.parquet")])

    said = capsys.readouterr().out
    assert status == 0
    assert "target_and_return" in said
    assert "prefix_invariance" not in said


def test_a_processed_table_in_shuffled_order_is_suspected(tmp_path, capsys):
    table = builders.table(days=300)
    write_table(table.take(np.random.default_rng(1).permutation(len(table))), tmp_path / "made.parquet")

    status = main(["check", str(tmp_path / "made.parquet")])

    said = capsys.readouterr().out
    assert status == 2
    assert said.startswith("LEAK SUSPECTED: 1 of 13 checks failed.")
    assert "FAILED  row_order" in said
    assert "To do: Sort the rows" in said


def test_a_processed_table_whose_values_were_changed_since_is_suspected(tmp_path, capsys):
    path = tmp_path / "made.parquet"
    write_table(builders.table(days=300), path)
    table = pq.read_table(path)
    scaled = table["macd"].to_numpy() / table["macd"].to_numpy().std()
    table = table.set_column(table.column_names.index("macd"), "macd", pa.array(scaled))
    pq.write_table(table.append_column("tomorrow", table["next_day_return"]), path)

    status = main(["check", str(path)])

    said = capsys.readouterr().out
    assert status == 2
    assert "FAILED  recorded_values" in said
    assert "Recorded when the table was made" not in said
    assert "warning  made.parquet: column “tomorrow” ignored" in said


def test_any_table_passes_without_leaks_and_names_what_it_could_not_check(tmp_path, capsys):
    path = write_csv(tmp_path / "customers.csv", customers())

    status = main(["check", str(path), "--target", "churned"])

    said = capsys.readouterr().out
    assert status == 0
    assert "not run target_shift, feature_shift: the rows have no time (--time)" in said


def test_a_leak_in_any_table_is_named_in_json_with_exit_status_2(tmp_path, capsys):
    columns = customers()
    noise = np.random.default_rng(5).normal(0, 0.1, 400)
    refund = (columns["churned"] == "yes") + noise
    path = write_csv(tmp_path / "customers.csv", columns | {"refund": refund, "branch": np.full(400, 3)})

    status = main(["check", str(path), "--target", "churned", "--positive", "yes", "--json"])

    report = json.loads(capsys.readouterr().out)
    assert status == 2
    assert report["passed"] is False
    by_name = {check["name"]: check for check in report["checks"]}
    assert report["checks"][0]["name"] == "target_in_features"
    assert by_name["target_in_features"]["columns"] == ["refund"]
    assert by_name["target_in_features"]["to_do"]
    assert by_name["dead_features"]["columns"] == ["branch"]
    assert by_name["shuffled_target"]["passed"] is True


def test_a_table_with_days_and_groups_is_checked_in_the_order_of_its_file(tmp_path, capsys):
    days = np.tile(builders.trading_days(100).astype("datetime64[D]"), 4)
    columns = customers() | {"day": days, "customer": np.repeat(["a", "b", "c", "d"], 100)}
    first_two_swapped = [1, 0, *range(2, 400)]
    swapped = {name: np.asarray(values)[first_two_swapped] for name, values in columns.items()}
    roles = ["--target", "churned", "--time", "day", "--group", "customer"]

    in_order = main(["check", str(write_csv(tmp_path / "a.csv", columns)), *roles])
    said_in_order = capsys.readouterr().out
    out_of_order = main(["check", str(write_csv(tmp_path / "b.csv", swapped)), *roles])
    said_out_of_order = capsys.readouterr().out

    assert in_order == 0, said_in_order
    assert "ok      target_shift" in said_in_order
    assert out_of_order == 2
    assert f"Rows that stand after a later one: 1, first a {days[0]}" in said_out_of_order


def test_a_history_whose_first_years_hold_one_class_is_checked_on_the_folds_that_hold_both(tmp_path, capsys):
    days = builders.trading_days(400).astype("datetime64[D]")
    columns = customers() | {"day": days}
    columns["churned"][:200] = "no"

    status = main(["check", str(write_csv(tmp_path / "late.csv", columns)), "--target", "churned", "--time", "day"])

    assert status in {0, 2}
    assert "ok      shuffled_target" in capsys.readouterr().out


def test_a_history_that_changes_class_only_at_its_end_is_refused(tmp_path, capsys):
    days = builders.trading_days(400).astype("datetime64[D]")
    columns = customers() | {"day": days}
    columns["churned"][:-3], columns["churned"][-3:] = "no", "yes"

    status = main(["check", str(write_csv(tmp_path / "late.csv", columns)), "--target", "churned", "--time", "day"])

    assert status == 1
    assert "No fold has training rows of both classes" in capsys.readouterr().err


def test_the_limit_can_be_set_for_any_table(tmp_path, capsys):
    path = write_csv(tmp_path / "customers.csv", customers())

    status = main(["check", str(path), "--target", "churned", "--limit", "0.6"])

    said = capsys.readouterr().out
    assert status == 2
    assert "Alone above it: calls" in said


OWN_FEATURES = """
import numpy as np

def honest(bars):
    previous = np.r_[np.nan, bars.close[:-1]]
    same = np.r_[False, bars.ticker[1:] == bars.ticker[:-1]]
    return {"return_1d": np.where(same, bars.close / previous - 1, np.nan), "range": bars.high / bars.low}

def leaky(bars):
    return honest(bars) | {"level": bars.close / bars.close.mean()}

def short(bars):
    return {"range": bars.high[1:] / bars.low[1:]}
"""


def test_features_of_ones_own_are_built_and_probed_before_anything_is_trained_on_them(tmp_path, capsys):
    file = tmp_path / "own.py"
    file.write_text(OWN_FEATURES)

    honest = main(["check", "--features", f"{file}:honest"])
    said = capsys.readouterr().out
    leaky = main(["check", "--features", f"{file}:leaky", "--json"])
    report = json.loads(capsys.readouterr().out)

    assert honest == 0, said
    assert "2 features" in said
    assert leaky == 2
    assert report["features"] == ["return_1d", "range", "level"]
    columns = {check["name"]: check["columns"] for check in report["checks"]}
    assert columns["prefix_invariance"] == ["level"]


@pytest.mark.parametrize(
    ("function", "said"),
    [
        ("own.py:short", "returned range of shape (12153,) for 12,154 bars"),
        ("own.py:missing", "own.py has no function missing"),
        ("other.py:honest", "Found no function at “other.py:honest”"),
        ("own.py", "expected FILE.py:FUNCTION"),
    ],
)
def test_a_function_that_builds_no_features_is_told(function, said, tmp_path, monkeypatch, capsys):
    (tmp_path / "own.py").write_text(OWN_FEATURES)
    monkeypatch.chdir(tmp_path)

    status = main(["check", "--features", function])

    assert status == 1
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["check", "missing.csv"], "no readable file"),
        (["check", "missing.csv", "--target", "churned"], "no readable file"),
        (["check", "customers.csv"], "A table of another kind needs --target COLUMN."),
        (["check", "customers.csv", "--target", "left"], "column left: found nothing"),
        (["check", "customers.csv", "--time", "day"], "--time given without --target"),
    ],
)
def test_what_cannot_be_used_is_told_with_exit_status_1(arguments, said, tmp_path, monkeypatch, capsys):
    write_csv(tmp_path / "customers.csv", customers())
    monkeypatch.chdir(tmp_path)

    status = main(arguments)

    assert status == 1
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("limit", ["half", "0.5", "1", "nan"])
def test_a_limit_that_is_no_auc_is_refused(limit, capsys):
    with pytest.raises(SystemExit):
        main(["check", "--limit", limit])

    assert "expected a number between 0.5 and 1" in capsys.readouterr().err


def test_help_says_what_the_exit_status_means(capsys):
    with pytest.raises(SystemExit):
        main(["check", "--help"])

    assert "2 a check failed: a leak is suspected" in capsys.readouterr().out
