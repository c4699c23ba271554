"""A real browser on a real server; skipped, with the reason, where there is no browser."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, BrowserType, Page, expect

from tests.browser.serving import dashboard, launch_with_profile

PATIENCE_MS = 20_000  # the machine may be busy with other tests
expect.set_options(timeout=PATIENCE_MS)
Visit = Callable[..., Page]


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


@pytest.fixture(scope="session")
def profile(browser: Browser, chromium: BrowserType, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A browser that has visited before; skipped where there is none."""
    with launch_with_profile(chromium, tmp_path_factory.mktemp("profile")) as found:
        yield found


@pytest.fixture
def blank_page(profile: BrowserContext) -> Iterator[Visit]:
    """Open blank pages of a visitor of whom no page remembers anything; closed when the test ends."""
    opened = []

    def open_page(width: int = 1360, height: int = 900, scheme: Any = "light") -> Page:
        page = profile.new_page()
        opened.append(page)
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme=scheme)
        page.set_default_timeout(PATIENCE_MS)
        return page

    yield open_page
    for page in opened:
        if page.url.startswith("http"):
            page.evaluate("localStorage.clear()")
        page.close()
    profile.clear_cookies()
    profile.clear_permissions()


@pytest.fixture(params=["light 1360"])
def page(request: pytest.FixtureRequest, blank_page: Visit, url: str, noise: Noise) -> Iterator[Page]:
    """A fresh visitor's page; `colour-scheme width` can be given by indirect parametrization."""
    scheme, width = request.param.split()
    opened = blank_page(int(width), scheme=scheme)
    opened.on("console", lambda message: noise.console.append(message.text) if message.type == "error" else None)
    opened.on("pageerror", lambda error: noise.console.append(str(error)))
    opened.on("request", lambda sent: noise.requests.append(sent.url) if _leaves(sent, url) else None)
    yield opened
    # pytest shows it where a test has failed.
    print(*noise.console, opened.locator("body").inner_text(), sep="\n")


def _leaves(sent: Any, url: str) -> bool:
    return not sent.url.startswith((url, url.replace("http", "ws", 1), "data:", "blob:"))
