"""The Curve page as a person uses it: dragging slider and chart, typing, choosing, two features at once."""

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from sklearn.ensemble import HistGradientBoostingClassifier

from model.bundle import Bundle
from model.wording import percent
from tests import builders
from tests.browser.conftest import PATIENCE_MS, Noise, Visit
from tests.browser.serving import dashboard, settle, turn_to
from tests.browser.test_dashboard import HEADINGS, by_pipeline, open_dashboard

CURVE = HEADINGS["Curve"]
MACD, RSI, GAP = "MACD (% of close)", "RSI, 14 days (of 100)", "Opening gap (%)"


def open_curve(page: Page, url: str) -> None:
    open_dashboard(page, url)
    turn_to(page, "Curve", heading=CURVE)
    expect(here(page)).not_to_be_empty()


def here(page: Page) -> Locator:
    return page.locator(".here-probability")


def slider(page: Page, name: str) -> Locator:
    return page.get_by_role("slider", name=name, exact=True)


def shown(page: Page, name: str) -> float:
    text = slider(page, name).get_attribute("aria-valuetext") or ""
    found = re.match(r"[−\d.,]+", text)
    assert found, text
    return float(found[0].replace("−", "-").replace(",", ""))


def choose(page: Page, label: str, *, against: str | None = None) -> None:
    page.get_by_role("combobox", name="Feature").select_option(label=label)
    if against:
        page.get_by_role("radio", name="Two features").check()
        page.get_by_role("combobox", name="Against").select_option(label=against)
    about = f"over {label} and {against}" if against else f"against {label}"
    expect(page.locator(".curve-picture figcaption")).to_have_text(f"Probability of “up” {about}")


def type_into(page: Page, name: str, value: str) -> None:
    box = page.get_by_role("spinbutton", name=f"{name}, typed")
    box.fill(value)
    box.press("Enter")


def picture(page: Page) -> Locator:
    return page.locator(".curve-picture svg[role=img]")


def place_of(found: Locator) -> tuple[float, float, float, float]:
    found.scroll_into_view_if_needed()
    place = found.bounding_box()
    assert place
    return place["x"], place["y"], place["width"], place["height"]


@pytest.mark.parametrize("page", ["light 1360", "dark 390"], indirect=True)
def test_the_point_follows_a_hand_on_the_slider_before_it_is_released(
    page: Page, url: str, noise: Noise, shipped: Bundle
):
    open_curve(page, url)
    choose(page, "MACD")
    left, top, width, height = place_of(slider(page, MACD))
    point = page.locator(".curve-picture circle[r='7']")
    page.mouse.move(left + 0.6 * width, top + height / 2)
    page.mouse.down()
    before = set()
    for share in (0.2, 0.7, 0.9):
        page.mouse.move(left + share * width, top + height / 2)
        expected = by_pipeline(shipped, macd=shown(page, MACD))
        expect(here(page)).to_have_text(expected, timeout=1000)
        expect(page.locator(".point-text")).to_have_text(expected)
        expect(here(page)).to_be_in_viewport()
        # The thumb and the point stand one above the other.
        thumb = left + 9 + (width - 18) * share
        at = point.bounding_box()
        assert at
        assert at["x"] + at["width"] / 2 == pytest.approx(thumb, abs=12)
        before.add(expected)
    page.mouse.up()

    assert len(before) == 3
    turn_to(page, "Predict", heading=HEADINGS["Predict"])
    expect(page.locator(".answer-probability")).to_have_text(expected)
    assert noise == Noise()


def test_the_point_can_be_dragged_on_the_chart_itself(page: Page, url: str, shipped: Bundle):
    open_curve(page, url)
    choose(page, "MACD")
    left, top, width, height = place_of(picture(page))
    page.mouse.move(left + 0.5 * width, top + height / 2)
    page.mouse.down()
    seen = []
    for share in (0.3, 0.8):
        page.mouse.move(left + share * width, top + height / 3)
        seen.append(shown(page, MACD))
        expect(here(page)).to_have_text(by_pipeline(shipped, macd=seen[-1]), timeout=1000)
    page.mouse.up()

    assert seen[0] < seen[1]
    settle(page)
    expect(page.locator(".curve-spoken")).to_contain_text(f"{by_pipeline(shipped, macd=seen[-1])} at MACD")
    expect(picture(page)).to_have_attribute("aria-label", re.compile(f"current point is {here(page).inner_text()} at"))


