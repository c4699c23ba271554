"""Features built by a function of the reader's own, so that it can be probed before anything is trained on it."""

import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.bars import Bars, FloatArray
from model.dataset import FeatureTable
from model.errors import TrainingError
from model.feature_words import definitions_of

EXPECTED = "a mapping of names to arrays of numbers, one number for each bar"


@dataclass(frozen=True, slots=True)
class OwnFeatures:
    """The columns that a function builds from bars, by ticker, then day: a mapping of names to arrays."""

    place: str
    function: Any
    names: tuple[str, ...]

    def __call__(self, bars: Bars) -> FloatArray:
        """Return the features of every bar, shape (rows, names).

        Raises
        ------
        TrainingError
            The function returned something else.
        """
        built = _built(self.place, self.function, bars)
        if set(built) != set(self.names):
            msg = f"{self.place} built {', '.join(built)} from part of the bars, and {', '.join(self.names)} from all."
            raise TrainingError(msg)
        return np.column_stack([built[name] for name in self.names])


def load_features(place: str, bars: Bars) -> OwnFeatures:
    """Run FILE.py of *place*, FILE.py:FUNCTION, and call its function on *bars* to learn the names of its features.

    Raises
    ------
    TrainingError
        There is no such function, or it does not build features.
    """
    file, _, name = place.rpartition(":")
    if not name.isidentifier() or not Path(file).is_file():
        msg = f"Found no function at “{place}”; expected FILE.py:FUNCTION, the place of one that builds features."
        raise TrainingError(msg)
    function = getattr(_module(Path(file)), name, None)
    if not callable(function):
        msg = f"{file} has no function {name}; expected one that takes bars and returns {EXPECTED}."
        raise TrainingError(msg)
    return OwnFeatures(place, function, tuple(_built(place, function, bars)))


def table_with(table: FeatureTable, bars: Bars, own: OwnFeatures) -> FeatureTable:
    """Return *table*, which was made from *bars*, with the columns of *own* as its features."""
    tickers = np.unique(bars.ticker)
    at = np.searchsorted(_keys(bars.ticker, bars.day, tickers), _keys(table.ticker, table.day, tickers))
    X = own(bars)[at]
    return replace(table, X=X, features=definitions_of(own.names, X))


def _keys(ticker: NDArray[np.str_], day: NDArray[np.datetime64], tickers: NDArray[np.str_]) -> NDArray[np.int64]:
    """Return a number for each ticker and day that grows by ticker, then day."""
    return np.asarray(np.searchsorted(tickers, ticker) * 2**32 + day.astype(np.int64) + 2**31)


def _module(file: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(file.stem, file)
    if spec is None or spec.loader is None:
        msg = f"{file} is no Python file; expected FILE.py:FUNCTION."
        raise TrainingError(msg)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _built(place: str, function: Any, bars: Bars) -> dict[str, FloatArray]:
    built = function(bars)
    if not isinstance(built, Mapping) or not built:
        msg = f"{place} returned {type(built).__name__}; expected {EXPECTED}."
        raise TrainingError(msg)
    columns = {str(name): np.asarray(values, dtype=np.float64) for name, values in built.items()}
    if wrong := [name for name, values in columns.items() if values.shape != (len(bars),)]:
        shape = columns[wrong[0]].shape
        msg = f"{place} returned {wrong[0]} of shape {shape} for {len(bars):,} bars; expected {EXPECTED}."
        raise TrainingError(msg)
    return columns
