"""What a new version of a model changes against an old one: rows, features, weights, and calls on shared rows."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.bars import FloatArray
from model.bundle import Bundle
from model.dataset import blocks_of
from model.manifest import Layout, LinearWeights, TrainedOn
from training.drift import FEWEST_UNITS, BoolArray, FeatureDrift, Panel, feature_drift
from training.shared_rows import SharedRows, of_same_data, shared_by_values, shared_rows

# Rows that have nothing in common are thinned to so many where there are more: it costs less, and is as good.
MOST_ROWS = 5000


@dataclass(frozen=True, slots=True)
class _TrainingRows:
    """The rows a version was trained on, of some of its features."""

    day: NDArray[np.datetime64]
    ticker: NDArray[np.str_]
    X: FloatArray
    layout: Layout


@dataclass(frozen=True, slots=True)
class RowsChange:
    """The training rows of two versions, and how many of them both know.

    `revised` counts the shared rows of which a feature that both versions have is another now.
    """

    old: TrainedOn
    new: TrainedOn
    shared: int
    revised: int

    @property
    def groups_added(self) -> tuple[str, ...]:
        """Groups that only the new version was trained on."""
        return _only_in(self.new, self.old)

    @property
    def groups_dropped(self) -> tuple[str, ...]:
        """Groups that only the old version was trained on."""
        return _only_in(self.old, self.new)


@dataclass(frozen=True, slots=True)
class Drift:
    """Drift of the features that both versions have, over `units` days, groups or rows; or why there is none."""

    features: tuple[FeatureDrift, ...]
    units: int
    why_not: str = ""

    @property
    def told_apart(self) -> tuple[FeatureDrift, ...]:
        """The features that have drifted further than chance would have it."""
        return tuple(feature for feature in self.features if feature.told_apart)


def _only_in(these: TrainedOn, those: TrainedOn) -> tuple[str, ...]:
    there = {span.ticker for span in those.tickers}
    return tuple(span.ticker for span in these.tickers if span.ticker not in there)


@dataclass(frozen=True, slots=True)
class WeightChange:
    """The weight of one feature, in log-odds for one standard deviation of the old version's training rows."""

    name: str
    old: float
    new: float

    @property
    def change(self) -> float:
        """New less old."""
        return self.new - self.old


@dataclass(frozen=True, slots=True)
class CallChange:
    """Probabilities and calls of two versions on the training rows both know, each at its own threshold.

    Both have seen these rows, or most of them: what they say of them tells how alike the versions are, not how good.
    `gained` counts the rows that only the new version calls, `lost` those that only the old one does.
    """

    rows: int
    old_calls: int
    new_calls: int
    gained: int
    lost: int
    mean_move: float
    largest_move: float

    @property
    def differ(self) -> int:
        """How many of the rows are called otherwise now."""
        return self.gained + self.lost


@dataclass(frozen=True, slots=True)
class VersionDifferences:
    """All that a new version changes against an old one; `weights` and `calls` are None where nothing can be said."""

    rows: RowsChange
    features_added: tuple[str, ...]
    features_dropped: tuple[str, ...]
    drift: Drift
    weights: tuple[WeightChange, ...] | None
    calls: CallChange | None


def version_differences(new: Bundle, old: Bundle, *, seed: int = 0) -> VersionDifferences:
    """Return what *new* changes against *old*; *seed* is that of the shuffles behind the drift of unordered rows."""
    names, old_names = new.manifest.feature_names, old.manifest.feature_names
    both = tuple(name for name in old_names if name in names)
    now, was = _rows_of(new, both), _rows_of(old, both)
    shared = shared_rows(now, was, same_data=of_same_data(new, old))
    if shared is None:
        shared = shared_by_values(now.X, was.X)
    revised = int(np.sum(np.any(_differ(now.X[shared.new], was.X[shared.old]), axis=1)))
    return VersionDifferences(
        rows=RowsChange(old.manifest.trained_on, new.manifest.trained_on, len(shared), revised),
        features_added=tuple(name for name in names if name not in old_names),
        features_dropped=tuple(name for name in old_names if name not in names),
        drift=_drift(now, was, both, shared, seed),
        weights=_weights(new, old, both),
        calls=_calls(new, old, shared),
    )


def _rows_of(bundle: Bundle, names: tuple[str, ...]) -> _TrainingRows:
    """Return the rows the bundle was trained on: those of the reference whose outcome is known."""
    reference = bundle.reference
    known = ~np.isnan(reference.y)
    columns = [bundle.manifest.feature_names.index(name) for name in names]
    X = _known_rows(bundle)[:, columns]
    return _TrainingRows(reference.day[known], reference.ticker[known], X, bundle.manifest.layout)