def test_a_finger_that_scrolls_over_the_chart_moves_nothing_and_one_that_taps_does(browser: Browser, url: str):
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    open_curve(page, url)
    before = shown(page, GAP)
    left, top, width, height = place_of(picture(page))
    session = context.new_cdp_session(page)

    def touch(kind: str, *at: float) -> None:
        points = [{"x": at[0], "y": at[1]}] if at else []
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    touch("touchStart", left + 0.8 * width, top + height / 2)
    for step in range(1, 8):
        touch("touchMove", left + 0.8 * width, top + height / 2 - 20 * step)
    touch("touchEnd")
    assert shown(page, GAP) == before

    left, top, width, height = place_of(picture(page))
    page.touchscreen.tap(left + 0.8 * width, top + height / 2)
    expect(slider(page, GAP)).not_to_have_attribute("aria-valuetext", f"{before:.2f} %")
    context.close()


def test_keys_move_the_point_and_the_page_remembers(page: Page, url: str, shipped: Bundle):
    open_curve(page, url)
    choose(page, "RSI, 14 days")
    slider(page, RSI).focus()
    for _ in range(5):
        slider(page, RSI).press("ArrowRight")
    expect(here(page)).to_have_text(by_pipeline(shipped, rsi_14=52.7))
    turn_to(page, "About", heading=HEADINGS["About"])
    turn_to(page, "Curve", heading=CURVE)

    expect(page.get_by_role("combobox", name="Feature")).to_have_value("rsi_14")
    expect(slider(page, RSI)).to_have_attribute("aria-valuetext", "52.7 of 100")


def test_a_value_typed_far_outside_widens_the_chart_and_is_flagged(page: Page, url: str, shipped: Bundle):
    open_curve(page, url)
    type_into(page, GAP, "-95")

    expect(here(page)).to_have_text(by_pipeline(shipped, gap_pct=-95.0))
    expect(page.get_by_text("Outside the training rows: −47.31 to 19.01 %")).to_be_visible()
    expect(page.locator(".legend")).to_contain_text("a guess")
    expect(slider(page, GAP)).to_have_value("-95")
    expect(page.get_by_role("spinbutton", name=f"{GAP}, typed")).to_have_value("-95.00")
    page.get_by_role("button", name="Reset", exact=True).click()
    expect(slider(page, GAP)).to_have_attribute("aria-valuetext", "0.01 %")
    expect(page.locator(".legend")).not_to_contain_text("a guess")


def test_what_cannot_be_typed_is_named_and_the_value_before_it_stays(page: Page, url: str):
    open_curve(page, url)
    choose(page, "RSI, 14 days")
    type_into(page, RSI, "101")

    expect(page.get_by_text("101.0 is not from 0.0 to 100.0")).to_be_visible()
    expect(slider(page, RSI)).to_have_attribute("aria-valuetext", "52.2 of 100")


def test_below_the_threshold_the_point_says_so(page: Page, url: str, shipped: Bundle):
    open_curve(page, url)
    choose(page, "MACD")
    crossing = page.locator(".curve-sentence b").last.inner_text()
    at = float(crossing.split()[0])
    type_into(page, MACD, str(at))
    expect(page.locator(".here-shape")).to_have_text("○")
    expect(page.locator(".here-words")).to_contain_text("No call")

    type_into(page, MACD, str(round(at - 0.01, 2)))
    expect(page.locator(".here-shape")).to_have_text("▲")
    expect(page.locator(".here-words")).to_contain_text("Call: up")
    expect(page.locator(".curve-picture .named").last).to_have_text(f"no call from {crossing}".replace("\u00a0", " "))


def test_the_switches_redraw_the_chart_and_stay(page: Page, url: str):
    open_curve(page, url)
    ends = slider(page, GAP)
    assert ends.get_attribute("min") != "-47.3"
    page.get_by_label("Every value seen").check()
    expect(ends).to_have_attribute("min", "-47.3")
    page.get_by_label("Close up").check()
    expect(page.locator(".curve-picture svg[role=img] > text", has_text=re.compile(r"^100\s%$"))).to_have_count(0)
    turn_to(page, "Predict", heading=HEADINGS["Predict"])
    turn_to(page, "Curve", heading=CURVE)

    expect(page.get_by_label("Every value seen")).to_be_checked()
    expect(page.get_by_label("Close up")).to_be_checked()


