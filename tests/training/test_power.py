"""How much data an edge needs: held to simulations, and to a bootstrap of its own."""

import msgspec
import numpy as np
import pytest
from scipy.stats import norm, rankdata

from model.bootstrap import DayBootstrap
from model.bundle import Bundle
from model.evaluation import log_loss_of
from tests import builders
from tests.market_words import market_words
from training.power import DataNeeded, data_needed

# (1.96 + 0.84), to more digits than tables of the normal distribution give.
Z = norm.ppf(0.975) + norm.ppf(0.80)


@pytest.fixture(scope="module")
def of_rows(tmp_path_factory):
    """A bundle of rows that have neither a time nor a group."""
    return builders.table_bundle(tmp_path_factory.mktemp("rows"))


@pytest.fixture(scope="module")
def needed(shipped):
    """What the shipped bundle's rows would need."""
    return data_needed(shipped)


def calibrated(rng, auc, base_rate, rows, tries):
    """Log-odds about the base rate with the spread that gives *auc*, and outcomes as likely as they say."""
    apart = rng.normal(0, np.sqrt(2) * norm.ppf(auc), (tries, rows))
    p = 1 / (1 + np.exp(-(np.log(base_rate / (1 - base_rate)) + apart)))
    return p, rng.random((tries, rows)) < p


def test_the_rows_it_names_show_an_auc_in_four_of_five_tries(of_rows):
    base_rate = of_rows.out_of_fold.y_true.mean()
    (edge,) = (edge for edge in data_needed(of_rows).edges if edge.auc == 0.55)

    p, y = calibrated(np.random.default_rng(1), 0.55, base_rate, round(edge.for_auc), 600)
    positives, negatives = y.sum(axis=1), (~y).sum(axis=1)
    area = (np.where(y, rankdata(p, axis=1), 0).sum(axis=1) - positives * (positives + 1) / 2) / (positives * negatives)
    # The standard error that Mann and Whitney give for an AUC without skill.
    error = np.sqrt((positives + negatives + 1) / (12 * positives * negatives))

    assert np.mean((area - 0.5) / error > 1.96) == pytest.approx(0.80, abs=0.05)


def test_the_rows_it_names_turn_the_verdict_in_four_of_five_tries(of_rows):
    base_rate = of_rows.out_of_fold.y_true.mean()
    (edge,) = (edge for edge in data_needed(of_rows).edges if edge.auc == 0.55)

    p, y = calibrated(np.random.default_rng(2), 0.55, base_rate, round(edge.for_verdict), 500)
    loss = log_loss_of(y, p) - log_loss_of(y, np.full(p.shape, base_rate))

    assert np.mean(loss.mean(axis=1) + 1.96 * loss.std(axis=1) / np.sqrt(p.shape[1]) < 0) == pytest.approx(
        0.8, abs=0.05
    )
    assert -loss.mean() == pytest.approx(edge.gain, rel=0.1)


def test_the_standard_errors_are_those_of_resampled_days(shipped, needed):
    rows = shipped.out_of_fold
    base_rates = {fold.fold: fold.base_rate for fold in shipped.manifest.folds}
    days = DayBootstrap(rows.day, draws=400, seed=7)
    loss = log_loss_of(rows.y_true, rows.y_score) - log_loss_of(
        rows.y_true, np.array([base_rates[fold] for fold in rows.fold])
    )

    assert needed.smallest_auc - 0.5 == pytest.approx(Z * days.auc(rows.y_true, rows.y_score).std(), rel=0.1)
    assert needed.smallest_gain == pytest.approx(Z * days.means(loss).std(), rel=0.1)


def test_half_the_edge_needs_four_times_the_data(needed):
    by_auc = {edge.auc: edge for edge in needed.edges}

    assert by_auc[0.51].for_auc == pytest.approx(4 * by_auc[0.52].for_auc)
    assert needed.units * ((needed.smallest_auc - 0.5) / 0.02) ** 2 == pytest.approx(by_auc[0.52].for_auc)


