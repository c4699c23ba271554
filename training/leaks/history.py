"""What only bars can tell: whether a feature changes when the future is cut off, or the past."""

from collections.abc import Sequence

from model.bars import WARM_UP_ROWS, Bars
from model.manifest import Check
from training.feature_history import WARM_UP_TOLERANCE, Builder, moved_by_the_future, moved_by_the_start
from training.leaks.subject import Finding, listed


def prefix_invariance(bars: Bars, build: Builder, names: Sequence[str]) -> Finding:
    """Cut the future off at several rows of each ticker: no feature value before the cut may change."""
    X = build(bars)
    changed, cuts = moved_by_the_future(bars, X, build)
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
    worst = moved_by_the_start(bars, X, build)
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
