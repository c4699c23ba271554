"""Bars into a table: the target, what is dropped, and provenance that stays with the file."""

import hashlib
from argparse import Namespace
from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from model.errors import TrainingError
from model.features import FEATURE_NAMES, build_features
from tests.builders import bars, random_bars
from training import table as tables
from training.__main__ import main
from training.bars import BarsFile
from training.command_line import table_for
from training.table import build_table, pool, read_table, refuse_bare_table, write_table
from training.table_values import digest_of_values, was_changed


def source(history, **changes):
    values = {"name": "x.csv", "sha256": "0" * 64, "bars": history, "adjustment": "none: …", "warnings": ()} | changes
    return BarsFile(**values)


def test_the_target_is_one_only_where_the_next_close_is_strictly_higher():
    rng = np.random.default_rng(0)
    close = np.r_[50 + rng.normal(0, 1, 130), 10.0, 11.0, 11.0, 10.5]
    volume = rng.integers(1, 100, 134)

    table = build_table(source(bars(close, volume=volume)))

    assert table.y[-4:].tolist()[:3] == [1.0, 0.0, 0.0]
    assert np.isnan(table.y[-1])
    assert table.next_day_return[-4:-1] == pytest.approx([0.1, 0.0, -0.5 / 11])
    assert np.isnan(table.next_day_return[-1])


def test_the_warm_up_of_each_ticker_is_dropped_and_the_rest_kept():
    history = random_bars(150)

    table = build_table(source(history))

    assert len(table) == 50
    np.testing.assert_array_equal(table.X, build_features(history)[100:])
    np.testing.assert_array_equal(table.day, history.day[100:])
    assert table.provenance.dropped == ("100 rows: the first 100 of each ticker, while features warm up",)


def test_rows_without_a_volume_score_are_dropped_and_counted():
    volume = np.r_[np.random.default_rng(0).integers(1, 100, 120), np.full(30, 7)]

    table = build_table(source(bars(random_bars(150).close, volume=volume)))

    assert len(table) == 39  # the volumes of rows 120 to 149 are equal: from row 139 on, so are all 20 of a window
    assert table.provenance.dropped[1].startswith("11 rows without volume_z20")


def test_a_table_comes_back_from_its_file_as_it_went_in(tmp_path):
    table = build_table(source(random_bars(160)))

    write_table(table, tmp_path / "x.parquet")

    again = read_table(tmp_path / "x.parquet")
    for name in ("day", "ticker", "X", "y", "next_day_return"):
        np.testing.assert_array_equal(getattr(again, name), getattr(table, name))
    assert again.provenance == table.provenance


def test_the_file_holds_features_target_day_ticker_and_return(tmp_path):
    write_table(build_table(source(random_bars(160))), tmp_path / "x.parquet")

    frame = pd.read_parquet(tmp_path / "x.parquet")

    assert list(frame.columns) == ["day", "ticker", *FEATURE_NAMES, "up", "next_day_return"]
    assert frame["up"].isna().sum() == 1
    assert set(frame["up"].dropna()) == {0, 1}


def test_a_file_that_is_no_table_is_refused_with_what_to_do(tmp_path):
    (tmp_path / "x.csv").write_text("a,b\n")

    with pytest.raises(TrainingError, match="python -m training features"):
        read_table(tmp_path / "x.csv")


def test_tables_of_several_files_are_pooled_by_ticker_and_day():
    one = build_table(source(random_bars(150, ticker="BBB"), name="b.csv"))
    other = build_table(source(random_bars(140, ticker="AAA"), name="a.csv"))

    pooled = pool([one, other])

    assert pooled.ticker.tolist() == ["AAA"] * 40 + ["BBB"] * 50
    assert pooled.provenance.file == "b.csv, a.csv"


def test_a_ticker_in_two_files_is_refused():
    one = build_table(source(random_bars(150)))

    with pytest.raises(TrainingError, match="ABC: found in more than one file"):
        pool([one, one])


def test_the_prefix_check_finds_a_feature_that_looks_ahead(monkeypatch):
    honest = build_features

    def leaking(history):
        X = honest(history)
        X[:-1, 0] = X[1:, 0]  # tomorrow's gap
        return X

    monkeypatch.setattr(tables, "build_features", leaking)
    history = random_bars(300)

    check = tables.check_prefix_invariance(history, leaking(history))

    assert not check.passed


def test_the_warm_up_check_finds_a_feature_that_never_forgets(monkeypatch):
    def cumulative(history):
        X = build_features(history)
        X[:, 0] = np.cumsum(history.close)
        return X

    monkeypatch.setattr(tables, "build_features", cumulative)
    history = random_bars(400)

    check = tables.check_warm_up(history, cumulative(history))

    assert not check.passed


