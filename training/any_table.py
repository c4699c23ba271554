"""Train on any table of numbers with a binary target: read, split as its rows allow, judged, described."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from model.any_rows import has_missing
from model.creation import Plan, Progress, draft_bundle
from model.dataset import FeatureTable
from model.errors import TrainingError
from model.manifest import Threshold
from model.splitting import Split, SplitSettings, split
from training.candidates import BASELINE, baseline, pipeline_maker, with_imputer
from training.settings import ROLLING
from training.train import TrainingResult

FEWEST_DRAWS = 100


@dataclass(frozen=True, slots=True)
class TableSettings:
    """What a run on any table depends on besides the table; `candidate` is a name of `training.candidates`."""

    name: str
    split: SplitSettings = field(default_factory=SplitSettings)
    threshold: float = 0.44
    threshold_reason: str = "the default of this project; not tuned on these rows"
    draws: int = 1000
    seed: int = 0
    candidate: str = BASELINE


def train_table(
    table: FeatureTable, settings: TableSettings, on_progress: Callable[[Progress], None] = lambda _: None
) -> TrainingResult:
    """Evaluate a candidate on *table* by the folds its rows allow, fit it on all rows, and describe the result.

    Raises
    ------
    TrainingError
        The table or the settings do not allow an honest evaluation.
    """
    check_table_settings(settings)
    make = maker_for(table, settings.candidate)
    how = split(table, settings.split)
    plan = Plan(
        name=settings.name,
        threshold=threshold_of(table, settings),
        folds=how.folds,
        draws=settings.draws,
        seed=settings.seed,
        record=_record(table, settings, how),
        checks=(how.check,),
    )
    try:
        return TrainingResult(draft_bundle(table, make, plan, on_progress=on_progress))
    except ValueError as error:
        # What scikit-learn raises where a pipeline asks for more rows, or for more of a class, than a fold has.
        msg = (
            f"The candidate {settings.candidate} cannot be fitted on these rows: {error} Supply more rows of the rarer"
            " class, or choose another candidate."
        )
        raise TrainingError(msg) from error


def maker_for(table: FeatureTable, candidate: str) -> Callable[[], Any]:
    """Return what makes the pipeline of *candidate*, with an imputer in front where *table* lacks values.

    Raises
    ------
    TrainingError
        There is no such candidate, or it is a rule, of which no bundle can be made.
    """
    make = pipeline_maker(candidate)
    return partial(with_imputer, make) if has_missing(table.X) else make


def imputing_baseline() -> Any:
    """Return the baseline with the median of the training rows in place of missing values, unfitted."""
    return with_imputer(baseline)


def check_table_settings(settings: TableSettings) -> None:
    """Raise one `TrainingError` with everything that no honest run allows, or return."""
    wrong = [
        message
        for bad, message in (
            (not 0 < settings.threshold < 1, f"threshold {settings.threshold:g}: expected above 0 and below 1"),
            (settings.draws < FEWEST_DRAWS, f"{settings.draws} draws: expected at least {FEWEST_DRAWS}"),
            (not settings.name.strip(), "no name: expected one for the model"),
        )
        if bad
    ]
    if wrong:
        msg = "These settings cannot be used: " + "; ".join(wrong) + "."
        raise TrainingError(msg)


def threshold_of(table: FeatureTable, settings: TableSettings) -> Threshold:
    """Say what the threshold is and where it comes from."""
    return Threshold(
        value=settings.threshold,
        rule=(
            f"call “{table.target.positive_class}” at a probability of {settings.threshold:g} or more;"
            f" {settings.threshold_reason}"
        ),
        chosen_on="no rows: set before looking at any result",
    )


def _record(table: FeatureTable, settings: TableSettings, how: Split) -> dict[str, str | int | float | None]:
    # As in runs on bars: what is at its default was not recorded before there was a choice.
    chosen: dict[str, str] = {} if settings.candidate == BASELINE else {"candidate": settings.candidate}
    if settings.split.rolling:
        chosen["window"] = ROLLING
    return {
        "name": settings.name,
        **chosen,
        "split": how.kind,
        "time": table.layout.time,
        "group": table.layout.group,
        **how.record,
        "threshold": settings.threshold,
        "threshold_reason": settings.threshold_reason,
        "draws": settings.draws,
        "seed": settings.seed,
    }
