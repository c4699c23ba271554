"""A run on a table of any kind: the file as it was read, and the settings as options of the command line."""

from pathlib import Path

from dashboard import runs
from dashboard.retrain.table_data import GivenTable
from model.registry import Registry
from training.any_file import Roles
from training.any_table import TableSettings
from training.settings import EXPANDING, ROLLING


def begin(registry: Registry, given: GivenTable, settings: TableSettings, *, by: str) -> None:
    """Start a run on *given*: a process of its own, which reads the very bytes that were shown.

    Raises
    ------
    TrainingError
        One is on already.
    """

    def put(folder: Path) -> list[str]:
        # Apart from what the run keeps of itself: a table may be called like any of that.
        path = folder / "table" / given.table.provenance.file
        path.parent.mkdir()
        path.write_bytes(given.data)
        return arguments_for(path, given.roles, settings, registry)

    runs.start(registry, put, by=by)


def arguments_for(path: Path, roles: Roles, settings: TableSettings, registry: Registry) -> list[str]:
    """Return what a run depends on as options of `python -m training`."""
    split = settings.split
    options = {
        "--registry": registry.folder,
        "--table": path,
        "--target": roles.target,
        "--positive": roles.positive,
        "--time": roles.time,
        "--group": roles.group,
        "--name": settings.name,
        "--candidate": settings.candidate,
        "--folds": split.n_folds,
        "--first-window": split.first_window,
        "--fold-days": split.step,
        "--gap": split.gap,
        "--window": ROLLING if split.rolling else EXPANDING,
        "--threshold": repr(settings.threshold),
        "--draws": settings.draws,
        "--seed": settings.seed,
    }
    # In one word with its option: a column may be called as if it were another.
    return [f"{name}={value}" for name, value in options.items() if value is not None]
