"""Comparisons: the same rows for all, paired differences and verdicts as worked out another way."""

from dataclasses import replace

import numpy as np
import pytest
from arch.bootstrap import SPA, StationaryBootstrap, StepM
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, brier_score_loss, log_loss, roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from model.errors import TrainingError
from model.evaluation import log_loss_of
from model.manifest import Interval, Layout
from model.stratified import stratified_folds
from tests import builders
from training.candidate_scores import scores_on_cluster
from training.candidates import CANDIDATES, Candidate, candidates_named, imputing
from training.compare import Judging, as_record, compare, compare_on
from training.comparison_words import differences_of, finding, multiple_in_words, table_of
from training.contenders import Contender, Difference, outcome_of
from training.multiple_testing import MultipleTest, compare_all, daily_losses
from training.options import parser
from training.table_options import split_settings
from training.train import train

QUICK = candidates_named(["baseline", "regularised", "base_rate", "always_positive", "last_sign"])


@pytest.fixture(scope="module")
def table():
    """400 days of two tickers, with a weak signal."""
    return builders.table(days=400, signal=0.3)


@pytest.fixture(scope="module")
def comparison(table):
    """The quick candidates on that table; read only."""
    return compare(table, builders.small_settings(draws=300), QUICK)


@pytest.mark.parametrize("missing", [False, True], ids=["complete", "with an imputer"])
def test_candidates_scored_fold_by_fold_are_as_scored_one_after_another(table, missing):
    candidates = candidates_named(["baseline", "regularised", "base_rate"])
    if missing:
        table = replace(table, X=np.where(np.arange(len(table))[:, None] % 7, table.X, np.nan))
        candidates = [imputing(candidate) for candidate in candidates]
    settings, told = builders.small_settings(draws=100), []

    # Without a cluster its tasks are done here.
    spread = compare(table, settings, candidates, on_progress=told.append, score=scores_on_cluster)
    here = compare(table, settings, candidates)

    for found, expected in zip(spread.contenders, here.contenders, strict=True):
        assert (found.name, found.metrics, found.differences) == (expected.name, expected.metrics, expected.differences)
        assert (found.seconds > 0) == (not found.trivial)
    assert [progress.step for progress in told] == list(range(2 * here.folds + 1))
    assert told[-1].message.endswith(f"strongly regularised, fold {here.folds} of {here.folds}")


def contender(comparison, name):
    return next(contender for contender in comparison.contenders if contender.name == name)


def scores_by_hand(table, c):
    """Score by a plain loop over days: first window 100, folds of 50 days, a gap of 1."""
    known = ~np.isnan(table.y)
    X, y, day = table.X[known], table.y[known].astype(int), table.day[known]
    days = np.unique(day)
    p = np.full(len(y), np.nan)
    for start in range(101, len(days), 50):
        train_rows = day < days[start - 1]
        test_rows = (day >= days[start]) & (day < days[min(start + 50, len(days)) - 1] + 1)
        fitted = make_pipeline(StandardScaler(), LogisticRegression(C=c, solver="lbfgs", tol=1e-10, max_iter=10_000))
        p[test_rows] = fitted.fit(X[train_rows], y[train_rows]).predict_proba(X[test_rows])[:, 1]
    tested = ~np.isnan(p)
    return day[tested], y[tested], p[tested]


def test_every_metric_of_a_pipeline_is_that_of_scikit_learn_on_scores_of_a_plain_loop(table, comparison):
    for name, c in (("baseline", 1.0), ("regularised", 1e-3)):
        _, y, p = scores_by_hand(table, c)
        found = contender(comparison, name)

        assert found.metric("log_loss").value == pytest.approx(log_loss(y, p), abs=1e-6)
        assert found.metric("brier").value == pytest.approx(brier_score_loss(y, p), abs=1e-6)
        assert found.metric("auc").value == pytest.approx(roc_auc_score(y, p), abs=1e-6)
        assert found.metric("accuracy").value == pytest.approx(accuracy_score(y, p >= 0.44))
        assert found.metric("log_loss").n == comparison.rows == len(y)


