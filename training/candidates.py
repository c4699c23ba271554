"""The pipelines that compete, baseline first."""

from typing import Any


def baseline() -> Any:
    """Return StandardScaler → LogisticRegression, unfitted.

    The default solver, lbfgs, stops early on features of such different scales; newton-cholesky
    at this tolerance reaches the optimum, so the same rows always give the same weights.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(StandardScaler(), LogisticRegression(solver="newton-cholesky", tol=1e-8))
