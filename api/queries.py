"""What stands after the question mark: switches, choices, and the values of a scenario."""

import difflib
import math
from collections.abc import Iterator, Sequence

from flask import request
from werkzeug.routing import ValidationError

from api import validation
from api.arithmetic import EXPECTED, read_number
from model.errors import Fault, InvalidInputError
from model.manifest import FeatureSpec

THE_QUERY = "The query"

_SWITCH = {"true": True, "1": True, "": True, "false": False, "0": False}


class InvalidQueryError(InvalidInputError):
    """A parameter of the query that means nothing."""


def switch(name: str) -> bool:
    """Return whether the parameter *name* is switched on; it is off where it is not given."""
    text = request.args.get(name)
    if text is None:
        return False
    if text.lower() not in _SWITCH:
        refuse(name, text, "true or false")
    return _SWITCH[text.lower()]


def choice(name: str, choices: Sequence[str]) -> str:
    """Return the value of the parameter *name*, one of *choices*; the first where it is not given."""
    text = request.args.get(name, choices[0])
    if text not in choices:
        near = difflib.get_close_matches(text[: validation.LONGEST_QUOTE], choices, n=1)
        refuse(name, text, " or ".join(choices), f"Did you mean “{near[0]}”?" if near else "")
    return text


def scenario(features: Sequence[FeatureSpec], others: Sequence[str]) -> list[float] | None:
    """Return the row that the query gives feature by feature, medians where it gives none.

    None where it gives no feature at all; *others* are the parameters that are no features.
    """
    faults = list(_scenario_faults(features, others))
    if faults:
        raise InvalidQueryError(THE_QUERY, faults)
    if not any(feature.name in request.args for feature in features):
        return None
    return [
        float(read_number(request.args[feature.name])) if feature.name in request.args else feature.median
        for feature in features
    ]


def _scenario_faults(features: Sequence[FeatureSpec], others: Sequence[str]) -> Iterator[Fault]:
    known = {feature.name: feature for feature in features}
    for name, texts in request.args.lists():
        if name in others:
            continue
        where = validation.pointer(name)
        if name not in known:
            remedy = validation.nearest(name, [*known, *others]) or "Remove it."
            yield Fault(where, "an unknown name", f"only {', '.join([*others, *known])}", remedy)
        elif len(texts) > 1:
            yield Fault(where, "a name that is given more than once", "each name once", "Leave one of them.")
        elif fault := _number_fault(where, known[name], texts[0]):
            yield fault


def _number_fault(where: str, feature: FeatureSpec, text: str) -> Fault | None:
    try:
        value = float(read_number(text))
    except (ValidationError, OverflowError):
        value = math.nan
    if not math.isfinite(value):
        return Fault(where, f"the text “{validation.short(text)}”", EXPECTED, "Write the number in digits.")
    return validation.value_fault(where, feature, value)


def refuse(name: str, text: str, expected: str, remedy: str = "Change it, or leave it out.") -> None:
    """Refuse the parameter *name* with the value *text*.

    Raises
    ------
    InvalidQueryError
        Always.
    """
    fault = Fault(validation.pointer(name), f"the text “{validation.short(text)}”", expected, remedy)
    raise InvalidQueryError(THE_QUERY, [fault])
