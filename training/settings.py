"""What a training run depends on besides its table, and which settings allow no honest run."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.bootstrap import BLOCK_DAYS
from model.dataset import FeatureTable
from model.errors import TrainingError
from model.folds import RowFold, folds_by_day, label_days

HORIZON_DAYS = 1
EXPANDING, ROLLING = "expanding", "rolling"

# With fewer rows a feature, weights follow chance more than the data (the field's usual "ten events a variable").
ROWS_PER_FEATURE = 10

# Settings that came later: where they are at their default a manifest does not hold them, as before there were any.
ADDED_LATER = ("candidate", "window", "horizon")


@dataclass(frozen=True, slots=True)
class Settings:
    """What a run depends on besides its table. Days are trading days of the table.

    `first_day` and `last_day` (ISO dates) narrow the span; `tickers` narrows the tickers. `candidate` is
    a name of `training.candidates`; `window` says whether training windows grow ("expanding") or keep the
    length of the first ("rolling"); `horizon` is how many days ahead the target looks.
    """

    name: str = "upmove"
    tickers: tuple[str, ...] = ()
    first_day: str | None = None
    last_day: str | None = None
    first_window: int = 750
    step: int = 250
    gap: int = 1
    threshold: float = 0.44
    threshold_reason: str = "the default of this project; not tuned on these rows"
    draws: int = 1000
    seed: int = 0
    candidate: str = "baseline"
    window: str = EXPANDING
    horizon: int = HORIZON_DAYS

    def as_record(self) -> dict[str, Any]:
        """Return what the manifest keeps of these settings."""
        default = Settings()
        record = {
            name: value
            for name, value in asdict(self).items()
            if name not in ADDED_LATER or value != getattr(default, name)
        }
        return record | {"tickers": ",".join(self.tickers)}


def check_settings(settings: Settings) -> None:
    """Raise one `TrainingError` with everything that no honest run allows, or return."""
    wrong = [
        message
        for bad, message in (
            (not 0 < settings.threshold < 1, f"threshold {settings.threshold:g}: expected above 0 and below 1"),
            (
                not 1 <= settings.horizon <= BLOCK_DAYS,
                f"horizon {settings.horizon}: expected 1 to {BLOCK_DAYS} days; intervals resample blocks of"
                f" {BLOCK_DAYS} days, and labels that overlap for longer would make them too narrow",
            ),
            (settings.gap < settings.horizon, what_leaks(settings.gap, settings.horizon)),
            (settings.window not in (EXPANDING, ROLLING), f"window {settings.window!r}: expected expanding or rolling"),
            (settings.first_window < 2, f"first window {settings.first_window}: expected at least 2 days"),
            (settings.step < 1, f"fold of {settings.step} days: expected at least 1"),
            (
                bool(settings.first_day and settings.last_day and settings.first_day > settings.last_day),
                f"span {settings.first_day} to {settings.last_day}: the first day is after the last",
            ),
            (settings.draws < 100, f"{settings.draws} draws: expected at least 100 for an interval"),
        )
        if bad
    ]
    if wrong:
        msg = "These settings cannot be used: " + "; ".join(wrong) + "."
        raise TrainingError(msg)


def what_leaks(gap: int, horizon: int) -> str:
    """Say which labels a gap below the horizon lets into the test.

    >>> what_leaks(1, 5)
    'gap 1: below 5 training labels leak into the test; those of the last 4 training days are read from test days'
    """
    days = horizon - gap
    last = "those of the last training day are" if days == 1 else f"those of the last {days} training days are"
    return f"gap {gap}: below {horizon} training labels leak into the test; {last} read from test days"


def usable_folds(usable: FeatureTable, settings: Settings) -> list[RowFold]:
    """Return the walk-forward folds of the rows of *usable* whose target is known, as masks over those.

    Raises
    ------
    TrainingError
        The table's horizon is not that of the settings, there are too few days for one fold, or the first window
        is too short to fit anything on.
    """
    horizon = usable.target.horizon
    if usable.layout.returns and horizon != settings.horizon:
        msg = (
            f"The table's target looks {horizon} {'day' if horizon == 1 else 'days'} ahead, the settings say"
            f" {settings.horizon}. Build the table anew with --horizon {settings.horizon}, or use its own."
        )
        raise TrainingError(msg)
    known = ~np.isnan(usable.y)
    label_day = label_days(usable.day, usable.ticker, horizon)[known] if usable.layout.returns else None
    folds = folds_by_day(
        usable.day[known],
        first_window=settings.first_window,
        step=settings.step,
        gap=settings.gap,
        rolling=settings.window == ROLLING,
        label_day=label_day,
    )
    check_windows(folds, usable.y[known], usable.X.shape[1])
    return folds


def check_windows(folds: list[RowFold], y: NDArray[np.float64], n_features: int) -> None:
    """Raise a `TrainingError` where a training window is too short for *n_features* features and two classes."""
    for fold in folds:
        labels = y[fold.train]
        rarer = int(min(np.sum(labels == 1), np.sum(labels == 0)))
        if rarer == 0:
            msg = (
                f"The training rows of fold {fold.number} hold one class only;"
                " supply a longer history, or raise --first-window."
            )
            raise TrainingError(msg)
        least = ROWS_PER_FEATURE * n_features
        if len(labels) < least or rarer < n_features:
            msg = (
                f"The training window of fold {fold.number} holds {len(labels):,} rows, {rarer:,} of the rarer class;"
                f" {n_features} features need at least {least:,} rows ({ROWS_PER_FEATURE} a feature) and {n_features}"
                " of either class, or the weights follow chance. Supply a longer history, or raise --first-window."
            )
            raise TrainingError(msg)
