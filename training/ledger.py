"""A ledger of every look at out-of-fold rows: whoever looks often enough sees something by chance.

`ledger.jsonl` stands beside the registry's folder. Each line is one run: which rows it looked at, and what
it tried on them. Lines are only ever added.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray

from model.bootstrap import LEVEL
from model.bundle import Bundle, BundleDraft
from model.errors import TrainingError
from model.registry import Registry
from model.storage import sha256_of
from model.wording import percent, threshold_written
from training.candidates import BASELINE
from training.settings import Settings

LEDGER = "ledger.jsonl"

Kind = Literal["training", "comparison", "threshold"]


class RowsLookedAt(Protocol):
    """Out-of-fold rows: what a look is at."""

    @property
    def day(self) -> NDArray[np.datetime64]:
        """The day of each row."""

    @property
    def ticker(self) -> NDArray[np.str_]:
        """What each row belongs to."""

    @property
    def y_true(self) -> NDArray[np.int64]:
        """The outcome of each row."""


@dataclass(frozen=True, slots=True)
class Look:
    """One line: at *when* a run of *kind* tried *tried* on the out-of-fold rows *rows* of the data *data*."""

    when: str
    kind: Kind
    data: str
    rows: str
    tried: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Looks:
    """How often out-of-fold rows were looked at: in how many runs, at how many things, how many of them different."""

    runs: int
    total: int
    different: int

    @property
    def level(self) -> float:
        """The level an interval needs to mean after all looks what 95 % means after one (Bonferroni).

        The same thing tried again on the same rows gives the same answer, and is counted once.
        """
        return 1 - (1 - LEVEL) / max(self.different, 1)

    @property
    def sentence(self) -> str:
        """The count, and the correction it implies.

        >>> Looks(runs=3, total=9, different=7).sentence.split("; ")[1]
        'after 7 an interval would have to be at 99.3 % to mean what 95 % means for one.'
        """
        if not self.runs:
            return "no look at these out-of-fold rows is in the ledger."
        runs = "1 run" if self.runs == 1 else f"{self.runs:,} runs"
        things = "1 thing was" if self.different == 1 else f"{self.different:,} different things were"
        counted = f"{things} tried on these out-of-fold rows, in {runs}"
        if self.different < 2:
            return f"{counted}: a 95 % interval means what it says."
        level = percent(self.level, 1 if self.different < 50 else 2)
        return (
            f"{counted}; after {self.different:,} an interval would have to be at {level} to mean what"
            f" {percent(LEVEL, 0)} means for one."
        )


def rows_key(data: str, rows: RowsLookedAt) -> str:
    """Name out-of-fold rows: the same data (by its sha256), rows and outcomes give the same name.

    Other folds are no other rows: whoever deals them anew looks at the same outcomes once more.
    """
    order = slice(None) if _in_order(rows) else np.lexsort((rows.y_true, rows.ticker, rows.day))
    parts = (
        data.encode(),
        rows.day[order].astype("datetime64[D]").astype(np.int64).tobytes(),
        "\n".join(rows.ticker[order].tolist()).encode(),
        rows.y_true[order].astype(np.int64).tobytes(),
    )
    return sha256_of(b"\0".join(parts))


def _in_order(rows: RowsLookedAt) -> bool:
    """Whether *rows* are by day, ticker and outcome already, as those of bars are: sorting takes much longer."""
    keys: tuple[NDArray[Any], ...] = (rows.day, rows.ticker, rows.y_true)
    tied = np.ones(max(len(rows.day) - 1, 0), dtype=bool)
    for key in keys:
        if not (~tied | (key[:-1] <= key[1:])).all():
            return False
        tied &= key[:-1] == key[1:]
    return True


def candidate_at(candidate: str, threshold: float, folds: str) -> str:
    """Name what a candidate at a threshold is as something tried; other *folds*, by `folds_in`, make it another.

    >>> candidate_at("baseline", 0.44, folds_in({"split": "stratified", "folds": 5, "seed": 3}))
    'baseline at 0.44, 5 stratified folds at random (seed 3)'
    """
    return f"{candidate} at {threshold_written(threshold)}, {folds}"


def folds_in(settings: Mapping[str, Any]) -> str:
    """Name the folds of a run by the *settings* that its manifest records.

    >>> folds_in({"first_window": 750, "step": 250, "gap": 1})
    'expanding windows from 750 days, 250 days a fold, gap 1'
    """
    if "folds" in settings:
        kind, seed = settings.get("split", "stratified"), settings.get("seed", Settings().seed)
        return f"{settings['folds']} {kind} folds at random (seed {seed})"
    default = Settings()
    window, first_window, step, gap = (
        settings.get(name, getattr(default, name)) for name in ("window", "first_window", "step", "gap")
    )
    return f"{window} windows from {first_window} days, {step} days a fold, gap {gap}"


class Ledger:
    """The ledger in the file *path*."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def beside(cls, registry: Registry) -> "Ledger":
        """Return the ledger that stands beside the folder of *registry*."""
        return cls(registry.folder.parent / LEDGER)

    def note(self, kind: Kind, data: str, rows: RowsLookedAt, tried: Sequence[str], when: datetime) -> Looks:
        """Add a look at *rows* of *data* (its sha256), and return the count with it.

        Raises
        ------
        TrainingError
            The ledger cannot be written or read.
        """
        look = Look(when.isoformat(timespec="seconds"), kind, data, rows_key(data, rows), tuple(tried))
        try:
            self._append(look)
        except OSError as error:
            msg = f"{self.path} cannot be written ({error}). Make room, or let this account write there."
            raise TrainingError(msg) from error
        return self.looks_at(look.rows)

    def _append(self, look: Look) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        line = msgspec.json.encode(asdict(look)) + b"\n"
        # In one write to the end of the file, so that the lines of two processes never mix. A line starts
        # with an end of line: one that a crash left unfinished is closed off by it.
        descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            written = os.write(descriptor, b"\n" + line)
            if written != len(line) + 1:
                msg = f"{written:,} of {len(line) + 1:,} bytes were written"
                raise OSError(msg)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def looks(self, data: str, rows: RowsLookedAt) -> Looks:
        """Count the looks at *rows* of *data* (its sha256)."""
        return self.looks_at(rows_key(data, rows))

    def looks_at(self, key: str) -> Looks:
        """Count the looks at the rows that `rows_key` names *key*."""
        here = [look for look in self.all() if look.rows == key]
        tried = [thing for look in here for thing in look.tried]
        return Looks(runs=len(here), total=len(tried), different=len(set(tried)))

    def all(self) -> list[Look]:
        """Return every look, oldest first.

        Raises
        ------
        TrainingError
            A line is none that a ledger holds.
        """
        if not self.path.exists():
            return []
        looks = []
        for number, line in enumerate(self.path.read_bytes().split(b"\n"), 1):
            # A line that a crash left unfinished is no look: its run never came to show anything.
            if not line.endswith(b"}"):
                continue
            try:
                looks.append(msgspec.json.decode(line, type=Look))
            except msgspec.DecodeError as error:
                msg = f"{self.path}, line {number}, cannot be read ({error}). Restore the line, or remove it."
                raise TrainingError(msg) from error
        return looks


