"""The packaged model: the code that opens it, and the artifacts themselves.

This package knows no web or dashboard framework, and importing it loads nothing:
each module imports the heavy libraries only where they are needed. `from model import Bundle`
gives the class that opens a bundle and makes one of any fitted classifier.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from model.making import Bundle as Bundle


def __getattr__(name: str) -> Any:
    if name == "Bundle":
        from model.making import Bundle

        return Bundle
    msg = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(msg)
