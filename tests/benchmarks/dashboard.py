"""How fast the dashboard follows a person, against the least a Streamlit app can do.

python -m tests.benchmarks.dashboard

Three servers, an app with one slider that echoes its value, the dashboard with the bundle in use, and the dashboard
with a model that only the server can score, are driven in turns in the same real browser: key presses, and mouse
drags, each timed from the input event to the text it leads to having been painted. The floor's slider says nothing
before it is released, so its drag is timed from there. Then come many visitors at once, and fresh starts.
"""

import argparse
import contextlib
import os
import statistics
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

from playwright.sync_api import sync_playwright
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from tests import builders
from tests.benchmarks.crowd import crowd
from tests.benchmarks.hands import drags, key_presses, open_app
from tests.benchmarks.serving import free_port, proportional_set_size, row
from tests.browser.serving import dashboard, launch, wait_for

FLOOR = """import streamlit as st
value = st.slider("Value", 0.0, 100.0, 50.0, step=0.1)
st.html(f'<p class="echo">{value:.1f}</p>')
st.html("<footer>end</footer>")
"""


@contextlib.contextmanager
def floor(folder):
    """Serve the least there can be, with Streamlit's own settings, and give its address."""
    (folder / "floor.py").write_text(FLOOR)
    port = free_port()
    command = ["streamlit", "run", "floor.py", "--server.headless", "true", "--browser.gatherUsageStats", "false"]
    address = ["--server.address", "127.0.0.1", "--server.port", str(port)]
    log = (folder / "floor.log").open("wb")
    process = subprocess.Popen(
        [sys.executable, "-m", *command, *address], cwd=folder, env=os.environ, stdout=log, stderr=subprocess.STDOUT
    )
    try:
        url = f"http://127.0.0.1:{port}"
        wait_for(f"{url}/_stcore/health", process, folder / "floor.log")
        yield url
    finally:
        process.terminate()
        process.wait(20)
        log.close()


def at(milliseconds, share):
    """Return a percentile."""
    return statistics.quantiles(milliseconds, n=100, method="inclusive")[round(100 * share) - 1]


def report(kind, found):
    """Print one kind of input: each app, and what it is to the floor."""
    print(f"\n## {kind}\n")
    row("app", "events", "p50 ms", "p95 ms", "p50 ÷ floor's p50", "p95 ÷ floor's p50", "p95 ÷ floor's p95")
    row(*["---"] * 7)
    p50, p95 = (at(found["floor"], share) for share in (0.5, 0.95))
    for name, took in found.items():
        ours = at(took, 0.5), at(took, 0.95)
        ratios = ours[0] / p50, ours[1] / p50, ours[1] / p95
        row(name, len(took), *[f"{value:.1f}" for value in ours], *[f"{ratio:.2f}" for ratio in ratios])


PREDICT = {
    "slider": "RSI, 14 days (of 100)",
    # All text is written at once; this one changes with every step, however small.
    "text": ".flips tbody tr:nth-child(6) .now",
    "drag_event": "input",
}
# Of a model that is not linear the server answers: what is watched is what came of the answer, with three decimals.
ANSWERED = PREDICT | {"text": ".at-answer"}
THRESHOLD = {"slider": "Decision threshold", "text": ".deciding .sentence", "drag_event": "input"}
CURVE = {"slider": "Opening gap (%)", "text": ".here", "drag_event": "input"}
ECHO = {"slider": "Value", "text": ".echo", "drag_event": "pointerup"}


def movements(browser, urls, options):
    """Drive every page by keys and by mouse, and print the tables."""
    floor_url, linear, served = urls
    pages = [
        ("floor", floor_url, ECHO),
        ("Predict", linear, PREDICT),
        ("Curve", f"{linear}/curve", CURVE),
        ("Threshold", f"{linear}/thresholds", THRESHOLD),
        ("Predict, answered by the server", served, ANSWERED),
    ]
    apps = [open_app(browser, url, name=name, **where) for name, url, where in pages]
    apps[-1].page.get_by_label("Log-odds").check()
    report("Key presses", {app.name: key_presses(app, options.steps) for app in apps})
    report("Mouse drags", {app.name: drags(app, options.drags) for app in apps})
    for app in apps:
        app.page.close()


