"""How fast the dashboard follows a person, against the least a Streamlit app can do.

python -m tests.benchmarks.dashboard [--steps 60] [--drags 10]

Two servers, the dashboard and an app with one slider that echoes its value, are driven in turns in the same
real browser: key presses, and mouse drags. Each figure is the time from an input event to the text it leads
to having been painted. The floor's slider says nothing before it is released, so its drag is timed from there.
"""

import argparse
import contextlib
import os
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.benchmarks.serving import free_port, row
from tests.browser.serving import dashboard, launch, settle, wait_for

FLOOR = """import streamlit as st
value = st.slider("Value", 0.0, 100.0, 50.0, step=0.1)
st.html(f'<p class="echo">{value:.1f}</p>')
st.html("<footer>end</footer>")
"""

MOVES = 10

# Notes, for every input event, when the text that was watched had changed and been painted.
WATCH = """([selector, events]) => {
  const find = (root) => root.querySelector(selector) ?? [...root.querySelectorAll("*")].reduce(
    (found, element) => found ?? (element.shadowRoot ? find(element.shadowRoot) : null), null);
  const said = () => find(document)?.textContent;
  const took = (window.took = []);
  window.lastSaid = said();
  window.since = null;
  const painted = (since) => requestAnimationFrame(() => {
    const channel = new MessageChannel();
    channel.port1.onmessage = () => took.push(performance.now() - since);
    channel.port2.postMessage(0);
  });
  const look = () => {
    if (window.took !== took || window.since === null || said() === window.lastSaid) return;
    const since = window.since;
    window.since = null;
    window.lastSaid = said();
    painted(since);
  };
  for (const name of events) {
    document.addEventListener(name, (event) => { window.since ??= event.timeStamp; }, { capture: true });
  }
  const observe = (root) => {
    new MutationObserver(look).observe(root, { subtree: true, childList: true, characterData: true });
    root.querySelectorAll("*").forEach((element) => element.shadowRoot && observe(element.shadowRoot));
  };
  observe(document);
}"""


@dataclass(frozen=True)
class App:
    """A page to drive: where its slider and the text that follows are, and what counts as input."""

    name: str
    page: object
    slider: object
    text: str
    drag_event: str


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


def open_app(browser, url, *, name, slider, text, drag_event):
    """Return the app as a fresh visitor has it, with its slider in focus."""
    page = browser.new_page(viewport={"width": 1360, "height": 900})
    page.goto(url)
    settle(page)
    page.locator(text).wait_for()
    found = page.get_by_role("slider", name=slider)
    found.focus()
    page.wait_for_timeout(1000)
    return App(name, page, found, text, drag_event)


def key_presses(app, steps):
    """Press an arrow key so often, waiting each time until the text has followed; return milliseconds."""
    app.page.evaluate(WATCH, [app.text, ["keydown"]])
    app.slider.focus()
    for step in range(steps):
        app.slider.press("ArrowRight")
        app.page.wait_for_function("count => window.took.length >= count", arg=step + 1, polling=5)
        # As fast as a key repeats, and no faster.
        app.page.wait_for_timeout(40)
    return app.page.evaluate("window.took")


def drags(app, count):
    """Drag the thumb to and fro; return milliseconds from each event that should show to the paint."""
    app.page.evaluate(WATCH, [app.text, [app.drag_event]])
    place = app.slider.bounding_box()
    width, height = place["width"], place["y"] + place["height"] / 2
    middle = place["x"] + float(app.slider.evaluate(THUMB)) * width
    for drag in range(count):
        app.page.mouse.move(middle, height)
        app.page.mouse.down()
        for _ in range(MOVES):
            middle += 10 if drag % 2 == 0 else -10
            app.page.mouse.move(middle, height)
            app.page.wait_for_timeout(16)
        app.page.mouse.up()
        app.page.wait_for_timeout(400)
    return app.page.evaluate("window.took")


# Where the thumb is, as a share of the slider's width; what Streamlit draws is the thumb itself.
THUMB = "input => input.type === 'range' ? (input.value - input.min) / (input.max - input.min) : 0.5"


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


def main():
    """Serve both, drive both, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=60, help="key presses")
    parser.add_argument("--drags", type=int, default=10, help="mouse drags, of ten moves each")
    options = parser.parse_args()
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        urls = stack.enter_context(floor(folder)), stack.enter_context(dashboard(folder))
        browser = launch(stack.enter_context(sync_playwright()))
        apps = [
            open_app(browser, urls[0], name="floor", slider="Value", text=".echo", drag_event="pointerup"),
            open_app(
                browser,
                urls[1],
                name="Predict",
                slider="RSI, 14 days (of 100)",
                # All text is written at once; this one changes with every step, however small.
                text=".flips tbody tr:nth-child(6) .now",
                drag_event="input",
            ),
        ]
        report("Key presses", {app.name: key_presses(app, options.steps) for app in apps})
        report("Mouse drags", {app.name: drags(app, options.drags) for app in apps})
        browser.close()


if __name__ == "__main__":
    main()
