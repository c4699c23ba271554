"""Whether a threshold does the same everywhere: by year, by what rows belong to, and by thirds of a feature."""

from functools import partial

import numpy as np
import streamlit as st

from dashboard.sentences import plain
from dashboard.threshold import numbers, words
from dashboard.threshold.panel import shown_threshold
from model.bundle import Bundle
from model.errors import InvalidInputError
from model.wording import percent
from training.estimates import FEWEST_DAYS, FEWEST_ROWS
from training.panels import tables
from training.panels.costs import CallCosts
from training.panels.groups import MOST_GROUPS, Grouping, label_of, usual_feature
from training.panels.row_words import plural_of, title_of
from training.report_words import counted
from training.threshold_scores import GroupScore, ThresholdScore

FEATURE = "threshold_feature"


def groups_section(bundle: Bundle, costs: CallCosts) -> None:
    """Whether the threshold does the same in every year, in every group, and in thirds of a feature."""
    st.header("Does it hold everywhere?", anchor=False)
    said = st.empty()
    layout = bundle.manifest.layout
    few_blocks = f" or {FEWEST_DAYS} days" if layout.time else f" or {FEWEST_ROWS} groups" if layout.group else ""
    explained = (
        f"Right: share of the calls that came true; always: share of all rows. Gain: value against always calling,"
        f" {costs.unit}. 95 % intervals below; “too few rows” under {FEWEST_ROWS} calls{few_blocks}."
    )
    st.caption(words.unbroken(explained))
    shown, names = shown_threshold(bundle), bundle.manifest.feature_names
    if st.session_state.get(FEATURE) not in names:
        st.session_state[FEATURE] = usual_feature(bundle.manifest)
    # Where there are thirds only, a column without anything would leave a gap on a narrow screen.
    left, right = st.columns(2, gap="large") if layout.time or layout.group else [st.container()] * 2
    found: list[GroupScore] = []
    if layout.time:
        with left:
            found += group_table(bundle, costs, shown, "year")
    if layout.group:
        with right if layout.time else left:
            found += group_table(bundle, costs, shown, "ticker")
    with right:
        label = partial(label_of, bundle)
        st.selectbox("Thirds of", names, key=FEATURE, format_func=label, persist_state="session")
        found += group_table(bundle, costs, shown, "feature")
    scores = [group.score for group in found if group.score]
    said.markdown(words.holds_everywhere(bundle, shown, sum(map(_is_told, scores)), len(scores)))


def group_table(bundle: Bundle, costs: CallCosts, shown: float, grouping: Grouping) -> list[GroupScore]:
    """One grouping as a table; returns what it holds."""
    feature = st.session_state[FEATURE] if grouping == "feature" else ""
    try:
        groups = numbers.groups_of(bundle, bundle.sha256, costs, shown, grouping, feature)
    except InvalidInputError as error:
        st.markdown(plain(str(error)))
        return []
    group = bundle.manifest.layout.group or ""
    name = {"year": "Year", "ticker": title_of(group), "feature": "Third"}[grouping]
    count = len(np.unique(bundle.out_of_fold.ticker))
    if grouping == "ticker" and len(groups) == MOST_GROUPS and not any(one.score for one in groups):
        st.markdown(
            f"None of the {count:,} {plain(plural_of(group))} has {FEWEST_ROWS} called rows: too few to compare."
        )
        return groups
    lines = [_group_line(one, costs, _name(one, label_of(bundle, feature))) for one in groups]
    more = count - len(groups) if grouping == "ticker" else 0
    caption = f"By {name.lower()}" + (
        f": the {len(groups)} with most rows, {more:,} more are not shown" if more else ""
    )
    st.html(tables.table((name, "Right", "Always", "Gain"), lines, caption=caption, stacks=False))
    return groups


def _group_line(group: GroupScore, costs: CallCosts, name: str) -> tuple[str, str, str, str]:
    begin = f"{name}\n{counted(group.calls, 'call')} of {counted(group.rows, 'row')}"
    if group.score is None:
        return begin, "too few rows", "–", "–"
    always = words.unbroken(percent(group.score.base_rate.value))
    return begin, words.share(group.score.precision), always, costs.estimate(group.score.advantage)


def _name(group: GroupScore, label: str) -> str:
    # Of a third only which one: what it is a third of stands above.
    return group.name.removeprefix(f"{label}, ").capitalize() if label else group.name


def _is_told(score: ThresholdScore) -> bool:
    between = score.advantage.interval
    return between is not None and (between.low > 0 or between.high < 0)