def crowds(urls, options):
    """Let many visitors move a value once a second, and print what came of it and what memory that took."""
    floor_url, linear, served = urls
    print(f"\n## {options.people} visitors, each moving a value once a second for {options.seconds} s\n")
    row("app", "events served a second", "p50 ms", "p95 ms", "p95 ÷ floor's p95", "memory MiB (PSS)")
    row(*["---"] * 6)
    floors = None
    for name, url, moves in (
        ("floor", floor_url, "slider"),
        ("Predict", linear, "panel"),
        ("Predict, answered by the server", served, "panel"),
    ):
        found = crowd(url, moves=moves, people=options.people, seconds=options.seconds, look=partial(memory_of, url))
        p50, p95 = at(found.took, 0.5), at(found.took, 0.95)
        floors = floors or p95
        row(
            name,
            f"{found.served_a_second:.1f}",
            f"{p50:.1f}",
            f"{p95:.1f}",
            f"{p95 / floors:.2f}",
            f"{found.looked:.0f}",
        )


def memory_of(url):
    """Return the memory of the server that listens at *url*, in MiB."""
    port = url.rsplit(":", 1)[1]
    (pid,) = [
        int(entry.name)
        for entry in Path("/proc").iterdir()
        if entry.name.isdigit() and b"--port\0" + port.encode() in _command(entry).replace(b"--server.port", b"--port")
    ]
    return proportional_set_size(pid) / 1024


def _command(entry):
    try:
        return (entry / "cmdline").read_bytes()
    except OSError:
        return b""


def starts(browser, options):
    """Start each server anew, and time the first page a visitor can use, and the second visitor's."""
    took = {"floor": [], "Predict": []}
    for _ in range(options.starts):
        for name, serve, where in (("floor", floor, ECHO), ("Predict", dashboard, PREDICT)):
            with tempfile.TemporaryDirectory() as folder:
                begun = time.perf_counter()
                with serve(Path(folder)) as url:
                    ready = time.perf_counter() - begun
                    first, second = (first_page(browser, url, where["text"]) for _ in range(2))
                took[name].append((ready + first, first, second))
    print(f"\n## A start, medians of {options.starts}\n")
    row("app", "start to first usable page, s", "÷ floor", "first visitor's page, s", "second visitor's page, s")
    row(*["---"] * 5)
    floors = None
    for name, found in took.items():
        cold, first, second = (statistics.median(column) for column in zip(*found, strict=True))
        floors = floors or cold
        row(name, f"{cold:.2f}", f"{cold / floors:.2f}", f"{first:.2f}", f"{second:.2f}")


def first_page(browser, url, text):
    """Return the seconds a fresh visitor waits for the page to be usable."""
    context = browser.new_context(viewport={"width": 1360, "height": 900})
    page = context.new_page()
    begun = time.perf_counter()
    page.goto(url)
    page.locator(text).wait_for()
    took = time.perf_counter() - begun
    context.close()
    return took


def main():
    """Serve all, drive all, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=60, help="key presses")
    parser.add_argument("--drags", type=int, default=10, help="mouse drags, of ten moves each")
    parser.add_argument("--people", type=int, default=25, help="visitors at once")
    parser.add_argument("--seconds", type=int, default=24, help="how long they stay")
    parser.add_argument("--starts", type=int, default=5, help="starts of each server")
    options = parser.parse_args()
    with contextlib.ExitStack() as stack:
        folders = [Path(stack.enter_context(tempfile.TemporaryDirectory())) for _ in range(3)]
        serving = zip((floor, dashboard, dashboard), folders, strict=True)
        urls = [stack.enter_context(serve(folder)) for serve, folder in serving]
        builders.bundle_of(make_pipeline(StandardScaler(), GaussianNB()), folders[2])
        # Before the browser: it holds the event loop for good.
        crowds(urls, options)
        browser = launch(stack.enter_context(sync_playwright()))
        movements(browser, urls, options)
        starts(browser, options)
        browser.close()


if __name__ == "__main__":
    main()
