"""The schema of manifest.json: everything a bundle says about itself.

To change it: add or alter a field below, raise `SCHEMA_VERSION` when older code could misread the
result, and retrain. A bundle of a newer schema is refused with a message; older schemas are not read.
"""

import hashlib
import json
import re
from typing import Any, Literal

import msgspec

from model.errors import BundleFormatError

SCHEMA_VERSION = 1

# What does not count as content: when a bundle was made, and the name made from the content.
_OUTSIDE_THE_DIGEST = ("created", "version")


class _Strict(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A part of the manifest: immutable, and no field may be missing or unknown."""


class Histogram(_Strict, frozen=True):
    """Counts of the training values between consecutive edges (one edge more than counts)."""

    edges: list[float]
    counts: list[int]


class FeatureSpec(_Strict, frozen=True):
    """One feature: its words, how its values are written, and the values seen in training.

    Everything numeric is in original units; a page shows value × display_factor with `decimals`
    decimals and `unit`. `hard_minimum` and `hard_maximum` are what the definition allows.
    """

    name: str
    label: str
    group: str
    unit: str
    description: str
    decimals: int
    display_factor: float
    hard_minimum: float | None
    hard_maximum: float | None
    min: float
    p1: float
    p5: float
    median: float
    p95: float
    p99: float
    max: float
    mean: float
    sd: float
    histogram: Histogram


class TickerSpan(_Strict, frozen=True):
    """How much of one ticker was used."""

    ticker: str
    rows: int
    first_day: str
    last_day: str


class Exclusion(_Strict, frozen=True):
    """A ticker that was read but not used, and why."""

    ticker: str
    reason: str


class TrainedOn(_Strict, frozen=True):
    """The rows behind the bundle; days are ISO dates."""

    file: str
    sha256: str
    adjustment: str
    rows: int
    first_day: str
    last_day: str
    tickers: list[TickerSpan]
    excluded: list[Exclusion]
    warnings: list[str]


class Target(_Strict, frozen=True):
    """What is predicted: the 0/1 column, the name of its 1, and the question in words."""

    column: str
    positive_class: str
    horizon: int
    question: str
    description: str


class Layout(_Strict, frozen=True, omit_defaults=True):
    """How the rows of a table are laid out.

    `time` and `group` name the columns of days and of what the rows belong to, None where there is none;
    `returns` says whether a call earns a return that is known for each row; `folds` is how the rows were
    split to be judged. What is not given is as in the shipped example, and not written.
    """

    time: str | None = "day"
    group: str | None = "ticker"
    returns: bool = True
    folds: Literal["walk-forward", "stratified", "grouped"] = "walk-forward"


MARKET = Layout()


class Costs(_Strict, frozen=True):
    """What a choice of threshold took calls to cost: the kind of costs in words, and each number by its name."""

    kind: str
    numbers: dict[str, float]


class Threshold(_Strict, frozen=True, omit_defaults=True):
    """The decision threshold (call the positive class at this probability or more) and its origin.

    `costs`, `reason` and `chosen_by` are those of a choice made on rows that were looked at; what is not given is not
    written either, so a manifest from before there were any keeps its bytes and its name.
    """

    value: float
    rule: str
    chosen_on: str
    costs: Costs | None = None
    reason: str = ""
    chosen_by: str = ""


class Interval(_Strict, frozen=True):
    """A 95 % interval."""

    low: float
    high: float


class Baseline(_Strict, frozen=True):
    """What needs no model, on the same rows; `difference` is model minus baseline."""

    name: str
    value: float
    difference: float
    interval: Interval


class Metric(_Strict, frozen=True):
    """One figure over the out-of-fold rows, with its interval and what it is compared with."""

    name: str
    label: str
    value: float
    interval: Interval
    better: Literal["higher", "lower", "neither"]
    baselines: list[Baseline]
    n: int
    days: int
    first_day: str
    last_day: str


class CalibrationBin(_Strict, frozen=True):
    """Rows of similar probability: the mean probability said, and the share that came true."""

    low: float
    high: float
    n: int
    mean_probability: float
    observed: float
    interval: Interval


class Verdict(_Strict, frozen=True):
    """What the metrics come to."""

    outcome: Literal["better", "not distinguishable", "worse"]
    headline: str
    sentence: str


class Check(_Strict, frozen=True):
    """An assumption, the check that tested it, and what came out."""

    name: str
    assumption: str
    passed: bool
    finding: str


class Fold(_Strict, frozen=True):
    """One walk-forward fold; `base_rate` is the share of positives in its training rows."""

    fold: int
    train_first_day: str
    train_last_day: str
    train_rows: int
    test_first_day: str
    test_last_day: str
    test_rows: int
    base_rate: float


class LinearWeights(_Strict, frozen=True, tag_field="kind", tag="linear"):
    """A linear pipeline folded into original units: p = 1 / (1 + exp(-(intercept + weights · x)))."""

    intercept: float
    weights: list[float]


class WholePipeline(_Strict, frozen=True, tag_field="kind", tag="pipeline"):
    """A pipeline that only scikit-learn can score."""


class Manifest(_Strict, frozen=True, omit_defaults=True):
    """manifest.json, whole; a part added later is not written where it says nothing: older bytes stay as they are."""

    schema_version: int
    name: str
    version: str
    created: str
    trained_on: TrainedOn
    target: Target
    features: list[FeatureSpec]
    threshold: Threshold
    metrics: list[Metric]
    calibration: list[CalibrationBin]
    verdict: Verdict
    checks: list[Check]
    folds: list[Fold]
    settings: dict[str, str | int | float | None]
    packages: dict[str, str]
    scorer: LinearWeights | WholePipeline
    files: dict[str, str]
    layout: Layout = MARKET

    def metric(self, name: str) -> Metric:
        """Return the metric called *name*."""
        return next(metric for metric in self.metrics if metric.name == name)

    @property
    def feature_names(self) -> tuple[str, ...]:
        """Feature names in the order the pipeline takes them."""
        return tuple(feature.name for feature in self.features)

    @property
    def probability_key(self) -> str:
        """What a reply calls the probability of the positive class, `p_up` for the class `up`."""
        return f"p_{self.target.positive_class}"


def encode_manifest(manifest: Manifest) -> bytes:
    """Return the bytes of manifest.json; the same manifest always gives the same bytes."""
    return msgspec.json.format(msgspec.json.encode(manifest, order="deterministic"), indent=1) + b"\n"


def decode_manifest(data: bytes, source: str) -> Manifest:
    """Read manifest.json, checking its schema version, its digest and every field.

    Raises
    ------
    BundleFormatError
        The bytes are no manifest of a schema this code reads, or were changed since they were written.
    """
    try:
        raw = json.loads(data)
    except ValueError as error:
        msg = f"{source} is not readable JSON ({error}). Restore the file, or retrain."
        raise BundleFormatError(msg) from error
    schema = raw.get("schema_version") if isinstance(raw, dict) else None
    if schema != SCHEMA_VERSION:
        msg = (
            f"{source} holds a bundle of schema {schema!r}; this code reads schema {SCHEMA_VERSION}."
            " Use the code that wrote it, or retrain with this one."
        )
        raise BundleFormatError(msg)
    try:
        manifest = msgspec.convert(raw, Manifest)
    except msgspec.ValidationError as error:
        msg = f"{source} is not a complete manifest: {error}. Restore the file, or retrain."
        raise BundleFormatError(msg) from error
    if manifest.version != version_of(raw):
        msg = (
            f"{source} was changed since it was written: its content is that of version {version_of(raw)},"
            f" and it says {manifest.version}. Restore the file, or retrain."
        )
        raise BundleFormatError(msg)
    return manifest


def version_of(raw: dict[str, Any]) -> str:
    """Name a manifest for its content: the last training day (else the model), and a digest."""
    content = {key: value for key, value in raw.items() if key not in _OUTSIDE_THE_DIGEST}
    digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
    begin = raw["trained_on"]["last_day"] or re.sub(r"[^a-z0-9]+", "-", raw["name"].lower()).strip("-") or "model"
    return f"{begin}-{digest[:12]}"
