"""Which versions are the oldest, by the time their manifests say they were made."""

import contextlib
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from model.bundle import MANIFEST
from model.errors import ModelError
from model.manifest import decode_manifest


def oldest(folder: Path, versions: Iterable[str], *, keep: int) -> list[str]:
    """Return *versions* in *folder* but for the *keep* newest of them, oldest first."""
    created = {}
    for version in versions:
        path = folder / version / MANIFEST
        # Without a manifest that can be read nobody knows how old it is: it is kept, and `verify` names it.
        with contextlib.suppress(ModelError, OSError, ValueError):
            created[version] = datetime.fromisoformat(decode_manifest(path.read_bytes(), str(path)).created).timestamp()
    in_order = sorted(created, key=lambda version: (created[version], version))
    return in_order[: max(len(in_order) - keep, 0)]
