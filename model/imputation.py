"""What a pipeline puts in place of missing values, where its first step is one that does."""

import io
import zipfile
from typing import Any

from model.scoring import passes_complete_rows


def may_impute(stored: bytes) -> bool:
    """Whether a stored pipeline holds a step that fills in missing values; told without loading it."""
    with zipfile.ZipFile(io.BytesIO(stored)) as archive:
        return b'"SimpleImputer"' in archive.read("schema.json")


def filling_of(pipeline: Any, n_features: int) -> tuple[float, ...] | None:
    """Return what *pipeline* puts in place of a missing value of each feature; None if it takes complete rows only.

    A row that is filled in with it gets from the pipeline what the row with its gaps gets.
    """
    from sklearn.impute import SimpleImputer

    first = pipeline
    while steps := getattr(first, "steps", None):
        _, first = steps[0]
    if type(first) is not SimpleImputer or not passes_complete_rows(first):
        return None
    filling = tuple(float(value) for value in first.statistics_)
    return filling if len(filling) == n_features else None
