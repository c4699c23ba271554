"""From the tensors of a request to rows of features: one tensor a feature, or one matrix. Knows no request."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice

import numpy as np

from api.batch.rows import Rows
from api.errors import FAULTS_LISTED, THE_BODY, TooManyRowsError
from api.inference.tensors import MATRIX, Tensor
from api.row_features import ImputedFeature
from api.validation import nearest, short
from model.bars import FloatArray
from model.errors import Fault, InvalidFeaturesError
from model.manifest import FeatureSpec


def to_rows(
    tensors: Sequence[Tensor], features: Sequence[FeatureSpec], *, most_rows: int, faults: Sequence[Fault] = ()
) -> Rows:
    """Return the rows that *tensors* make up: one tensor for each of *features*, or one matrix.

    At most *most_rows* are taken; *faults* is what is known to be wrong with the request.

    Raises
    ------
    TooManyRowsError
        The tensors hold more rows than are taken.
    InvalidFeaturesError
        There are *faults*, or the tensors are not those of *features*. What is wrong with single
        values is among its faults; where that is all, it is left to whoever scores the rows.
    """
    columns = _columns(tensors, features)
    wrong = list(islice(chain(faults, _faults(tensors, features)), FAULTS_LISTED))
    if wrong:
        of_values = chain.from_iterable(column.faults() for column in columns)
        raise InvalidFeaturesError(THE_BODY, [*wrong, *islice(of_values, FAULTS_LISTED - len(wrong))])
    n_rows = len(columns[0].values)
    if n_rows > most_rows:
        raise TooManyRowsError(n_rows, most_rows)
    by_name = {column.feature.name: column for column in columns}

    def faults_of(row: int) -> Iterator[Fault]:
        for column in columns:
            if fault := column.fault(row):
                yield fault

    return Rows(np.array([column.values for column in columns]), faults_of, lambda row, name: by_name[name].where(row))


@dataclass(frozen=True, slots=True)
class _Column:
    """The values of one feature: those of *tensor* from *first* on, each *step*-th."""

    feature: FeatureSpec
    tensor: Tensor
    first: int
    step: int

    @property
    def values(self) -> FloatArray:
        values = self.tensor.values
        return np.empty(0) if values is None else values[self.first :: self.step]

    def where(self, row: int) -> str:
        return self.tensor.where(self.first + row * self.step)

    def fault(self, row: int) -> Fault | None:
        return self.tensor.fault(self.first + row * self.step, self.feature)

    def faults(self) -> Iterator[Fault]:
        """Yield what is wrong with the values."""
        low, high = self.feature.hard_minimum, self.feature.hard_maximum
        values = self.values
        wrong = np.isinf(values) if isinstance(self.feature, ImputedFeature) else ~np.isfinite(values)
        if low is not None:
            wrong |= values < low
        if high is not None:
            wrong |= values > high
        for row in np.flatnonzero(wrong).tolist():
            if fault := self.fault(row):
                yield fault


def _columns(tensors: Sequence[Tensor], features: Sequence[FeatureSpec]) -> list[_Column]:
    """Return the columns of all tensors that can be read as they are meant."""
    by_name = {feature.name: feature for feature in features}
    columns: dict[str, _Column] = {}
    for tensor in tensors:
        if tensor.values is None or _shape_fault(tensor, features) or tensor.name is None:
            continue
        if tensor.name in by_name:
            columns.setdefault(tensor.name, _Column(by_name[tensor.name], tensor, 0, 1))
        elif tensor.name == MATRIX:
            for position, feature in enumerate(features):
                columns.setdefault(feature.name, _Column(feature, tensor, position, len(features)))
    return [columns[feature.name] for feature in features if feature.name in columns]


def _faults(tensors: Sequence[Tensor], features: Sequence[FeatureSpec]) -> Iterator[Fault]:
    """Yield what keeps *tensors* from being those of *features*, but for their values."""
    names = [feature.name for feature in features]
    yield from _name_faults(tensors, names)
    model: Tensor | None = None
    for tensor in tensors:
        if fault := _shape_fault(tensor, features):
            yield fault
        elif tensor.shape is not None and tensor.name in {*names, MATRIX}:
            model = model or tensor
            if model.shape is not None and tensor.shape[0] != model.shape[0]:
                expected = f"{model.shape[0]:,}, as in {model.place}"
                yield Fault(f"{tensor.place}/shape", _rows(tensor.shape[0]), expected, "Send one value a row.")


def _name_faults(tensors: Sequence[Tensor], names: Sequence[str]) -> Iterator[Fault]:
    first: dict[str, Tensor] = {}
    given = {tensor.name for tensor in tensors if tensor.name is not None}
    missing = [name for name in names if name not in given]
    as_matrix = MATRIX in given and MATRIX not in names
    expected = f"one matrix “{MATRIX}”, or one tensor for each of {', '.join(names)}"
    for tensor in tensors:
        where, name = f"{tensor.place}/name", tensor.name
        if name is None:
            continue
        if name in first:
            remedy = "Leave one of them: which one would count is not defined."
            yield Fault(where, f"{short(name)} again, after {first[name].place}", "each tensor once", remedy)
        elif name not in names and name != MATRIX:
            remedy = nearest(name, missing) or nearest(name, [*names, MATRIX]) or "Remove it."
            yield Fault(where, f"the unknown name “{short(name)}”", expected, remedy)
        elif as_matrix and name != MATRIX:
            yield Fault(where, f"{name} beside the matrix “{MATRIX}”", expected, "Send the one or the others.")
        first.setdefault(name, tensor)
    # A tensor without a readable name may be the one that is missed.
    if not as_matrix and all(tensor.name is not None for tensor in tensors):
        for name in missing:
            yield Fault("/inputs", f"no tensor {name}", expected, "Add it.")


def _shape_fault(tensor: Tensor, features: Sequence[FeatureSpec]) -> Fault | None:
    shape = tensor.shape
    if shape is None or tensor.name is None:
        return None
    if tensor.name in {feature.name for feature in features}:
        expected, fits = "[n] or [n, 1]", shape[1:] in {(), (1,)}
        remedy = f"Send one value a row, or all features as the matrix “{MATRIX}”."
    elif tensor.name == MATRIX:
        expected, fits = f"[n, {len(features)}]", shape[1:] == (len(features),)
        remedy = "Send one column for each feature, in the order of the model's metadata."
    else:
        return None
    return None if fits else Fault(f"{tensor.place}/shape", f"the shape {list(shape)}", expected, remedy)


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count:,} rows"