def test_a_paired_difference_is_that_of_a_plain_bootstrap_of_whole_days(table, comparison):
    day, y, champion = scores_by_hand(table, 1.0)
    _, _, challenger = scores_by_hand(table, 1e-3)
    gap = log_loss_of(y, challenger) - log_loss_of(y, champion)
    rows_of_day = [np.flatnonzero(day == one) for one in np.unique(day)]
    resampler = StationaryBootstrap(20, np.arange(len(rows_of_day)), seed=0)
    means = [
        gap[np.concatenate([rows_of_day[position] for position in data[0]])].mean()
        for data, _ in resampler.bootstrap(300)
    ]

    found = contender(comparison, "regularised").difference()

    assert found.value == pytest.approx(gap.mean(), abs=1e-6)
    low, high = np.percentile(means, [2.5, 97.5])
    assert (found.interval.low, found.interval.high) == pytest.approx((low, high), abs=1e-6)


def test_rules_have_the_metrics_that_mean_something_for_them(table, comparison):
    _, y, _ = scores_by_hand(table, 1.0)
    always, base = contender(comparison, "always_positive"), contender(comparison, "base_rate")

    assert always.metric("log_loss") is None
    assert always.metric("accuracy").value == pytest.approx(y.mean())
    assert always.metric("brier").value == pytest.approx(1 - y.mean())
    assert always.metric("call_share").value == 1.0
    assert always.metric("balanced_accuracy").value == 0.5
    assert base.metric("brier_skill").value == 0.0
    assert base.metric("calibration_slope") is None


def test_the_base_rate_is_the_share_of_positives_of_each_folds_training_rows(table, comparison):
    known = ~np.isnan(table.y)
    y, day = table.y[known].astype(int), table.day[known]
    days = np.unique(day)
    rate = np.full(len(y), np.nan)
    for start in range(101, len(days), 50):
        rate[day >= days[start]] = y[day < days[start - 1]].mean()
    tested = ~np.isnan(rate)

    found = contender(comparison, "base_rate").metric("log_loss")

    assert found.value == pytest.approx(log_loss(y[tested], rate[tested]), abs=1e-12)


def test_rules_that_say_0_or_1_are_compared_in_brier_score_and_accuracy_only(comparison):
    for name in ("always_positive", "last_sign"):
        hard = contender(comparison, name)

        assert [gap.metric for gap in hard.differences] == ["brier", "accuracy"]
        assert hard.outcome == "not compared in log loss"
        assert name not in comparison.multiple.tested


def test_comparisons_are_counted(comparison):
    # Two challengers in three metrics, two rules in two.
    assert comparison.comparisons == 2 * 3 + 2 * 2


def test_the_champion_is_what_training_reports_of_the_same_rows(table, comparison):
    trained = train(table, builders.small_settings(draws=300))

    assert list(contender(comparison, "baseline").metrics) == trained.metrics


def test_spa_and_stepm_are_those_of_arch_on_the_daily_losses(table, comparison):
    day, y, champion = scores_by_hand(table, 1.0)
    known = ~np.isnan(table.y)
    rates = {}
    days = np.unique(table.day[known])
    for start in range(101, len(days), 50):
        rates |= dict.fromkeys(days[start:].tolist(), table.y[known][table.day[known] < days[start - 1]].mean())
    rate = np.array([rates[one] for one in day.tolist()])
    every_p = [champion, scores_by_hand(table, 1e-3)[2], rate]
    by_day = [[log_loss_of(y, p)[day == one].mean() for one in np.unique(day)] for p in every_p]
    held, others = np.array(by_day[0]), np.array(by_day[1:]).T
    spa = SPA(held, others, block_size=20, reps=300, seed=0)
    spa.compute()
    step = StepM(held, others, size=0.05, block_size=20, reps=300, seed=0)
    step.compute()

    assert comparison.multiple.tested == ("regularised", "base_rate")
    assert comparison.multiple.spa_p_value == pytest.approx(spa.pvalues["consistent"], abs=0.01)
    assert comparison.multiple.superior == tuple(comparison.multiple.tested[i] for i in step.superior_models)


def test_a_hand_made_loss_matrix_goes_to_arch_as_it_is():
    rng = np.random.default_rng(3)
    champion = rng.normal(1.0, 0.1, 250)
    others = {"same": champion.copy(), "better": champion - 0.05 + rng.normal(0, 0.05, 250)}
    others |= {"as good": champion + rng.normal(0, 0.05, 250), "worse": champion + 0.05 + rng.normal(0, 0.05, 250)}
    matrix = np.column_stack([others[name] for name in ("better", "as good", "worse")])
    spa = SPA(champion, matrix, block_size=20, reps=500, seed=7)
    spa.compute()

    found = compare_all(champion, others, draws=500, seed=7, block_days=20)

    assert found == MultipleTest(
        spa_p_value=float(spa.pvalues["consistent"]),
        superior=("better",),
        tested=("better", "as good", "worse"),
        identical=("same",),
    )


