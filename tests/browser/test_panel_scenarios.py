"""Where scenarios come from and go to: starting points, undo, pins, copies, and what is nearest to them."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from dashboard.predict.looked_up import looked_up
from model.bundle import Bundle
from model.registry import ARTIFACTS
from model.wording import percent
from tests.browser.conftest import Noise, Visit
from tests.browser.serving import settle, turn_to
from tests.browser.test_dashboard import HEADINGS, by_pipeline, open_dashboard
from tests.browser.test_panel import GAP, MACD, RSI, answer, box, slider, type_into
from training.panels.starting_points import row_on

ROOT = Path(__file__).parents[2]
API_STARTS_SECONDS = 60


def button(page: Page, name: str) -> Locator:
    return page.get_by_role("button", name=name, exact=True)


def start_from(page: Page, name: str) -> None:
    button(page, "Start from").click()
    choice(page, name).click()


def choice(page: Page, name: str) -> Locator:
    return page.get_by_role("button", name=re.compile(f"^{name}"))


def day(page: Page) -> Locator:
    return page.get_by_label("Day", exact=True)


def of_row(bundle: Bundle, ticker: str, day: str) -> dict[str, float]:
    return row_on(bundle, ticker, day).values


# ---- Starting points -----------------------------------------------------------------------------


@pytest.mark.parametrize("page", ["light 1360", "dark 390"], indirect=True)
def test_the_latest_row_of_a_ticker_is_loaded_and_said(page: Page, url: str, noise: Noise, shipped: Bundle):
    open_dashboard(page, url)
    start_from(page, "GOOG: the latest row, 2013-03-01")

    values = of_row(shipped, "GOOG", "2013-03-01")
    expect(answer(page)).to_have_text(by_pipeline(shipped, **values))
    expect(box(page, RSI)).to_have_value(f"{values['rsi_14']:.1f}")
    expect(page.locator(".origin-said")).to_have_text(
        "GOOG, 2013-03-01 (the latest row). What followed is not known yet."
    )
    expect(choice(page, "The median row")).to_be_hidden()
    main = page.get_by_test_id("stMain")
    assert main.evaluate("main => main.scrollWidth <= main.clientWidth")
    assert noise == Noise()


def test_a_row_of_any_day_is_looked_up_and_what_followed_is_told(page: Page, url: str, shipped: Bundle):
    open_dashboard(page, url)
    button(page, "Start from").click()
    page.get_by_role("combobox", name="A row of").select_option("IBM")
    day(page).fill("2008-10-10")
    button(page, "Load").click()

    point = row_on(shipped, "IBM", "2008-10-10")
    expect(page.locator(".origin-said")).to_have_text(point.said.replace(" %", "\u00a0%"))
    expect(answer(page)).to_have_text(by_pipeline(shipped, **point.values))
    expect(button(page, "Load")).to_be_hidden()
    type_into(page, RSI, "50")
    expect(page.locator(".origin")).to_contain_text(re.compile("Moved from\\s+IBM, 2008-10-10."))


def test_a_day_without_a_row_is_named_and_nothing_else_happens(page: Page, url: str, shipped: Bundle):
    open_dashboard(page, url)
    button(page, "Start from").click()
    day(page).fill("2010-05-08")
    button(page, "Load").click()

    expect(page.get_by_text("There is no row of AAPL on 2010-05-08.")).to_contain_text("2010-05-07 and 2010-05-10")
    expect(answer(page)).to_have_text(by_pipeline(shipped))
    day(page).fill("2010-05-10")
    button(page, "Load").click()
    expect(page.locator(".origin")).to_contain_text("AAPL, 2010-05-10.")


def test_the_biggest_miss_and_a_borderline_row_are_one_press_away(page: Page, url: str, shipped: Bundle):
    points = {point.kind: point for point in looked_up(shipped).points}
    open_dashboard(page, url)
    start_from(page, "The biggest miss")
    expect(page.locator(".origin")).to_contain_text("Out of fold the model gave “up” 75.3\u00a0%")
    expect(answer(page)).to_have_text(by_pipeline(shipped, **points["miss"].values))

    start_from(page, "A borderline row")
    expect(answer(page)).to_have_text("44.0 %")
    expect(page.locator(".answer-distance")).to_contain_text("0.00")
    start_from(page, "The median row")
    expect(answer(page)).to_have_text(by_pipeline(shipped))
    expect(page.locator(".origin")).to_contain_text("no real row need look like this")


def test_the_menu_of_starting_points_is_used_by_keyboard_alone(page: Page, url: str):
    open_dashboard(page, url)
    button(page, "Start from").press("Enter")
    expect(choice(page, "The median row")).to_be_visible()
    page.keyboard.press("Escape")
    expect(choice(page, "The median row")).to_be_hidden()
    expect(button(page, "Start from")).to_be_focused()

    page.keyboard.press("Enter")
    for _ in range(3):
        page.keyboard.press("Tab")
    expect(choice(page, "The biggest miss")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".origin")).to_contain_text("The biggest miss: AAPL, 2010-05-06.")
    expect(button(page, "Start from")).to_be_focused()


# ---- Undo and redo -------------------------------------------------------------------------------


def test_every_settled_change_is_undone_and_redone(page: Page, url: str, noise: Noise, shipped: Bundle):
    open_dashboard(page, url)
    expect(button(page, "Undo")).to_have_attribute("aria-disabled", "true")
    type_into(page, MACD, "-20")
    drag(page, RSI, 0.9)
    rsi = float(box(page, RSI).input_value())
    start_from(page, "The biggest miss")
    button(page, "Reset to the median row").click()
    expect(answer(page)).to_have_text(by_pipeline(shipped))

    button(page, "Undo").click()
    expect(page.locator(".origin")).to_contain_text("The biggest miss: AAPL, 2010-05-06.")
    button(page, "Undo").click()
    expect(answer(page)).to_have_text(by_pipeline(shipped, macd=-20.0, rsi_14=rsi))
    expect(page.locator(".origin")).to_be_hidden()
    # A drag is one step, however many values it passed.
    button(page, "Undo").click()
    expect(answer(page)).to_have_text(by_pipeline(shipped, macd=-20.0))
    button(page, "Undo").click()
    expect(answer(page)).to_have_text(by_pipeline(shipped))
    expect(button(page, "Undo")).to_have_attribute("aria-disabled", "true")
    for _ in range(3):
        button(page, "Redo").click()
    expect(page.locator(".origin")).to_contain_text("The biggest miss: AAPL, 2010-05-06.")
    assert noise == Noise()


def drag(page: Page, name: str, share: float) -> None:
    slider(page, name).scroll_into_view_if_needed()
    place = slider(page, name).bounding_box()
    assert place
    height = place["y"] + place["height"] / 2
    page.mouse.move(place["x"] + place["width"] / 2, height)
    page.mouse.down()
    for step in range(1, 6):
        page.mouse.move(place["x"] + (0.5 + (share - 0.5) * step / 5) * place["width"], height)
    page.mouse.up()


def test_undo_and_redo_by_keys_but_not_while_a_text_is_edited(page: Page, url: str, shipped: Bundle):
    open_dashboard(page, url)
    slider(page, RSI).focus()
    for _ in range(3):
        slider(page, RSI).press("ArrowRight")
    page.wait_for_timeout(300)  # the keys rest: what follows is another step
    slider(page, RSI).press("ArrowRight")
    expect(box(page, RSI)).to_have_value("52.6")

    page.keyboard.press("Control+z")
    expect(box(page, RSI)).to_have_value("52.5")
    page.keyboard.press("Control+z")
    expect(box(page, RSI)).to_have_value("52.2")
    page.keyboard.press("Control+Shift+Z")
    expect(box(page, RSI)).to_have_value("52.5")
    expect(answer(page)).to_have_text(by_pipeline(shipped, rsi_14=52.5))

    box(page, MACD).focus()
    page.keyboard.press("Control+z")
    expect(box(page, RSI)).to_have_value("52.5")


def test_undo_survives_turning_the_page_and_takes_in_what_was_done_there(page: Page, url: str, shipped: Bundle):
    open_dashboard(page, url)
    start_from(page, "The biggest miss")
    turn_to(page, "Curve", heading=HEADINGS["Curve"])
    type_into(page, GAP, "2.5")
    settle(page)
    turn_to(page, "Predict", heading=HEADINGS["Predict"])
    expect(box(page, GAP)).to_have_value("2.50")

    button(page, "Undo").click()
    expect(box(page, GAP)).to_have_value("-0.84")
    expect(page.locator(".origin")).to_contain_text("The biggest miss: AAPL")
    button(page, "Undo").click()
    expect(answer(page)).to_have_text(by_pipeline(shipped))
    turn_to(page, "About", heading=HEADINGS["About"])
    turn_to(page, "Predict", heading=HEADINGS["Predict"])
    button(page, "Redo").click()
    expect(page.locator(".origin")).to_contain_text("The biggest miss: AAPL")


# ---- Pins ----------------------------------------------------------------------------------------


def cell(page: Page, row: str, column: str) -> Locator:
    position = page.locator(".comparison thead th").all_inner_texts().index(column)
    return (
        page.locator(".comparison tr", has=page.get_by_role("rowheader", name=row, exact=True))
        .locator("> *")
        .nth(position)
    )


@pytest.mark.parametrize("page", ["light 1360", "dark 390"], indirect=True)
def test_pinned_scenarios_stand_beside_the_present_one_which_follows_the_hand(page: Page, url: str, shipped: Bundle):
    open_dashboard(page, url)
    type_into(page, MACD, "6")
    button(page, "Pin").click()
    expect(page.locator(".toolbar-note")).to_have_text("Pinned as A; compared below.")
    expect(page.locator(".comparison .differs")).to_have_count(0)
    type_into(page, MACD, "1")
    button(page, "Pin").click()
    drag(page, RSI, 0.8)

    rsi = float(box(page, RSI).input_value())
    probabilities = {name: by_pipeline(shipped, macd=value) for name, value in (("A", 6.0), ("B", 1.0))}
    page.locator(".comparison").scroll_into_view_if_needed()
    assert cell_texts(page, "Probability")[:2] == ["Probability", by_pipeline(shipped, macd=1.0, rsi_14=rsi)]
    for name, probability in probabilities.items():
        expect(
            page.locator(".comparison tr", has_text="Probability").locator(".pinned-value").nth("AB".index(name))
        ).to_have_text(probability)
        expect(page.get_by_role("button", name=f"Go to {name}: {probability}")).to_be_visible()
    differing = page.locator(".comparison .differs")
    difference = f"▼ {rsi - 52.2:.1f}"
    expect(differing.filter(has_text=difference)).to_have_count(2)
    expect(page.locator(".comparison tr", has_text=MACD).locator(".difference")).to_have_text(["▲ 5.00", ""])
    expect(page.locator(".comparison tbody tr", has_text="Call").locator(".difference")).to_have_text(
        ["other call", ""]
    )
    main = page.get_by_test_id("stMain")
    assert main.evaluate("main => main.scrollWidth <= main.clientWidth")


def cell_texts(page: Page, row: str) -> list[str]:
    found = page.locator(".comparison tbody tr", has_text=row).first.locator("> *").all_inner_texts()
    return [text.strip() for text in found]


def test_a_pin_is_gone_to_removed_and_a_fourth_refused(page: Page, url: str, shipped: Bundle):
    open_dashboard(page, url)
    for value in ("6", "3", "1"):
        type_into(page, MACD, value)
        button(page, "Pin").click()
    button(page, "Pin").click()
    expect(page.locator(".toolbar-note")).to_have_text("These values are pinned already, as C.")
    type_into(page, MACD, "0")
    button(page, "Pin").click()
    expect(page.locator(".toolbar-note")).to_have_text(
        "Three scenarios are pinned already: remove one below, then pin this one."
    )

    button(page, "Go to A").click()
    expect(answer(page)).to_have_text(by_pipeline(shipped, macd=6.0))
    button(page, "Undo").click()
    expect(box(page, MACD)).to_have_value("0.00")
    button(page, "Remove B").click()
    expect(page.get_by_role("button", name="Go to B")).to_have_count(0)
    button(page, "Pin").click()
    expect(page.locator(".toolbar-note")).to_have_text("Pinned as B; compared below.")
    turn_to(page, "About", heading=HEADINGS["About"])
    turn_to(page, "Predict", heading=HEADINGS["Predict"])
    expect(page.locator(".pinned .chips button")).to_have_text(
        [
            re.compile(f"{name} {by_pipeline(shipped, macd=value)}")
            for name, value in (("A", 6.0), ("B", 0.0), ("C", 1.0))
        ]
    )


# ---- Copies --------------------------------------------------------------------------------------


def copied_text(page: Page, kind: str) -> str:
    page.get_by_role("radio", name=kind, exact=True).check()
    return page.get_by_role("textbox", name="Text to copy").input_value()


def open_copies(page: Page) -> None:
    button(page, "Copy").first.click()


def unusual(page: Page) -> dict[str, float]:
    """Set values of which one needs an exponent in original units, and return them."""
    values = {"rsi_14": 80.0, "macd": -20.0, "gap_pct": 0.0, "volume_z20": -1.07}
    for label, value in ((RSI, "80"), (MACD, "-20"), (GAP, "0"), ("Volume against 20 days (sd)", "-1.07")):
        type_into(page, label, value)
    return values


def test_the_link_opens_the_same_scenario_and_follows_the_sliders(
    page: Page, blank_page: Visit, url: str, shipped: Bundle
):
    open_dashboard(page, url)
    type_into(page, MACD, "6")
    button(page, "Pin").click()
    open_copies(page)
    before = copied_text(page, "Link")
    page.keyboard.press("Escape")
    values = unusual(page)
    open_copies(page)
    link = copied_text(page, "Link")

    assert link != before
    assert "rsi_14=80.0" in link
    other = blank_page()
    other.goto(link)
    settle(other)
    expect(answer(other)).to_have_text(by_pipeline(shipped, **values))
    expect(other.get_by_role("button", name=f"Go to A: {by_pipeline(shipped, macd=6.0)}")).to_be_visible()


@pytest.fixture(scope="module")
def api() -> Iterator[str]:
    """A started API on the shipped bundle."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "api", "--port", str(port), "--workers", "1"],
        cwd=ROOT,
        env=os.environ | {"API_ACCESS_LOG": "off"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + API_STARTS_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.1)
    yield f"http://127.0.0.1:{port}"
    process.terminate()
    process.wait(timeout=20)


