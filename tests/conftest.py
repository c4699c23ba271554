"""Fixtures for all tests: the shipped bundle, and one made up for tests."""

from pathlib import Path

import pytest

from model.bundle import Bundle
from model.registry import Registry
from tests import builders

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def shipped() -> Bundle:
    """The bundle that is committed, opened with all its checks."""
    return Registry().load()


@pytest.fixture(scope="session")
def made_up(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """A bundle of a made-up model; read only."""
    return builders.bundle(tmp_path_factory.mktemp("made_up"))
