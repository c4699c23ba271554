"""What calls cost: chosen on the Threshold page, and kept in the session."""

import streamlit as st

from model.bundle import Bundle
from training.panels.costs import CallCosts, kinds_of, usual_costs

KIND, TRADE, WRONG, MISSED = "threshold_costs", "threshold_trade_cost", "threshold_wrong_cost", "threshold_missed_cost"
DEAREST_TRADE, CHEAPEST_ERROR, DEAREST_ERROR = 1000.0, 0.01, 1e9


def shown_costs(bundle: Bundle) -> CallCosts:
    """The costs of this session; those the bundle's own threshold was chosen with, or usual ones, if untouched."""
    usual = usual_costs(bundle)
    if st.session_state.get(KIND) not in kinds_of(bundle):
        st.session_state[KIND] = usual.kind
    for key, start in {TRADE: usual.trade, WRONG: usual.wrong, MISSED: usual.missed}.items():
        least, most = bounds_of(key)
        value = st.session_state.get(key)
        st.session_state[key] = min(max(float(start if value is None else value), least), most)
    return CallCosts(st.session_state[KIND], *(st.session_state[key] for key in (TRADE, WRONG, MISSED)))


def bounds_of(key: str) -> tuple[float, float]:
    """Return the least and the most a cost may be."""
    return (0.0, DEAREST_TRADE) if key == TRADE else (CHEAPEST_ERROR, DEAREST_ERROR)
