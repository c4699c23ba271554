"""The candidates that compete: pipelines, baseline first, and rules that need no fit.

To add one, add its function and an entry of `CANDIDATES`. Every random state is fixed: the same rows
always give the same pipeline.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from model.bars import FloatArray
from model.errors import TrainingError
from model.evaluation import IntArray, always, last_sign
from model.manifest import Target

BASELINE = "baseline"


@dataclass(frozen=True, slots=True)
class KnownBefore:
    """What is known of each row without a model: what rules go by; arrays of one length.

    `base_rate` is the share of positives in the training rows of the row's fold; `last_outcome` the
    latest target of the row's ticker that is known on the row's day, None where there is no such thing.
    """

    base_rate: FloatArray
    last_outcome: IntArray | None


@dataclass(frozen=True, slots=True)
class Candidate:
    """One that competes.

    Parameters
    ----------
    name
        What it is called in commands and settings.
    label
        What it is called in tables; `label_for` fills in what depends on the target.
    make
        Returns its pipeline, unfitted. None for a rule.
    rule
        What a rule that needs no fit says of rows: their probabilities. None for a pipeline.
    hard
        Whether it says 0 or 1 only: then its log loss is infinite, and it is compared on the rest.
    needs_outcomes
        Whether it goes by earlier outcomes, which only rows of a ticker and a day have.
    """

    name: str
    label: str
    make: Callable[[], Any] | None = None
    rule: Callable[[KnownBefore], FloatArray] | None = None
    hard: bool = False
    needs_outcomes: bool = False

    @property
    def trivial(self) -> bool:
        """Whether it is a rule that needs no fit."""
        return self.make is None

    def label_for(self, target: Target) -> str:
        """Return the label in the words of *target*."""
        return self.label.format(always=always(target.positive_class), last_sign=last_sign(target.horizon))


def baseline() -> Any:
    """Return StandardScaler → LogisticRegression, unfitted.

    The default solver, lbfgs, stops early on features of such different scales; newton-cholesky
    at this tolerance reaches the optimum, so the same rows always give the same weights.
    """
    return _logistic()


def regularised() -> Any:
    """Return the baseline with weights held close to zero, unfitted."""
    return _logistic(C=1e-3)


def _logistic(**settings: float) -> Any:
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(StandardScaler(), LogisticRegression(solver="newton-cholesky", tol=1e-8, **settings))


def calibrated() -> Any:
    """Return the baseline with its scores calibrated by a sigmoid on five parts of the training rows, unfitted."""
    from sklearn.calibration import CalibratedClassifierCV

    return CalibratedClassifierCV(baseline(), method="sigmoid", cv=5, ensemble=False)


def hist_gradient_boosting() -> Any:
    """Return a small HistGradientBoostingClassifier, unfitted: few shallow trees with large leaves."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    # No early stopping: its random tenth of the rows would hold days that are trained on as well.
    return HistGradientBoostingClassifier(
        max_iter=50, learning_rate=0.05, max_leaf_nodes=8, min_samples_leaf=100, early_stopping=False, random_state=0
    )


def random_forest() -> Any:
    """Return a RandomForestClassifier whose leaves hold at least a fiftieth of the training rows, unfitted."""
    from sklearn.ensemble import RandomForestClassifier

    return RandomForestClassifier(n_estimators=100, min_samples_leaf=0.02, random_state=0)


def _base_rate(rows: KnownBefore) -> FloatArray:
    return rows.base_rate


def _always(rows: KnownBefore) -> FloatArray:
    return np.ones(len(rows.base_rate))


def _last_sign(rows: KnownBefore) -> FloatArray:
    if rows.last_outcome is None:
        msg = "These rows have no earlier outcomes to go by. Leave last_sign out."
        raise TrainingError(msg)
    return rows.last_outcome.astype(np.float64)


CANDIDATES: dict[str, Candidate] = {
    candidate.name: candidate
    for candidate in (
        Candidate(BASELINE, "Logistic regression", baseline),
        Candidate("regularised", "Logistic regression, strongly regularised", regularised),
        Candidate("calibrated", "Logistic regression, sigmoid-calibrated", calibrated),
        Candidate("hist_gradient_boosting", "Gradient boosting, small", hist_gradient_boosting),
        Candidate("random_forest", "Random forest, large leaves", random_forest),
        Candidate("base_rate", "training base rate", rule=_base_rate),
        Candidate("always_positive", "{always}", rule=_always, hard=True),
        Candidate("last_sign", "{last_sign}", rule=_last_sign, hard=True, needs_outcomes=True),
    )
}


def imputing(candidate: Candidate) -> Candidate:
    """Return *candidate* with the median of the training rows in place of missing values."""
    return candidate if candidate.make is None else replace(candidate, make=partial(with_imputer, candidate.make))


def with_imputer(make: Callable[[], Any]) -> Any:
    """Return what *make* does behind an imputer that puts the median of the training rows in, unfitted."""
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline

    made = make()
    # A fold may hold no value of a feature at all: the feature must stay, or columns would shift.
    imputer = SimpleImputer(strategy="median", keep_empty_features=True)
    # One pipeline, not one within another: what is linear is then seen to be.
    return make_pipeline(imputer, *(step for _, step in getattr(made, "steps", [("", made)])))


def candidates_named(names: Sequence[str]) -> list[Candidate]:
    """Return the candidates called *names*, each once, in that order.

    Raises
    ------
    TrainingError
        There is none of a name.
    """
    if unknown := [name for name in names if name not in CANDIDATES]:
        msg = f"There is no candidate {', '.join(unknown)}; there are {', '.join(CANDIDATES)}."
        raise TrainingError(msg)
    return [CANDIDATES[name] for name in dict.fromkeys(names)]


def pipeline_maker(name: str) -> Callable[[], Any]:
    """Return what makes the pipeline of candidate *name*.

    Raises
    ------
    TrainingError
        There is no such candidate, or it is a rule, of which no bundle can be made.
    """
    (candidate,) = candidates_named([name])
    if candidate.make is None:
        pipelines = ", ".join(other.name for other in CANDIDATES.values() if not other.trivial)
        msg = f"The candidate {name} is a rule that needs no fit: no bundle is made of it. Choose one of {pipelines}."
        raise TrainingError(msg)
    return candidate.make
