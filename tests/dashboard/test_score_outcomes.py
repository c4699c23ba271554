"""The outcome in a scored file is compared, in whatever words the target was trained with."""

import csv
import io

import numpy as np
import pyarrow as pa
import pytest
from sklearn.metrics import confusion_matrix

from dashboard.score.examples import example_rows
from dashboard.score.outcomes import outcome_of
from dashboard.score.scored_file import score_file
from model.bundle import Bundle
from model.dataset import MARKET_TARGET
from model.manifest import Target
from tests import builders


def target_of(positive: str, negative: str) -> Target:
    said = f"1 where `churned` is “{positive}”, 0 where it is “{negative}”."
    return Target(column="churned", positive_class="churned", horizon=0, question="?", description=said)


def read(cells: list[object], target: Target) -> list[float] | str:
    outcome, notes = outcome_of(pa.table({target.column: pa.array(cells)}), target)
    return notes[0] if outcome is None else outcome.tolist()


@pytest.mark.parametrize(
    ("values", "cells", "expected"),
    [
        (("yes", "no"), ["yes", "no", " Yes ", "NO"], [1, 0, 1, 0]),
        (("yes", "no"), ["1", "0", "true", "0.0"], [1, 0, 1, 0]),
        (("1", "2"), ["1.0", "2", "2.0", "1"], [1, 0, 0, 1]),
        (("1", "2"), [1.0, 2.0], [1, 0]),
        (("0", "1"), ["0", "1", "0.0"], [1, 0, 1]),
        (("1", "-1"), ["-1", "1", "-1.0"], [0, 1, 0]),
        (("true", "false"), [True, False], [1, 0]),
        (("a ”, b", "c"), ["a ”, b", "c"], [1, 0]),
    ],
)
def test_a_target_is_read_in_the_words_of_its_table(values, cells, expected):
    assert read(cells, target_of(*values)) == expected


def test_what_is_empty_is_not_known():
    assert np.isnan(read(["yes", "", None, "no"], target_of("yes", "no"))).tolist() == [False, True, True, False]


@pytest.mark.parametrize(
    ("target", "cell", "expected"),
    [
        (target_of("yes", "no"), "maybe", "holds 'maybe' where “yes”, “no” or nothing is expected"),
        (target_of("0", "1"), "true", "holds 'true' where “0”, “1” or nothing is expected"),
        (MARKET_TARGET, "yes", "holds 'yes' where 1, 0 or nothing is expected"),
    ],
)
def test_another_word_is_named_with_what_was_expected(target: Target, cell: str, expected: str):
    assert expected in str(read(["", cell], target))


def test_a_file_of_yes_and_no_is_compared_and_example_rows_are_one(tmp_path):
    bundle: Bundle = builders.table_bundle(tmp_path)
    data = example_rows(bundle)
    rows = list(csv.DictReader(io.StringIO(data.decode())))
    y = np.array([row["churned"] == "yes" for row in rows])
    X = np.array([[float(row[name]) for name in bundle.manifest.feature_names] for row in rows])

    outcomes = score_file(bundle, data, "rows.csv").outcomes

    (_, wrong), (missed, hits) = confusion_matrix(y, bundle.pipeline.predict_proba(X)[:, 1] >= 0.44)
    assert {row["churned"] for row in rows} == {"yes", "no"}
    assert (outcomes.known, outcomes.positive) == (len(rows), hits + missed)
    assert (outcomes.called, outcomes.called_positive) == (hits + wrong, hits)