@pytest.mark.skipif(shutil.which("curl") is None, reason="no curl to run the command with")
def test_the_command_gets_the_shown_probability_from_the_api(page: Page, url: str, api: str, shipped: Bundle):
    open_dashboard(page, url)
    values = unusual(page)
    open_copies(page)
    command = copied_text(page, "curl")
    shown = json.loads(copied_text(page, "JSON"))

    assert "http://127.0.0.1:5000/predict" in command
    done = subprocess.run(
        ["bash", "-c", command.replace("http://127.0.0.1:5000", api)], capture_output=True, text=True, check=True
    )
    reply = json.loads(done.stdout)
    assert reply["p_up"] == pytest.approx(shown["p_up"], abs=1e-15)
    assert percent(reply["p_up"]) == by_pipeline(shipped, **values)
    assert reply["prediction"] == shown["prediction"]


def test_the_script_prints_the_shown_probability(page: Page, url: str, shipped: Bundle):
    open_dashboard(page, url)
    values = unusual(page)
    open_copies(page)
    script = copied_text(page, "Python")

    environment = os.environ | {"MODEL_REGISTRY": str(ARTIFACTS)}
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    probability, called = done.stdout.split()
    assert percent(float(probability)) == by_pipeline(shipped, **values)
    assert called == str(float(probability) >= shipped.threshold)


