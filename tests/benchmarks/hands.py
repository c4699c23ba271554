"""A hand on a page: keys and drags in a real browser, timed from the input event to the painted text."""

from dataclasses import dataclass

from tests.browser.serving import settle

MOVES = 10
# Presses in one direction before turning back, so that no slider comes to its end.
ONE_WAY = 20

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
        app.slider.press("ArrowRight" if step // ONE_WAY % 2 == 0 else "ArrowLeft")
        app.page.wait_for_function("count => window.took.length >= count", arg=step + 1, polling=5)
        # As fast as a key repeats, and no faster.
        app.page.wait_for_timeout(40)
    return app.page.evaluate("window.took")


def drags(app, count):
    """Drag the thumb fro and to; return milliseconds from each event that should show to the paint."""
    app.page.evaluate(WATCH, [app.text, [app.drag_event]])
    place = app.slider.bounding_box()
    width, height = place["width"], place["y"] + place["height"] / 2
    middle = place["x"] + float(app.slider.evaluate(THUMB)) * width
    for drag in range(count):
        app.page.mouse.move(middle, height)
        app.page.mouse.down()
        for _ in range(MOVES):
            # Downwards first: the keys left it above the middle.
            middle += -10 if drag % 2 == 0 else 10
            app.page.mouse.move(middle, height)
            app.page.wait_for_timeout(16)
        app.page.mouse.up()
        app.page.wait_for_timeout(400)
    return app.page.evaluate("window.took")


# Where the thumb is, as a share of the slider's width; what Streamlit draws is the thumb itself.
THUMB = "input => input.type === 'range' ? (input.value - input.min) / (input.max - input.min) : 0.5"
