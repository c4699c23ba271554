"""The sections below the panel of the Threshold page; each begins with a sentence."""

from functools import partial

import streamlit as st

from dashboard import tables
from dashboard.drawing import show
from dashboard.sentences import plain
from dashboard.threshold import numbers, words
from dashboard.threshold.costs import KIND, KIND_WORDS, MISSED, TRADE, WRONG, CallCosts, bounds_of, kinds_of
from dashboard.threshold.panel import shown_threshold, use_threshold, written
from dashboard.threshold.pictures import best_chart, calibration_chart
from model.bundle import Bundle
from model.errors import InvalidInputError
from model.wording import interval, percent
from training.estimates import FEWEST_DAYS, FEWEST_ROWS, Estimate
from training.stakes import threshold_for_errors, threshold_for_trades
from training.threshold_bands import ThresholdBands, threshold_for_budget
from training.threshold_scores import GroupScore, ThresholdScore

BUDGET, BUSIEST, FEATURE = "threshold_budget", "threshold_busiest", "threshold_feature"
USUAL_FEATURE = "ret_vol_10"


def costs_section(bundle: Bundle, costs: CallCosts) -> None:
    """What calls cost, the threshold that implies, and what the threshold in view implies."""
    st.header("What do calls cost?", anchor=False)
    said = st.empty()
    kinds = kinds_of(bundle)
    st.segmented_control(
        "Costs", kinds, key=KIND, format_func=KIND_WORDS.__getitem__, required=True, persist_state="session"
    )
    if len(kinds) == 1:
        st.caption("Not per trade: the rows of this bundle do not say what return followed.")
    with st.container(horizontal=True):
        if costs.kind == "trade":
            cost_input("Basis points a trade", TRADE, 0.5)
        else:
            cost_input("A wrong call costs", WRONG, 0.5)
            cost_input("A missed call costs", MISSED, 0.5)
    check = words.calibration_check(bundle)
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
    """The threshold that keeps the calls to a budget."""
    st.header("How many calls can be acted on?", anchor=False)
    said = st.empty()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        budget = st.number_input(
            "At most so many calls a month",
            0.0,
            1e9,
            None,
            key=BUDGET,
            step=1.0,
            format="%g",
            width=240,
            placeholder="no budget",
            persist_state="session",
        )
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


def best_section(bundle: Bundle, costs: CallCosts) -> None:
    """How sure the best threshold is."""
    st.header("How sure is the best threshold?", anchor=False)
    best, shown = numbers.best_of(bundle, bundle.sha256, costs), shown_threshold(bundle)
    st.markdown(words.unbroken(words.how_sure(bundle, best, costs, shown)))
    show(best_chart(bundle, best, shown), key="best_chart")


def half_section(bundle: Bundle, costs: CallCosts) -> None:
    """A threshold chosen on one half of the days, scored on the other."""
    st.header("Chosen on the first half, scored on the second", anchor=False)
    try:
        half = numbers.half_choice_of(bundle, bundle.sha256, costs)
    except InvalidInputError as error:
        st.markdown(plain(str(error)))
        return
    st.markdown(words.chosen_on_half(bundle, half, costs))
    lines = [
        (f"{name} {written(bundle, score.threshold)}", *_cells(score, costs))
        for name, score in (("Chosen", half.chosen), ("In use", half.own))
    ]
    lines.append(("Always calling", f"{half.second.rows:,}", _share(half.own.base_rate), costs.value(0.0)))
    caption = (
        f"On the second half, {half.second.days:,} days. Gain: value against always calling, {costs.unit}; 95 %"
        " intervals below."
    )
    st.html(tables.table(("Threshold", "Calls", "Right", "Gain"), lines, caption=caption, stacks=False))
    st.caption(words.CHOSEN_ON_THE_SAME_ROWS)


def _cells(score: ThresholdScore, costs: CallCosts) -> tuple[str, str, str]:
    return f"{score.calls:,}", _share(score.precision), costs.estimate(score.advantage)


def _share(estimate: Estimate) -> str:
    between = estimate.interval
    within = interval(100 * between.low, 100 * between.high, 1) if between else "too few rows"
    return f"{words.unbroken(percent(estimate.value))}\n{within}"


def groups_section(bundle: Bundle, costs: CallCosts) -> None:
    """Whether the threshold does the same in every year, for every ticker, and in thirds of a feature."""
    st.header("Does it hold everywhere?", anchor=False)
    said = st.empty()
    explained = (
        f"Right: share of the calls that came true; always: share of all rows. Gain: value against always calling,"
        f" {costs.unit}. 95 % intervals below; “too few rows” under {FEWEST_ROWS} calls or {FEWEST_DAYS} days."
    )
    st.caption(words.unbroken(explained))
    shown, names = shown_threshold(bundle), bundle.manifest.feature_names
    if st.session_state.get(FEATURE) not in names:
        st.session_state[FEATURE] = USUAL_FEATURE if USUAL_FEATURE in names else names[0]
    years, others = st.columns(2, gap="large")
    found: list[GroupScore] = []
    with years:
        found += group_table(bundle, costs, shown, "year")
    with others:
        found += group_table(bundle, costs, shown, "ticker")
        label = partial(label_of, bundle)
        st.selectbox("Thirds of", names, key=FEATURE, format_func=label, persist_state="session")
        found += group_table(bundle, costs, shown, "feature")
    scores = [group.score for group in found if group.score]
    said.markdown(words.holds_everywhere(bundle, shown, sum(map(_is_told, scores)), len(scores)))


def group_table(bundle: Bundle, costs: CallCosts, shown: float, grouping: str) -> list[GroupScore]:
    """One grouping as a table; returns what it holds."""
    feature = st.session_state[FEATURE] if grouping == "feature" else ""
    try:
        groups = numbers.groups_of(bundle, bundle.sha256, costs, shown, grouping, feature)
    except InvalidInputError as error:
        st.markdown(plain(str(error)))
        return []
    name = {"year": "Year", "ticker": "Ticker", "feature": "Third"}[grouping]
    lines = [_group_line(group, costs, _name(group, label_of(bundle, feature))) for group in groups]
    st.html(tables.table((name, "Right", "Always", "Gain"), lines, caption=f"By {name.lower()}", stacks=False))
    return groups


def _group_line(group: GroupScore, costs: CallCosts, name: str) -> tuple[str, str, str, str]:
    begin = f"{name}\n{group.calls:,} calls of {group.rows:,} rows"
    if group.score is None:
        return begin, "too few rows", "–", "–"
    always = words.unbroken(percent(group.score.base_rate.value))
    return begin, _share(group.score.precision), always, costs.estimate(group.score.advantage)


def _name(group: GroupScore, label: str) -> str:
    # Of a third only which one: what it is a third of stands above.
    return group.name.removeprefix(f"{label}, ").capitalize() if label else group.name


def label_of(bundle: Bundle, feature: str) -> str:
    """Return the label of a feature; nothing of none."""
    return next((spec.label for spec in bundle.manifest.features if spec.name == feature), "")


def _is_told(score: ThresholdScore) -> bool:
    between = score.advantage.interval
    return between is not None and (between.low > 0 or between.high < 0)


def calibration_section(bundle: Bundle) -> None:
    """Whether a probability can be read as a frequency."""
    st.header("Can a probability be read as a frequency?", anchor=False)
    st.markdown(words.unbroken(words.as_frequency(bundle)))
    show(calibration_chart(bundle), key="calibration_chart")
