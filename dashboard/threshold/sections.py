"""The sections below the panel of the Threshold page; each begins with a sentence."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboard.drawing import show
from dashboard.sentences import plain
from dashboard.threshold import numbers, words
from dashboard.threshold.costs import KIND, MISSED, TRADE, WRONG, bounds_of
from dashboard.threshold.panel import shown_threshold, use_threshold
from dashboard.threshold.pictures import best_chart
from model.bundle import Bundle
from model.errors import InvalidInputError
from training.panels import tables
from training.panels.calibration import calibration_chart, calibration_check
from training.panels.costs import KIND_WORDS, CallCosts, kinds_of
from training.panels.row_words import blocks
from training.panels.threshold import written
from training.stakes import threshold_for_errors, threshold_for_trades
from training.threshold_bands import ThresholdBands
from training.threshold_budget import threshold_for_budget, threshold_for_share

BUDGET, BUSIEST = "threshold_budget", "threshold_busiest"
SHARE_BUDGET = "threshold_share_budget"


def costs_section(bundle: Bundle, costs: CallCosts) -> None:
    """What calls cost, the threshold that implies, and what the threshold in view implies."""
    st.header("What do calls cost?", anchor=False)
    said = st.empty()
    kinds = kinds_of(bundle)
    if bundle.manifest.layout.returns:
        st.segmented_control(
            "Costs", kinds, key=KIND, format_func=KIND_WORDS.__getitem__, required=True, persist_state="session"
        )
    if len(kinds) == 1 and bundle.manifest.layout.returns:
        st.caption("Not per trade: the rows of this bundle do not say what return followed.")
    with st.container(horizontal=True):
        if costs.kind == "trade":
            cost_input("Basis points a trade", TRADE, 0.5)
        else:
            cost_input("A wrong call costs", WRONG, 0.5)
            cost_input("A missed call costs", MISSED, 0.5)
    check = calibration_check(bundle)
    if check is None or not check.passed:
        reason = plain(check.finding) if check else "That was not checked when this bundle was made."
        said.markdown(f"Charged now: **{costs.written}**. " + words.SWITCHED_OFF.format(finding=reason))
        st.button("Use the threshold these costs imply", key="use_costs", disabled=True)
        return
    rows, shown = bundle.out_of_fold, shown_threshold(bundle)
    if costs.kind == "trade":
        trade = threshold_for_trades(rows.y_true, rows.next_day_return, costs.trade / 1e4)
        value, sentence = trade.value, words.break_even(bundle, trade, costs)
    else:
        trade, value = None, threshold_for_errors(costs.wrong, costs.missed)
        sentence = f"At {costs.written} calling pays from **{written(bundle, value)}** on."
    said.markdown(f"{sentence} {words.costs_implied(bundle, shown, trade)}")
    use_it(bundle, "use_costs", value, f"break-even at {costs.written}")


def cost_input(label: str, key: str, step: float) -> None:
    """One cost; what it is, is already in the session."""
    least, most = bounds_of(key)
    st.number_input(label, least, most, key=key, step=step, format="%g", width=200, persist_state="session")


def use_it(bundle: Bundle, key: str, value: float | None, rule: str) -> None:
    """A button that takes a threshold over, where there is one."""
    step = None if value is None else round(value, 3) if value != bundle.threshold else value
    st.button(
        "Use it" if step is None else f"Use {written(bundle, step)}",
        key=key,
        on_click=use_threshold,
        args=[step, rule],
        disabled=step is None,
    )


def budget_section(bundle: Bundle, bands: ThresholdBands) -> None:
    """The threshold that keeps the calls to a budget: so many a month, or per 100 rows where rows have no time."""
    st.header("How many calls can be acted on?", anchor=False)
    said = st.empty()
    if not bundle.manifest.layout.time:
        share_of_rows(bundle, bands, said)
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        budget = budget_input("At most so many calls a month", BUDGET, 1e9)
        busiest = st.toggle("In the busiest month, too", key=BUSIEST, persist_state="session")
    try:
        found = None if budget is None else threshold_for_budget(bands, budget, in_any_month=busiest)
    except InvalidInputError as error:
        said.markdown(plain(str(error)))
        return
    sentences = [words.calls_a_month(bundle, bands, shown_threshold(bundle))]
    if budget is not None:
        sentences.append(words.within_budget(bundle, bands, budget, found, busiest=busiest))
    said.markdown(" ".join(sentences))
    which = "in any month" if busiest else "a month on average"
    use_it(bundle, "use_budget", found, f"at most {budget or 0:g} calls {which}")


def share_of_rows(bundle: Bundle, bands: ThresholdBands, said: DeltaGenerator) -> None:
    """The threshold that calls at most so many of 100 rows."""
    budget = budget_input("At most so many calls per 100 rows", SHARE_BUDGET, 100.0)
    found = None if budget is None else threshold_for_share(bands, budget / 100)
    sentences = [words.calls_a_hundred(bundle, bands, shown_threshold(bundle))]
    if budget is not None:
        sentences.append(words.within_share(bundle, bands, budget, found))
    said.markdown(" ".join(sentences))
    use_it(bundle, "use_budget", found, f"at most {budget or 0:g} calls per 100 rows")


def budget_input(label: str, key: str, most: float) -> float | None:
    """How many calls are affordable, if that is said."""
    return st.number_input(
        label,
        0.0,
        most,
        None,
        key=key,
        step=1.0,
        format="%g",
        width=240,
        placeholder="no budget",
        persist_state="session",
    )


def best_section(bundle: Bundle, costs: CallCosts) -> None:
    """How sure the best threshold is."""
    st.header("How sure is the best threshold?", anchor=False)
    best, shown = numbers.best_of(bundle, bundle.sha256, costs), shown_threshold(bundle)
    st.markdown(words.unbroken(words.how_sure(bundle, best, costs, shown)))
    show(best_chart(bundle, best, shown), key="best_chart")


def half_section(bundle: Bundle, costs: CallCosts) -> None:
    """A threshold chosen on one half of the rows, scored on the other."""
    layout = bundle.manifest.layout
    one, other = ("the first", "the second") if layout.time else ("one", "the other")
    st.header(f"Chosen on {one} half, scored on {other}", anchor=False)
    try:
        half = numbers.half_choice_of(bundle, bundle.sha256, costs)
    except InvalidInputError as error:
        st.markdown(words.no_halves(error))
        return
    st.markdown(words.chosen_on_half(bundle, half, costs))
    lines = [
        (
            f"{name} {written(bundle, score.threshold)}",
            f"{score.calls:,}",
            words.share(score.precision),
            costs.estimate(score.advantage),
        )
        for name, score in (("Chosen", half.chosen), ("In use", half.own))
    ]
    lines.append(("Always calling", f"{half.second.rows:,}", words.share(half.own.base_rate), costs.value(0.0)))
    caption = (
        f"On {other} half, {half.second.days:,} {blocks(layout)}. Gain: value against always calling, {costs.unit};"
        " 95 % intervals below."
    )
    st.html(tables.table(("Threshold", "Calls", "Right", "Gain"), lines, caption=caption, stacks=False))
    st.caption(words.CHOSEN_ON_THE_SAME_ROWS)


def calibration_section(bundle: Bundle) -> None:
    """Whether a probability can be read as a frequency."""
    st.header("Can a probability be read as a frequency?", anchor=False)
    st.markdown(words.unbroken(words.as_frequency(bundle)))
    show(calibration_chart(bundle), key="calibration_chart")