def test_stepm_finds_every_challenger_where_every_one_is_better():
    """Some in the first step and the rest in the second, where arch's own StepM ends in an error."""
    rng = np.random.default_rng(3)
    champion = rng.normal(1.0, 0.1, 250)
    noisy = rng.normal(0, 0.3, (250, 3))
    others = {"far": champion - 0.2 + noisy[:, 0], "near": champion - 0.032 + noisy[:, 1]}
    alone = SPA(champion, others["near"][:, None], block_size=20, reps=500, seed=7)
    alone.compute()
    both = SPA(champion, np.column_stack(list(others.values())), block_size=20, reps=500, seed=7)
    both.compute()
    assert both.better_models(0.05).tolist() == [0]
    assert alone.better_models(0.05).tolist() == [0]

    found = compare_all(champion, others, draws=500, seed=7, block_days=20)

    assert found.superior == ("far", "near")


def test_daily_losses_count_a_day_by_its_rows():
    rng = np.random.default_rng(0)
    day = np.sort(rng.integers(0, 30, 400))
    day = np.unique(day, return_inverse=True)[1]
    loss = rng.normal(size=400)

    daily = daily_losses(loss, day)

    assert daily.mean() == pytest.approx(loss.mean())
    assert daily[3] * 400 / len(daily) == pytest.approx(loss[day == 3].sum())


def test_nothing_is_tested_where_every_challenger_is_the_champion_again():
    found = compare_all(np.arange(5.0), {"same": np.arange(5.0)}, draws=100, seed=0, block_days=2)

    assert found == MultipleTest(None, (), (), ("same",))
    assert multiple_in_words(found, []).startswith("SPA and StepM were not run")


def gap(low, value, high, metric="log_loss"):
    return Difference(metric, metric, "lower", value, Interval(low=low, high=high))


def entry(name, *gaps, trivial=False):
    outcome = "champion" if not gaps else outcome_of(gaps)
    return Contender(name, name.title(), trivial, 0.0, (), gaps, outcome)


@pytest.mark.parametrize(
    ("low", "high", "outcome"),
    [
        (-0.02, -0.001, "better"),
        (-0.02, 0.0, "not distinguishable"),
        (-0.02, 0.01, "not distinguishable"),
        (0.0, 0.02, "not distinguishable"),
        (0.001, 0.02, "worse"),
    ],
)
def test_better_or_worse_needs_an_interval_in_log_loss_that_leaves_zero_out(low, high, outcome):
    assert outcome_of([gap(-1, -1, -1, "brier"), gap(low, (low + high) / 2, high)]) == outcome


def test_the_champion_stays_where_no_interval_clears_zero_however_much_better_one_looks():
    entries = [entry("old"), entry("new", gap(-0.09, -0.04, 0.001)), entry("other", gap(0.01, 0.02, 0.03))]

    winner, sentence = finding(entries, "old", MultipleTest(0.2, (), ("new", "other"), ()), 1000)

    assert winner is None
    assert sentence == (
        "The champion stays: Old. On the same 1,000 rows the paired difference in log loss clears zero for none of 2"
        " challengers; the lowest is that of New: −0.0400 (95 % interval −0.0900 to +0.0010; below zero is better)."
    )


def test_a_challenger_that_clears_zero_alone_but_not_among_all_does_not_replace_the_champion():
    entries = [entry("old"), entry("new", gap(-0.09, -0.04, -0.001)), entry("other", gap(0.01, 0.02, 0.03))]

    winner, sentence = finding(entries, "old", MultipleTest(0.08, (), ("new", "other"), ()), 1000)

    assert winner is None
    assert sentence.startswith("The champion stays: Old.")
    assert "clears zero by itself: −0.0400" in sentence
    assert "StepM, which counts all of them at once, does not find it better at 5 %" in sentence


def test_a_challenger_that_clears_zero_among_all_replaces_the_champion():
    entries = [entry("old"), entry("new", gap(-0.09, -0.04, -0.01)), entry("best", gap(-0.2, -0.1, -0.05))]

    winner, sentence = finding(entries, "old", MultipleTest(0.0, ("new", "best"), ("new", "best"), ()), 1000)

    assert winner == "best"
    assert sentence.startswith("Better than the champion (Old): Best.")
    assert "−0.1000 (95 % interval −0.2000 to −0.0500; below zero is better), so it clears zero" in sentence


