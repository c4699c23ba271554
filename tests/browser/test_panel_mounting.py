"""How a panel comes onto the page, stays there and leaves it."""

from playwright.sync_api import Browser, expect

from dashboard.predict.panel import model_data
from model.bundle import Bundle
from tests.browser.modules import Module
from training.panels.components import COMPONENTS
from training.panels.predict import SCRIPTS


def test_a_panel_that_does_not_have_the_model_it_should_know_asks_for_it(browser: Browser, shipped: Bundle):
    page = browser.new_page()
    panel = Module(page, *SCRIPTS, body=(COMPONENTS / "panel.html").read_text("utf-8"))
    whole = model_data(shipped, 0.5)
    starts = [feature["start"] for feature in whole["features"]]
    scenario = {"values": starts, "origin": None, "origins": {}, "history": {"past": [], "future": []}, "pins": []}
    data = {**scenario, "edition": 0, "query": "", "answers": None, "refused": None, "heard": 7, "similar": None}

    asked = panel.run(
        """const asked = [];
           window.mounted = module.mountPanel(document.body, given, { state: (name, value) => asked.push(value) });
           return asked;""",
        {**data, "model": {"id": shipped.sha256}},
    )
    assert [one["known"] for one in asked] == [None]
    assert asked[0]["values"] == starts
    # Nothing can be done with a model that has not come yet.
    assert page.locator(".answer").evaluate("(answer) => answer.inert")

    panel.run("window.mounted.take(given);", {**data, "model": whole, "heard": 1})
    expect(page.get_by_role("slider")).to_have_count(len(starts))
    assert not page.locator(".answer").evaluate("(answer) => answer.inert")
    expect(page.get_by_role("button", name="Reset to the median row")).to_be_visible()
    page.close()


def test_a_panel_lives_until_it_leaves_the_page(browser: Browser):
    """Streamlit calls what clears up also when new data come before a call with older ones has returned."""
    page = browser.new_page()
    done = Module(page, "elements.js").run(
        """const done = [];
           const mount = (_, data) => {
             done.push(`mount ${data}`);
             return { take: (data) => done.push(`take ${data}`), destroy: () => done.push("destroy") };
           };
           const parentElement = document.createElement("div");
           document.body.append(parentElement);
           const component = module.streamlitComponent(mount);
           const overtaken = component({ parentElement, data: [1] });
           overtaken();
           const last = component({ parentElement, data: [2] });
           parentElement.remove();
           last();
           last();
           return done;"""
    )
    assert done == ["mount 1", "take 2", "destroy"]
    page.close()
