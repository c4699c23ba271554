"""The sentence over every threshold: whether what calls are worth can be told from zero, and from always calling."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser

from dashboard.threshold.numbers import bands_of
from model.bundle import Bundle
from tests import builders
from tests.browser.modules import Module
from training.panels.costs import CallCosts, usual_costs
from training.panels.threshold import SCRIPTS, bands_data

EVERY_STEP = """
  return given.level.map((_, i) => {
    const found = module.figuresAt(given, module.snapped(given, i / 1000));
    const words = (text) => text.replaceAll("**", "");
    const said = words(module.sentenceOf(given, found));
    return { ...found, shown: module.figureTexts(given, found)[3][2], said, spoken: module.spokenOf(given, found) };
  });"""


@pytest.fixture(scope="module")
def words(browser: Browser) -> Iterator[Module]:
    page = browser.new_page()
    yield Module(page, *SCRIPTS)
    page.close()


def told(between: dict[str, float], less: str, neither: str, more: str) -> str:
    """What an interval says of zero."""
    return more if between["low"] > 0 else less if between["high"] < 0 else neither


def said_of_calls(words: Module, bundle: Bundle, costs: CallCosts) -> list[dict[str, Any]]:
    """What is said at every step of the slider at which enough is called to say what a call is worth."""
    steps = words.run(EVERY_STEP, bands_data(bundle, bands_of(bundle, bundle.sha256, costs), costs))
    return [step for step in steps if step["worth"]["low"] is not None]


def test_a_call_is_held_against_nothing_and_against_always_calling_in_one_sentence(words: Module, shipped: Bundle):
    steps = said_of_calls(words, shipped, CallCosts("trade", 5.0, 1.0, 1.0))

    found = set()
    for step in steps:
        zero = told(step["worth"], "less than zero", "not distinguishable from zero", "more than zero")
        assert f"after costs, {zero} (95\u00a0% interval" in step["said"]
        assert f"bp, {zero}; against always calling “up”: " in step["spoken"]
        if step["calls"] == len(shipped.out_of_fold.y_true):
            always = "all calls together are the same as"
        elif step["advantage"]["low"] is None:
            always = None
            assert "; against always calling it, too few rows differ to tell (" in step["said"]
        else:
            against = told(step["advantage"], "worth less than", "not distinguishable from", "worth more than")
            always = f"all calls together are {against}"
            # The figure below says the same.
            assert step["shown"].endswith(told(step["advantage"], ", worse", ", not distinguishable", ", better"))
        if always:
            assert f"; {always} always calling it (" in step["said"]
        found.add((zero, always))
    # One of the two alone would be read as skill.
    assert ("more than zero", "all calls together are not distinguishable from") in found
    assert len(found) >= 4


def test_errors_are_held_against_always_calling_and_nothing_is_said_of_trades(words: Module, tmp_path_factory: Any):
    bundle = builders.table_bundle(tmp_path_factory.mktemp("table"))
    steps = said_of_calls(words, bundle, usual_costs(bundle))

    told_apart = [step for step in steps if step["advantage"]["low"] is not None and step["calls"] < 400]
    assert len(told_apart) > 100
    for step in told_apart:
        against = told(step["advantage"], "more than", "not distinguishable from", "less than")
        assert f"), {against} always calling it (" in step["said"]
        assert "zero" not in step["said"]
        assert " bp" not in step["said"]


def test_few_calls_are_not_said_to_be_like_nothing(words: Module):
    assert words.run("return module.besideZero({ low: null, high: null });") == "too few calls to tell from zero"
