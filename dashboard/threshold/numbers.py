"""What the Threshold page computes, kept by the bundle's hash and what else goes into it."""

import numpy as np
import streamlit as st

from dashboard import state
from model.bars import FloatArray
from model.bootstrap import DayBootstrap
from model.bundle import Bundle
from model.manifest import Layout
from training.panels.costs import CallCosts
from training.panels.groups import Grouping, group_scores, rows_on_their_own
from training.selective import SelectiveAnswer, selective_answers
from training.threshold_bands import ThresholdBands, threshold_bands
from training.threshold_choice import BestThreshold, HalfChoice, best_threshold, chosen_on_first_half
from training.threshold_levels import threshold_grid
from training.threshold_scores import GroupScore

# Each is a few hundred numbers; some for every visitor who tries costs or thresholds of their own.
KEPT = 64
# Of these every visitor asks for others: as many as there are steps on the slider.
KEPT_BY_THRESHOLD = 1000
WIDEST_BAND, BAND_STEP = 0.1, 0.005


@st.cache_resource(max_entries=KEPT, show_spinner="Computing the bands for every threshold…")
def bands_of(_bundle: Bundle, sha256: str, costs: CallCosts) -> ThresholdBands:
    """Every figure at each threshold, with its band."""
    rows, days = _bundle.out_of_fold, state.day_bootstrap(_bundle, sha256)
    return threshold_bands(rows, costs.stakes(rows), days, grid_of(_bundle))


@st.cache_resource(max_entries=KEPT, show_spinner="Looking for the best threshold in every resample…")
def best_of(_bundle: Bundle, sha256: str, costs: CallCosts) -> BestThreshold:
    """The threshold worth most, and how sure that is."""
    rows, days = _bundle.out_of_fold, state.day_bootstrap(_bundle, sha256)
    return best_threshold(rows, costs.stakes(rows), days, grid_of(_bundle), near=_bundle.threshold)


@st.cache_resource(max_entries=KEPT, show_spinner="Choosing on one half of the rows…")
def half_choice_of(_bundle: Bundle, sha256: str, costs: CallCosts) -> HalfChoice:  # noqa: ARG001  the cache's key
    """The threshold chosen on the first half of the days (on a random half without a time), scored on the other."""
    rows, settings = _bundle.out_of_fold, _bundle.manifest.settings
    return chosen_on_first_half(
        rows,
        costs.stakes(rows),
        _bundle.threshold,
        draws=int(settings.get("draws") or 1000),
        seed=int(settings.get("seed") or 0),
        gap=max(int(settings.get("gap") or 0), _bundle.manifest.target.horizon),
        thresholds=grid_of(_bundle),
        layout=_bundle.manifest.layout,
    )


@st.cache_resource(max_entries=KEPT_BY_THRESHOLD, show_spinner=False)
def groups_of(
    _bundle: Bundle, sha256: str, costs: CallCosts, threshold: float, grouping: Grouping, feature: str = ""
) -> list[GroupScore]:
    """The figures at *threshold* by year, by what rows belong to, or by thirds of *feature*."""
    own = rows_on_their_own(_bundle, grouping)
    days = row_bootstrap(_bundle, sha256) if own else state.day_bootstrap(_bundle, sha256)
    return group_scores(_bundle, costs, threshold, grouping, days, feature=feature)


@st.cache_resource(max_entries=3, show_spinner="Resampling for the intervals…")
def row_bootstrap(_bundle: Bundle, sha256: str) -> DayBootstrap:  # noqa: ARG001  the cache's key
    """The out-of-fold rows of *_bundle* resampled each on its own."""
    settings = _bundle.manifest.settings
    draws, seed = int(settings.get("draws") or 1000), int(settings.get("seed") or 0)
    return DayBootstrap.of_rows(_bundle.out_of_fold, Layout(time=None, group=None), draws=draws, seed=seed)


@st.cache_resource(max_entries=KEPT_BY_THRESHOLD, show_spinner=False)
def no_call_bands_of(_bundle: Bundle, sha256: str, threshold: float) -> list[SelectiveAnswer]:
    """What is answered with bands of no call of growing width around *threshold*."""
    days = state.day_bootstrap(_bundle, sha256)
    return selective_answers(_bundle.out_of_fold, threshold, half_widths().tolist(), days)


def half_widths() -> FloatArray:
    """The half-widths of a band of no call that can be looked at."""
    return np.round(np.arange(0, WIDEST_BAND + BAND_STEP / 2, BAND_STEP), 3)


def grid_of(bundle: Bundle) -> FloatArray:
    """Return the thresholds that are looked at: 0, 0.001, …, 1 and the bundle's own."""
    return threshold_grid(bundle.threshold)
