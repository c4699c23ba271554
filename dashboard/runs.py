"""Training runs as the Retrain page sees them: begin one, find it again, compare, publish or discard it."""

import re
import secrets
import shutil
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from model.bundle import Bundle
from model.errors import RegistryError
from model.manifest import Interval
from model.registry import ARTIFACTS, Promotion, Registry
from model.wording import interval, number
from training import jobs
from training.bootstrap import DayBootstrap, interval_of
from training.evaluation import log_loss_of
from training.places import DELIVERABLES, PROCESSED, account
from training.settings import Settings
from training.table import FeatureTable, write_table

# What changes the version in use, and says to which.
Change = Callable[[], Promotion]


@dataclass(frozen=True, slots=True)
class Run:
    """One training run, running or ended, and not yet published or discarded."""

    folder: Path
    status: jobs.Status

    @property
    def started(self) -> str:
        """When it was started, as its folder says."""
        return datetime.strptime(self.folder.name[:16], "%Y%m%dT%H%M%SZ").strftime("%Y-%m-%d %H:%M UTC")


def folder_of_runs(registry: Registry) -> Path:
    """Where the runs for *registry* are kept: any session, and any server, finds them there."""
    return jobs.JOBS if is_default(registry) else registry.folder.parent / "jobs"


def is_default(registry: Registry) -> bool:
    """Whether *registry* is this repository's own, the one that deliverables/ describes."""
    return registry.folder.resolve() == ARTIFACTS.resolve()


def newest(registry: Registry) -> Run | None:
    """Return the run started last, or None where none is open."""
    folder = folder_of_runs(registry)
    for job in sorted((path for path in folder.glob("*Z-*") if path.is_dir()), reverse=True):
        if status := jobs.status_of(job):
            return Run(job, status)
    return None


def begin(registry: Registry, table: FeatureTable, settings: Settings) -> None:
    """Start a run on *table*: a process of its own, which trains on exactly the rows that were shown."""
    name = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"
    folder = folder_of_runs(registry) / name
    folder.mkdir(parents=True)
    write_table(table, folder / "table.parquet")
    process = jobs.start(["--data", str(folder / "table.parquet"), *arguments_for(settings, registry)], folder)
    # Nobody here waits for it to end; the system wants somebody to.
    threading.Thread(target=process.wait, daemon=True).start()


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
    ]
    if settings.first_day:
        arguments += ["--from", settings.first_day]
    if settings.last_day:
        arguments += ["--to", settings.last_day]
    if settings.tickers:
        arguments += ["--tickers", *settings.tickers]
    return arguments


def cancel(run: Run) -> None:
    """Ask *run* to stop."""
    jobs.cancel(run.folder)


def close(run: Run) -> None:
    """Forget *run*; the version it stored, if any, stays."""
    shutil.rmtree(run.folder, ignore_errors=True)


def discard(registry: Registry, run: Run) -> None:
    """Forget *run* and remove the version it stored, unless that was ever in use."""
    version = run.status.version
    if version and version not in {promotion.version for promotion in registry.history()}:
        shutil.rmtree(registry.folder / version, ignore_errors=True)
    close(run)


def publish(registry: Registry, run: Run, *, why: str) -> Promotion:
    """Promote the version of *run*; the deliverables follow."""
    promotion = registry.promote(str(run.status.version), by=account(), why=why, when=datetime.now(UTC))
    close(run)
    _refresh_deliverables(registry)
    return promotion


def roll_back(registry: Registry, *, why: str) -> Promotion:
    """Return to the version before the current one; the deliverables follow."""
    promotion = registry.roll_back(by=account(), why=why, when=datetime.now(UTC))
    _refresh_deliverables(registry)
    return promotion


def _refresh_deliverables(registry: Registry) -> None:
    """Write deliverables/ anew if it is this registry that they describe."""
    if not is_default(registry):
        return
    from training.report import write_reports

    try:
        write_reports(registry.load(), DELIVERABLES)
    except OSError as error:
        msg = f"The version is in use, but {error.filename} cannot be written ({error.strerror}). Make it writable and"
        msg += " run `python -m training report`."
        raise RegistryError(msg) from error


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


@dataclass(frozen=True, slots=True)
class Comparison:
    """Challenger minus champion in log loss, row by row on the same out-of-fold rows."""

    difference: float
    interval: Interval
    n: int
    days: int

    @property
    def outcome(self) -> str:
        """better, worse or not distinguishable."""
        if self.interval.high < 0:
            return "better"
        return "worse" if self.interval.low > 0 else "not distinguishable"

    @property
    def sentence(self) -> str:
        """What the difference comes to, in words."""
        words = {
            "better": "The challenger is **better** than the champion",
            "worse": "The challenger is **worse** than the champion",
            "not distinguishable": "The challenger is **not distinguishable** from the champion",
        }[self.outcome]
        return (
            f"{words} on the same {self.n:,} out-of-fold rows ({self.days:,} days): its log loss differs by"
            f" {number(self.difference, 5, signed=True)} (95 % interval"
            f" {interval(self.interval.low, self.interval.high, 5, signed=True)}; below zero is better)."
        )


def compare(challenger: Bundle, champion: Bundle, days: DayBootstrap) -> Comparison | None:
    """Compare two bundles row by row, or return None where their out-of-fold rows differ.

    *days* are the resampled days of the challenger's out-of-fold rows.
    """
    new, old = challenger.out_of_fold, champion.out_of_fold
    same = len(new.day) == len(old.day) and all(
        np.array_equal(getattr(new, name), getattr(old, name)) for name in ("day", "ticker", "y_true")
    )
    if not same:
        return None
    difference = log_loss_of(new.y_true, new.y_score) - log_loss_of(old.y_true, old.y_score)
    return Comparison(float(difference.mean()), interval_of(days.means(difference)), len(new.day), days.n_days)
