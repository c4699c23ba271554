"""Fixtures for all tests: the shipped bundle, and one made up for tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserType, Error, sync_playwright

from model.bundle import Bundle
from model.registry import Registry
from tests import builders
from tests.browser.serving import launch

ROOT = Path(__file__).parents[1]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the tests in a browser: they take longest, and what comes last should be short."""
    items.sort(key=lambda item: not item.nodeid.startswith("tests/browser/"))


@pytest.fixture(scope="session")
def shipped() -> Bundle:
    """The bundle that is committed, opened with all its checks."""
    return Registry().load()


@pytest.fixture(scope="session")
def made_up(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """A bundle of a made-up model; read only."""
    return builders.bundle(tmp_path_factory.mktemp("made_up"))


@pytest.fixture(scope="session")
def chromium() -> Iterator[BrowserType]:
    """What starts browsers."""
    with sync_playwright() as playwright:
        yield playwright.chromium


@pytest.fixture(scope="session")
def browser(chromium: BrowserType) -> Iterator[Browser]:
    """A real browser, one for all tests of a process; where there is none, tests are skipped with the reason."""
    try:
        found = launch(chromium)
    except Error as error:
        pytest.skip(f"no browser for the browser tests: {error.message.splitlines()[0]}")
    yield found
    found.close()