@pytest.mark.parametrize("page", ["light 1360", "dark 390"], indirect=True)
def test_on_the_map_both_values_follow_the_hand(page: Page, url: str, noise: Noise, shipped: Bundle):
    open_curve(page, url)
    choose(page, "MACD", against="Opening gap")
    left, top, width, height = place_of(picture(page))
    page.mouse.move(left + 0.5 * width, top + 0.5 * height)
    page.mouse.down()
    for across, along in ((0.3, 0.2), (0.85, 0.7)):
        page.mouse.move(left + across * width, top + along * height)
        values = {"macd": shown(page, MACD), "gap_pct": shown(page, GAP)}
        expect(here(page)).to_have_text(by_pipeline(shipped, **values), timeout=1000)
    page.mouse.up()
    settle(page)

    assert values["macd"] > 0 > values["gap_pct"]
    expect(page.locator(".here-words")).to_contain_text("MACD")
    expect(page.locator(".here-words")).to_contain_text("Opening gap")
    main = page.get_by_test_id("stMain")
    assert main.evaluate("main => main.scrollWidth <= main.clientWidth")
    page.get_by_role("radio", name="One feature").check()
    expect(page.locator(".curve-picture figcaption")).to_have_text("Probability of “up” against MACD")
    expect(here(page)).to_have_text(by_pipeline(shipped, **values))
    assert noise == Noise()


def test_a_feature_chosen_for_both_axes_changes_places_with_the_other(page: Page, url: str):
    open_curve(page, url)
    choose(page, "MACD", against="Opening gap")
    page.get_by_role("combobox", name="Feature").select_option(label="Opening gap")

    expect(page.locator(".curve-picture figcaption")).to_have_text("Probability of “up” over Opening gap and MACD")
    expect(page.get_by_role("combobox", name="Against")).to_have_value("macd")


def test_the_map_says_the_probability_under_the_pointer(page: Page, url: str, shipped: Bundle):
    open_curve(page, url)
    choose(page, "MACD", against="Opening gap")
    left, top, width, height = place_of(picture(page))
    page.mouse.move(left + 0.4 * width, top + 0.4 * height)

    tip = page.locator(".map .tip")
    said, macd, gap = tip.locator("> *").all_inner_texts()
    values = [float(re.findall(r"[−\d.]+$", text.replace(",", ""))[0].replace("−", "-")) for text in (macd, gap)]
    expected = float(by_pipeline(shipped, macd=values[0], gap_pct=values[1]).split()[0])
    assert float(said.removeprefix("about ").split()[0]) == pytest.approx(expected, abs=0.8)


def test_pinned_scenarios_lie_over_the_curve(page: Page, url: str):
    pin = "1.20,9.50,0.950,1.56,-0.24,71.5,3.10,1.90"
    page.goto(f"{url}/?page.feature=macd&pin.A={pin}")
    settle(page)
    turn_to(page, "Curve", heading=CURVE)

    expect(page.locator(".legend")).to_contain_text("pinned A")
    expect(page.locator(".curve-picture text.named").filter(has_text=re.compile("^A$"))).to_be_visible()
    page.get_by_text("Data table").click()
    expect(page.locator(".data-table th").filter(has_text="pinned A")).to_be_visible()


@pytest.mark.parametrize("kind", ["PNG", "SVG", "CSV"])
def test_the_chart_and_its_numbers_can_be_saved(page: Page, url: str, kind: str, tmp_path: Path):
    open_curve(page, url)
    choose(page, "MACD")
    with page.expect_download() as download:
        page.get_by_role("button", name=f"against MACD” as {kind}").click()

    download.value.save_as(saved := tmp_path / f"saved.{kind.lower()}")
    assert download.value.suggested_filename == f"curve_macd.{kind.lower()}"
    if kind == "SVG":
        assert here(page).inner_text() in saved.read_text("utf-8").replace("&nbsp;", "\u00a0")
    if kind == "CSV":
        assert saved.read_text("utf-8").startswith("MACD (% of close),probability,interval_low,interval_high,observed")
    assert saved.stat().st_size > 2000


