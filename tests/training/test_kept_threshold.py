"""Keeping a threshold: the bundle stays what it is, but for the threshold and the scores at it."""

import msgspec
import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import accuracy_score, balanced_accuracy_score

from model.bundle import Bundle, write_bundle
from model.errors import BundleFormatError, TrainingError
from model.evaluation import last_outcome
from model.manifest import Costs, Manifest, Metric, decode_manifest, encode_manifest
from model.registry import ARTIFACTS, Registry
from tests import builders
from training.kept_threshold import ThresholdChoice, keep_threshold, metrics_at
from training.model_card import model_card

KEPT = 0.515
CHOICE = ThresholdChoice(
    KEPT,
    rule="the cost is lowest there.",
    reason="  false calls\ncost more  ",
    costs=Costs(kind="per row", numbers={"false call": 2.0, "missed call": 1.0}),
    who="Ada",
)
AT_THE_THRESHOLD = {"balanced_accuracy", "accuracy", "call_share"}


@pytest.fixture(scope="module")
def kept(shipped: Bundle, tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """The shipped bundle with another threshold, written and opened again with all its checks."""
    draft = keep_threshold(shipped, CHOICE).created_at(builders.WHEN)
    return Bundle.load(write_bundle(tmp_path_factory.mktemp("kept"), draft))


def baseline(metric: Metric, name: str) -> float:
    return next(baseline.value for baseline in metric.baselines if baseline.name == name)


def parts(manifest: Manifest) -> dict[str, object]:
    return {field.name: getattr(manifest, field.name) for field in msgspec.structs.fields(Manifest)}


def test_the_unchanged_threshold_gives_every_metric_of_the_training_run_to_the_last_digit(made_up: Bundle):
    assert metrics_at(made_up, made_up.threshold) == made_up.manifest.metrics


def test_the_unchanged_threshold_gives_every_metric_of_the_shipped_bundle(shipped: Bundle):
    found, expected = metrics_at(shipped, shipped.threshold), shipped.manifest.metrics

    def numbers(metric: Metric) -> list[float]:
        intervals = [metric.interval, *(baseline.interval for baseline in metric.baselines)]
        values = [number for one in metric.baselines for number in (one.value, one.difference)]
        return [metric.value, *values, *(end for one in intervals for end in (one.low, one.high))]

    assert [metric.label for metric in found] == [metric.label for metric in expected]
    for one, other in zip(found, expected, strict=True):
        # The last digits may differ from machine to machine.
        assert numbers(one) == pytest.approx(numbers(other), rel=1e-9, abs=1e-12), one.name


def test_only_the_threshold_and_what_follows_from_it_differ(kept: Bundle, shipped: Bundle):
    old, new = parts(shipped.manifest), parts(kept.manifest)

    differing = {name for name in old if old[name] != new[name]} - {"files"}
    assert differing == {"version", "created", "threshold", "metrics", "checks", "settings"}
    for one, other in zip(kept.manifest.metrics, shipped.manifest.metrics, strict=True):
        assert (one == other) == (one.name not in AT_THE_THRESHOLD)
    for check, other in zip(kept.manifest.checks, shipped.manifest.checks, strict=True):
        assert (check == other) == (check.name != "beats_always_up")
    assert kept.manifest.settings == shipped.manifest.settings | {
        "threshold": KEPT,
        "threshold_reason": "false calls cost more",
    }


def test_pipeline_rows_and_self_test_are_those_of_the_bundle_it_came_from(kept: Bundle, shipped: Bundle):
    for name in ("pipeline.skops", "self_test.json"):
        assert kept.manifest.files[name] == shipped.manifest.files[name]
    for part in ("out_of_fold", "reference"):
        new, old = getattr(kept, part), getattr(shipped, part)
        for column in new.__slots__:
            np.testing.assert_array_equal(getattr(new, column), getattr(old, column))


def test_the_scores_at_the_threshold_are_those_of_scikit_learn(kept: Bundle):
    rows = kept.out_of_fold
    call = (rows.y_score >= KEPT).astype(int)

    assert kept.manifest.metric("accuracy").value == pytest.approx(accuracy_score(rows.y_true, call))
    balanced = balanced_accuracy_score(rows.y_true, call)
    assert kept.manifest.metric("balanced_accuracy").value == pytest.approx(balanced)
    assert kept.manifest.metric("call_share").value == pytest.approx(call.mean())
    for name in AT_THE_THRESHOLD:
        metric = kept.manifest.metric(name)
        assert metric.interval.low < metric.value < metric.interval.high
        assert metric.n == len(rows.day)


def test_the_baselines_at_the_threshold_are_computed_on_the_same_rows(kept: Bundle):
    rows, reference = kept.out_of_fold, kept.reference
    table = pd.DataFrame({"ticker": reference.ticker, "day": reference.day, "y": reference.y}).sort_values("day")
    table["yesterday"] = table.groupby("ticker")["y"].shift(fill_value=0)
    both = pd.DataFrame({"ticker": rows.ticker, "day": rows.day, "y_true": rows.y_true}).merge(table)
    assert len(both) == len(rows.day)

    accuracy = kept.manifest.metric("accuracy")
    assert baseline(accuracy, "always up") == pytest.approx(rows.y_true.mean())
    assert baseline(accuracy, "yesterday's sign") == pytest.approx((both["y_true"] == both["yesterday"]).mean())


def test_the_check_against_always_calling_speaks_of_the_new_threshold(kept: Bundle):
    (check,) = [check for check in kept.manifest.checks if check.name == "beats_always_up"]
    accuracy = 100 * kept.manifest.metric("accuracy").value

    assert f"Right on {accuracy:.2f} % of rows" in check.finding


def test_the_origin_of_the_threshold_is_recorded(kept: Bundle):
    threshold = kept.manifest.threshold

    assert threshold.value == KEPT
    assert threshold.rule == "call “up” at a probability of 0.515 or more; the cost is lowest there"
    assert threshold.chosen_on == (
        "9,301 out-of-fold rows, 2003-07-23 to 2013-02-28: it looks better on them than it will on new ones"
    )
    assert (threshold.reason, threshold.chosen_by) == ("false calls cost more", "Ada")
    assert threshold.costs == CHOICE.costs


def test_the_model_card_says_the_rule_and_the_rows_in_whole_sentences(kept: Bundle):
    assert (
        "Decision threshold: 0.515. Rule: call “up” at a probability of 0.515 or more; the cost is lowest there."
        " Chosen on 9,301 out-of-fold rows, 2003-07-23 to 2013-02-28: it looks better on them than it will on new"
        " ones." in model_card(kept)
    )


def test_without_a_rule_the_sentence_ends_where_it_should(made_up: Bundle):
    draft = keep_threshold(made_up, ThresholdChoice(0.5, rule="", reason="round"))

    assert draft.manifest.threshold.rule == "call “up” at a probability of 0.5 or more"
    assert draft.manifest.threshold.costs is None


def test_a_manifest_from_before_there_were_reasons_keeps_its_bytes_and_its_name(shipped: Bundle):
    path = ARTIFACTS / shipped.version / "manifest.json"
    written = encode_manifest(decode_manifest(path.read_bytes(), str(path)))

    assert shipped.sha256 == Registry().current().sha256
    assert set(msgspec.json.decode(written)["threshold"]) == {"value", "rule", "chosen_on"}


@pytest.mark.parametrize("value", [0.0, 1.0, -0.1, 44.0, float("nan"), float("inf")])
def test_a_value_outside_zero_to_one_is_refused(made_up: Bundle, value: float):
    with pytest.raises(TrainingError, match="expected above 0 and below 1"):
        keep_threshold(made_up, ThresholdChoice(value, rule="", reason="x"))


def test_every_fault_of_a_choice_is_named_at_once(made_up: Bundle):
    choice = ThresholdChoice(2.0, rule="", reason=" \n", costs=Costs(kind="per row", numbers={"miss": float("nan")}))

    with pytest.raises(TrainingError, match=r"threshold 2.*no reason.*cost “miss” is nan"):
        keep_threshold(made_up, choice)


def test_rows_that_cannot_be_found_again_are_named(tmp_path):
    there = builders.bundle(tmp_path)
    there.__dict__["reference"] = there.reference.__class__(
        *(getattr(there.reference, name)[1000:] for name in there.reference.__slots__)
    )

    with pytest.raises(BundleFormatError, match="out-of-fold rows are not among the reference rows"):
        metrics_at(there, 0.5)


def test_yesterday_of_one_ticker_is_never_that_of_another():
    y, ticker = np.array([0.0, 1.0, 1.0, 0.0, 1.0]), np.array(["A", "A", "B", "B", "B"])

    assert last_outcome(y, ticker, 1).tolist() == [0, 0, 0, 1, 0]
