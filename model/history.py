"""What was in use, when, by whom and why: the lines of history.jsonl, and the way back through them."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal, Protocol

import msgspec

from model.errors import RegistryError
from model.storage import finished_lines

What = Literal["promoted", "rolled back"]


@dataclass(frozen=True, slots=True)
class Promotion:
    """One line of the history: *version* became the one in use.

    `previous` is the one it replaced, and `plain_form` the digest of the model.pkl that was written with it; it is
    empty in a line from before it was recorded.
    """

    when: str
    version: str
    sha256: str
    by: str
    why: str
    previous: str | None
    what: What = "promoted"
    plain_form: str = ""


class Known(Protocol):
    """A version as somebody knows it: a promotion, or a bundle."""

    @property
    def version(self) -> str:
        """Its name."""

    @property
    def sha256(self) -> str:
        """Digest of its manifest."""


def read_pointer(path: Path) -> Promotion | None:
    """Return the promotion in force, or None where nothing has been promoted yet.

    Raises
    ------
    RegistryError
        *path* cannot be read.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=Promotion)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.DecodeError) as error:
        msg = (
            f"{path} cannot be read ({error}). The last line of history.jsonl says what was current;"
            f" write that line to {path.name}, or retrain."
        )
        raise RegistryError(msg) from error


def check_in_force(known: Known | None, now: Promotion | None, folder: Path) -> None:
    """Refuse to go on if the promotion in force is *now*, and not of the version *known*, where that is given."""
    if known is None:
        return
    if now is None:
        msg = f"Nothing was changed: {folder} no longer says which version is in use. Restore current.json."
        raise RegistryError(msg)
    if (now.version, now.sha256) != (known.version, known.sha256):
        msg = (
            f"Nothing was changed: {now.by} promoted version {now.version} meanwhile ({now.when[:16]}: {now.why})."
            " Switch to it, look again, and then decide."
        )
        raise RegistryError(msg)


def read_history(path: Path) -> list[Promotion]:
    """Return every promotion in *path*, oldest first; a line that a crash left unfinished is none.

    Raises
    ------
    RegistryError
        A line cannot be read.
    """
    decoder = msgspec.json.Decoder(Promotion)
    promotions = []
    for number, line in enumerate(_lines(path), 1):
        try:
            promotions.append(decoder.decode(line))
        except msgspec.DecodeError as error:
            msg = f"{path}, line {number}, cannot be read ({error}). Restore the line, or remove it."
            raise RegistryError(msg) from error
    return promotions


def with_lines(path: Path, promotions: Sequence[Promotion]) -> bytes:
    """Return the content of the history with *promotions* after what is there, which stays as it is."""
    return b"".join(_lines(path)) + b"".join(json.dumps(asdict(line)).encode() + b"\n" for line in promotions)


def _lines(path: Path) -> list[bytes]:
    try:
        return finished_lines(path.read_bytes())
    except FileNotFoundError:
        return []


def way_back(promotions: Sequence[Promotion]) -> list[str]:
    """Return the versions that roll backs walk through: the one in use last, before it the one it took over from.

    A promotion adds a version at the end, a roll back takes away those after the one it returned to. So a second
    roll back goes further back, and never forward to what was rolled back.

    >>> line = lambda version, what: Promotion("", version, "", "", "", None, what)
    >>> way_back([line("a", "promoted"), line("b", "promoted"), line("c", "promoted"), line("b", "rolled back")])
    ['a', 'b']
    """
    versions: list[str] = []
    for promotion in promotions:
        if promotion.what == "rolled back" and promotion.version in versions:
            while versions[-1] != promotion.version:
                versions.pop()
        elif versions[-1:] != [promotion.version]:
            versions.append(promotion.version)
    return versions
