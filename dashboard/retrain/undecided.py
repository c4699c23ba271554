"""Versions that were stored and neither published nor discarded: what a run of this page made, or a command."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache, partial
from pathlib import Path

from dashboard import runs
from dashboard.retrain.setting_words import candidate_label
from model.bundle import MANIFEST
from model.errors import ModelError
from model.manifest import Manifest, decode_manifest
from model.registry import Promotion, Registry

# More than that are listed by `python -m training versions`.
OFFERED = 5


@dataclass(frozen=True, slots=True)
class Undecided:
    """A stored version, who stored it in words, and what can be done with it."""

    version: str
    made_by: str
    publish: Callable[..., Promotion]
    discard: Callable[..., None]


def of_run(registry: Registry, run: runs.Run) -> Undecided:
    """Return what *run*, which has finished, stored."""
    return Undecided(
        version=str(run.status.version),
        made_by=f"the run of {run.started}",
        publish=partial(runs.publish, registry, run),
        discard=partial(runs.discard, registry, run),
    )


def of_command(registry: Registry, version: str) -> Undecided:
    """Return a version that was stored from a shell."""
    return Undecided(
        version=version,
        made_by="the command line",
        publish=partial(_publish, registry, version),
        discard=partial(_discard, registry, version),
    )


def stored(registry: Registry) -> list[Manifest]:
    """Return the manifests of the versions that were never in use, newest first, as many as are offered."""
    used = {promotion.version for promotion in registry.history()}
    found = []
    for version in sorted(set(registry.versions()) - used):
        path = registry.folder / version / MANIFEST
        try:
            found.append(_manifest_at(path, path.stat().st_mtime_ns))
        except (ModelError, OSError):
            # `python -m training verify` names what is wrong with it; it can be no challenger.
            continue
    return sorted(found, key=lambda manifest: manifest.created, reverse=True)[:OFFERED]


@lru_cache(maxsize=256)
def _manifest_at(path: Path, modified: int) -> Manifest:  # noqa: ARG001  part of the cache's key
    return decode_manifest(path.read_bytes(), str(path))


def label_of(manifest: Manifest) -> str:
    """Name a stored version for a list: when it was made, what it is, and of which data."""
    made = datetime.fromisoformat(manifest.created).astimezone(UTC)
    return f"{made:%Y-%m-%d %H:%M} UTC: {candidate_label(manifest)}, {manifest.trained_on.file} ({manifest.version})"


def labels(manifests: Sequence[Manifest]) -> dict[str, str]:
    """Return the versions that can be chosen, each with its name for a list."""
    return {manifest.version: label_of(manifest) for manifest in manifests}


def _publish(
    registry: Registry,
    version: str,
    *,
    by: str,
    why: str,
    instead_of: Promotion | None,
    on_progress: runs.OnProgress,
) -> Promotion:
    # Nobody publishes against somebody else: the registry refuses where *instead_of* is no longer in force.
    promotion = registry.promote(version, by=by, why=why, when=datetime.now(UTC), instead_of=instead_of)
    runs.refresh_deliverables(registry, on_progress)
    return promotion


def _discard(registry: Registry, version: str, *, by: str) -> None:  # noqa: ARG001  nothing is left of it to sign
    runs.remove_unless_used(registry, version)