@pytest.mark.parametrize("page", ["dark 390"], indirect=True)
def test_on_a_phone_the_chart_fits_and_the_answer_stays_in_view(page: Page, url: str, noise: Noise):
    open_curve(page, url)
    main = page.get_by_test_id("stMain")
    assert main.evaluate("main => main.scrollWidth <= main.clientWidth")
    assert place_of(picture(page))[2] > 280
    page.get_by_text("Data table").click()
    expect(page.locator(".data-table")).to_be_visible()
    assert main.evaluate("main => main.scrollWidth <= main.clientWidth")
    page.get_by_text("Data table").click()

    slider(page, GAP).scroll_into_view_if_needed()
    slider(page, GAP).press("ArrowRight")
    expect(here(page)).to_be_in_viewport()
    expect(picture(page)).to_be_in_viewport()
    assert noise == Noise()


# ---- A model that the browser cannot score ------------------------------------------------------


@pytest.fixture
def served(blank_page: Visit, tmp_path: Path) -> Iterator[tuple[Page, Bundle]]:
    with dashboard(tmp_path) as url:
        bundle = builders.bundle_of(HistGradientBoostingClassifier(max_iter=20), tmp_path)
        page = blank_page()
        open_curve(page, url)
        yield page, bundle


def test_of_a_model_that_is_not_linear_the_point_follows_exactly_too(served: tuple[Page, Bundle]):
    page, bundle = served
    choose(page, "MACD")
    left, top, width, height = place_of(slider(page, MACD))
    page.mouse.move(left + 0.5 * width, top + height / 2)
    page.mouse.down()
    for share in (0.25, 0.6, 0.9):
        page.mouse.move(left + share * width, top + height / 2)
        expect(here(page)).to_have_text(by_pipeline(bundle, macd=shown(page, MACD)), timeout=1000)
    page.mouse.up()
    settle(page)

    # Far outside no step was known beforehand: Python answers.
    type_into(page, MACD, "-4321.5")
    expect(here(page)).to_have_text(by_pipeline(bundle, macd=-4321.5))
    expect(page.locator(".here-interval")).not_to_have_class(re.compile("moving"))


def test_on_the_map_of_a_model_that_is_not_linear_a_drag_ends_on_the_exact_probability(served: tuple[Page, Bundle]):
    page, bundle = served
    choose(page, "MACD", against="Opening gap")
    left, top, width, height = place_of(picture(page))
    page.mouse.move(left + 0.5 * width, top + 0.5 * height)
    page.mouse.down()
    page.mouse.move(left + 0.4 * width, top + 0.3 * height)
    expect(here(page)).to_contain_text("≈")
    page.mouse.up()

    expect(here(page)).to_have_text(by_pipeline(bundle, macd=shown(page, MACD), gap_pct=shown(page, GAP)))


def test_the_arithmetic_of_the_map_finds_the_cell_that_holds_a_point(browser: Browser):
    from dashboard.curve.panel import SCRIPTS
    from training.panels.components import script

    page = browser.new_page()
    source = script(*SCRIPTS)
    rng = np.random.default_rng(4)
    p = rng.random((61, 61))
    chart = {
        "x": {"low": -3.0, "high": 5.0},
        "y": {"low": 10.0, "high": 90.0},
        "layers": [{"kind": "heat", "values": p.tolist()}],
        "columns": {"probability": p.ravel().tolist()},
    }
    points = np.column_stack([rng.uniform(-3, 5, 500), rng.uniform(10, 90, 500)])
    found = page.evaluate(
        """async ([source, chart, points]) => {
             const url = URL.createObjectURL(new Blob([source], {type: "text/javascript"}));
             const module = await import(url);
             return points.map((point) => module.cellAt(chart, point));
           }""",
        [source, chart, points.tolist()],
    )
    page.close()

    columns = np.digitize(points[:, 0], np.linspace(-3, 5, 62)) - 1
    rows = np.digitize(points[:, 1], np.linspace(10, 90, 62)) - 1
    assert found == p[rows, columns].tolist()
    assert percent(found[0])
