"""Links that reproduce what is seen: every value in the address, with the version and hash of the model behind it.

The address of a page always carries the state of the session, so a reload or a copy of it loses nothing. It is read
once, when a session begins; what cannot be read is named.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import urlencode

import streamlit as st

from dashboard import state
from dashboard.browser import component
from model.bundle import Bundle
from model.manifest import FeatureSpec
from training.panels.display import LARGEST, default_value, scale_of

VERSION, SHA256 = "version", "sha256"
PINS, PIN_NAMES = "pins", ("A", "B", "C")
FOLLOWED = "link_followed"
DIGITS_OF_HASH = 12

_mount = component("address", html="address.html", css=(), js=("elements.js", "address.js"))


@dataclass(frozen=True, slots=True)
class Field:
    """A part of the session that a link carries beside the scenario.

    `read` turns the text of a link into what is kept under `key`, or raises ValueError that says what was expected;
    `write` does the reverse.
    """

    name: str
    key: str
    read: Callable[[str, Bundle], Any]
    write: Callable[[Any], str] = str
    needs: Literal["time", "no time", "returns"] | None = None

    def is_of(self, bundle: Bundle) -> bool:
        """Whether rows laid out like those of *bundle* have this part."""
        layout = bundle.manifest.layout
        has = {"time": bool(layout.time), "no time": not layout.time, "returns": layout.returns, None: True}
        return has[self.needs]


def number_between(low: float, high: float) -> Callable[[str, Bundle], float]:
    """Return a reader of numbers from *low* to *high*."""

    def read(text: str, _: Bundle) -> float:
        value = _finite(text)
        if value is None or not low <= value <= high:
            msg = f"a number from {low:g} to {high:g}"
            raise ValueError(msg)
        return value

    return read


def one_of(choices: Callable[[Bundle], Sequence[str]]) -> Callable[[str, Bundle], str]:
    """Return a reader of one of the names that *choices* gives for a bundle."""

    def read(text: str, bundle: Bundle) -> str:
        if text not in (names := choices(bundle)):
            msg = f"one of {', '.join(names)}"
            raise ValueError(msg)
        return text

    return read


def flag(text: str, _: Bundle) -> bool:
    """Read a switch."""
    if text not in ("true", "false"):
        msg = "true or false"
        raise ValueError(msg)
    return text == "true"


def _write_flag(value: bool) -> str:
    return "true" if value else "false"


def _feature_names(bundle: Bundle) -> Sequence[str]:
    return bundle.manifest.feature_names


def _number(value: float) -> str:
    return f"{value:.6g}"


FIELDS = (
    Field("page.threshold", state.THRESHOLD, number_between(0, 1), _number),
    Field("page.feature", "curve_feature", one_of(_feature_names)),
    Field("page.second", "curve_second", one_of(_feature_names)),
    Field("page.view", "curve_view", one_of(lambda _: ("curve", "map"))),
    Field("page.every_value", "every_value", flag, _write_flag),
    Field("page.close_up", "close_up", flag, _write_flag),
    Field("page.value_shown", "threshold_view", one_of(lambda _: ("value", "advantage"))),
    Field("page.costs", "threshold_costs", one_of(lambda _: ("trade", "errors")), needs="returns"),
    Field("page.trade_cost", "threshold_trade_cost", number_between(0, 1000), _number, needs="returns"),
    Field("page.wrong_cost", "threshold_wrong_cost", number_between(0.01, 1e9), _number),
    Field("page.missed_cost", "threshold_missed_cost", number_between(0.01, 1e9), _number),
    Field("page.budget", "threshold_budget", number_between(0, 1e9), _number, needs="time"),
    Field("page.busiest_month", "threshold_busiest", flag, _write_flag, needs="time"),
    Field("page.calls_per_100", "threshold_share_budget", number_between(0, 100), _number, needs="no time"),
    Field("page.groups", "threshold_feature", one_of(_feature_names)),
    Field("page.no_call_points", "threshold_half_width", number_between(0, 10), _number),
)


@dataclass(frozen=True, slots=True)
class Link:
    """What a link held: values of the session by key, the model it was made with, and what could not be read."""

    values: Mapping[str, Any] = field(default_factory=dict)
    version: str | None = None
    sha256: str | None = None
    faults: Sequence[str] = ()


def parameter(feature: FeatureSpec) -> str:
    """Return the name a feature has in a link."""
    return f"feature.{feature.name}" if feature.name in (VERSION, SHA256) else feature.name


def query(bundle: Bundle) -> str:
    """Return the query string of a link to what is seen now: every value, and the version and hash of *bundle*."""
    carried = {VERSION: bundle.version, SHA256: bundle.sha256[:DIGITS_OF_HASH]}
    features = bundle.manifest.features
    carried |= {parameter(feature): _shown(feature, state.shown_value(feature)) for feature in features}
    for pin in st.session_state.get(PINS, []):
        values = [pin["values"].get(feature.name, default_value(feature)) for feature in features]
        shown = [_shown(feature, value) for feature, value in zip(features, values, strict=True)]
        carried[f"pin.{pin['name']}"] = ",".join(shown)
    # A default is written out like any other value: a link must not change its meaning when the default does.
    parts = [part for part in FIELDS if part.is_of(bundle)]
    carried |= {part.name: part.write(value) for part in parts if (value := _kept(part, bundle)) is not None}
    return "?" + urlencode(carried)


def _kept(part: Field, bundle: Bundle) -> Any:
    return state.chosen_threshold(bundle) if part.key == state.THRESHOLD else st.session_state.get(part.key)


def _shown(feature: FeatureSpec, value: float) -> str:
    return f"{value:.{feature.decimals}f}"


def read(given: Mapping[str, str], bundle: Bundle) -> Link:
    """Read the parameters of a link for *bundle*; what is wrong is named, the rest is kept."""
    faults: list[str] = []
    values: dict[str, Any] = {}
    left = dict(given)
    version, sha256 = left.pop(VERSION, None), left.pop(SHA256, None)
    scenario = {}
    for feature in bundle.manifest.features:
        if (text := left.pop(parameter(feature), None)) is not None:
            value, fault = _value_of(feature, text)
            faults += [f"{parameter(feature)}: found “{text}”, expected {fault}"] * bool(fault)
            if value is not None:
                scenario[feature.name] = value
    if scenario:
        values[state.SCENARIO] = scenario
    for part in FIELDS:
        if part.is_of(bundle) and (text := left.pop(part.name, None)) is not None:
            try:
                values[part.key] = part.read(text, bundle)
            except ValueError as error:
                faults.append(f"{part.name}: found “{text}”, expected {error}; it is left as it was")
    if pins := _read_pins(left, bundle, faults):
        values[PINS] = pins
    faults += [f"{name}: nothing here has that name" for name in left]
    return Link(values, version, sha256, tuple(faults))


def _value_of(feature: FeatureSpec, text: str) -> tuple[float | None, str]:
    """Return the value a text stands for, None where it stands for none, and what is wrong with it, if anything."""
    found = _finite(text)
    if found is None:
        return None, "a number; the median is shown"
    scale = scale_of(feature)
    allowed = scale.allowed(round(found, feature.decimals))
    if allowed == round(found, feature.decimals):
        return allowed, ""
    least, most = (None if end is None else f"{end:g}" for end in (scale.least, scale.most))
    between = " and ".join([f"at least {least}"] * (least is not None) + [f"at most {most}"] * (most is not None))
    return allowed, f"{between}; {allowed:g} is shown"


def _read_pins(left: dict[str, str], bundle: Bundle, faults: list[str]) -> list[dict[str, Any]]:
    features = bundle.manifest.features
    pins = []
    for name in PIN_NAMES:
        if (text := left.pop(f"pin.{name}", None)) is None:
            continue
        values = [_finite(part) for part in text.split(",")]
        if len(values) != len(features) or None in values:
            faults.append(f"pin.{name}: found “{text}”, expected {len(features)} numbers; it is left out")
            continue
        by_name = {f.name: round(v, f.decimals) for f, v in zip(features, values, strict=True) if v is not None}
        pins.append({"name": name, "values": by_name})
    return pins


def _finite(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) and abs(value) <= LARGEST else None


def follow(bundle: Bundle) -> Link:
    """Take over what the address holds when a session begins, and return what it was; later, the same again."""
    if FOLLOWED not in st.session_state:
        link = read(st.query_params.to_dict(), bundle)
        st.session_state.update(link.values)
        st.session_state[FOLLOWED] = link
    return st.session_state[FOLLOWED]


def keep_address(bundle: Bundle) -> None:
    """Write what is seen now into the address of the page, without a new entry in the browser's history."""
    with st.container(key="address"):
        _mount(key="address_component", data={"query": query(bundle)})
