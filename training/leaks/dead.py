"""Features that say nothing, or what another says already."""

from collections.abc import Sequence

import numpy as np

from model.any_rows import filled
from model.bars import BoolArray, FloatArray
from model.manifest import Check
from training.leaks.subject import Finding, Subject, listed

# Correlations this near to 1 differ from it by rounding only.
ROUNDING = 1e-12


def dead_features(subject: Subject, left_out: Sequence[str] = ()) -> Finding:
    """Every feature must vary, in the training rows of every fold too, and say something of its own.

    *left_out* are columns that reading left out, for they hold one value, none, or those of another.
    """
    X, names = subject.table.X, subject.names
    columns = list(left_out)
    said = [f"of one value, none, or those of another column, and left out: {listed(columns)}"] if columns else []
    empty = np.asarray(np.isnan(X).all(axis=0))
    constant = ~empty & _constant(X)
    in_folds = np.array([_constant(X[fold.train]) for fold in subject.folds])
    in_a_fold: BoolArray = ~empty & ~constant & np.asarray(in_folds.any(axis=0))
    for mask, words in (
        (empty, "without any value"),
        (constant, "constant"),
        (in_a_fold, "constant or empty in the training rows of a fold"),
    ):
        those = [name for name, hit in zip(names, mask, strict=True) if hit]
        columns += those
        said += [f"{words}: {listed(those)}"] if those else []
    alive = ~empty & ~constant
    for one, other, words in _pairs(X[:, alive]):
        pair = [name for name, kept in zip(names, alive, strict=True) if kept]
        said.append(f"{pair[other]} {words} {pair[one]}")
        columns.append(pair[other])
    return Finding(
        check=Check(
            name="dead_features",
            assumption="Every feature varies, and says something of its own.",
            passed=not said,
            finding="; ".join(said).capitalize() + "." if said else f"All {len(names)} do.",
        ),
        remedy="Leave these columns out, or mend what computes them; a copy splits its weight with the original.",
        columns=tuple(dict.fromkeys(columns)),
    )


def _constant(X: FloatArray) -> BoolArray:
    present = ~np.isnan(X)
    high, low = np.where(present, X, -np.inf).max(axis=0), np.where(present, X, np.inf).min(axis=0)
    return np.asarray(high <= low)


def _pairs(X: FloatArray) -> list[tuple[int, int, str]]:
    """Return each feature that is equal or proportional to an earlier one."""
    if X.shape[1] < 2:
        return []
    missing = np.isnan(X)
    full = filled(X)
    Z = (full - full.mean(axis=0)) / full.std(axis=0)
    alike = np.abs(Z.T @ Z / len(Z)) > 1 - ROUNDING
    found = []
    for other in range(1, X.shape[1]):
        for one in np.flatnonzero(alike[:other, other]).tolist():
            if np.array_equal(missing[:, one], missing[:, other]):
                equal = np.array_equal(full[:, one], full[:, other])
                found.append((one, other, "is equal to" if equal else "is a multiple of"))
                break
    return found
