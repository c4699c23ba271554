"""What only bars can tell: whether a feature changes when the future is cut off, or the past."""

from collections.abc import Callable, Sequence

import numpy as np

from model.bars import WARM_UP_ROWS, Bars, BoolArray, FloatArray
from model.manifest import Check
from training.leaks.subject import Finding, listed
from training.table import WARM_UP_TOLERANCE

Builder = Callable[[Bars], FloatArray]


def prefix_invariance(bars: Bars, build: Builder, names: Sequence[str]) -> Finding:
    """Cut the future off at several rows of each ticker: no feature value before the cut may change."""
    X = build(bars)
    changed, cuts = np.zeros(X.shape[1], dtype=np.int64), 0
    for _, rows in bars.segments():
        n_rows = rows.stop - rows.start
        for cut in (n_rows // 4, n_rows // 2, n_rows - 1):
            past = slice(rows.start, rows.start + cut)
            changed += np.sum(_differs(build(bars.take(past)), X[past]), axis=0)
            cuts += 1
    columns = tuple(name for name, count in zip(names, changed, strict=True) if count)
    where = f" Changed: {listed(columns)}." if columns else ""
    return Finding(
        check=Check(
            name="prefix_invariance",
            assumption="No feature looks into the future.",
            passed=not columns,
            finding=f"Cutting the future off at {cuts} places changed {changed.sum():,} feature values.{where}",
        ),
        remedy="Compute these from rows up to their own: no centred window, no mean or deviation over all rows.",
        columns=columns,
    )


def warm_up(bars: Bars, build: Builder, names: Sequence[str]) -> Finding:
    """Start each history later: after the warm-up, feature values must be the same again."""
    X = build(bars)
    worst = np.zeros(X.shape[1])
    for _, rows in bars.segments():
        late = slice(rows.start + WARM_UP_ROWS, rows.stop)
        settled = slice(late.start + WARM_UP_ROWS, rows.stop)
        if settled.stop - settled.start < 2:
            continue
        spread = np.nanstd(X[rows], axis=0)
        difference = np.abs(build(bars.take(late))[WARM_UP_ROWS:] - X[settled])
        usable = spread > 0
        of_spread = np.nanmax(difference[:, usable], axis=0, initial=0.0) / spread[usable]
        worst[usable] = np.maximum(worst[usable], of_spread)
    columns = tuple(name for name, moved in zip(names, worst, strict=True) if moved >= WARM_UP_TOLERANCE)
    where = f" Most: {listed(columns)}." if columns else ""
    return Finding(
        check=Check(
            name="warm_up",
            assumption=f"After {WARM_UP_ROWS} days a feature no longer depends on where the history starts.",
            passed=not columns,
            finding=(
                f"Starting {WARM_UP_ROWS} days later changed a settled value by at most {worst.max():.4f} standard"
                f" deviations; less than {WARM_UP_TOLERANCE} was required.{where}"
            ),
        ),
        remedy="Use windows of a fixed length, not running totals or means from the first row on.",
        columns=columns,
    )


def _differs(one: FloatArray, other: FloatArray) -> BoolArray:
    return np.asarray((one != other) & ~(np.isnan(one) & np.isnan(other)))
