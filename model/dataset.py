"""What a model is trained and judged on: rows of features with a target, and what is to be said of them."""

from dataclasses import dataclass, replace
from typing import Any, Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray

from model.bars import FloatArray
from model.features import FEATURES, FeatureDefinition
from model.manifest import MARKET, Check, Layout, Target

# Rows that have nothing in common are resampled by the handful where there are more: it costs less, and is as good.
MOST_BLOCKS = 5000

MARKET_TARGET = Target(
    column="up",
    positive_class="up",
    horizon=1,
    question="Will the stock close higher tomorrow?",
    description="1 if tomorrow's close is above today's, else 0; an equal close counts as 0.",
)


class Rows(Protocol):
    """Whatever has a day and a ticker for each of its rows."""

    @property
    def day(self) -> NDArray[np.datetime64]:
        """The day of each row, NaT where rows have no time."""

    @property
    def ticker(self) -> NDArray[np.str_]:
        """What each row belongs to, "" where it belongs to nothing."""


class Provenance(msgspec.Struct, frozen=True):
    """Where a table comes from, what was dropped, and what its reader should know."""

    file: str
    sha256: str
    adjustment: str
    bars_read: int
    dropped: tuple[str, ...]
    warnings: tuple[str, ...]
    checks: tuple[Check, ...]


@dataclass(frozen=True, slots=True)
class FeatureTable:
    """Rows to train and to judge a model on, by ticker, then day; arrays of one length.

    `X` has a column for each of `features`; `y` is 1.0 for the positive class of `target`, else 0.0.
    In the shipped example `y` and `next_day_return` are NaN on a ticker's last day, whose tomorrow is
    not known. What `layout` says the rows do not have is empty: days are NaT, tickers "", returns NaN.
    """

    provenance: Provenance
    day: NDArray[np.datetime64]
    ticker: NDArray[np.str_]
    X: FloatArray
    y: FloatArray
    next_day_return: FloatArray
    features: tuple[FeatureDefinition, ...] = FEATURES
    target: Target = MARKET_TARGET
    layout: Layout = MARKET

    def __len__(self) -> int:
        return len(self.y)

    def take(self, rows: NDArray[np.bool_] | NDArray[np.int64]) -> "FeatureTable":
        """Return the table of *rows* only."""
        return replace(
            self,
            day=self.day[rows],
            ticker=self.ticker[rows],
            X=self.X[rows],
            y=self.y[rows],
            next_day_return=self.next_day_return[rows],
        )

    @property
    def block(self) -> NDArray[Any]:
        """What stands or falls together when rows are split or resampled: a day, else a group, else a row."""
        return blocks_of(self, self.layout)


def blocks_of(rows: Rows, layout: Layout) -> NDArray[Any]:
    """Return what stands or falls together when rows are split or resampled: a day, else a group, else a row."""
    if layout.time:
        return rows.day
    return rows.ticker if layout.group else np.arange(len(rows.day)) % MOST_BLOCKS
