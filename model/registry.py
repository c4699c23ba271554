"""Versions on disk, the current one, promotion and history.

A registry is a folder: one folder a version, `current.json` naming the one in use, and `history.jsonl`. Any number
of processes may read it while one writes; writers take turns by a lock.

`current.json` is what counts, and holds the whole line of the history that made it. A process that dies after it was
replaced and before `history.jsonl` was leaves a line out: `history` puts it back from there for its reader, and the
next write puts it back on disk.
"""

import contextlib
import json
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

from model import exchange
from model.ages import oldest
from model.bundle import MANIFEST, Bundle
from model.errors import BundleIntegrityError, ModelError, NoBundleError, RegistryError
from model.history import (
    Known,
    Promotion,
    What,
    check_in_force,
    read_history,
    read_pointer,
    way_back,
    with_lines,
)
from model.locks import exclusive
from model.plain_form import plain_form_of
from model.storage import UNFINISHED, digest_of, remove_folder, remove_litter, sha256_of, write_file, write_files

ARTIFACTS = Path(__file__).parent / "artifacts"


class Registry:
    """The versions in *folder*; by default those of this repository.

    Parameters
    ----------
    folder
        Holds one folder a version. `model.pkl` is kept beside it.
    """

    def __init__(self, folder: Path = ARTIFACTS) -> None:
        self.folder = folder
        self.plain_form = folder.parent / "model.pkl"
        self._pointer, self._history = folder / "current.json", folder / "history.jsonl"

    def versions(self) -> list[str]:
        """Names of all versions, in the order of their names (last training day, then digest)."""
        if not self.folder.is_dir():
            return []
        return sorted(
            entry.name for entry in self.folder.iterdir() if entry.is_dir() and not entry.name.startswith(UNFINISHED)
        )

    def named(self, beginning: str) -> str:
        """Return the one version whose name is *beginning*, or begins like this; an empty beginning is nobody's.

        Raises
        ------
        RegistryError
            There is none, or more than one.
        """
        there = self.versions()
        found = [name for name in there if name == beginning]
        found = found or [name for name in there if beginning.strip() and name.startswith(beginning)]
        if len(found) == 1:
            return found[0]
        if found:
            msg = f"{len(found)} versions begin with “{beginning}”: {', '.join(found)}. Give more of the name."
        else:
            asked = f"version “{beginning}”" if beginning.strip() else "version of an empty name"
            expected = f"it has {', '.join(there)}. Give one of these names" if there else "it has none. Train one"
            msg = f"{self.folder} has no {asked}; {expected}."
        raise RegistryError(msg)

    def current(self) -> Promotion | None:
        """The promotion in force, or None where nothing has been promoted yet.

        Raises
        ------
        RegistryError
            current.json cannot be read.
        """
        return read_pointer(self._pointer)

    def fingerprint(self) -> tuple[int, ...] | None:
        """What changes with every promotion and costs next to nothing to look at; None before the first."""
        try:
            found = self._pointer.stat()
        except OSError:
            # Whatever the reason is, `current` meets it again and says it.
            return None
        return found.st_mtime_ns, found.st_ino, found.st_size

    def load(self, version: str | None = None) -> Bundle:
        """Open *version*, by default the current one, with all its checks."""
        current = self.current()
        if version is None:
            if current is None:
                msg = f"No bundle has been promoted in {self.folder}. Train one with `python -m training`."
                raise NoBundleError(msg)
            version = current.version
        bundle = Bundle.load(self.folder / version)
        promised = current.sha256 if current is not None and current.version == version else bundle.sha256
        if bundle.version != version or bundle.sha256 != promised:
            msg = (
                f"{bundle.directory} holds another bundle ({bundle.version}, sha256 {bundle.sha256[:12]}…) than the"
                f" one promoted ({version}, sha256 {promised[:12]}…). Restore the folder, or retrain."
            )
            raise BundleIntegrityError(msg)
        return bundle

    def promote(self, version: str, *, by: str, why: str, when: datetime, instead_of: Known | None = None) -> Promotion:
        """Make *version* the current one, once it has passed all checks, and record it.

        Where *instead_of* is given, nothing is changed unless that is the version in force.
        """
        return self._put_in_use(version, "promoted", instead_of, by=by, why=why, when=when)

    def roll_back(self, *, by: str, why: str, when: datetime, instead_of: Known | None = None) -> Promotion:
        """Make the version current again that was so before the one in force; see `way_back`."""
        self.still_in_force(instead_of)
        now, version = self.current(), self.version_before()
        if now is None or version is None:
            msg = "There is no version before the current one to roll back to."
            raise RegistryError(msg)
        return self._put_in_use(version, "rolled back", now, by=by, why=why, when=when)

    def version_before(self) -> str | None:
        """The version that a roll back would return to, or None where there is none."""
        return ([None, None, *way_back(self.history())])[-2]

    def still_in_force(self, known: Known | None) -> Promotion | None:
        """Return the promotion in force, which must be of the version *known*, if any is given.

        Raises
        ------
        RegistryError
            Somebody has promoted another one meanwhile.
        """
        now = self.current()
        check_in_force(known, now, self.folder)
        return now

    def history(self) -> list[Promotion]:
        """Every promotion, oldest first.

        Raises
        ------
        RegistryError
            A line cannot be read.
        """
        # In this order: a pointer read after the lines could be further on than they are by more than one.
        now = self.current()
        lines = read_history(self._history)
        return lines if now is None or now in lines else [*lines, now]

    def discard(self, version: str) -> None:
        """Remove *version*.

        Raises
        ------
        RegistryError
            It is or was in use, or is not there.
        """
        with self._writing(f"discarding {version}"):
            if version in {promotion.version for promotion in self.history()}:
                msg = f"{version} is not removed: it is or was in use, and what was in use stays."
                raise RegistryError(msg)
            if not (self.folder / version / MANIFEST).is_file():
                msg = f"{self.folder} has no version “{version}”: nothing was removed."
                raise RegistryError(msg)
            remove_folder(self.folder / version)

    def prune(self, keep: int) -> list[str]:
        """Remove the versions that were never in use, but for the *keep* newest of them, and return their names."""
        if keep < 0:
            msg = f"Versions to keep: found {keep}, expected 0 or more."
            raise RegistryError(msg)
        used = {promotion.version for promotion in self.history()}
        removed = oldest(self.folder, set(self.versions()) - used, keep=keep)
        for version in removed:
            self.discard(version)
        return removed

    def export_version(self, version: str, path: Path) -> None:
        """Write *version*, once it has passed all checks, to the zip file *path*."""
        exchange.export_bundle(self.load(version), path)

    def import_version(self, path: Path) -> str:
        """Add the version in the zip file *path*, once it has passed all checks, and return its name."""
        return exchange.import_bundle(path, self.folder)

    def _put_in_use(
        self, version: str, what: What, instead_of: Known | None, *, by: str, why: str, when: datetime
    ) -> Promotion:
        # What takes long comes before the lock: reading the whole version, and reproducing its self-test rows.
        bundle = Bundle.load(self.folder / version)
        plain = plain_form_of(bundle)
        with self._writing(f"{version} is being {what}"):
            before = self.still_in_force(instead_of)
            if bundle.version != version or not (self.folder / version / MANIFEST).is_file():
                msg = f"{self.folder / version} holds {bundle.version}, or was removed meanwhile. Nothing was changed."
                raise RegistryError(msg)
            promotion = Promotion(
                when=when.isoformat(timespec="seconds"),
                version=version,
                sha256=bundle.sha256,
                by=by,
                why=why,
                previous=before.version if before else None,
                what=what,
                plain_form=sha256_of(plain),
            )
            pointer = json.dumps(asdict(promotion), indent=1).encode() + b"\n"
            history = with_lines(self._history, [promotion])
            write_files({self._pointer: pointer, self._history: history, self.plain_form: plain})
        return promotion

    @contextlib.contextmanager
    def _writing(self, doing: str) -> Iterator[None]:
        """Be the one who writes; what a dead process has left is put in order first."""
        try:
            with exclusive(self.folder / ".lock", doing):
                remove_litter(self.folder)
                remove_litter(self.plain_form.parent)
                self._catch_up()
                yield
        except OSError as error:
            now = self.current()
            msg = (
                f"{error.filename or self.folder} cannot be written ({error.strerror or error});"
                f" {now.version if now else 'no version'} is in use. Make room, or make it writable, and try again."
            )
            raise RegistryError(msg) from error

    def _catch_up(self) -> None:
        """Write what a process that died in the middle of a promotion has left out."""
        now = self.current()
        if now is None:
            return
        if now not in read_history(self._history):
            write_file(self._history, with_lines(self._history, [now]))
        if now.plain_form and now.plain_form != digest_of(self.plain_form):
            # A version that no longer opens is not in the way of the roll back from it.
            with contextlib.suppress(ModelError):
                write_file(self.plain_form, plain_form_of(self.load()))
