"""Keep the threshold explored as a new version of the bundle, and return to the one before."""

from functools import partial

import streamlit as st

from dashboard import access, changes, runs, state
from dashboard.sentences import plain
from dashboard.threshold.panel import RULE, shown_threshold
from model.bundle import Bundle
from model.errors import ModelError
from model.registry import Promotion, Registry
from model.wording import number
from training.kept_threshold import ThresholdChoice
from training.panels.costs import CallCosts
from training.panels.threshold import written

BY_HAND = "chosen by hand on the Threshold page"


def keeping(bundle: Bundle, costs: CallCosts) -> None:
    """Offer to keep the threshold in view, and to take back one that was kept."""
    st.header("Keep this threshold", anchor=False)
    registry = state.registry()
    kept_before(bundle, registry)
    value = shown_threshold(bundle)
    if value == bundle.threshold:
        st.markdown(f"**{written(bundle, value)}** is in use. Move the threshold above to keep another one.")
        return
    st.markdown(
        f"In view is **{written(bundle, value)}**, in use **{written(bundle, bundle.threshold)}**. Keeping the one in"
        " view makes a new version of the bundle: the same model with another threshold, whose reason, rule, costs and"
        " rows are on record."
    )
    if (by := access.signed_in()) is None:
        access.ask()
        return
    access.say_who(by)
    with st.popover(f"Keep {written(bundle, value)} …", key="keep_threshold", icon=":material/save:"):
        confirm(bundle, registry, value, costs)


def confirm(bundle: Bundle, registry: Registry, value: float, costs: CallCosts) -> None:
    """Say what keeping *value* changes, and do it for a reason."""
    up, old, new = bundle.manifest.target.positive_class, written(bundle, bundle.threshold), written(bundle, value)
    st.markdown(
        f"**Use {new} instead of {old}?** From then on every page, the API and the reports call “{up}” at"
        f" {new} or more. The probabilities stay as they are. It can be rolled back here and on Retrain."
    )
    why = st.text_input(
        "Reason", key="why_threshold", max_chars=300, placeholder=f"Why {new}: it is kept with the threshold"
    )
    # A click meant for one threshold must not keep another that was set meanwhile.
    if st.button(f"Yes, use {new}", key=f"confirm_keep_{new}", type="primary"):
        changes.promote(
            f"{new} is kept instead of {old}", partial(keep, registry, bundle, value=value, costs=costs), why
        )


def keep(
    registry: Registry,
    bundle: Bundle,
    *,
    value: float,
    costs: CallCosts,
    by: str,
    why: str,
    on_progress: runs.OnProgress,
) -> Promotion:
    """Publish *bundle* with the threshold *value*, chosen with *costs* in view."""
    choice = ThresholdChoice(value=value, rule=rule_of(value), reason=why, costs=costs.recorded)
    return runs.keep_threshold(registry, bundle, choice, by=by, on_progress=on_progress)


def rule_of(value: float) -> str:
    """How the threshold in view came about: by one of the rules of the page, or by hand."""
    rule: tuple[float, str] = st.session_state.get(RULE, (-1.0, ""))
    return rule[1] if rule[0] == value else BY_HAND


def kept_before(bundle: Bundle, registry: Registry) -> None:
    """Say who kept the threshold in use, when and why, and offer the way back."""
    try:
        promotion, before = registry.current(), registry.version_before()
    except ModelError:
        return  # Retrain says what is wrong with the history
    kept = bundle.manifest.threshold
    if not kept.reason or promotion is None or before is None or promotion.version != bundle.version:
        return
    st.info(
        f"**{written(bundle, bundle.threshold)} was kept by {plain(kept.chosen_by or promotion.by)}** on"
        f" {promotion.when[:10]}: “{plain(kept.reason)}” ({costs_on_record(bundle)}). It can be rolled back.",
        icon=":material/history:",
    )
    if access.signed_in() is None:
        return
    with st.popover(f"Roll back to version {before} …", key="roll_back_threshold", icon=":material/undo:"):
        st.markdown(f"**Use version {before} again**, with its threshold, on every page and in the API?")
        why = st.text_input("Reason", key="why_threshold_back", max_chars=300)
        if st.button("Yes, roll back", key=f"confirm_back_{promotion.version}", type="primary"):
            changes.promote("Rolled back", partial(runs.roll_back, registry, instead_of=state.known_promotion()), why)


def costs_on_record(bundle: Bundle) -> str:
    """Write the costs that the threshold in use was chosen with."""
    costs = bundle.manifest.threshold.costs
    if costs is None:
        return "no costs on record"
    return "costs: " + ", ".join(f"{plain(name)} {number(value, 2)}" for name, value in costs.numbers.items())
