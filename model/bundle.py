"""The bundle: one version of the packaged model, checked whenever it is opened."""

import importlib.metadata
import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import msgspec
import numpy as np
from numpy.typing import NDArray

from model.bars import FloatArray
from model.errors import (
    BundleIntegrityError,
    BundlePackagesError,
    NoBundleError,
    SelfTestError,
)
from model.imputation import filling_of, may_impute
from model.manifest import LinearWeights, Manifest, decode_manifest, encode_manifest, version_of
from model.parquet import days_in, numbers_in, read_parquet, texts_in
from model.scoring import LinearScorer, PipelineScorer, Scorer
from model.storage import new_folder, settle_folder, sha256_of, write_file
from model.stored_pipeline import dump_pipeline, load_pipeline

if TYPE_CHECKING:
    import pyarrow as pa

MANIFEST, PIPELINE, SELF_TEST = "manifest.json", "pipeline.skops", "self_test.json"
OUT_OF_FOLD, REFERENCE = "out_of_fold.parquet", "reference.parquet"

SELF_TEST_TOLERANCE = 1e-12

# Columns of reference.parquet that are neither a feature nor the target.
_OWN_COLUMNS = ("day", "ticker", "next_day_return")

# Packages whose change can change a probability; compared by major.minor.
CHECKED_PACKAGES = ("numpy", "scikit-learn", "skops")


@dataclass(frozen=True, slots=True)
class OutOfFold:
    """Rows scored by a model that had not seen their day; arrays of one length.

    `y_true` is 0 or 1, `y_score` the probability of 1, `next_day_return` a fraction.
    """

    day: NDArray[np.datetime64]
    ticker: NDArray[np.str_]
    y_true: NDArray[np.int64]
    y_score: FloatArray
    fold: NDArray[np.int64]
    next_day_return: FloatArray


@dataclass(frozen=True, slots=True)
class Reference:
    """The training rows, to look things up in; `y` and `next_day_return` are NaN where tomorrow is not known."""

    day: NDArray[np.datetime64]
    ticker: NDArray[np.str_]
    X: FloatArray
    y: FloatArray
    next_day_return: FloatArray


@dataclass(frozen=True, slots=True)
class BundleDraft:
    """All that a bundle is written from; the manifest still without version and file hashes."""

    manifest: Manifest
    pipeline: Any
    out_of_fold: OutOfFold
    reference: Reference
    self_test_rows: FloatArray

    def created_at(self, when: datetime) -> "BundleDraft":
        """Return this draft with its time of creation; it is not part of what names a version."""
        stamped = msgspec.structs.replace(self.manifest, created=when.isoformat(timespec="seconds"))
        return replace(self, manifest=stamped)


