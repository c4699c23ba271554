"""The reports follow the version in use: written anew whenever that changes, in a folder that is about one registry."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from model.bundle import Bundle
from model.creation import Progress
from model.errors import ModelError, RegistryError
from model.history import way_back
from model.registry import ARTIFACTS, Registry
from training.background import Background
from training.ledger import looks_of
from training.places import DELIVERABLES
from training.report import write_reports


@dataclass(frozen=True, slots=True)
class Written:
    """Reports that were written, of which version, and what to know of them (empty where there is nothing)."""

    version: str
    paths: tuple[Path, ...]
    note: str = ""


def folder_for(registry: Registry, given: Path | None = None) -> Path | None:
    """Return where the reports about *registry* go: to the folder *given*, else to deliverables/ if it is about it.

    None where neither is: the reports of this repository speak of its own registry, and of no other.
    """
    if given is not None:
        return given
    return DELIVERABLES if registry.folder.resolve() == ARTIFACTS.resolve() else None


def write(
    registry: Registry,
    folder: Path,
    version: str | None = None,
    on_progress: Callable[[Progress], None] = lambda _: None,
) -> Written:
    """Write every report about *version*, by default the one in use, into *folder*."""
    bundle = registry.load(version)
    background, note = background_of(registry, bundle)
    return Written(bundle.version, tuple(write_reports(bundle, folder, background, on_progress)), note)


def refresh(registry: Registry, folder: Path, on_progress: Callable[[Progress], None] = lambda _: None) -> Written:
    """Write every report about the version in use into *folder*, once that has changed.

    Raises
    ------
    RegistryError
        They cannot be written; the version is in use all the same.
    """
    try:
        written = write(registry, folder, on_progress=on_progress)
        # Another process may have promoted something while this one wrote: whoever writes last must have it right.
        while (now := registry.current()) is not None and now.version != written.version:
            written = write(registry, folder, on_progress=on_progress)
    except ModelError as error:
        msg = f"The version is in use, but its reports were not written. {error}"
        raise RegistryError(msg) from error
    return written


def background_of(registry: Registry, bundle: Bundle) -> tuple[Background, str]:
    """Return what *registry* knows of *bundle* besides what is in it, and what it does not know and why, if anything.

    Raises
    ------
    TrainingError
        The ledger cannot be read.
    """
    before, note = before_of(registry, bundle.version)
    return Background(before, looks_of(registry, bundle)), note


def before_of(registry: Registry, version: str) -> tuple[Bundle | None, str]:
    """Return the version that was in use before *version* was, opened; if there is none to open, None and why.

    A version that was never in use comes after none.
    """
    name = version_before(registry, version)
    if name is None:
        return None, ""
    try:
        return registry.load(name), ""
    except ModelError as error:
        # It may have been replaced for just that reason: the reports then say nothing of what changed.
        return None, f"Version {name} was in use before and cannot be compared with: {error}"


def version_before(registry: Registry, version: str) -> str | None:
    """Return the version that was in use before *version* was for the last time, None where there was none."""
    history = registry.history()
    times = [position for position, promotion in enumerate(history) if promotion.version == version]
    if not times:
        return None
    return [None, None, *way_back(history[: times[-1] + 1])][-2]
