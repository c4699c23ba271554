"""What is no failed check and still worth a look: one feature far ahead, several rows a day of one thing."""

import json
from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer
from sklearn.metrics import roc_auc_score

from model.any_rows import Classes, Columns, table_of
from training.leak_checks import probe_source, subject_of
from training.leaks.report import as_json, as_text
from training.leaks.rows import repeated_days
from training.leaks.single import deviation_of, target_in_features
from training.leaks.source import Source

TODAY = date(2030, 1, 1)


def customers(n=600, **columns):
    """Return a table of customers by day, with features that tell a little of who leaves."""
    rng = np.random.default_rng(3)
    calls, age = rng.normal(size=(2, n))
    y = (rng.random(n) < 1 / (1 + np.exp(-calls))).astype(np.int64)
    features = {"calls": calls, "age": age} | {name: make(y, rng) for name, make in columns.items()}
    return table_of(
        Columns(
            tuple(features),
            np.column_stack(list(features.values())),
            y,
            "left",
            Classes("yes", "no", "yes"),
            "day",
            np.datetime64("2024-01-01") + np.arange(n) // 4,
            "customer",
            np.array([f"c{i % 50}" for i in range(n)]),
        ),
        file="customers.csv",
        sha256="0" * 64,
    )


def refund(y, rng):
    return y + rng.normal(0, 0.35, len(y))


def test_a_feature_made_of_the_target_and_noise_is_warned_of_by_name_and_figures():
    table = customers(refund=refund)
    areas = [roc_auc_score(table.y, column) for column in table.X.T]

    probe = probe_source(Source(table), today=TODAY)

    assert not probe.suspected
    finding = next(finding for finding in probe.findings if finding.check.name == "target_in_features")
    assert finding.warned_of == ("refund",)
    assert f"refund tells far more by itself (AUC {areas[2]:.3f}) than any other (next calls, 0." in finding.warning
    assert as_text(table, probe).startswith(f"All {len(probe.findings)} checks passed, with 1 warning. ")
    assert "warning refund tells far more" in as_text(table, probe)
    record = json.loads(json.dumps(as_json(table, probe)))
    assert [check["warned_of"] for check in record["checks"] if check["warning"]] == [["refund"]]
    assert record["passed"]


def test_a_feature_that_says_the_target_outright_fails_and_is_not_warned_of_besides():
    finding = target_in_features(subject_of(customers(refund=lambda y, rng: y + rng.normal(0, 0.05, len(y)))))

    assert not finding.check.passed
    assert finding.warning == ""


def test_strong_features_beside_each_other_are_not_warned_of():
    X, y = load_breast_cancer(return_X_y=True)
    names = tuple(f"f{i}" for i in range(X.shape[1]))
    table = table_of(Columns(names, X, y, "benign", Classes("1", "0", "benign")), file="x.csv", sha256="0" * 64)

    assert target_in_features(subject_of(table)).warning == ""
    assert target_in_features(subject_of(customers())).warning == ""


def test_the_error_of_an_area_is_that_of_simulated_exponential_scores():
    # For such scores the formula is exact.
    rng = np.random.default_rng(0)
    high, low = rng.exponential(4.0, (4000, 25, 1)), rng.exponential(1.0, (4000, 1, 60))
    areas = (high > low).mean(axis=(1, 2))

    y = np.repeat([1, 0], [25, 60])
    assert deviation_of(0.8, y) == pytest.approx(areas.std(), rel=0.05)


def test_several_rows_of_one_thing_on_a_day_are_suspected_only_where_they_are_the_same_row():
    table = customers()
    # The customer of rows 50 apart is the same: give two of them one day.
    rows = np.flatnonzero(table.ticker == table.ticker[0])[:2]
    day = table.day.copy()
    day[rows[1]] = day[rows[0]]
    twice = replace(table, day=day)
    X, y = table.X.copy(), table.y.copy()
    X[rows[1]], y[rows[1]] = X[rows[0]], y[rows[0]]

    differing, copied = repeated_days(twice), repeated_days(replace(twice, X=X, y=y))

    assert differing.check.passed
    assert "Rows that repeat a day: 1, first c0 2024-01-01. They differ. A customer may have" in differing.check.finding
    assert not copied.check.passed
    assert copied.columns == ("day",)
    assert "Equal in everything: 1, first c0 2024-01-01" in copied.check.finding


def test_whoever_named_a_group_is_not_told_to_name_one():
    table = customers()
    day = np.where(table.ticker == "c7", table.day.min(), table.day)

    probe = probe_source(Source(replace(table, day=day)), today=TODAY)

    said = {skipped.name: skipped.why for skipped in probe.not_run}
    assert said["target_shift, feature_shift"] == "a customer has several rows on one day, so none of them is next"
