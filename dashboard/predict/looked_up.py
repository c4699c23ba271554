"""What Predict looks up in the training rows of a bundle, prepared once for all sessions."""

import streamlit as st

from model.bundle import Bundle
from training.panels.looked_up import LookedUp, look_up


def looked_up(bundle: Bundle) -> LookedUp:
    """Return what is looked up in the training rows of *bundle*."""
    return _looked_up(bundle, bundle.sha256)


@st.cache_resource(max_entries=3, show_spinner="Looking through the training rows…")
def _looked_up(_bundle: Bundle, sha256: str) -> LookedUp:  # noqa: ARG001  the cache's key
    return look_up(_bundle)
