"""What all sessions share (the bundle, cached) and what one session remembers (scenario, threshold, notices).

Values are kept under keys of our own: Streamlit forgets a widget's value once its page is left.
"""

import gc
import os
from pathlib import Path
from tempfile import TemporaryDirectory

import streamlit as st

from dashboard import runs
from dashboard.scenario_history import History, Step
from dashboard.sentences import plain
from model.bootstrap import DayBootstrap
from model.bundle import Bundle
from model.dataset import FeatureTable
from model.errors import ModelError
from model.manifest import FeatureSpec
from model.registry import ARTIFACTS, Promotion, Registry
from training.bars import read_bars
from training.panels.display import default_value, scale_of
from training.table import build_table, read_table

SCENARIO, THRESHOLD, NOTICE = "scenario", "threshold", "notice"
EDITION, ORIGIN, HISTORY = "scenario_edition", "scenario_origin", "scenario_history"
# The version in view, as (version, sha256); the promotion its visitor knows of; whether the page had none to show.
SHOWN, KNOWN, NO_BUNDLE = "shown_version", "known_promotion", "no_bundle"


def registry() -> Registry:
    """The registry served: MODEL_REGISTRY if that is set, else this repository's."""
    return Registry(Path(os.environ.get("MODEL_REGISTRY") or ARTIFACTS))


def current_bundle() -> Bundle:
    """The bundle this session shows; where there is none to show, say why and end the page."""
    try:
        bundle = shown_bundle()
    except ModelError as error:
        st.session_state[NO_BUNDLE] = True
        st.error(
            f"**There is no model to show.** {plain(str(error))} {_way_back()}"
            " This page looks again every few seconds.",
            icon=":material/error:",
        )
        st.stop()
    st.session_state[NO_BUNDLE] = False
    return bundle


def _way_back() -> str:
    """Say which version was in use before one that cannot be opened, and how to return to it."""
    there = registry()
    try:
        used = [promotion.version for promotion in there.history()]
    except ModelError:
        return ""
    earlier = next((version for version in reversed(used) if version != used[-1]), None)
    if earlier is None or not (there.folder / earlier).is_dir():
        return ""
    return f"Version {earlier} was in use before: `python -m training rollback` returns to it."


def shown_bundle() -> Bundle:
    """Open the version this session shows: the one in use when it began, until its visitor switches.

    Where the one in use cannot be opened, a session begins with the last one that could.
    """
    there = registry()
    if SHOWN not in st.session_state:
        promotion = None
        try:
            promotion = there.current()
            begin_with = promoted_bundle(there)
        except ModelError:
            if (begin_with := _held().get(str(there.folder))) is None:
                raise
        st.session_state[SHOWN] = (begin_with.version, begin_with.sha256)
        st.session_state[KNOWN] = promotion
    return opened(str(there.folder), *st.session_state[SHOWN])


def promoted_bundle(there: Registry) -> Bundle:
    """The current version of *there*, from the cache if it is the one opened before."""
    promotion = there.current()
    if promotion is None:
        return there.load()
    bundle = opened(str(there.folder), promotion.version, promotion.sha256)
    _held()[str(there.folder)] = bundle
    return bundle


def take_up(promotion: Promotion) -> None:
    """Show the version of *promotion* in this session from its next run on."""
    st.session_state[SHOWN] = (promotion.version, promotion.sha256)
    st.session_state[KNOWN] = promotion


def known_promotion() -> Promotion | None:
    """The promotion that this session's visitor knows to be in force: what they decide rests on it."""
    return st.session_state.get(KNOWN)


@st.cache_resource(max_entries=3, show_spinner="Opening the model…")
def opened(folder: str, version: str, sha256: str | None) -> Bundle:  # noqa: ARG001  part of the cache's key
    """Open a version with all its checks; what pages read later is read now, where a fault can be named."""
    bundle = Registry(Path(folder)).load(version)
    _ = bundle.out_of_fold
    # Everything loaded by now lives as long as the server: the collector need not look at it again.
    gc.collect()
    gc.freeze()
    return bundle


@st.cache_resource(show_spinner=False)
def _held() -> dict[str, Bundle]:
    """The last bundle that could be opened, by registry folder."""
    return {}