def _known_rows(bundle: Bundle) -> FloatArray:
    return bundle.reference.X[~np.isnan(bundle.reference.y)]


def _differ(a: FloatArray, b: FloatArray) -> BoolArray:
    return ~np.isclose(a, b, rtol=1e-9, atol=1e-12, equal_nan=True)


def _drift(now: _TrainingRows, was: _TrainingRows, names: tuple[str, ...], shared: SharedRows, seed: int) -> Drift:
    """Compare the features of two sets of training rows, of the groups both know, where chance can be judged."""
    if not names:
        return Drift((), 0, "the two versions have no feature in common")
    if now.layout != was.layout:
        return Drift((), 0, "the rows of the two versions are not laid out alike")
    panel = _panel(now, was, shared)
    units = len(panel.in_old)
    if not units:
        return Drift((), 0, f"the two versions have no {now.layout.group} in common")
    noun = "days" if now.layout.time else "groups" if now.layout.group else "rows"
    if not panel.has_moved:
        return Drift((), units, f"both versions know the same {units:,} {noun}")
    if units < FEWEST_UNITS:
        return Drift((), units, f"{units:,} {noun} are too few to tell drift from chance: it takes {FEWEST_UNITS}")
    return Drift(feature_drift(panel, names, seed=seed), units)


def _panel(now: _TrainingRows, was: _TrainingRows, shared: SharedRows) -> Panel:
    """Return all rows of two versions, each once; of groups over time only those that both know."""
    layout = now.layout
    in_new, in_old = np.ones(len(now.day), dtype=np.bool_), np.ones(len(was.day), dtype=np.bool_)
    if layout.time and layout.group:
        both = np.intersect1d(now.ticker, was.ticker)
        in_new, in_old = np.isin(now.ticker, both), np.isin(was.ticker, both)
    only_old = in_old.copy()
    only_old[shared.old] = False
    X = np.concatenate([now.X[in_new], was.X[only_old]])
    if not layout.time and not layout.group:
        known_to_old = np.zeros(len(now.day), dtype=np.bool_)
        known_to_old[shared.new] = True
        of_old = np.concatenate([known_to_old, np.ones(int(only_old.sum()), dtype=np.bool_)])
        of_new = np.arange(len(X)) < len(now.day)
        thin = slice(None, None, -(-len(X) // MOST_ROWS) or 1)
        return Panel(X[thin], np.arange(len(X[thin])), of_old[thin], of_new[thin], ordered=False)
    block_new, block_old = blocks_of(now, layout)[in_new], blocks_of(was, layout)
    units, unit = np.unique(np.concatenate([block_new, block_old[only_old]]), return_inverse=True)
    return Panel(X, unit, np.isin(units, block_old[in_old]), np.isin(units, block_new), ordered=layout.time is not None)


def _weights(new: Bundle, old: Bundle, names: tuple[str, ...]) -> tuple[WeightChange, ...] | None:
    """Return the weights of the features both have, None where a version has none to show."""
    now, was = new.manifest.scorer, old.manifest.scorer
    if not isinstance(now, LinearWeights) or not isinstance(was, LinearWeights):
        return None
    weight_now = dict(zip(new.manifest.feature_names, now.weights, strict=True))
    weight_was = dict(zip(old.manifest.feature_names, was.weights, strict=True))
    sd = {feature.name: feature.sd for feature in old.manifest.features}
    return tuple(WeightChange(name, weight_was[name] * sd[name], weight_now[name] * sd[name]) for name in names)


def _calls(new: Bundle, old: Bundle, shared: SharedRows) -> CallChange | None:
    """Let both versions answer the rows both know; None where there is none, or they answer another question."""
    if not len(shared) or new.manifest.target != old.manifest.target:
        return None
    now, was = (
        np.asarray(bundle.scorer.many(_known_rows(bundle)[rows]))
        for bundle, rows in ((new, shared.new), (old, shared.old))
    )
    called_now, called_was = now >= new.threshold, was >= old.threshold
    return CallChange(
        rows=len(shared),
        old_calls=int(called_was.sum()),
        new_calls=int(called_now.sum()),
        gained=int(np.sum(called_now & ~called_was)),
        lost=int(np.sum(called_was & ~called_now)),
        mean_move=float(np.abs(now - was).mean()),
        largest_move=float(np.abs(now - was).max()),
    )
