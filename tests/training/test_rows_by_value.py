"""Rows that no day and group tell apart are known again by what they hold."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from model.any_rows import Columns, table_of
from model.bundle import Bundle
from model.registry import Registry
from tests import builders
from training.any_table import TableSettings, train_table
from training.rows_by_value import same_out_of_fold
from training.train import publish


def bundle_of(columns: Columns, folder: Path, sha256: str) -> Bundle:
    rows = table_of(columns, file="visits.csv", sha256=sha256 * 64)
    there = Registry(folder / sha256)
    publish(train_table(rows, TableSettings("churn", draws=100)), there, by="t", why="t", when=builders.WHEN)
    return there.load()


@pytest.mark.parametrize("layout", [{}, {"time": True}], ids=["plain", "several rows a day"])
def test_rows_of_a_longer_table_in_another_order_are_found_again(tmp_path: Path, layout: dict[str, bool]):
    columns = builders.any_columns(**layout)
    more = builders.any_columns(seed=1, **layout)
    order = np.random.default_rng(0).permutation(450)

    def longer(name: str) -> np.ndarray:
        return np.concatenate([getattr(columns, name), getattr(more, name)[:50]])[order]

    # One row that both know has another outcome now.
    y = longer("y")
    y[0] = 1 - y[0]
    was_known = order[0] < 400
    changes = {"X": longer("X"), "y": y} | ({"time": longer("time")} if layout else {})
    old = bundle_of(columns, tmp_path, "0")
    new = bundle_of(replace(columns, **changes), tmp_path, "1")

    shared = same_out_of_fold(new, old)

    assert np.array_equal(new.out_of_fold.y_true[shared.new], old.out_of_fold.y_true[shared.old])
    assert np.array_equal(new.out_of_fold.day[shared.new], old.out_of_fold.day[shared.old], equal_nan=True)
    if not layout:
        # Every row is tested, in its place in the table.
        assert {int(order[i]) for i in shared.new} == {int(j) for j in shared.old}
        assert len(shared) == 400 - was_known
    else:
        assert len(shared) > 200


def test_nothing_is_found_among_rows_of_other_values(tmp_path: Path):
    columns = builders.any_columns()
    old = bundle_of(columns, tmp_path, "0")
    new = bundle_of(replace(columns, X=columns.X + 1e-9), tmp_path, "1")

    assert len(same_out_of_fold(new, old)) == 0
