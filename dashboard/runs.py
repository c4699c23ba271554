"""What changes the version in use, and the training runs behind it: begin, find again, publish or discard one."""

import re
import secrets
import shutil
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from model.bundle import Bundle, write_bundle
from model.creation import Progress
from model.dataset import FeatureTable
from model.errors import RegistryError
from model.registry import ARTIFACTS, Promotion, Registry
from training import jobs, turns
from training.kept_threshold import ThresholdChoice
from training.kept_threshold import keep_threshold as with_threshold
from training.ledger import note_threshold
from training.places import DELIVERABLES, PROCESSED
from training.settings import Settings
from training.table import write_table

# Two visitors of one server may decide at the same moment: the second is to see what the first did.
_ONE_AT_A_TIME = threading.Lock()
OnProgress = Callable[[Progress], None]
STARTED_BY, CANCELLED_BY = "started_by", "cancelled_by"


def _nothing(_: Progress) -> None:
    """Tell nobody how far the reports are."""


@dataclass(frozen=True, slots=True)
class Run:
    """One training run, running or ended, and not yet published or discarded."""

    folder: Path
    status: jobs.Status

    @property
    def started(self) -> str:
        """When it was started, as its folder says."""
        return datetime.strptime(self.folder.name[:16], "%Y%m%dT%H%M%SZ").strftime("%Y-%m-%d %H:%M UTC")

    @property
    def started_by(self) -> str:
        """Who started it, as a part of a sentence; empty where that is not known."""
        return _by(self.folder / STARTED_BY)

    @property
    def cancelled_by(self) -> str:
        """Who cancelled it, as a part of a sentence; empty where that is not known."""
        return _by(self.folder / CANCELLED_BY)


def _by(note: Path) -> str:
    try:
        return f" by {note.read_text(encoding='utf-8')}"
    except FileNotFoundError:
        return ""


def folder_of_runs(registry: Registry) -> Path:
    """Where the runs for *registry* are kept: any session, and any server, finds them there."""
    return turns.folder_of_runs(registry)


def is_default(registry: Registry) -> bool:
    """Whether *registry* is this repository's own, the one that deliverables/ describes."""
    return registry.folder.resolve() == ARTIFACTS.resolve()


def newest(registry: Registry) -> Run | None:
    """Return the run started last, or None where none is open."""
    for job in reversed(jobs.folders_in(folder_of_runs(registry))):
        if status := jobs.status_of(job):
            return Run(job, status)
    return None


def begin(registry: Registry, table: FeatureTable, settings: Settings, *, by: str) -> None:
    """Start a run on *table*: a process of its own, which trains on exactly the rows that were shown.

    Raises
    ------
    TrainingError
        One is on already.
    """

    def put(folder: Path) -> list[str]:
        write_table(table, folder / "table.parquet")
        return ["--data", str(folder / "table.parquet"), *arguments_for(settings, registry)]

    start(registry, put, by=by)


def start(registry: Registry, put: Callable[[Path], Sequence[str]], *, by: str) -> None:
    """Start a run as `begin` does; *put* puts its data into the run's folder, and returns its options."""
    runs = folder_of_runs(registry)
    with turns.turn(runs, _described):
        folder = runs / f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"
        folder.mkdir(parents=True)
        (folder / STARTED_BY).write_text(by, encoding="utf-8")
        jobs.start(put(folder), folder)


def _described(folder: Path) -> str:
    run = Run(folder, jobs.Status("running"))
    return f"the one started {run.started}{run.started_by}"


def arguments_for(settings: Settings, registry: Registry) -> list[str]:
    """Return *settings* as options of `python -m training`."""
    arguments = [
        *("--registry", str(registry.folder)),
        *("--first-window", str(settings.first_window)),
        *("--fold-days", str(settings.step)),
        *("--gap", str(settings.gap)),
        *("--threshold", repr(settings.threshold)),
        *("--draws", str(settings.draws)),
        *("--seed", str(settings.seed)),
        *("--candidate", settings.candidate),
        *("--window", settings.window),
        *("--horizon", str(settings.horizon)),
    ]
    if settings.first_day:
        arguments += ["--from", settings.first_day]
    if settings.last_day:
        arguments += ["--to", settings.last_day]
    if settings.tickers:
        arguments += ["--tickers", *settings.tickers]
    return arguments