@st.cache_resource(max_entries=3, show_spinner="Resampling for the intervals…")
def day_bootstrap(_bundle: Bundle, sha256: str) -> DayBootstrap:  # noqa: ARG001  the cache's key
    """The resampled days behind every interval over the out-of-fold rows of *_bundle*."""
    settings = _bundle.manifest.settings
    draws, seed = int(settings.get("draws") or 1000), int(settings.get("seed") or 0)
    return DayBootstrap.of_rows(_bundle.out_of_fold, _bundle.manifest.layout, draws=draws, seed=seed)


@st.cache_resource(max_entries=3, show_spinner="Reading and checking the bars…")
def table_from_file(path: str, modified: float, horizon: int) -> FeatureTable:  # noqa: ARG001  the cache's key
    """The feature table of a file of bars, whose target looks *horizon* days ahead, or a processed table as it is."""
    if path.endswith(".parquet") and Path(path).parent == runs.PROCESSED:
        return read_table(Path(path))
    return build_table(read_bars(Path(path)), horizon)


@st.cache_resource(max_entries=2, show_spinner="Reading and checking the bars…")
def table_from_upload(name: str, _data: bytes, upload: str, horizon: int) -> FeatureTable:  # noqa: ARG001  the key
    """The feature table of uploaded bars, as of a file; the upload is one only while it is read."""
    with TemporaryDirectory(prefix="handover-") as folder:
        path = Path(folder) / runs.safe_name(name)
        path.write_bytes(_data)
        return build_table(read_bars(path), horizon)


def shown_value(feature: FeatureSpec) -> float:
    """The scenario's value of *feature* in display units, as it stands on the page; the median if untouched."""
    value = st.session_state.get(SCENARIO, {}).get(feature.name, default_value(feature))
    # A version promoted meanwhile may draw its bounds more tightly.
    return scale_of(feature).allowed(value)


def keep_value(name: str, value: float) -> None:
    """Remember a value of the scenario, in display units."""
    keep_scenario({name: value})


def keep_scenario(values: dict[str, float]) -> None:
    """Remember values of the scenario, in display units, as a panel shows them; what was there can be returned to."""
    before = scenario_step()
    if before.values | values != before.values:
        st.session_state[HISTORY] = scenario_history().left(before)
    st.session_state[SCENARIO] = before.values | values


def replace_scenario(values: dict[str, float], origin: str | None = None) -> None:
    """Put another scenario in place of the one there is, in display units; what is not in *values* is at its median.

    *origin* is the id of the starting point it comes from.
    """
    take_scenario(Step(values, origin), scenario_history().left(scenario_step()))
    st.session_state[EDITION] = scenario_edition() + 1


def take_scenario(step: Step, history: History) -> None:
    """Remember a scenario with the history its panel has kept of it."""
    st.session_state[SCENARIO], st.session_state[ORIGIN] = step.values, step.origin
    st.session_state[HISTORY] = history


def scenario_step() -> Step:
    """The scenario as it can be returned to."""
    return Step(st.session_state.get(SCENARIO, {}), st.session_state.get(ORIGIN))


def scenario_history() -> History:
    """The scenarios this session has been through."""
    return st.session_state.get(HISTORY, History())


def scenario_edition() -> int:
    """How often the scenario was replaced from outside the live panel, which then takes it over."""
    return st.session_state.get(EDITION, 0)


def reset_scenario() -> None:
    """Return every feature to its median."""
    replace_scenario({})


def scenario_row(bundle: Bundle) -> list[float]:
    """The scenario in original units and in the bundle's order: exactly what the page shows."""
    return [shown_value(feature) / feature.display_factor for feature in bundle.manifest.features]


def chosen_threshold(bundle: Bundle) -> float:
    """The threshold explored in this session; the bundle's own if untouched."""
    return st.session_state.get(THRESHOLD, bundle.threshold)


def keep_threshold(value: float) -> None:
    """Remember the threshold being explored."""
    st.session_state[THRESHOLD] = value


def notify(text: str) -> None:
    """Leave a notice for the next run of the page."""
    st.session_state[NOTICE] = text


def take_notice() -> str | None:
    """Return the notice left by the run before, once."""
    return st.session_state.pop(NOTICE, None)
