"""The file to score as a session holds it: in memory only, and through page changes."""

from dataclasses import dataclass
from uuid import uuid4

import streamlit as st

from dashboard.score.scored_file import ScoredFile, score_file
from model.bundle import Bundle
from model.errors import InvalidInputError

UPLOAD, RESULT, EDITION = "file_to_score", "scored_file", "score_uploader"
LONGEST_NAME = 120


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it was chosen; `identity` tells it from another of the same name."""

    name: str
    data: bytes
    identity: str


def uploader_key() -> str:
    """The key of the uploader: another after a file was removed, since an uploader cannot be emptied from here."""
    return f"score_upload_{st.session_state.get(EDITION, 0)}"


def take_upload() -> None:
    """Keep what the uploader holds; Streamlit forgets it once the page is left."""
    chosen = st.session_state[uploader_key()]
    if chosen is None:
        # The uploader says so for a moment also when one file replaces another: it must stay the same one.
        _drop()
    else:
        keep(chosen.name, chosen.getvalue())


def keep(name: str, data: bytes) -> None:
    """Keep a file to score."""
    st.session_state[UPLOAD] = Upload(name[-LONGEST_NAME:], data, uuid4().hex)


def use_example(name: str, data: bytes) -> None:
    """Keep an example in place of what the uploader holds."""
    forget()
    keep(name, data)


def forget() -> None:
    """Forget the file and its scores, and empty the uploader."""
    _drop()
    st.session_state[EDITION] = st.session_state.get(EDITION, 0) + 1


def _drop() -> None:
    st.session_state.pop(UPLOAD, None)
    st.session_state.pop(RESULT, None)


def kept() -> Upload | None:
    """The file that is kept, if any."""
    return st.session_state.get(UPLOAD)


def result(bundle: Bundle, upload: Upload) -> ScoredFile | InvalidInputError:
    """The rows of *upload* scored by *bundle*, or why they cannot be; found out once per file and version."""
    key = (upload.identity, bundle.sha256)
    there = st.session_state.get(RESULT)
    if there is None or there[0] != key:
        with st.spinner("Reading, checking and scoring…"):
            try:
                found: ScoredFile | InvalidInputError = score_file(bundle, upload.data, upload.name)
            except InvalidInputError as error:
                # Kept for the session: without what was in memory when it was raised.
                found = error.with_traceback(None)
        there = st.session_state[RESULT] = (key, found)
    return there[1]