def test_a_single_challenger_needs_its_own_interval_only():
    entries = [entry("old"), entry("rule", gap(-0.09, -0.04, -0.01), trivial=True)]

    winner, sentence = finding(entries, "old", MultipleTest(0.06, (), ("rule",), ()), 1000)

    assert winner == "rule"
    assert sentence.endswith("It is a rule that needs no model.")
    assert "StepM" not in sentence


def test_the_table_shows_a_dash_where_a_metric_means_nothing(comparison):
    lines = table_of(comparison.contenders).splitlines()
    start = lines.index("Log loss (lower is better)")

    assert lines[start + 4].split() == ["always", "up", "–"]
    assert "Log loss, difference from the champion (lower is better)" in differences_of(
        comparison.contenders, comparison.champion
    )


def test_another_champion_turns_the_differences_round(table, comparison):
    other = compare(table, builders.small_settings(draws=300), QUICK, champion="base_rate")

    one = contender(comparison, "base_rate").difference()
    turned = contender(other, "baseline").difference()
    assert turned.value == pytest.approx(-one.value)
    assert (turned.interval.low, turned.interval.high) == pytest.approx((-one.interval.high, -one.interval.low))


@pytest.mark.parametrize("name", ["always_positive", "last_sign"])
def test_a_rule_that_says_0_or_1_cannot_be_the_champion(table, name):
    with pytest.raises(TrainingError, match=f"{name} cannot be the champion: the verdict rests on log loss"):
        compare(table, builders.small_settings(), QUICK, champion=name)


def test_an_unknown_champion_is_an_error(table):
    with pytest.raises(TrainingError, match="no candidate magic to be the champion; there are baseline"):
        compare(table, builders.small_settings(), QUICK, champion="magic")


def test_the_champion_competes_even_if_only_others_are_named(table):
    found = compare(table, builders.small_settings(), candidates_named(["base_rate"]))

    assert [contender.name for contender in found.contenders] == ["baseline", "base_rate"]


def test_a_candidate_of_ones_own_is_one_entry(table):
    constant = Candidate("half", "a constant 0.5", rule=lambda rows: np.full(len(rows.base_rate), 0.5))

    found = compare(table, builders.small_settings(), [CANDIDATES["baseline"], constant])

    assert contender(found, "half").metric("log_loss").value == pytest.approx(np.log(2))


def test_rows_without_time_or_earlier_outcomes_are_compared_without_yesterdays_sign(table):
    known = table.take(~np.isnan(table.y))
    anywhere = replace(
        known,
        day=np.full(len(known), np.datetime64("NaT", "D")),
        ticker=np.full(len(known), ""),
        layout=Layout(time=None, group=None, returns=False, folds="stratified"),
    )

    found = compare_on(anywhere, stratified_folds(known.y.astype(int)), Judging(draws=100), QUICK)

    assert (found.rows, found.days, found.first_day) == (len(known), 0, "")
    assert "last_sign" not in [contender.name for contender in found.contenders]
    assert found.left_out[0].startswith("last_sign was left out")


def test_the_record_for_json_holds_the_sentence_and_every_metric_but_no_rows(comparison):
    record = as_record(comparison)

    assert record["sentence"] == comparison.sentence
    assert record["comparisons"] == comparison.comparisons
    assert "tested_on" not in record
    assert record["contenders"][0]["metrics"][0]["name"] == "auc"


def test_the_rows_of_a_comparison_are_those_of_a_training_run_to_the_ledger(table, comparison):
    from training.ledger import rows_key

    draft = train(table, builders.small_settings()).draft

    assert rows_key(comparison.data, comparison.tested_on) == rows_key(
        draft.manifest.trained_on.sha256, draft.out_of_fold
    )


def test_the_windows_asked_for_are_those_that_candidates_are_compared_on_in_a_table():
    columns = ["--table", "t.csv", "--target", "y", "--time", "day"]

    for command in ([], ["compare"]):
        for window in ("expanding", "rolling"):
            options = parser().parse_args([*command, *columns, "--window", window, "--folds", "4"])
            found = split_settings(options)
            assert (found.rolling, found.n_folds) == (window == "rolling", 4)
