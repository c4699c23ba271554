"""A real browser on a real server; skipped, with the reason, where there is no browser."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.serving import dashboard

PATIENCE_MS = 20_000  # the machine may be busy with other tests
expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture(scope="session")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with dashboard(tmp_path_factory.mktemp("dashboard")) as address:
        yield address


@dataclass
class Noise:
    """What a page should not do while a person uses it."""

    console: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)


@pytest.fixture
def noise() -> Noise:
    return Noise()


@pytest.fixture(params=["light 1360"])
def page(request: pytest.FixtureRequest, browser: Browser, url: str, noise: Noise) -> Iterator[Page]:
    """A fresh visitor's page; `colour-scheme width` can be given by indirect parametrization."""
    scheme, width = request.param.split()
    context = browser.new_context(viewport={"width": int(width), "height": 900}, color_scheme=scheme)
    opened = context.new_page()
    opened.set_default_timeout(PATIENCE_MS)
    opened.on("console", lambda message: noise.console.append(message.text) if message.type == "error" else None)
    opened.on("pageerror", lambda error: noise.console.append(str(error)))
    context.on("request", lambda sent: noise.requests.append(sent.url) if _leaves(sent, url) else None)
    yield opened
    # pytest shows it where a test has failed.
    print(*noise.console, opened.locator("body").inner_text(), sep="\n")
    context.close()


def _leaves(sent: Any, url: str) -> bool:
    return not sent.url.startswith((url, url.replace("http", "ws", 1), "data:", "blob:"))