def looks_of(registry: Registry, bundle: Bundle | BundleDraft) -> Looks:
    """Count the looks at the out-of-fold rows of *bundle* that the ledger beside *registry* holds."""
    return Ledger.beside(registry).looks(bundle.manifest.trained_on.sha256, bundle.out_of_fold)


def note_training(registry: Registry, bundle: Bundle | BundleDraft, when: datetime) -> Looks:
    """Add the look that training *bundle* was: its candidate was judged on its out-of-fold rows."""
    return _note_bundle(registry, "training", bundle, bundle.manifest.threshold.value, when)


def note_threshold(registry: Registry, bundle: Bundle | BundleDraft, threshold: float, when: datetime) -> Looks:
    """Add the look that a *threshold* kept for *bundle* is: it was chosen on the bundle's out-of-fold rows."""
    return _note_bundle(registry, "threshold", bundle, threshold, when)


def _note_bundle(
    registry: Registry, kind: Kind, bundle: Bundle | BundleDraft, threshold: float, when: datetime
) -> Looks:
    manifest = bundle.manifest
    candidate = str(manifest.settings.get("candidate") or BASELINE)
    tried = candidate_at(candidate, threshold, folds_in(manifest.settings))
    return Ledger.beside(registry).note(kind, manifest.trained_on.sha256, bundle.out_of_fold, [tried], when)