class Bundle:
    """One version of the packaged model, opened read-only. Make one with `Bundle.load`."""

    def __init__(self, directory: Path, manifest: Manifest) -> None:
        self.directory = directory
        self.manifest = manifest
        self.scorer: Scorer = (
            LinearScorer(manifest.scorer.intercept, manifest.scorer.weights)
            if isinstance(manifest.scorer, LinearWeights)
            else PipelineScorer(self.pipeline)
        )

    @classmethod
    def load(cls, directory: Path) -> Self:
        """Open the bundle in *directory*, checking schema, hashes, packages and self-test.

        Raises
        ------
        ModelError
            One of its family, for the first check that fails; the message says what to do.
        """
        path = directory / MANIFEST
        try:
            data = path.read_bytes()
        except FileNotFoundError as error:
            msg = f"There is no bundle in {directory}: {MANIFEST} is missing. Train one with `python -m training`."
            raise NoBundleError(msg) from error
        manifest = decode_manifest(data, str(path))
        for name in manifest.files:
            _read_checked(directory, manifest, name)
        _check_packages(manifest, directory)
        bundle = cls(directory, manifest)
        bundle.reproduce_self_test()
        return bundle

    @property
    def threshold(self) -> float:
        """The decision threshold: the positive class is called at this probability or more."""
        return self.manifest.threshold.value

    @property
    def version(self) -> str:
        """Name of this version."""
        return self.manifest.version

    @property
    def median_row(self) -> list[float]:
        """Feature values of the median training row, each feature on its own."""
        return [feature.median for feature in self.manifest.features]

    @cached_property
    def probability_key(self) -> str:
        """What a reply calls the probability of the positive class."""
        return self.manifest.probability_key

    @cached_property
    def observed(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """The smallest and the largest value of each feature in training."""
        features = self.manifest.features
        return tuple(feature.min for feature in features), tuple(feature.max for feature in features)

    @cached_property
    def sha256(self) -> str:
        """Digest of the manifest, which holds the digests of all other files."""
        return sha256_of(encode_manifest(self.manifest))

    @cached_property
    def pipeline(self) -> Any:
        """The fitted scikit-learn pipeline, loaded without unpickling and held to the self-test."""
        pipeline = load_pipeline(_read_checked(self.directory, self.manifest, PIPELINE), str(self.directory / PIPELINE))
        self.reproduce_self_test(PipelineScorer(pipeline))
        return pipeline

    @cached_property
    def filling(self) -> tuple[float, ...] | None:
        """What the pipeline puts in place of a missing value of each feature; None if it takes complete rows only."""
        stored = _read_checked(self.directory, self.manifest, PIPELINE)
        return filling_of(self.pipeline, len(self.manifest.features)) if may_impute(stored) else None

    @cached_property
    def out_of_fold(self) -> OutOfFold:
        """The out-of-fold rows, oldest first."""
        table = self._read_table(OUT_OF_FOLD)
        return OutOfFold(
            day=days_in(table["day"]),
            ticker=texts_in(table["ticker"]),
            y_true=numbers_in(table["y_true"]).astype(np.int64),
            y_score=numbers_in(table["p"]),
            fold=numbers_in(table["fold"]).astype(np.int64),
            next_day_return=numbers_in(table["next_day_return"]),
        )

    @cached_property
    def reference(self) -> Reference:
        """The training rows, and each ticker's latest row."""
        table = self._read_table(REFERENCE)
        *features, target = _stored_names(self.manifest)
        return Reference(
            day=days_in(table["day"]),
            ticker=texts_in(table["ticker"]),
            X=np.column_stack([numbers_in(table[name]) for name in features]),
            y=numbers_in(table[target]),
            next_day_return=numbers_in(table["next_day_return"]),
        )

    def _read_table(self, name: str) -> "pa.Table":
        return read_parquet(_read_checked(self.directory, self.manifest, name))

    @cached_property
    def _self_test(self) -> tuple[FloatArray, FloatArray]:
        """Rows, shape (n, features), and the probabilities they had when the bundle was written."""
        test = json.loads(_read_checked(self.directory, self.manifest, SELF_TEST))
        return np.asarray(test["rows"], dtype=np.float64), np.asarray(test["probabilities"])

    def reproduce_self_test(self, scorer: Scorer | None = None) -> None:
        """Hold *scorer*, by default the bundle's own, to the probabilities the bundle was published with.

        Raises
        ------
        SelfTestError
            It gives others.
        """
        rows, expected = self._self_test
        found = (scorer or self.scorer).many(rows)
        worst = float(np.max(np.abs(found - expected)))
        if not worst <= SELF_TEST_TOLERANCE:
            msg = (
                f"{self.directory} does not reproduce its own probabilities: off by {worst:.3g} on its self-test rows,"
                f" {SELF_TEST_TOLERANCE:g} is allowed. Install the recorded package versions, or retrain."
            )
            raise SelfTestError(msg)


def _read_checked(directory: Path, manifest: Manifest, name: str) -> bytes:
    """Return the bytes of one file of a bundle if they are the ones it was written with."""
    path = directory / name
    try:
        data = path.read_bytes()
    except OSError as error:
        msg = f"{path} cannot be read ({error.strerror}). Restore the file, or retrain."
        raise BundleIntegrityError(msg) from error
    found, expected = sha256_of(data), manifest.files.get(name)
    if found != expected:
        msg = (
            f"{path} is not the file this bundle was written with: sha256 {found[:12]}… found,"
            f" {expected[:12] + '…' if expected else 'no such file'} expected. Restore the file, or retrain."
        )
        raise BundleIntegrityError(msg)
    return data


def _check_packages(manifest: Manifest, directory: Path) -> None:
    installed = installed_packages()
    different = [
        f"{name} {recorded} (installed: {installed.get(name, 'none')})"
        for name in CHECKED_PACKAGES
        if _minor(recorded := manifest.packages.get(name, "none")) != _minor(installed.get(name, "none"))
    ]
    if different:
        msg = (
            f"{directory} was written with {', '.join(different)}."
            " Install the recorded versions (requirements.lock), or retrain."
        )
        raise BundlePackagesError(msg)


def _minor(version: str) -> list[str]:
    return version.split(".")[:2]


def installed_packages() -> dict[str, str]:
    """Return the installed version of each of `CHECKED_PACKAGES`, where there is one."""
    found = {}
    for name in CHECKED_PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def write_bundle(parent: Path, draft: BundleDraft) -> Path:
    """Write *draft* as a new version below *parent* and return its folder.

    Everything is written and opened again in a temporary sibling first, then renamed; equal content
    has an equal name, and a version that is there already is left as it is.
    """
    contents: dict[str, Callable[[], bytes]] = {
        PIPELINE: lambda: dump_pipeline(draft.pipeline),
        OUT_OF_FOLD: lambda: _parquet(_out_of_fold_columns(draft.out_of_fold)),
        REFERENCE: lambda: _parquet(_reference_columns(draft.reference, draft.manifest)),
        SELF_TEST: lambda: _self_test(draft),
    }
    hashes = {}
    with new_folder(parent) as folder:
        # One after another: with many rows each of them is a large part of all memory.
        for name, made in contents.items():
            data = made()
            hashes[name] = sha256_of(data)
            write_file(folder / name, data)
        unnamed = msgspec.structs.replace(draft.manifest, version="", files=hashes)
        version = version_of(msgspec.to_builtins(unnamed))
        write_file(folder / MANIFEST, encode_manifest(msgspec.structs.replace(unnamed, version=version)))
        # Opening the pipeline holds scikit-learn's own answer, not only the folded weights, to the self-test.
        _ = Bundle.load(folder).pipeline
        return settle_folder(folder, version)


def _self_test(draft: BundleDraft) -> bytes:
    probabilities = PipelineScorer(draft.pipeline).many(draft.self_test_rows)
    record = {"rows": draft.self_test_rows.tolist(), "probabilities": probabilities.tolist()}
    return json.dumps(record, indent=1).encode()


def _out_of_fold_columns(rows: OutOfFold) -> dict[str, NDArray[Any]]:
    return {
        "day": rows.day,
        "ticker": rows.ticker,
        "y_true": rows.y_true.astype(np.int8),
        "p": rows.y_score,
        "fold": rows.fold.astype(np.int16),
        "next_day_return": rows.next_day_return,
    }


def _stored_names(manifest: Manifest) -> list[str]:
    """Return what the columns of features and target are called in reference.parquet, where some names are taken."""
    names = [f"feature {name}" if name in _OWN_COLUMNS else name for name in manifest.feature_names]
    column = manifest.target.column
    return [*names, f"target {column}" if column in {*_OWN_COLUMNS, *names} else column]


def _reference_columns(rows: Reference, manifest: Manifest) -> dict[str, NDArray[Any]]:
    *names, target = _stored_names(manifest)
    features = {name: rows.X[:, column] for column, name in enumerate(names)}
    outcome = {target: rows.y, "next_day_return": rows.next_day_return}
    return {"day": rows.day, "ticker": rows.ticker} | features | outcome


def _parquet(columns: Mapping[str, NDArray[Any]]) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    buffer = io.BytesIO()
    # Nearly every number with a fraction is another: looking for those that come again takes as long as the rest.
    again = [name for name, values in columns.items() if values.dtype.kind != "f"]
    pq.write_table(pa.table(dict(columns)), buffer, compression="zstd", use_dictionary=again)
    return buffer.getvalue()
