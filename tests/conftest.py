"""Fixtures for all tests: the shipped bundle, and one made up for tests."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserType, Error, sync_playwright

from model.bundle import Bundle
from model.registry import Registry
from tests import builders
from tests.browser.serving import launch

ROOT = Path(__file__).parents[1]


# Of few tests that take long each.
LONG_FILES = {"browser/test_retraining.py": 60, "browser/test_switching.py": 45, "browser/test_accessibility.py": 30}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files of most tests, or of long ones, so that what comes last is short."""
    counts = Counter(item.path for item in items)
    long = {path: LONG_FILES.get(f"{path.parent.name}/{path.name}", 0) for path in counts}
    items.sort(key=lambda item: -max(counts[item.path], long[item.path]))


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
