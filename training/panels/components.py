"""The scripts, styles and markup of the panels, put together from the files they are written in."""

import re

from training.places import ROOT

COMPONENTS = ROOT / "dashboard" / "components"
_IMPORT = re.compile(r"^import .*?;\n", re.M | re.S)


def script(*names: str) -> str:
    """Return one module made of several, each after those it imports."""
    return "\n".join(_IMPORT.sub("", (COMPONENTS / name).read_text("utf-8")) for name in names)


def styles(*names: str) -> str:
    """Return the styles of several files as one."""
    return "\n".join((COMPONENTS / name).read_text("utf-8") for name in names)


def markup(name: str) -> str:
    """Return the HTML a panel is mounted in."""
    return (COMPONENTS / name).read_text("utf-8")
