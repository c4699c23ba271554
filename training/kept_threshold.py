"""Keep another decision threshold: a new version of a bundle that differs in that, and in what follows from it."""

import json
import math
from dataclasses import dataclass

import msgspec
import numpy as np
from numpy.typing import NDArray

from model.bootstrap import DayBootstrap
from model.bundle import SELF_TEST, Bundle, BundleDraft, OutOfFold, Reference
from model.checks import always_calling, check_always_calling
from model.errors import BundleFormatError, TrainingError
from model.evaluation import Scored, evaluate, last_outcome
from model.manifest import Check, Costs, Manifest, Metric, Threshold
from training.row_places import places_in

# The metrics that depend on the threshold.
AT_THE_THRESHOLD = ("balanced_accuracy", "accuracy", "call_share")


@dataclass(frozen=True, slots=True)
class ThresholdChoice:
    """A decision threshold somebody chose on the out-of-fold rows.

    Parameters
    ----------
    value
        The positive class is called at this probability or more.
    rule
        How the value came about, to follow a semicolon: "the cost is lowest there".
    reason
        Why it is kept, in the words of who keeps it.
    costs
        What wrong and missed calls were taken to cost, if the choice rests on that.
    who
        Who keeps it.
    """

    value: float
    rule: str
    reason: str
    costs: Costs | None = None
    who: str = ""


def keep_threshold(bundle: Bundle, choice: ThresholdChoice) -> BundleDraft:
    """Return *bundle* with another threshold: same pipeline, same rows, and every score at the threshold anew.

    Raises
    ------
    TrainingError
        The choice is none that can be kept.
    BundleFormatError
        The rows of the bundle do not allow its scores to be computed again.
    """
    check_choice(choice)
    manifest = bundle.manifest
    found = {metric.name: metric for metric in metrics_at(bundle, choice.value)}
    changed = msgspec.structs.replace(
        manifest,
        version="",
        created="",
        threshold=_threshold(choice, manifest),
        metrics=[found[m.name] if m.name in AT_THE_THRESHOLD else m for m in manifest.metrics],
        checks=[_check_anew(check, list(found.values()), manifest) for check in manifest.checks],
        settings=_settings(manifest, choice),
        files={},
    )
    self_test = json.loads((bundle.directory / SELF_TEST).read_bytes())
    rows = np.asarray(self_test["rows"], dtype=np.float64)
    return BundleDraft(changed, bundle.pipeline, bundle.out_of_fold, bundle.reference, rows)


def check_choice(choice: ThresholdChoice) -> None:
    """Raise one `TrainingError` with everything that keeps *choice* from being kept, or return."""
    numbers = choice.costs.numbers if choice.costs else {}
    wrong = [
        message
        for bad, message in (
            (not 0 < choice.value < 1, f"threshold {choice.value:g}: expected above 0 and below 1"),
            (not choice.reason.strip(), "no reason: say why, it is recorded with the threshold"),
            *(
                (not math.isfinite(cost), f"cost “{name}” is {cost}: expected a number")
                for name, cost in numbers.items()
            ),
        )
        if bad
    ]
    if wrong:
        msg = "This threshold cannot be kept: " + "; ".join(wrong) + "."
        raise TrainingError(msg)


def metrics_at(bundle: Bundle, threshold: float) -> list[Metric]:
    """Return every metric of the out-of-fold rows of *bundle* as if *threshold* were its own."""
    rows = scored_rows(bundle)
    settings = bundle.manifest.settings
    draws, seed = int(settings["draws"] or 0), int(settings["seed"] or 0)
    days = DayBootstrap.of_rows(rows, bundle.manifest.layout, draws=draws, seed=seed)
    return evaluate(rows, threshold, days)


def scored_rows(bundle: Bundle) -> Scored:
    """Return the out-of-fold rows of *bundle* with what the baselines say of them, in the order they were trained in.

    The order is that of the reference rows: sums over equal rows are then equal to the last digit.
    """
    rows, reference = bundle.out_of_fold, bundle.reference
    at = _place_in(reference, rows)
    manifest = bundle.manifest
    order = np.argsort(at)
    base_rates = {fold.fold: fold.base_rate for fold in manifest.folds}
    return Scored(
        day=rows.day[order],
        ticker=rows.ticker[order],
        y_true=rows.y_true[order],
        y_score=rows.y_score[order],
        base_rate=np.array([base_rates[int(fold)] for fold in rows.fold[order]]),
        yesterday=(
            last_outcome(reference.y, reference.ticker, manifest.target.horizon)[at[order]]
            if manifest.layout.returns
            else None
        ),
        horizon=manifest.target.horizon,
        positive_class=manifest.target.positive_class,
    )


def _place_in(reference: Reference, rows: OutOfFold) -> NDArray[np.int64]:
    """Return where each of *rows* stands among the reference rows."""
    found = places_in(reference, rows)
    if missing := int(np.sum(found < 0)):
        msg = (
            f"{missing:,} of {len(found):,} out-of-fold rows are not among the reference rows of this bundle, so its"
            " scores cannot be computed again. Retrain with the threshold instead."
        )
        raise BundleFormatError(msg)
    return found


def _threshold(choice: ThresholdChoice, manifest: Manifest) -> Threshold:
    first = manifest.metrics[0]
    span = f", {first.first_day} to {first.last_day}" if first.first_day else ""
    call = f"call “{manifest.target.positive_class}” at a probability of {choice.value:g} or more"
    how = _one_line(choice.rule).rstrip(".")
    return Threshold(
        value=choice.value,
        rule=f"{call}; {how}" if how else call,
        chosen_on=(f"{first.n:,} out-of-fold rows{span}: it looks better on them than it will on new ones"),
        costs=choice.costs,
        reason=_one_line(choice.reason),
        chosen_by=_one_line(choice.who),
    )


def _settings(manifest: Manifest, choice: ThresholdChoice) -> dict[str, str | int | float | None]:
    """The settings with the threshold that is kept, where they name one: two would contradict each other."""
    settings = dict(manifest.settings)
    if "threshold" in settings:
        settings["threshold"] = choice.value
    if "threshold_reason" in settings:
        settings["threshold_reason"] = _one_line(choice.reason)
    return settings


def _check_anew(check: Check, metrics: list[Metric], manifest: Manifest) -> Check:
    name = manifest.target.positive_class
    return check_always_calling(metrics, name) if check.name == always_calling(name) else check


def _one_line(text: str) -> str:
    return " ".join(text.split())
