"""Make a bundle of a pickle in the plain form: a fitted pipeline that somebody else hands over."""

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from model.column_names import plain_names
from model.errors import TrainingError
from model.making import Making, NewBundle, Origin, new_bundle
from model.storage import sha256_of
from model.stratified import FOLDS
from training.any_file import Roles, arrow_table, bytes_of, columns_of

PLAIN_FORM = ("pipeline", "features", "threshold", "trained_on", "version")

WHY_NOT = (
    "{file} was not opened: a pickle runs whatever its maker put into it, with your rights, as soon as it is read."
    " Look at where it comes from; if you trust whoever made it, give --trust. What is published from it is"
    " stored in a form that runs nothing."
)


@dataclass(frozen=True, slots=True)
class AdoptionSettings:
    """How the pipeline is judged, and what differs from what the pickle says."""

    name: str
    threshold: float | None = None
    folds: int = FOLDS
    gap: int = 1
    refit: bool = False
    draws: int = 1000
    seed: int = 0


def adopt(file: Path, table: Path, roles: Roles, settings: AdoptionSettings, *, trust: bool) -> NewBundle:
    """Judge the pipeline in *file* on the rows of *table*, and describe it; nothing is written yet.

    Raises
    ------
    TrainingError
        The pickle is not trusted, which is asked before it is opened; or it does not fit the table.
    """
    if not trust:
        raise TrainingError(WHY_NOT.format(file=file))
    pickled = bytes_of(file)
    rows = bytes_of(table)
    plain = opened(pickled, file.name)
    features, renamed = plain_names(map(str, plain["features"]))
    columns, warnings = columns_of(arrow_table(rows, table.name), roles, features)
    whence = (
        f"The pipeline was adopted from {file.name} (sha256 {sha256_of(pickled)}, version {plain['version']}), where it"
        " had been fitted: the figures are those of clones of it, fitted and judged on these rows."
    )
    threshold = float(plain["threshold"]) if settings.threshold is None else settings.threshold
    how = Making(settings.name, threshold, settings.folds, settings.gap, settings.refit, settings.draws, settings.seed)
    said = dict.fromkeys((*warnings, *renamed, whence))
    origin = Origin(table.name, sha256_of(rows), tuple(said), made_by="python -m training adopt")
    return new_bundle(plain["pipeline"], columns.X, columns, how, origin)


def opened(data: bytes, name: str) -> dict[str, Any]:
    """Unpickle *data*, which runs whatever it holds, and return its plain form.

    Raises
    ------
    TrainingError
        It cannot be read, or is of another form.
    """
    import joblib

    try:
        plain = joblib.load(io.BytesIO(data))
    except Exception as error:
        # Reading a pickle runs code that is not ours: it may fail in any way.
        msg = f"{name} cannot be opened ({type(error).__name__}: {error}). It must be written with joblib or pickle."
        raise TrainingError(msg) from error
    if not isinstance(plain, dict) or any(key not in plain for key in PLAIN_FORM):
        missing = [key for key in PLAIN_FORM if isinstance(plain, dict) and key not in plain]
        found = f"a dict without {', '.join(missing)}" if missing else f"a {type(plain).__name__}"
        msg = (
            f"{name} holds {found}; expected a dict with {', '.join(PLAIN_FORM)}. For a pipeline alone,"
            " use Bundle.create(pipeline, X, y) in Python."
        )
        raise TrainingError(msg)
    return plain
