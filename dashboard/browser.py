"""Components of our own: their scripts and styles, put together from the files of `components/`."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import streamlit as st

COMPONENTS = Path(__file__).parent / "components"
_IMPORT = re.compile(r"^import .*?;\n", re.M | re.S)


def script(*names: str) -> str:
    """Return one module made of several, each after those it imports."""
    return "\n".join(_IMPORT.sub("", (COMPONENTS / name).read_text("utf-8")) for name in names)


def styles(*names: str) -> str:
    """Return the styles of several files as one."""
    return "\n".join((COMPONENTS / name).read_text("utf-8") for name in names)


def heard(key: str, name: str) -> int:
    """Return the number that came with the last state *name* of the component *key*; 0 before any."""
    came = (st.session_state.get(key) or {}).get(name) or {}
    return int(came.get("number", 0))


def component(name: str, *, html: str, css: tuple[str, ...], js: tuple[str, ...]) -> Any:
    """Register a component whose markup is *html*, a file of `components/`, and return what mounts it."""
    mount = st.components.v2.component(
        f"handover_{name}", html=(COMPONENTS / html).read_text("utf-8"), css=styles(*css), js=script(*js)
    )

    def mount_with(data: Mapping[str, Any], **options: Any) -> Any:
        # In a dictionary Streamlit looks for frames, and imports pandas to do so: the first page waited 0.2 s for it.
        return mount(data=[data], **options)

    return mount_with