def cancel(run: Run, *, by: str) -> None:
    """Ask *run* to stop."""
    if jobs.status_of(run.folder) is None:
        return  # somebody else has closed it
    (run.folder / CANCELLED_BY).write_text(by, encoding="utf-8")
    jobs.cancel(run.folder)


def close(run: Run, *, by: str) -> None:  # noqa: ARG001  who closes what has ended leaves no trace
    """Forget *run*; the version it stored, if any, stays."""
    _forget(run)


def discard(registry: Registry, run: Run, *, by: str) -> None:  # noqa: ARG001
    """Forget *run* and remove the version it stored, unless that was ever in use."""
    with _ONE_AT_A_TIME:
        if run.status.version:
            remove_unless_used(registry, run.status.version)
        _forget(run)


def _forget(run: Run) -> None:
    shutil.rmtree(run.folder, ignore_errors=True)


def remove_unless_used(registry: Registry, version: str) -> None:
    """Remove *version* if it is there and was never in use."""
    if version in registry.versions() and version not in {promotion.version for promotion in registry.history()}:
        registry.discard(version)


def publish(
    registry: Registry, run: Run, *, by: str, why: str, instead_of: Promotion | None, on_progress: OnProgress = _nothing
) -> Promotion:
    """Promote the version of *run* if *instead_of* is still in force; the deliverables follow."""
    with _ONE_AT_A_TIME:
        promotion = registry.promote(
            str(run.status.version), by=by, why=why, when=datetime.now(UTC), instead_of=instead_of
        )
        _forget(run)
    refresh_deliverables(registry, on_progress)
    return promotion


def roll_back(
    registry: Registry, *, by: str, why: str, instead_of: Promotion | None, on_progress: OnProgress = _nothing
) -> Promotion:
    """Return to the version before *instead_of* if that is still in force; the deliverables follow."""
    with _ONE_AT_A_TIME:
        promotion = registry.roll_back(by=by, why=why, when=datetime.now(UTC), instead_of=instead_of)
    refresh_deliverables(registry, on_progress)
    return promotion


def keep_threshold(
    registry: Registry, bundle: Bundle, choice: ThresholdChoice, *, by: str, on_progress: OnProgress = _nothing
) -> Promotion:
    """Publish *bundle*, if it is still the one in use, with the threshold of *choice*; the deliverables follow.

    Where it cannot be promoted, the version that was written for it is removed again.
    """
    with _ONE_AT_A_TIME:
        in_force = registry.still_in_force(bundle)
        now, there = datetime.now(UTC), registry.versions()
        draft = with_threshold(bundle, replace(choice, who=by)).created_at(now)
        version = write_bundle(registry.folder, draft).name
        if version == bundle.version:
            msg = f"Nothing was changed: the threshold {choice.value:g} is kept already, with this very reason."
            raise RegistryError(msg)
        try:
            # Writing took a moment, in which another process may have promoted something.
            promotion = registry.promote(
                version, by=by, why=draft.manifest.threshold.reason, when=now, instead_of=in_force
            )
        except BaseException:
            if version not in there:
                remove_unless_used(registry, version)
            raise
        note_threshold(registry, bundle, choice.value, now)
    refresh_deliverables(registry, on_progress)
    return promotion


def refresh_deliverables(registry: Registry, on_progress: OnProgress) -> None:
    """Write deliverables/ anew if it is this registry that they describe.

    Nobody else waits for it: where two do so at once, the last to end has written what is in use.
    """
    if not is_default(registry):
        return
    from training.deliverables import refresh

    refresh(registry, DELIVERABLES, on_progress)


def safe_name(name: str) -> str:
    """Return an uploaded file's own name without anything that could lead out of a folder.

    >>> safe_name("../../my prices.csv")
    'my_prices.csv'
    """
    plain = re.sub(r"[^A-Za-z0-9._-]+", "_", re.split(r"[/\\]", name)[-1]).lstrip("._")
    return plain[-100:] or "upload.csv"


def processed_tables() -> Sequence[Path]:
    """The processed tables there are, by name."""
    return sorted(PROCESSED.glob("*.parquet"))
