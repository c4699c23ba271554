"""The pipelines that compete, baseline first, and how a linear one is folded into weights."""

from typing import Any

from model.manifest import LinearWeights, WholePipeline


def baseline() -> Any:
    """Return StandardScaler → LogisticRegression, unfitted.

    The default solver, lbfgs, stops early on features of such different scales; newton-cholesky
    at this tolerance reaches the optimum, so the same rows always give the same weights.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(StandardScaler(), LogisticRegression(solver="newton-cholesky", tol=1e-8))


def scorer_of(pipeline: Any) -> LinearWeights | WholePipeline:
    """Return how a fitted pipeline is scored: folded weights in original units if it is linear."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    steps = [step for _, step in pipeline.steps]
    if [type(step) for step in steps] != [StandardScaler, LogisticRegression]:
        return WholePipeline()
    scaler, regression = steps
    weights = regression.coef_[0] / scaler.scale_
    intercept = float(regression.intercept_[0] - weights @ scaler.mean_)
    return LinearWeights(intercept=intercept, weights=weights.tolist())