def test_the_object_holds_original_units_and_the_model(page: Page, url: str, shipped: Bundle):
    open_dashboard(page, url)
    unusual(page)
    open_copies(page)
    held = json.loads(copied_text(page, "JSON"))

    row = [held["features"][name] for name in shipped.manifest.feature_names]
    assert held["features"]["macd"] == -0.2
    assert held["p_up"] == pytest.approx(shipped.pipeline.predict_proba(np.array([row]))[0, 1], abs=1e-12)
    assert (held["version"], held["sha256"]) == (shipped.version, shipped.sha256)
    assert held["threshold"] == shipped.threshold


def test_the_text_is_copied_and_without_permission_at_least_selected(page: Page, url: str):
    open_dashboard(page, url)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=url)
    open_copies(page)
    text = copied_text(page, "curl")
    page.locator(".copy-text").click()
    expect(page.locator(".copied")).to_have_text("Copied.")
    assert page.evaluate("navigator.clipboard.readText()") == text

    page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error('refused')); }")
    page.evaluate("() => { document.execCommand = () => false; }")
    page.get_by_role("radio", name="Python", exact=True).check()
    page.locator(".copy-text").click()
    expect(page.locator(".copied")).to_have_text("The text is selected: copy it with Ctrl+C.")
    selected = page.get_by_role("textbox", name="Text to copy").evaluate("box => box.selectionEnd - box.selectionStart")
    assert selected == len(copied_text(page, "Python"))


