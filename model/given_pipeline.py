"""What a pipeline that somebody else fitted must satisfy before it is made into a bundle."""

import copy
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from model.any_rows import Columns, as_text
from model.bars import FloatArray
from model.errors import TrainingError, UntrustedPipelineError
from model.stored_pipeline import dump_pipeline, load_pipeline

TRUSTED_TYPES_ARE_IN = "TRUSTED_TYPES in model/stored_pipeline.py"
# Their search trees are read without a check of where they point to, which a file could misuse.
_BRUTE = ' Nearest neighbours can be stored when fitted with algorithm="brute".'
ADVICE = {"KDTree": _BRUTE, "BallTree": _BRUTE}

ROWS_TRIED = 100
# How far answers for the same rows, named and unnamed, may differ by the order of additions.
TOLERANCE = 1e-9


def numbers_of(X: Any) -> FloatArray:
    """Return *X*, an array or a data frame, as an array of numbers.

    Raises
    ------
    TrainingError
        It is no table of numbers.
    """
    try:
        values = np.ascontiguousarray(X, dtype=np.float64)
    except (TypeError, ValueError) as error:
        msg = f"X holds something other than numbers ({error}): encode it before, or inside the pipeline's own rows."
        raise TrainingError(msg) from error
    if values.ndim != 2:
        msg = f"X has {values.ndim} dimensions; expected 2, rows and features."
        raise TrainingError(msg)
    return values


def checked_pipeline(pipeline: Any, X: Any, columns: Columns, *, refit: bool) -> tuple[Any, Callable[[], Any]]:
    """Return *pipeline* as it is kept, and what makes an unfitted clone of it.

    Raises
    ------
    TrainingError
        It is no classifier with `predict_proba` that is fitted on rows such as these.
    UntrustedPipelineError
        It holds something that cannot be stored safely.
    """
    from sklearn.base import clone

    if not hasattr(pipeline, "predict_proba"):
        msg = (
            f"{type(pipeline).__name__} gives no probabilities (it has no predict_proba): use a classifier that does,"
            " or wrap it in CalibratedClassifierCV."
        )
        raise TrainingError(msg)

    def make() -> Any:
        return clone(pipeline)

    kept = make().fit(columns.X, columns.y) if refit else without_names(pipeline)
    if not refit:
        _check_fit(kept, pipeline, X, columns)
    check_can_be_stored(kept)
    return kept, make


def check_can_be_stored(pipeline: Any) -> None:
    """Refuse a pipeline that cannot be written to a file which is read without running anything from it.

    Raises
    ------
    UntrustedPipelineError
        It holds such parts; the message names them.
    """
    try:
        load_pipeline(dump_pipeline(pipeline), "The pipeline")
    except Exception as error:
        # Whatever skops meets in what it cannot store: it has no common family of errors for that.
        told = str(error).splitlines()[0]
        advice = next((advice for part, advice in ADVICE.items() if part in told), "")
        msg = (
            f"The pipeline cannot be stored safely: {told} Use scikit-learn's own parts only, of the kinds that"
            f" {TRUSTED_TYPES_ARE_IN} or skops trusts.{advice}"
        )
        raise UntrustedPipelineError(msg) from error


def without_names(pipeline: Any) -> Any:
    """Return a copy of *pipeline* that takes rows without names, as they are scored here."""
    kept = copy.deepcopy(pipeline)
    seen: set[int] = set()

    def forget(part: Any) -> None:
        if id(part) in seen:
            return
        seen.add(id(part))
        if isinstance(part, list | tuple | dict):
            for child in part.values() if isinstance(part, dict) else part:
                forget(child)
        elif isinstance(part, np.ndarray):
            if part.dtype == object:
                forget(part.ravel().tolist())
        elif type(part).__module__.startswith("sklearn.") and hasattr(part, "__dict__"):
            vars(part).pop("feature_names_in_", None)
            forget(vars(part))

    forget(kept)
    return kept


def _check_fit(kept: Any, given: Any, X: Any, columns: Columns) -> None:
    from sklearn.exceptions import NotFittedError
    from sklearn.utils.validation import check_is_fitted

    try:
        check_is_fitted(given)
    except NotFittedError as error:
        msg = f"{type(given).__name__} is not fitted: fit it on X and y first, or pass refit=True."
        raise TrainingError(msg) from error
    classes = as_text(given.classes_).tolist()
    if len(classes) != 2 or classes[1] not in _names_of_positive(columns):
        msg = (
            f"The pipeline's classes are {', '.join(map(repr, classes))}, and its second is not the positive class"
            f" “{columns.classes.positive}”. Name the second as positive=, or pass refit=True to keep a clone that is"
            " fitted on these rows with the classes in order."
        )
        raise TrainingError(msg)
    try:
        with warnings.catch_warnings():
            # Names are what is compared here.
            warnings.filterwarnings("ignore", message="X does not have valid feature names")
            unnamed = kept.predict_proba(columns.X[:ROWS_TRIED])[:, 1]
            named = given.predict_proba(X[:ROWS_TRIED])[:, 1]
    except (ValueError, TypeError, AttributeError) as error:
        first = str(error).splitlines()[0]
        msg = (
            f"The pipeline does not score these rows as an array of numbers ({first}). It must take the"
            f" {columns.X.shape[1]} columns of X by position, and impute itself what is missing."
        )
        raise TrainingError(msg) from error
    if not np.max(np.abs(unnamed - named)) <= TOLERANCE:
        msg = "The pipeline answers otherwise when columns have no names: it must take the columns of X by position."
        raise TrainingError(msg)


def _names_of_positive(columns: Columns) -> set[str]:
    # Fitted on y == "yes" or on 0 and 1, the second class is still the positive one.
    return {columns.classes.positive, "1", "true"}
