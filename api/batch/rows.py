"""The rows of a batch, whatever format they came in: their faults, their probabilities, their warnings."""

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, islice
from typing import NoReturn

import numpy as np
from numpy.typing import NDArray

from api import validation
from api.errors import FAULTS_LISTED, THE_BODY, without_names
from api.row_features import ImputedFeature, features_of, gaps_in, without_gaps
from api.strict_json import Members
from model.bars import FloatArray
from model.bundle import Bundle
from model.errors import Fault, InvalidFeaturesError
from model.manifest import FeatureSpec
from model.scoring import LARGEST_FLOAT32, LinearScorer, Scorer

# Scored at once: few enough to stay in the processor's cache.
CHUNK_ROWS = 16_384
LARGEST_FLOAT = sys.float_info.max


@dataclass(frozen=True, slots=True)
class Rows:
    """What the body of a batch was read to; rows are counted from 0.

    `columns` has the shape (features, rows), with NaN for every cell that holds nothing, and infinity
    for every other that holds no finite number.
    `faults_of` says what is wrong with a row, `place` names a cell; both in the words of the format.
    `surplus` holds the rows with other faults than their cells', and how many more (or, where the
    cells of a row are not to blame one by one, fewer) faults they have than faulty cells.
    """

    columns: FloatArray
    faults_of: Callable[[int], Iterator[Fault]]
    place: Callable[[int, str], str]
    surplus: Mapping[int, int] = field(default_factory=dict)

    def __len__(self) -> int:
        return int(self.columns.shape[1])


@dataclass(frozen=True, slots=True)
class Scored:
    """The predictions of a batch, arrays of one length; `faults` holds the rows that have none, and why.

    `imputed` holds the features that were missing in rows with a prediction, and in how many.
    """

    prediction: NDArray[np.int8]
    probability: FloatArray
    faults: Mapping[int, str]
    warnings: tuple[str, ...]
    imputed: Mapping[str, int]


def score(bundle: Bundle, rows: Rows, *, skip_faulty: bool, safe: bool = False) -> Scored:
    """Score *rows*; with *skip_faulty* those that can be scored, with NaN and a fault for the others.

    *safe* leaves names and ranges of features out of faults and warnings.

    Raises
    ------
    InvalidFeaturesError
        A row cannot be scored, and *skip_faulty* is false. Carries the first `FAULTS_LISTED` faults,
        and the count of all.
    """
    features = features_of(bundle)
    invalid = _invalid_rows(rows, features)
    if len(invalid) and not skip_faulty:
        invalid.refuse()
    valid = invalid.others(len(rows))
    probability = np.full(len(rows), np.nan)
    complete = replace(rows, columns=without_gaps(rows.columns, features))
    probability[valid] = _probabilities(bundle.scorer, complete.columns[:, valid])
    unscored = ~np.isfinite(probability)
    unscored[invalid.rows] = False
    too_large = _too_large_rows(complete, features, np.flatnonzero(unscored))
    if len(too_large) and not skip_faulty:
        too_large.refuse()
    scored = rows.columns[:, np.isfinite(probability) if len(too_large) else valid]
    hidden = bundle.manifest.feature_names if safe else ()
    return Scored(
        prediction=(probability >= bundle.threshold).astype(np.int8),
        probability=probability,
        faults=invalid.texts(hidden) | too_large.texts(hidden),
        warnings=tuple(_safe_warnings(scored, features) if safe else _warnings(scored, features)),
        imputed=gaps_in(scored, features),
    )


def name_faults(names: Iterable[str], features: Sequence[FeatureSpec], *path: str) -> Iterator[Fault]:
    """Yield what keeps *names*, at *path* of the body, from being those of *features*."""
    known = {feature.name: feature.median for feature in features}
    return validation.feature_faults(Members((name, known.get(name)) for name in names), features, *path)


@dataclass(frozen=True, slots=True)
class _FaultyRows:
    """Rows that cannot be scored, in order, with the number of faults of each."""

    rows: NDArray[np.int64]
    counts: NDArray[np.int64]
    faults_of: Callable[[int], Iterator[Fault]]

    def __len__(self) -> int:
        return len(self.rows)

    def others(self, n_rows: int) -> slice | NDArray[np.bool_]:
        """Return what selects all rows of *n_rows* but these."""
        if not len(self):
            return slice(None)
        others = np.ones(n_rows, dtype=np.bool_)
        others[self.rows] = False
        return others

    def refuse(self) -> NoReturn:
        """Refuse the batch, describing only as many faults as are ever listed."""
        faults = chain.from_iterable(map(self.faults_of, self.rows[:FAULTS_LISTED].tolist()))
        raise InvalidFeaturesError(THE_BODY, list(islice(faults, FAULTS_LISTED)), int(self.counts.sum()))

    def texts(self, hidden: Sequence[str]) -> dict[int, str]:
        """Return the first fault of each row, and how many more it has; without the names in *hidden*.

        A row takes fewer bytes than its faults told at length; one of each keeps replies in proportion.
        """
        told = {}
        for row, count in zip(self.rows.tolist(), self.counts.tolist(), strict=True):
            fault = next(self.faults_of(row))
            more = f" (And {count - 1:,} more.)" if count > 1 else ""
            told[row] = f"{without_names(fault, hidden) if hidden else fault}{more}"
        return told


