"""A dashboard to look at: a server of its own on a copy of the registry, and a browser."""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, BrowserType

from model.registry import ARTIFACTS

ROOT = Path(__file__).parents[2]
START_SECONDS = 60
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
# In a container there is no sandbox and no graphics; and a browser must not talk to anyone on its own account.
BROWSER_OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# Ports served on before: of an address that comes again a browser has the scripts compiled.
_ports: list[int] = []


@contextlib.contextmanager
def dashboard(folder: Path, *, empty: bool = False) -> Iterator[str]:
    """Serve the dashboard on a copy of the registry in *folder*, or on an *empty* one, and give its address."""
    if not empty:
        shutil.copytree(ARTIFACTS, folder / "artifacts")
    port = _free_port()
    log = (folder / "server.log").open("wb")
    process = subprocess.Popen(
        [sys.executable, "-m", "dashboard", "--port", str(port)],
        cwd=ROOT,
        env=os.environ | {"MODEL_REGISTRY": str(folder / "artifacts")},
        stdout=log,
        stderr=subprocess.STDOUT,
    )
    try:
        url = f"http://127.0.0.1:{port}"
        wait_for(f"{url}/_stcore/health", process, folder / "server.log")
        yield url
    finally:
        process.terminate()
        process.wait(timeout=20)
        log.close()


def _free_port() -> int:
    for port in [*_ports, 0]:
        with socket.socket() as probe, contextlib.suppress(OSError):
            # A port is free though connections of a server before are still being forgotten.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            if not port:
                _ports.append(probe.getsockname()[1])
            return port or _ports[-1]
    msg = "No port of this machine is free."
    raise RuntimeError(msg)


def wait_for(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=2):
            return
        time.sleep(0.1)
    msg = f"The dashboard did not start:\n{log.read_text()}"
    raise RuntimeError(msg)


def launch(chromium: BrowserType) -> Browser:
    """Start the browser that is there: the system's, else Playwright's own."""
    return chromium.launch(executable_path=_browser(), args=BROWSER_OPTIONS)


def launch_with_profile(chromium: BrowserType, folder: Path) -> BrowserContext:
    """Start a browser that keeps compiled scripts in *folder*: to open a page again takes half of the work."""
    return chromium.launch_persistent_context(folder, executable_path=_browser(), args=BROWSER_OPTIONS)


def _browser() -> str | None:
    return next((found for name in BROWSERS if (found := shutil.which(name))), None)


def settle(page: Any) -> None:
    """Wait until the page has run to its end."""
    page.locator("[data-test-script-state=notRunning]").wait_for(state="attached")
    page.locator("footer").wait_for()


def turn_to(page: Any, title: str, *, heading: str) -> None:
    """Turn to another page by the navigation; which of its two forms is shown depends on the width."""
    page.get_by_role("link", name=title, exact=True).filter(visible=True).click()
    page.get_by_role("heading", level=1, name=heading).wait_for()
    settle(page)
