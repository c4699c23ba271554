"""Versions on disk, the current one, promotion and history.

A registry is a folder: one folder a version, `current.json` naming the one in use, and
`history.jsonl`. Any number of processes may read it while one writes.
"""

import io
import json
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

import msgspec

from model.bundle import Bundle
from model.errors import BundleIntegrityError, NoBundleError, RegistryError
from model.storage import UNFINISHED, append_line, finished_lines, write_file

ARTIFACTS = Path(__file__).parent / "artifacts"


@dataclass(frozen=True, slots=True)
class Promotion:
    """One line of the history: *version* became the current one."""

    when: str
    version: str
    sha256: str
    by: str
    why: str
    previous: str | None


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

    def versions(self) -> list[str]:
        """Names of all versions, in the order of their names (last training day, then digest)."""
        if not self.folder.is_dir():
            return []
        return sorted(
            entry.name for entry in self.folder.iterdir() if entry.is_dir() and not entry.name.startswith(UNFINISHED)
        )

    def current(self) -> Promotion | None:
        """The promotion in force, or None where nothing has been promoted yet.

        Raises
        ------
        RegistryError
            current.json cannot be read.
        """
        path = self.folder / "current.json"
        try:
            return msgspec.json.decode(path.read_bytes(), type=Promotion)
        except FileNotFoundError:
            return None
        except (OSError, msgspec.DecodeError) as error:
            msg = (
                f"{path} cannot be read ({error}). The last line of history.jsonl says what was current;"
                " write that line to current.json, or retrain."
            )
            raise RegistryError(msg) from error

    def fingerprint(self) -> tuple[int, ...] | None:
        """What changes with every promotion and costs next to nothing to look at; None before the first."""
        try:
            found = (self.folder / "current.json").stat()
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

    def promote(self, version: str, *, by: str, why: str, when: datetime) -> Promotion:
        """Make *version* the current one, once it has passed all checks, and record it."""
        bundle = Bundle.load(self.folder / version)
        before = self.current()
        promotion = Promotion(
            when=when.isoformat(timespec="seconds"),
            version=version,
            sha256=bundle.sha256,
            by=by,
            why=why,
            previous=before.version if before else None,
        )
        record = asdict(promotion)
        plain = _plain_form(bundle)
        write_file(self.folder / "current.json", json.dumps(record, indent=1).encode() + b"\n")
        append_line(self.folder / "history.jsonl", record)
        write_file(self.plain_form, plain)
        return promotion

    def roll_back(self, *, by: str, why: str, when: datetime) -> Promotion:
        """Make the version before the current one current again."""
        current = self.current()
        if current is None or current.previous is None:
            msg = "There is no version before the current one to roll back to."
            raise RegistryError(msg)
        return self.promote(current.previous, by=by, why=why, when=when)

    def history(self) -> list[Promotion]:
        """Every promotion, oldest first.

        Raises
        ------
        RegistryError
            A line cannot be read.
        """
        path = self.folder / "history.jsonl"
        if not path.exists():
            return []
        decoder = msgspec.json.Decoder(Promotion)
        promotions = []
        for number, line in enumerate(finished_lines(path.read_bytes()), 1):
            try:
                promotions.append(decoder.decode(line))
            except msgspec.DecodeError as error:
                msg = f"{path}, line {number}, cannot be read ({error}). Restore the line, or remove it."
                raise RegistryError(msg) from error
        return promotions


def _plain_form(bundle: Bundle) -> bytes:
    """Return the bytes of model.pkl: one dict that joblib loads, for scripts and notebooks."""
    import joblib

    buffer = io.BytesIO()
    plain = {
        "pipeline": bundle.pipeline,
        "features": list(bundle.manifest.feature_names),
        "threshold": bundle.threshold,
        "trained_on": msgspec.to_builtins(bundle.manifest.trained_on),
        "version": bundle.version,
    }
    joblib.dump(plain, buffer)
    return buffer.getvalue()
