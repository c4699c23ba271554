"""How unlike the training rows a combination of values is, whatever each value is on its own."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from model.bars import FloatArray

# Directions in which the training rows spread by less than this share of the widest one are collinear but for
# rounding; real features, with variance inflation in the hundreds, spread by 1e-3.
SMALLEST_VARIANCE = 1e-10

# Every percent, and every thousandth beyond 90 %: what is rare is told apart finely.
LEVELS = np.unique(np.round(np.concatenate([np.linspace(0, 1, 101), np.linspace(0.9, 1, 101)]), 6))


@dataclass(frozen=True, slots=True)
class Familiarity:
    """The training rows as a cloud: where its middle is, how it spreads, and how far out its rows lie.

    The distance of a row (Mahalanobis) is the length of `(row - center) @ factor`; `factor` times its own
    transpose is the pseudo-inverse of the covariance. `quantiles` are those of the training rows' distances
    at `LEVELS`, and `n` is how many there are.
    """

    n: int
    center: FloatArray
    factor: FloatArray
    quantiles: FloatArray

    def distances(self, X: FloatArray) -> FloatArray:
        """Return the distance of each row of *X* from the middle; infinite where floating point ends."""
        with np.errstate(over="ignore", invalid="ignore"):
            found = np.linalg.norm((X - self.center) @ self.factor, axis=1)
        return np.asarray(np.where(np.isnan(found), np.inf, found))

    def share_nearer(self, row: Sequence[float]) -> float:
        """Return the share of the training rows that lie nearer to the middle than *row*; 1 only beyond them all.

        Between the quantiles kept it is interpolated.
        """
        (distance,) = self.distances(np.asarray([row], dtype=np.float64)).tolist()
        # The furthest row itself must not count as beyond for a last digit.
        if distance > self.quantiles[-1] * (1 + 1e-9):
            return 1.0
        return min(float(np.interp(distance, self.quantiles, LEVELS)), 1 - 1 / self.n)


def familiarity(X: FloatArray) -> Familiarity:
    """Return how the rows of *X*, shape (rows, features), lie around their mean.

    A feature that never varies, and a combination of features that does not, say nothing of distance:
    the pseudo-inverse leaves them out.
    """
    center = X.mean(axis=0)
    sd = X.std(axis=0)
    scale = np.where(X.max(axis=0) > X.min(axis=0), sd, 1.0)
    # Of standardised values, so that what counts as no spread does not depend on the units.
    Z = (X - center) / scale
    variance, directions = np.linalg.eigh(Z.T @ Z / len(Z))
    spread = variance > SMALLEST_VARIANCE * max(variance[-1], SMALLEST_VARIANCE)
    factor = directions[:, spread] / np.sqrt(variance[spread]) / scale[:, None]
    cloud = Familiarity(len(X), center, factor, np.zeros(len(LEVELS)))
    return replace(cloud, quantiles=np.quantile(cloud.distances(X), LEVELS))
