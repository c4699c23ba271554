"""The history of a scenario in the session, and what of the panel's message becomes part of it."""

from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.panel_messages import accepted_history, accepted_pins, accepted_step
from dashboard.scenario_history import KEPT, History, Step
from model.bundle import Bundle
from tests.dashboard.reading import go, panel


def test_a_step_that_is_left_can_be_returned_to_and_nothing_can_be_redone():
    history = History(past=(Step({"a": 1.0}),), future=(Step({"a": 3.0}),))

    assert history.left(Step({"a": 2.0}, "miss")) == History(past=(Step({"a": 1.0}), Step({"a": 2.0}, "miss")))


def test_only_the_latest_steps_are_kept():
    history = History()
    for value in range(KEPT + 5):
        history = history.left(Step({"a": float(value)}))

    assert len(history.past) == KEPT
    assert history.past[-1] == Step({"a": KEPT + 4.0})


def test_what_is_changed_on_another_page_can_be_undone_on_the_panel(app: AppTest):
    go(app, "curve")
    app.button(key="reset_curve").click().run()
    go(app, "predict")

    assert [step["origin"] for step in panel(app)["history"]["past"]] == [None]


def keep_the_same_value_twice() -> None:
    from dashboard import state

    state.replace_scenario({"rsi_14": 80.0}, "miss")
    state.keep_value("rsi_14", 33.3)
    state.keep_value("rsi_14", 33.3)


def test_a_value_kept_by_another_page_is_a_step_and_the_same_value_again_is_none():
    app = AppTest.from_function(keep_the_same_value_twice).run()

    history = app.session_state["scenario_history"]
    assert history.past == (Step(), Step({"rsi_14": 80.0}, "miss"))
    assert app.session_state["scenario"] == {"rsi_14": 33.3}
    assert app.session_state["scenario_edition"] == 1


def message(bundle: Bundle, **changes: Any) -> dict[str, Any]:
    values = [round(f.median * f.display_factor, f.decimals) for f in bundle.manifest.features]
    return {"number": 1, "values": values, "origin": None, "past": [], "future": [], "pins": [], **changes}


def test_a_message_becomes_the_scenario_its_history_and_its_pins(shipped: Bundle):
    features = shipped.manifest.features
    values = message(shipped)["values"]
    other = [*values[:-1], 1.5]
    came = message(
        shipped,
        origin="miss",
        past=[{"values": other, "origin": "row:2010-05-07:AAPL"}],
        future=[{"values": values, "origin": None}],
        pins=[{"name": "B", "values": other}],
    )

    assert accepted_step(features, came).origin == "miss"
    assert list(accepted_step(features, came).values.values()) == values
    history = accepted_history(features, came)
    assert history.past[0].origin == "row:2010-05-07:AAPL"
    assert history.past[0].values["macd_signal"] == 1.5
    assert history.future[0].values["macd_signal"] == values[-1]
    assert accepted_pins(features, came) == [{"name": "B", "values": history.past[0].values}]


@pytest.mark.parametrize("origin", [3, ["miss"], "x" * 1000, None])
def test_an_origin_that_the_panel_could_not_have_sent_is_none(shipped: Bundle, origin: Any):
    assert accepted_step(shipped.manifest.features, message(shipped, origin=origin)).origin is None


def test_pins_of_other_names_and_values_beyond_all_bounds_are_left_out(shipped: Bundle):
    values = message(shipped)["values"]
    came = message(shipped, pins=[{"name": "Z", "values": values}, {"name": "A", "values": [1e300, *values[1:]]}])

    (pin,) = accepted_pins(shipped.manifest.features, came)
    assert pin["name"] == "A"
    assert "gap_pct" not in pin["values"]
    assert len(accepted_history(shipped.manifest.features, message(shipped, past=[came] * 99)).past) == KEPT
