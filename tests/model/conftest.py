"""Fixtures for the tests of the model package."""

import shutil
from pathlib import Path

import pytest

from model.registry import Registry
from tests import builders
from training.train import store


@pytest.fixture(scope="session")
def stored_versions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A registry folder with three versions, none of them in use; to be copied."""
    registry = Registry(tmp_path_factory.mktemp("stored") / "artifacts")
    for seed in range(3):
        store(builders.result(seed=seed), registry, when=builders.WHEN.replace(day=1 + seed))
    return registry.folder


@pytest.fixture
def shelf(stored_versions: Path, tmp_path: Path) -> Registry:
    """A registry of its own with three versions, the first of them in use."""
    shutil.copytree(stored_versions, tmp_path / "artifacts")
    registry = Registry(tmp_path / "artifacts")
    registry.promote(registry.versions()[0], by="tester", why="first", when=builders.WHEN)
    return registry
