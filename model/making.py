"""Make a bundle of any fitted classifier: three lines in a notebook give what training gives."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from model import bundle
from model.any_rows import Columns, as_text, classes_of, table_of
from model.bundle import write_bundle
from model.column_names import plain_names
from model.creation import Judged, Plan, draft_bundle
from model.dataset import FeatureTable
from model.errors import TrainingError
from model.given_pipeline import checked_pipeline, numbers_of
from model.manifest import Threshold
from model.own_answers import own_answers, with_own_answers
from model.registry import Registry
from model.splitting import SplitSettings, split
from model.storage import sha256_of
from model.stratified import FOLDS

IMPUTED = "the pipeline deals with them as it was made to"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where rows come from, what is to be known of them, and how the bundle was made."""

    file: str
    sha256: str
    warnings: tuple[str, ...] = ()
    made_by: str = "Bundle.create"


@dataclass(frozen=True, slots=True)
class Making:
    """How a bundle is made of a fitted pipeline; see `Bundle.create`."""

    name: str
    threshold: float
    folds: int = FOLDS
    gap: int = 1
    refit: bool = False
    draws: int = 1000
    seed: int = 0


@dataclass(frozen=True, slots=True)
class NewBundle(Judged):
    """A judged model, not yet on disk. `save` publishes it."""

    @property
    def warnings(self) -> list[str]:
        """What a reader should know of the rows."""
        return self.draft.manifest.trained_on.warnings

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.draft.manifest.name}: {self.verdict.headline}. {self.verdict.sentence}>"

    def save(
        self, folder: str | Path, *, by: str = "", why: str = "made in Python", when: datetime | None = None
    ) -> "Bundle":
        """Publish this in the registry *folder*, write `model.pkl` beside it, and return the bundle, opened."""
        registry = Registry(Path(folder))
        when = when or datetime.now(UTC)
        version = write_bundle(registry.folder, self.draft.created_at(when)).name
        registry.promote(version, by=by or _account(), why=why, when=when)
        return Bundle.load(registry.folder / version)


class Bundle(bundle.Bundle):
    """One version of the packaged model. `Bundle.load` opens one; `Bundle.create` makes one of a fitted pipeline."""

    @classmethod
    def create(  # noqa: PLR0913  all but three have defaults, and a notebook reads best with keywords
        cls,
        pipeline: Any,
        X: Any,
        y: Any,
        *,
        threshold: float = 0.44,
        name: str = "model",
        features: Sequence[str] | None = None,
        target: str | None = None,
        positive: object = None,
        time: Any = None,
        group: Any = None,
        folds: int | None = None,
        gap: int = 1,
        refit: bool = False,
        draws: int = 1000,
        seed: int = 0,
    ) -> NewBundle:
        """Judge *pipeline* on rows it has not seen, by clones of it, and describe it; nothing is written yet.

        Parameters
        ----------
        pipeline
            A fitted scikit-learn classifier with `predict_proba`, alone or at the end of a pipeline. It is what
            is kept, as it is; only the figures come from clones.
        X
            The rows it was fitted on: an array or a data frame of numbers.
        y
            Two values, of any kind.
        threshold
            The positive class is called at this probability or more.
        name
            What the model is called.
        features
            Names of the columns; those of a data frame, else `feature_1` and so on.
        target
            What *y* is called; else the name it has as a series, or "target".
        positive
            Which value of *y* is the positive class; else the 1, True or "yes" of the two.
        time, group
            A day, and what it belongs to, for each row. With days the model is judged in their order, whatever rows
            belong to; with groups alone no group is ever on both sides; with neither, by stratified folds.
        folds
            How many; 5 if not given.
        gap
            Days left out between training and test.
        refit
            Keep a clone fitted on these rows instead: for a pipeline whose classes are in the other order, or that
            was fitted on another target.
        draws, seed
            How often rows are resampled for the intervals, and the seed of all that is random.

        Raises
        ------
        TrainingError
            Rows, pipeline or settings do not fit together, or the pipeline says the opposite of *y*.
        UntrustedPipelineError
            The pipeline holds something that cannot be stored safely.
        """
        columns = rows_given(X, y, features=features, target=target, positive=positive, time=time, group=group)
        how = Making(name, threshold, FOLDS if folds is None else folds, gap, refit, draws, seed)
        _, renamed = plain_names(_names_of(X, features))
        return new_bundle(pipeline, X, columns, how, Origin("rows given in Python", _digest(columns), renamed))


