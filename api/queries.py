"""What stands after the question mark: switches, choices, and the values of a scenario."""

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


def only(*names: str) -> None:
    """Refuse parameters that are not among *names*, and those that are given twice.

    Raises
    ------
    InvalidQueryError
        There are such.
    """
    faults = list(_name_faults(names))
    if faults:
        raise InvalidQueryError(THE_QUERY, faults)


def _name_faults(names: Sequence[str]) -> Iterator[Fault]:
    for name, texts in request.args.lists():
        where = validation.pointer(name)
        if name not in names:
            expected = f"only {', '.join(names)}"
            yield Fault(where, "an unknown name", expected, validation.nearest(name, names) or "Remove it.")
        elif len(texts) > 1:
            yield Fault(where, "a name that is given more than once", "each name once", "Leave one of them.")


def switch(name: str) -> bool:
    """Return whether *name*, the only parameter there may be, is switched on; it is off where it is not given."""
    only(name)
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
        refuse(name, text, " or ".join(choices), validation.nearest(text, choices) or "Change it, or leave it out.")
    return text


def scenario(features: Sequence[FeatureSpec], others: Sequence[str]) -> list[float] | None:
    """Return the row that the query gives feature by feature, medians where it gives none.

    None where it gives no feature at all; *others* are the parameters that are no features.
    """
    faults = list(_scenario_faults(features, others))
    if faults:
        raise InvalidQueryError(THE_QUERY, faults)
    # A feature that is called as one of the other parameters cannot be set here.
    given = {feature.name for feature in features if feature.name in request.args}.difference(others)
    if not given:
        return None
    return [
        float(read_number(request.args[feature.name])) if feature.name in given else feature.median
        for feature in features
    ]


def _scenario_faults(features: Sequence[FeatureSpec], others: Sequence[str]) -> Iterator[Fault]:
    yield from _name_faults([*others, *(feature.name for feature in features)])
    for feature in features:
        texts = [] if feature.name in others else request.args.getlist(feature.name)
        if len(texts) == 1 and (fault := _number_fault(validation.pointer(feature.name), feature, texts[0])):
            yield fault


def _number_fault(where: str, feature: FeatureSpec, text: str) -> Fault | None:
    try:
        value = float(read_number(text))
    except (ValidationError, OverflowError):
        value = math.nan
    if not math.isfinite(value):
        return Fault(where, f"the text “{validation.short(text)}”", f"a finite number, {EXPECTED}", "Change it.")
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
