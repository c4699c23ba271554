"""The panel of Predict, put on the page anew while the server believes that the browser still has the model."""

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

    panel.run("window.mounted.take(given);", {**data, "model": whole, "heard": 1})
    expect(page.get_by_role("slider")).to_have_count(len(starts))
    expect(page.get_by_role("button", name="Reset to the median row")).to_be_visible()
    page.close()