def new_bundle(pipeline: Any, X: Any, columns: Columns, how: Making, origin: Origin) -> NewBundle:
    """Judge *pipeline* on *columns*; *X* are the same rows as the pipeline was given them."""
    kept, make = checked_pipeline(pipeline, X, columns, refit=how.refit)
    table = table_of(columns, file=origin.file, sha256=origin.sha256, warnings=origin.warnings, imputed=IMPUTED)
    rows = split(table, SplitSettings(how.folds, gap=how.gap, seed=how.seed))
    record: dict[str, str | int | float | None] = {
        "name": how.name,
        "made_by": origin.made_by,
        "positive": columns.classes.positive,
        "split": rows.kind,
        **rows.record,
        "threshold": how.threshold,
        "draws": how.draws,
        "seed": how.seed,
    }
    own = None if how.refit else own_answers(kept, table, draws=how.draws, seed=how.seed)
    plan = Plan(
        name=how.name,
        threshold=_threshold(how.threshold, table),
        folds=rows.folds,
        draws=how.draws,
        seed=how.seed,
        record=record,
        checks=(rows.check,),
    )
    draft = draft_bundle(table, make, plan, fitted=kept)
    return NewBundle(draft if own is None else with_own_answers(draft, own, table, rows.folds))


def rows_given(
    X: Any, y: Any, *, features: Sequence[str] | None, target: str | None, positive: object, time: Any, group: Any
) -> Columns:
    """Return rows and target as they are worked with, however they were given."""
    values = numbers_of(X)
    names, _ = plain_names(_names_of(X, features))
    labels = as_text(y)
    target = target or str(getattr(y, "name", None) or "target")
    for what, given in {"y": labels, "time": time, "group": group, "features": names}.items():
        expected = values.shape[1] if what == "features" else len(values)
        if given is not None and len(given) != expected:
            msg = f"{what} has {len(given):,} values and X has {expected:,}: give one for each."
            raise TrainingError(msg)
    wanted = None if positive is None else str(as_text(np.array([positive]))[0])
    classes = classes_of(np.unique(labels).tolist(), target, wanted)
    return Columns(
        names=names,
        X=values,
        y=(labels == classes.positive).astype(np.int64),
        target=target,
        classes=classes,
        time_name=None if time is None else str(getattr(time, "name", None) or "time"),
        time=None if time is None else np.asarray(time).astype("datetime64[D]"),
        group_name=None if group is None else str(getattr(group, "name", None) or "group"),
        group=None if group is None else as_text(group),
    )


def _names_of(X: Any, features: Sequence[str] | None) -> list[str]:
    given = getattr(X, "columns", None) if features is None else features
    if given is None:
        return [f"feature_{number}" for number in range(1, numbers_of(X).shape[1] + 1)]
    return [str(name) for name in given]


def _threshold(value: float, table: FeatureTable) -> Threshold:
    if not 0 < value < 1:
        msg = f"The threshold is {value:g}; expected above 0 and below 1."
        raise TrainingError(msg)
    rule = f"call “{table.target.positive_class}” at a probability of {value:g} or more; given with the pipeline"
    return Threshold(value=value, rule=rule, chosen_on="rows that are not known here: it came with the pipeline")


def _digest(columns: Columns) -> str:
    return sha256_of(columns.X.tobytes() + columns.y.tobytes())


def _account() -> str:
    import getpass

    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "unknown"
