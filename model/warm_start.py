"""Walk-forward fits of a logistic regression, each begun where the one before ended.

From one fold to the next a window changes by few of its rows, and the coefficients by less: two passes
over the rows settle what a fit from nothing takes several copies and passes to find.
"""

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import ThreadpoolController

from model.bars import FloatArray

# Below this a fit from nothing takes no time, and gives what scikit-learn gives to the last digit.
FEWEST_ROWS = 100_000
# Of the coefficients of standardised features; what remains to go after a step is less than this.
TOLERANCE = 1e-9
MOST_PASSES = 20
# As many as stay near the processor.
_ROWS_AT_ONCE = 4096
_ROWS_A_PIECE = 16 * _ROWS_AT_ONCE

# Where steps shrink by less than this, the Hessian is worth finding anew.
_SLOW = 0.1
# Of its mean: a feature that varies less is constant but for rounding.
_LEAST_SPREAD = 1e-9

IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]


Ranges = list[tuple[int, int]]
Fit = tuple[float, list[float]]


def penalty_of(pipeline: Any) -> float | None:
    """Return 1 / C if *pipeline* is one whose optimum is found here, else None.

    That is StandardScaler, then LogisticRegression with an intercept, the usual penalty and equal weights.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    steps = [step for _, step in getattr(pipeline, "steps", [])]
    if [type(step) for step in steps] != [StandardScaler, LogisticRegression]:
        return None
    free = ("C", "solver", "tol", "max_iter", "n_jobs", "verbose", "random_state", "warm_start")
    plain = all(
        value == default
        for step in steps
        for name, default in type(step)().get_params().items()
        if name not in free
        for value in [step.get_params()[name]]
    )
    exact = steps[1].get_params()["solver"] == "newton-cholesky"
    return 1.0 / steps[1].C if plain and exact else None


class WarmStart:
    """Rows made ready once for the fits of a walk, whatever the target. Make one with `prepare`."""

    def __init__(
        self, design: FloatArray, order: IntArray, windows: list[Ranges], centre: FloatArray, spread: FloatArray
    ) -> None:
        self._design, self._order, self._windows = design, order, windows
        self._centre, self._spread = centre, spread

    @classmethod
    def prepare(cls, X: FloatArray, trains: Sequence[BoolArray]) -> "WarmStart | None":
        """Make rows ready for fits on each of *trains*: masks over rows, oldest first, that grow or move on.

        None where a row leaves and comes back, or a feature lacks a value or does not vary: that is left to
        scikit-learn.
        """
        found = _by_membership(np.stack(trains))
        if found is None:
            return None
        order, windows = found
        design = np.ones((len(order), X.shape[1] + 1))
        # "clip": every row is there, and "raise" would go by way of a copy.
        np.take(X, order, axis=0, out=design[:, 1:], mode="clip")
        # In place: a second array of this size is what the most memory would go to.
        features = design[:, 1:]
        centre = features.mean(axis=0)
        features -= centre
        spread = np.sqrt(np.einsum("ij,ij->j", features, features) / len(order))
        # NaN fails the comparison too.
        if not (spread > _LEAST_SPREAD * np.abs(centre)).all():
            return None
        features /= spread
        return cls(design, order, windows, centre, spread)

    def fits(self, y: IntArray, penalty: float) -> Iterator[Fit | None]:
        """Yield intercept and weights, in original units, fitted to *y* on each window.

        None is for a fit that does not settle; it too is left to scikit-learn.
        """
        likelihood = _Likelihood(self._design, y[self._order].astype(np.float64))
        beta = np.zeros(self._design.shape[1])
        for window in self._windows:
            # The penalty is on the weights of features scaled by the window's own deviations.
            ridge = np.r_[0.0, penalty * likelihood.variances(window)]
            found = _optimum(likelihood, window, ridge, beta)
            if found is None:
                yield None
                continue
            beta = found
            weights = beta[1:] / self._spread
            yield float(beta[0] - weights @ self._centre), weights.tolist()


def _by_membership(trains: BoolArray) -> tuple[IntArray, list[Ranges]] | None:
    """Return an order of rows in which every window is a few ranges, and those ranges."""
    n_windows = len(trains)
    joins, count = trains.argmax(axis=0), trains.sum(axis=0)
    leaves = n_windows - trains[::-1].argmax(axis=0)
    used = count > 0
    if not np.array_equal(leaves[used] - joins[used], count[used]):
        return None
    # Small whole numbers are sorted several times faster.
    kind = np.int16 if (n_windows + 1) ** 2 <= np.iinfo(np.int16).max else np.int32
    span = np.where(used, joins * (n_windows + 1) + leaves, (n_windows + 1) ** 2).astype(kind)
    order = np.argsort(span, kind="stable")[: int(used.sum())]
    spans, starts = np.unique(span[order], return_index=True)
    stops = np.r_[starts[1:], len(order)]
    windows: list[Ranges] = []
    for number in range(n_windows):
        inside = (spans // (n_windows + 1) <= number) & (number < spans % (n_windows + 1))
        windows.append([(int(start), int(stop)) for start, stop in zip(starts[inside], stops[inside], strict=True)])
    return order, windows


def _optimum(likelihood: "_Likelihood", window: Ranges, ridge: FloatArray, beta: FloatArray) -> FloatArray | None:
    """Newton's method from *beta*, with one Hessian for as long as it serves; None where it does not settle."""
    hessian, before = None, 0.0
    for _ in range(MOST_PASSES):
        gradient, found = likelihood.derivatives(window, beta, with_hessian=hessian is None)
        hessian = found + np.diag(ridge) if hessian is None else hessian
        try:
            step = np.linalg.solve(hessian, gradient + ridge * beta)
        except np.linalg.LinAlgError:
            return None
        beta = beta - step
        size = float(np.max(np.abs(step)))
        shrink = size / before if before else 1.0
        # Steps shrink faster and faster, so the next one is smaller than this.
        if size * min(shrink, 1.0) < TOLERANCE:
            return beta
        if shrink > _SLOW and before:
            hessian = None
        before = size
    return None


