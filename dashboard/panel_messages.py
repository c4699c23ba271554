"""What the live panel tells of its scenario, held to what it could have shown."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from dashboard.links import PIN_NAMES
from dashboard.scenario_history import KEPT, History, Step
from model.manifest import FeatureSpec
from training.panels.display import LARGEST, scale_of

# No id of a starting point is longer; what is, did not come from the panel.
LONGEST_ID = 200


def accepted(features: Sequence[FeatureSpec], values: Mapping[str, Any]) -> dict[str, float]:
    """Return those of *values*, in display units, that a control could have shown: known, finite, within bounds."""
    return {
        feature.name: scale_of(feature).allowed(round(float(value), feature.decimals))
        for feature in features
        if isinstance(value := values.get(feature.name), int | float) and math.isfinite(value) and abs(value) <= LARGEST
    }


def accepted_step(features: Sequence[FeatureSpec], came: Mapping[str, Any]) -> Step:
    """Return the scenario that *came*: its values in the order of *features*, and where it began."""
    names = [feature.name for feature in features]
    origin = came.get("origin")
    known = isinstance(origin, str) and len(origin) <= LONGEST_ID
    return Step(accepted(features, dict(zip(names, came["values"], strict=False))), origin if known else None)


def accepted_history(features: Sequence[FeatureSpec], came: Mapping[str, Any]) -> History:
    """Return the history that *came* with a scenario."""
    past, future = (
        tuple(accepted_step(features, step) for step in came.get(name, [])[-KEPT:]) for name in ("past", "future")
    )
    return History(past, future)


def accepted_pins(features: Sequence[FeatureSpec], came: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the pinned scenarios that *came*, each under a name of its own."""
    by_name = {pin["name"]: accepted_step(features, pin).values for pin in came.get("pins", [])}
    return [{"name": name, "values": by_name[name]} for name in PIN_NAMES if name in by_name]
