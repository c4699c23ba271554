"""Fixtures for the dashboard: a registry of its own for each test, and the app opened on it."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from dashboard import access
from model.registry import ARTIFACTS, Registry

ENTRY = Path(__file__).parents[2] / "dashboard" / "streamlit_app.py"


def open_app() -> AppTest:
    """The app as a first visitor sees it."""
    return AppTest.from_file(str(ENTRY), default_timeout=60).run()


@pytest.fixture(autouse=True)
def at_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let visitors sit at the machine itself: the app under test has no connection that would say so."""
    monkeypatch.delenv("DASHBOARD_KEY", raising=False)
    monkeypatch.setattr(access, "visitor", lambda: access.Visitor("127.0.0.1", {"Host": "localhost:8501"}))


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Registry:
    """A copy of the committed registry, which the app under test uses."""
    folder = tmp_path / "artifacts"
    shutil.copytree(ARTIFACTS, folder)
    monkeypatch.setenv("MODEL_REGISTRY", str(folder))
    return Registry(folder)


@pytest.fixture
def app(registry: Registry) -> Iterator[AppTest]:
    """The app on its first page."""
    return open_app()