# ---- What stands beside the answer ---------------------------------------------------------------


def test_the_interval_follows_the_hand_and_says_how_it_was_obtained(page: Page, url: str, shipped: Bundle):
    open_dashboard(page, url)
    type_into(page, MACD, "-20")
    values = [f.median * f.display_factor for f in shipped.manifest.features]
    shown = {f.name: round(v, f.decimals) for f, v in zip(shipped.manifest.features, values, strict=True)}
    row = [(shown | {"macd": -20.0})[f.name] / f.display_factor for f in shipped.manifest.features]
    found = looked_up(shipped).intervals.interval(row, shipped.scorer.one(row))
    assert found
    expect(page.locator(".interval-words")).to_have_text(
        f"95\u00a0% interval {100 * found.low:.1f} to {100 * found.high:.1f}\u00a0%"
    )

    expect(page.get_by_text("sandwich estimator")).to_be_hidden()
    button(page, "How was this interval obtained?").press("Enter")
    expect(page.get_by_text("sandwich estimator")).to_be_visible()
    assert found.how == page.locator(".how").inner_text()


def test_the_smallest_joint_change_is_applied_and_flips_the_call(page: Page, url: str):
    open_dashboard(page, url)
    expect(page.locator(".joint-sentence")).to_contain_text("standard deviations in all, would end the call of “up”")
    changes = page.locator(".joint tbody tr:visible")
    becomes = dict(zip(changes.locator("th").all_inner_texts(), changes.locator(".to").all_inner_texts(), strict=True))
    button(page, "Apply").click()

    expect(page.locator(".answer-words")).to_have_text("No call")
    expect(page.locator(".answer-distance")).to_contain_text("below the 44.0 % threshold")
    assert MACD in becomes
    expect(box(page, MACD)).to_have_value(becomes[MACD])
    expect(page.locator(".joint-sentence")).to_contain_text("would make the model call “up”")
    button(page, "Undo").click()
    expect(page.locator(".answer-words")).to_have_text("Call: up")


