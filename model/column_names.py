"""What columns may be called, so that the same name means the same column in files, requests and pages."""

import unicodedata
from collections.abc import Iterable, Sequence

from model.errors import Fault

# Control characters, breaks of lines and paragraphs, and halves of characters.
UNPRINTABLE = frozenset({"Cc", "Zl", "Zp", "Cs"})


def plain_names(names: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return *names* without spaces at either end, and a sentence about those that had some.

    >>> plain_names(["age", " income "])
    (('age', 'income'), ('Spaces at either end of a name were dropped: “ income ” is “income”.',))
    """
    given = list(names)
    plain = tuple(name.strip() for name in given)
    changed = [f"“{printable(was)}” is “{name}”" for was, name in zip(given, plain, strict=True) if was != name]
    return plain, (f"Spaces at either end of a name were dropped: {', '.join(changed)}.",) if changed else ()


def printable(name: str) -> str:
    r"""Return *name* with every character that has no picture written as its escape.

    >>> print(printable("net\nincome µ"))
    net\nincome µ
    """
    return "".join(ascii(char)[1:-1] if unicodedata.category(char) in UNPRINTABLE else char for char in name)


def faults_of_names(names: Sequence[str], what: str = "column") -> list[Fault]:
    """Return a fault for each of *names* that holds a character no header, address or line of text can carry."""
    return [
        Fault(
            f"{what} “{printable(name)}”",
            "a line break or another control character",
            "characters that can be seen, and spaces",
            "Rename it.",
        )
        for name in names
        if name != printable(name)
    ]