def test_the_smallest_edge_for_the_verdict_needs_the_data_that_there_is(shipped, needed, monkeypatch):
    monkeypatch.setattr("training.power.EDGES", (needed.smallest_auc_for_verdict,))

    (edge,) = data_needed(shipped).edges

    assert edge.for_verdict == pytest.approx(needed.units)


def test_years_are_counted_as_the_days_came(shipped, needed):
    first = shipped.manifest.metric("auc")
    years = (np.datetime64(first.last_day) - np.datetime64(first.first_day)).astype(int) / 365.25

    assert (needed.units, needed.unit) == (first.days, "days")
    assert needed.units_a_year == pytest.approx(first.days / years)


def test_groups_are_counted_where_they_stand_or_fall_together(tmp_path):
    found = data_needed(builders.table_bundle(tmp_path, group=True))

    assert (found.units, found.unit, found.units_a_year) == (40, "groups", None)


def test_days_are_counted_without_years_where_they_span_less_than_one(tmp_path):
    bundle = builders.table_bundle(tmp_path, time=True)

    found = data_needed(bundle)

    assert (found.units, found.unit) == (len(np.unique(bundle.out_of_fold.day)), "days")
    assert found.units_a_year is None
    assert "year" not in found.sentence


def test_rows_are_counted_where_nothing_binds_them_and_no_word_of_time_or_markets_is_said(of_rows):
    found = data_needed(of_rows)

    assert (found.units, found.unit) == (400, "rows")
    assert market_words([found.sentence, found.verdict_sentence], of_rows) == []


def test_a_model_that_always_says_the_base_rate_is_answered_as_one_without_skill(shipped, needed):
    rows = shipped.out_of_fold
    constant = Bundle(shipped.directory, shipped.manifest)
    base_rates = {fold.fold: fold.base_rate for fold in shipped.manifest.folds}
    said = np.array([base_rates[fold] for fold in rows.fold])
    constant.__dict__["out_of_fold"] = type(rows)(rows.day, rows.ticker, rows.y_true, said, rows.fold, said)

    found = data_needed(constant)

    assert all(np.isfinite(edge.for_verdict) for edge in found.edges)
    assert found.edges[0].for_verdict < needed.edges[0].for_verdict


def test_a_standard_error_of_a_model_with_much_skill_is_not_taken_for_that_of_a_small_edge(shipped):
    metrics = [
        msgspec.structs.replace(metric, interval=type(metric.interval)(low=1.0, high=1.0))
        if metric.name == "auc"
        else metric
        for metric in shipped.manifest.metrics
    ]
    perfect = Bundle(shipped.directory, msgspec.structs.replace(shipped.manifest, metrics=metrics))
    y = shipped.out_of_fold.y_true

    found = data_needed(perfect)

    positives = int(y.sum())
    without_skill = np.sqrt((len(y) + 1) / (12 * positives * (len(y) - positives)))
    assert found.smallest_auc - 0.5 == pytest.approx(Z * without_skill)


@pytest.mark.parametrize(
    ("units", "words"),
    [
        (9919.4, "9,900 days (39 years)"),
        (2479.9, "2,500 days (9.9 years)"),
        (87.2, "87 days (under a year)"),
        (0.2, "1 days (under a year)"),
    ],
)
def test_amounts_are_written_to_two_digits_with_their_years(units, words):
    assert DataNeeded(2418, "days", 251.76, 0.52, 0.0019, 0.54, ()).amount(units) == words


def test_the_sentence_says_what_each_edge_needs_and_what_the_data_would_have_shown(needed):
    for edge in needed.edges:
        assert f"AUC of {edge.auc:.2f} would need about {needed.amount(edge.for_auc)}" in needed.sentence
    assert f"The 2,418 days here would have shown an AUC of {needed.smallest_auc:.3f}." in needed.sentence
