"""What is probed, and what a check of it found."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from model.bars import FloatArray
from model.bootstrap import DayBootstrap
from model.dataset import FeatureTable
from model.evaluation import IntArray
from model.folds import RowFold
from model.manifest import Check

# Every check that draws the line between chance and leak calls this share of harmless tables a leak.
FALSE_ALARMS = 0.01


@dataclass(frozen=True, slots=True)
class Finding:
    """A check, what to do where it failed, and the columns it is about.

    `warning` says what is no failure and still to be looked at; `warned_of` names the columns that is about.
    """

    check: Check
    remedy: str
    columns: tuple[str, ...] = ()
    warning: str = ""
    warned_of: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Subject:
    """Rows with a known target by group, then day, with their folds and resampled days.

    `limit` is the AUC above which one looks for a leak, None where much skill is nothing unusual.
    """

    table: FeatureTable
    folds: Sequence[RowFold]
    days: DayBootstrap
    make_pipeline: Callable[[], Any]
    limit: float | None
    seed: int = 0

    @property
    def y(self) -> IntArray:
        """The target of each row."""
        return self.table.y.astype(np.int64)

    @property
    def names(self) -> tuple[str, ...]:
        """What the columns of features are called."""
        return tuple(feature.name for feature in self.table.features)


@dataclass(frozen=True, slots=True)
class NotRun:
    """A check that the rows do not allow, and why."""

    name: str
    why: str


@dataclass(frozen=True, slots=True)
class Probe:
    """What the leak probe found, worst first, and what it could not look at."""

    findings: tuple[Finding, ...]
    not_run: tuple[NotRun, ...]

    @property
    def suspected(self) -> tuple[Finding, ...]:
        """What failed."""
        return tuple(finding for finding in self.findings if not finding.check.passed)


def moved(values: FloatArray, group: Any, rows: int) -> FloatArray:
    """Return for each row the value that stands *rows* later in its group, NaN where there is none.

    >>> moved(np.array([1.0, 0.0, 1.0, 0.0]), np.array(["A", "A", "A", "B"]), 1).tolist()
    [0.0, 1.0, nan, nan]
    >>> moved(np.array([1.0, 0.0, 1.0, 0.0]), np.array(["A", "A", "A", "B"]), -1).tolist()
    [nan, 1.0, 0.0, nan]
    """
    out = np.full(len(values), np.nan)
    here, there = (slice(None, -rows), slice(rows, None)) if rows > 0 else (slice(-rows, None), slice(None, rows))
    out[here] = np.where(group[here] == group[there], values[there], np.nan)
    return out


def listed(names: Sequence[str], most: int = 5) -> str:
    """Write some names, and how many more there are."""
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more:,} more" if more > 0 else "")
