"""An uploaded file with the model's answer to each of its rows."""

import csv
import io
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from dashboard.score.bars import rows_of_bars, takes_bars
from dashboard.score.files import FileTable, read_file, typed
from dashboard.score.missing import filling_of
from dashboard.score.rows import ScorableRows, missing_features, nearest_titles, rows_of_features
from model.bar_columns import REQUIRED, our_names, require_columns
from model.bars import FloatArray
from model.bundle import Bundle
from model.errors import Fault, InvalidFeaturesError, InvalidInputError
from model.manifest import FeatureSpec, Manifest

PREDICTION, THRESHOLD, VERSION, OUTSIDE = "prediction", "threshold", "version", "outside_observed_range"


@dataclass(frozen=True, slots=True)
class OutsideRange:
    """How many rows lie below and above everything seen of one feature in training."""

    feature: FeatureSpec
    below: int
    above: int


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What came of the rows whose outcome is known: of all of them, and of those called."""

    known: int
    positive: int
    called: int
    called_positive: int


@dataclass(frozen=True)
class ScoredFile:
    """The rows of a file with their probabilities, arrays of one length, and by which model."""

    name: str
    rows: ScorableRows
    probability: FloatArray
    manifest: Manifest

    @cached_property
    def called(self) -> NDArray[np.bool_]:
        """Which rows the model calls."""
        return np.asarray(self.probability >= self.manifest.threshold.value)

    @cached_property
    def outside(self) -> NDArray[np.bool_]:
        """Which rows hold a value outside what was seen of its feature in training."""
        low, high = ([getattr(f, end) for f in self.manifest.features] for end in ("min", "max"))
        return np.asarray((np.less(self.rows.X, low) | np.greater(self.rows.X, high)).any(axis=1))

    @property
    def outside_by_feature(self) -> list[OutsideRange]:
        """The features with values outside their observed range, most rows first."""
        found = [
            OutsideRange(feature, int(np.sum(values < feature.min)), int(np.sum(values > feature.max)))
            for feature, values in zip(self.manifest.features, self.rows.X.T, strict=True)
        ]
        return sorted((one for one in found if one.below or one.above), key=lambda one: -(one.below + one.above))

    @property
    def outcomes(self) -> Outcomes | None:
        """What came of the rows, where the file tells."""
        if self.rows.outcome is None or not (known := ~np.isnan(self.rows.outcome)).any():
            return None
        positive, called = self.rows.outcome == 1, self.called & known
        return Outcomes(int(known.sum()), int(positive.sum()), int(called.sum()), int((called & positive).sum()))

    @property
    def score_names(self) -> tuple[str, ...]:
        """The columns that are added to those of the file."""
        return self.manifest.probability_key, PREDICTION, THRESHOLD, VERSION, OUTSIDE

    @property
    def replaced(self) -> list[str]:
        """Columns of the file that give way to the scores, as in a file that was scored before."""
        return [name for name in self.score_names if name in self.rows.table.column_names]

    def _with_scores(self, table: pa.Table) -> pa.Table:
        n = len(self.probability)
        scores = (
            pa.array(self.probability),
            pa.array(self.called.astype(np.int8)),
            pa.array(np.full(n, self.manifest.threshold.value)),
            pa.repeat(self.manifest.version, n),
            pa.array(self.outside),
        )
        for name, column in zip(self.score_names, scores, strict=True):
            table = table.append_column(name, column)
        return table

    @cached_property
    def typed_columns(self) -> pa.Table:
        """The columns that go with the scores, with texts that are numbers as numbers."""
        return typed(self._own_columns)

    @property
    def _own_columns(self) -> pa.Table:
        return self.rows.table.drop_columns(self.replaced)

    def parquet(self) -> bytes:
        """Return the rows with their scores as Parquet, numbers as numbers."""
        sink = pa.BufferOutputStream()
        pq.write_table(self._with_scores(self.typed_columns), sink, compression="zstd")
        return bytes(sink.getvalue().to_pybytes())

    def csv(self) -> bytes:
        """Return the rows with their scores as CSV: the cells of the file as they are, numbers in full precision."""
        table = self._with_scores(self._own_columns)
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(table.column_names)
        writer.writerows(zip(*(column.to_pylist() for column in table.columns), strict=True))
        return text.getvalue().encode()


def score_file(bundle: Bundle, data: bytes, name: str) -> ScoredFile:
    """Read *data*, of a file called *name*, and score its rows.

    Raises
    ------
    InvalidInputError
        The file cannot be used; with every fault of it.
    """
    file = read_file(data, name)
    rows = _rows_of(file, bundle)
    return ScoredFile(name, rows, _probabilities(bundle, rows, name), bundle.manifest)


def _rows_of(file: FileTable, bundle: Bundle) -> ScorableRows:
    manifest, titles = bundle.manifest, file.table.column_names
    names = manifest.feature_names
    if set(names) <= set(titles):
        return rows_of_features(file, manifest, filling_of(bundle))
    bars_named = len(set(our_names(titles)) & set(REQUIRED)) if takes_bars(manifest) else 0
    named = nearest_titles(titles, manifest)
    if bars_named == len(REQUIRED):
        return rows_of_bars(file, manifest)
    if bars_named / len(REQUIRED) > named / len(names):
        require_columns(titles, file.name)
    if named:
        raise missing_features(titles, manifest, file.name)
    have = ", ".join(titles[:12]) + (" …" if len(titles) > 12 else "")
    bars = f"daily bars ({', '.join(REQUIRED)}), or " if takes_bars(manifest) else ""
    expected = f"{bars}one column for each feature ({', '.join(names)})"
    fault = Fault("the header", f"the columns {have}", expected, "Name the columns so; the first line is the header.")
    raise InvalidInputError(file.name, [fault])


def _probabilities(bundle: Bundle, rows: ScorableRows, name: str) -> FloatArray:
    expected, remedy = "numbers nearer to those seen in training", "At this size the model yields no probability."
    try:
        probability = bundle.scorer.many(rows.X)
    except ValueError as error:
        # Trees keep values as float32, after scaling, and refuse those it cannot hold.
        fault = Fault("the file", "values too large to score", expected, remedy)
        raise InvalidFeaturesError(name, [fault]) from error
    unscored = rows.row[~np.isfinite(probability)]
    if len(unscored):
        faults = [Fault(f"row {row}", "values too large to score", expected, remedy) for row in unscored[:20]]
        raise InvalidFeaturesError(name, faults, len(unscored))
    return probability