def test_both_checks_pass_on_the_real_features():
    table = build_table(source(random_bars(400)))

    assert [check.name for check in table.provenance.checks if check.passed] == ["prefix_invariance", "warm_up"]


def daily_bars(folder):
    """Write 200 daily bars, and return the options of a training run on them."""
    history = random_bars(200)
    path = folder / "ABC.csv"
    names = ("open", "high", "low", "close", "volume")
    pd.DataFrame({"date": history.day, **{name: getattr(history, name) for name in names}}).to_csv(path, index=False)
    return Namespace(data=path, processed=folder / "made", horizon=1, splits=None)


def rewritten(path, **columns):
    """Write the table at *path* again with other columns, as pyarrow does: the file's metadata are kept."""
    table = pq.read_table(path)
    for name, values in columns.items():
        if name in table.column_names:
            table = table.set_column(table.column_names.index(name), name, pa.array(values))
        else:
            table = table.append_column(name, pa.array(values))
    pq.write_table(table, path)


@pytest.mark.parametrize("name", ["day", "rsi_14", "up", "next_day_return"])
def test_what_was_recorded_is_not_believed_of_values_that_were_changed(name, tmp_path):
    path = tmp_path / "x.parquet"
    write_table(build_table(source(random_bars(160))), path)
    unchanged = read_table(path)
    values = pq.read_table(path)[name].to_pylist()
    rewritten(path, **{name: [values[1], *values[1:]] if values[0] != values[1] else [1 - values[0], *values[1:]]})

    changed = read_table(path)

    assert not was_changed(unchanged)
    assert was_changed(changed)
    (check,) = changed.provenance.checks
    assert not check.passed
    assert "prefix_invariance, warm_up) is not believed" in check.finding


def test_the_digest_is_of_the_values_in_any_layout_and_not_of_their_row_order_in_memory():
    table = build_table(source(random_bars(160)))
    by_column = replace(table, X=np.asfortranarray(table.X))
    digest = hashlib.sha256(table.day.astype("datetime64[D]").astype(np.int64).tobytes())
    for values in (*table.X.T, table.y, table.next_day_return):
        digest.update(values.tobytes())

    assert digest_of_values(table) == digest_of_values(by_column) == digest.hexdigest()


def test_columns_that_are_no_features_of_a_processed_table_are_named(tmp_path):
    path = tmp_path / "x.parquet"
    write_table(build_table(source(random_bars(160))), path)
    rewritten(path, tomorrow=np.arange(60.0))

    table = read_table(path)

    assert not was_changed(table)
    assert table.provenance.warnings[-1].startswith("x.parquet: column “tomorrow” ignored. The features of")


def test_a_processed_table_saved_again_by_pandas_is_told_in_one_sentence(tmp_path, capsys):
    path = tmp_path / "x.parquet"
    write_table(build_table(source(random_bars(160))), path)
    refuse_bare_table(path)
    pd.read_parquet(path).to_parquet(path)

    with pytest.raises(TrainingError, match="has the columns of a processed table, but not what `python -m training"):
        refuse_bare_table(path)
    for command in (["check", str(path)], ["--data", str(path), "--registry", str(tmp_path / "r" / "artifacts")]):
        assert main(command) == 1
        assert "has the columns of a processed table" in capsys.readouterr().err


def test_a_table_that_lost_a_column_is_refused_by_the_name_of_the_column(tmp_path):
    path = tmp_path / "x.parquet"
    write_table(build_table(source(random_bars(160))), path)
    pq.write_table(pq.read_table(path).drop_columns(["rsi_14"]), path)

    with pytest.raises(TrainingError, match="has no column rsi_14"):
        read_table(path)


def test_a_table_kept_from_an_earlier_run_is_made_anew_where_it_was_changed(tmp_path):
    options = daily_bars(tmp_path)
    table_for(options)
    rewritten(tmp_path / "made" / "ABC.parquet", rsi_14=np.zeros(100))

    again = table_for(options)

    assert not was_changed(again)
    assert again.X[:, FEATURE_NAMES.index("rsi_14")].min() > 0
    assert not was_changed(read_table(tmp_path / "made" / "ABC.parquet"))


def test_training_on_a_processed_table_says_what_it_ignores_and_what_it_does_not_believe(tmp_path, capsys):
    options = daily_bars(tmp_path)
    table_for(options)
    made = tmp_path / "made" / "ABC.parquet"
    rewritten(made, rsi_14=np.zeros(100), tomorrow=np.ones(100))
    capsys.readouterr()

    table_for(Namespace(**vars(options) | {"data": made}))

    said = capsys.readouterr().out
    assert "warning  ABC.parquet: column “tomorrow” ignored" in said
    assert "check    FAILED: ABC.parquet holds other days, features, targets or returns" in said
