"""Components of our own: what mounts them on a page, and what they have said."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from training.panels.components import markup, script, styles


def heard(key: str, name: str) -> int:
    """Return the number that came with the last state *name* of the component *key*; 0 before any."""
    came = (st.session_state.get(key) or {}).get(name) or {}
    return int(came.get("number", 0))


def component(name: str, *, html: str, css: tuple[str, ...], js: tuple[str, ...]) -> Any:
    """Register a component whose markup is *html*, a file of `components/`, and return what mounts it."""
    mount = st.components.v2.component(f"handover_{name}", html=markup(html), css=styles(*css), js=script(*js))

    def mount_with(data: Mapping[str, Any], **options: Any) -> Any:
        # In a dictionary Streamlit looks for frames, and imports pandas to do so: the first page waited 0.2 s for it.
        return mount(data=[data], **options)

    return mount_with