def test_values_that_are_usual_alone_but_not_together_are_warned_of(page: Page, url: str):
    open_dashboard(page, url)
    expect(page.locator(".together")).to_contain_text("Taken together they are nearer to the middle")
    type_into(page, MACD, "3")
    type_into(page, "MACD signal (% of close)", "-3")

    expect(page.locator(".warnings li")).to_have_count(0)
    expect(page.get_by_text("Each value on its own lies where 98\u00a0% of the")).to_be_visible()
    expect(page.locator(".together")).to_contain_text(
        re.compile(
            r"Taken together they are (unusual: )?further from the middle of the training rows than (any|99\.\d)"
        )
    )


def test_the_most_similar_row_comes_with_what_followed_and_can_be_taken_over(page: Page, url: str, shipped: Bundle):
    open_dashboard(page, url)
    start_from(page, "The biggest miss")
    rows, sd = shipped.reference, np.array([f.sd for f in shipped.manifest.features])
    miss = np.flatnonzero((rows.ticker == "AAPL") & (rows.day == np.datetime64("2010-05-06")))[0]
    squares = (((rows.X - rows.X[miss]) / sd) ** 2).sum(axis=1)
    squares[miss] = np.inf
    nearest = int(np.argmin(squares))
    name = f"{rows.ticker[nearest]}, {rows.day[nearest]}"

    expect(page.locator(".similar-sentence")).to_contain_text(name)
    expect(page.locator(".similar-sentence")).to_contain_text(
        f"What followed: {'' if rows.y[nearest] else 'not '}“up”; next-day return"
    )
    expect(page.locator(".similar-outcomes")).to_contain_text("Of the 50 most similar rows with a known outcome,")
    button(page, "Use its values").click()
    expect(page.locator(".origin")).to_contain_text(f"{name}. What followed")
    expect(answer(page)).to_have_text(
        by_pipeline(shipped, **of_row(shipped, str(rows.ticker[nearest]), str(rows.day[nearest])))
    )


def test_the_first_screen_shows_the_answer_and_sliders_and_what_can_be_done(page: Page, url: str):
    open_dashboard(page, url)
    for element in (answer(page), slider(page, GAP), slider(page, MACD), page.locator(".interval-words")):
        expect(element).to_be_in_viewport(ratio=1)
    for name in ("Start from", "Undo", "Redo", "Reset to the median row", "Pin", "Copy"):
        expect(button(page, name).first).to_be_in_viewport(ratio=1)


@pytest.mark.parametrize("page", ["light 390"], indirect=True)
def test_on_a_phone_the_menus_fit_and_the_answer_stays_in_view(page: Page, url: str):
    open_dashboard(page, url)
    main = page.get_by_test_id("stMain")
    for opener in ("Start from", "Copy"):
        button(page, opener).first.click()
        menu = page.locator(".menu:visible")
        place = menu.bounding_box()
        assert place
        assert place["x"] >= 0
        assert place["x"] + place["width"] <= 390
        assert main.evaluate("main => main.scrollWidth <= main.clientWidth")
        page.keyboard.press("Escape")
    slider(page, RSI).scroll_into_view_if_needed()
    slider(page, RSI).press("ArrowRight")
    expect(answer(page)).to_be_in_viewport(ratio=1)