def _invalid_rows(rows: Rows, features: Sequence[FeatureSpec]) -> _FaultyRows:
    counts = np.zeros(len(rows), dtype=np.int64)
    for values, feature in zip(rows.columns, features, strict=True):
        least = -LARGEST_FLOAT if feature.hard_minimum is None else feature.hard_minimum
        most = LARGEST_FLOAT if feature.hard_maximum is None else feature.hard_maximum
        # Both are NaN where any value is, and no comparison with NaN holds.
        if len(rows) and not (values.min() >= least and values.max() <= most):
            allowed = (values >= least) & (values <= most)
            counts += ~(allowed | np.isnan(values) if isinstance(feature, ImputedFeature) else allowed)
    for row, surplus in rows.surplus.items():
        counts[row] += surplus
    faulty = np.flatnonzero(counts)
    return _FaultyRows(faulty, counts[faulty], rows.faults_of)


def _probabilities(scorer: Scorer, columns: FloatArray) -> FloatArray:
    """Return the probability of every row; none that is finite where the model yields none."""
    probability = np.empty(columns.shape[1])
    # Values so large that sums overflow are told by what comes out.
    with np.errstate(over="ignore", invalid="ignore"):
        for start in range(0, len(probability), CHUNK_ROWS):
            chunk = slice(start, start + CHUNK_ROWS)
            probability[chunk] = _probabilities_of_chunk(scorer, columns[:, chunk].T)
    return probability


def _probabilities_of_chunk(scorer: Scorer, X: FloatArray) -> FloatArray:
    if X.max() <= LARGEST_FLOAT32 and X.min() >= -LARGEST_FLOAT32:
        return scorer.many(X)
    probability = np.empty(len(X))
    extreme = (np.abs(X) > LARGEST_FLOAT32).any(axis=1)
    probability[extreme] = _extreme_probabilities(scorer, X[extreme])
    if not extreme.all():
        probability[~extreme] = scorer.many(X[~extreme])
    return probability


def _extreme_probabilities(scorer: Scorer, X: FloatArray) -> FloatArray:
    if isinstance(scorer, LinearScorer):
        # Where sums overflow, their order matters: it is that of a single row.
        return np.fromiter(map(scorer.one, X.tolist()), np.float64, len(X))
    try:
        return scorer.many(X)
    except ValueError:
        # Tree models keep values as float32, and refuse those it cannot hold.
        return np.full(len(X), np.nan)


def _too_large_rows(rows: Rows, features: Sequence[FeatureSpec], unscored: NDArray[np.int64]) -> _FaultyRows:
    sizes = np.abs(rows.columns[:, unscored])
    to_blame = sizes >= np.minimum(sizes.max(axis=0, initial=0.0), LARGEST_FLOAT32)

    def faults_of(row: int) -> Iterator[Fault]:
        blamed = to_blame[:, np.searchsorted(unscored, row)]
        for feature, value, is_blamed in zip(features, rows.columns[:, row].tolist(), blamed, strict=True):
            if is_blamed:
                yield Fault(
                    rows.place(row, feature.name),
                    validation.number(value),
                    f"a number nearer to those seen in training, {validation.observed(feature)}",
                    "At this size the model yields no probability.",
                )

    return _FaultyRows(unscored, to_blame.sum(axis=0), faults_of)


def _warnings(columns: FloatArray, features: Sequence[FeatureSpec]) -> Iterator[str]:
    for values, feature in zip(columns, features, strict=True):
        if _within(values, feature):
            continue
        for side, outside in (("below", values < feature.min), ("above", values > feature.max)):
            if count := np.count_nonzero(outside):
                yield (
                    f"{feature.name}: {count:,} of {_rows(len(values))} {side} everything seen in training"
                    f" ({validation.observed(feature)}): the probability is an extrapolation there."
                )


def _safe_warnings(columns: FloatArray, features: Sequence[FeatureSpec]) -> Iterator[str]:
    outside = np.zeros(columns.shape[1], dtype=np.bool_)
    for values, feature in zip(columns, features, strict=True):
        if not _within(values, feature):
            outside |= (values < feature.min) | (values > feature.max)
    if count := np.count_nonzero(outside):
        yield (
            f"{count:,} of {_rows(len(outside))} hold values outside everything seen in training:"
            " the probability is an extrapolation there."
        )


def _within(values: FloatArray, feature: FeatureSpec) -> bool:
    return not len(values) or bool(values.min() >= feature.min and values.max() <= feature.max)


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count:,} rows"