class _Likelihood:
    """Derivatives of the log loss summed over ranges of rows; all processors work, in an order that is fixed."""

    def __init__(self, design: FloatArray, y: FloatArray) -> None:
        self._design, self._y = design, y
        self._libraries = ThreadpoolController()
        self._moments: dict[tuple[int, int], tuple[FloatArray, FloatArray]] = {}

    def variances(self, window: Ranges) -> FloatArray:
        """Return the variance of each feature over *window*."""
        for start, stop in window:
            if (start, stop) not in self._moments:
                rows = self._design[start:stop, 1:]
                self._moments[start, stop] = rows.sum(axis=0), np.einsum("ij,ij->j", rows, rows)
        sums, squares = (np.sum([self._moments[piece][i] for piece in window], axis=0) for i in (0, 1))
        n_rows = sum(stop - start for start, stop in window)
        return np.asarray(squares / n_rows - (sums / n_rows) ** 2)

    def derivatives(self, window: Ranges, beta: FloatArray, *, with_hessian: bool) -> tuple[FloatArray, FloatArray]:
        """Return the gradient at *beta*, and the Hessian if asked for, else zeros."""

        def of_piece(first: int, last: int) -> tuple[FloatArray, FloatArray]:
            gradient, hessian = np.zeros(len(beta)), np.zeros((len(beta), len(beta)))
            # Room that is used again: to ask for it anew at every block took longer than the sums.
            weighted = np.empty((_ROWS_AT_ONCE, len(beta))) if with_hessian else None
            for start in range(first, last, _ROWS_AT_ONCE):
                stop = min(start + _ROWS_AT_ONCE, last)
                rows = self._design[start:stop]
                p = np.negative(rows @ beta)
                with np.errstate(over="ignore"):
                    np.exp(p, out=p)
                p += 1.0
                np.reciprocal(p, out=p)
                gradient += (p - self._y[start:stop]) @ rows
                if weighted is not None:
                    p *= 1.0 - p
                    np.multiply(rows, p[:, None], out=weighted[: len(rows)])
                    hessian += weighted[: len(rows)].T @ rows
            return gradient, hessian

        pieces = [
            (first, min(first + _ROWS_A_PIECE, stop))
            for start, stop in window
            for first in range(start, stop, _ROWS_A_PIECE)
        ]
        # The threads of the linear algebra library would stand in the way of these.
        with self._libraries.limit(limits=1, user_api="blas"), ThreadPoolExecutor(os.cpu_count()) as pool:
            parts = list(pool.map(lambda piece: of_piece(*piece), pieces))
        return np.sum([g for g, _ in parts], axis=0), np.sum([h for _, h in parts], axis=0)
