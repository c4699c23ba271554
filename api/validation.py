"""What can be wrong with a prediction request, each as a fault with a JSON pointer to its place."""

import difflib
import json
from collections.abc import Iterator, Sequence
from typing import Any

from api.row_features import ImputedFeature, may_lack
from api.strict_json import Members, NotFinite
from model.errors import Fault
from model.manifest import FeatureSpec

LONGEST_QUOTE = 60


def repeated_names(document: Any, *path: str) -> Iterator[Fault]:
    """Yield a fault for each name that an object of *document* holds more than once."""
    if isinstance(document, Members):
        for name in document.repeated:
            remedy = "Leave one of them: which one would count is not defined."
            yield Fault(pointer(*path, name), "a name that is given more than once", "each name once", remedy)
        children: Iterator[tuple[str, Any]] = iter(document.items())
    elif isinstance(document, list):
        # A body has room for millions of them: one at a time.
        children = ((str(position), child) for position, child in enumerate(document))
    else:
        return
    for name, child in children:
        if isinstance(child, Members | list):
            yield from repeated_names(child, *path, name)


def request_faults(document: Any, features: Sequence[FeatureSpec]) -> Iterator[Fault]:
    """Yield what keeps *document* from being one allowed number for each of *features*, and nothing else."""
    if not isinstance(document, Members):
        yield Fault("", kind(document), 'an object: {"features": {…}}', "Put the features into an object.")
        return
    names = [feature.name for feature in features]
    for name in document:
        if name == "features":
            continue
        if name in names:
            yield Fault(
                pointer(name), "a feature beside “features”", "only “features” here", "Move it into “features”."
            )
        else:
            remedy = nearest(name, ["features"]) or "Remove it."
            yield Fault(pointer(name), "an unknown name", "only “features” here", remedy)
    expected = f"an object with {len(names)} numbers: {', '.join(names)}"
    if "features" not in document:
        yield Fault("/features", "nothing", expected, "Add it.")
    elif not isinstance(document["features"], Members):
        yield Fault("/features", kind(document["features"]), expected, "Send names with their values.")
    else:
        yield from feature_faults(document["features"], features, "features")


def feature_faults(values: Members, features: Sequence[FeatureSpec], *path: str) -> Iterator[Fault]:
    """Yield what keeps *values*, an object at *path* of the body, from being one allowed number for each feature."""
    above = pointer(*path)
    for feature in features:
        where = above + pointer(feature.name)
        if feature.name not in values:
            remedy = f"Add it; its median in training is {number(example(feature))}."
            if isinstance(feature, ImputedFeature):
                remedy = "Add it; null stands for a value that is missing."
            yield Fault(where, "nothing", _allowed(feature), remedy)
        elif fault := value_fault(where, feature, values[feature.name]):
            yield fault
    names = [feature.name for feature in features]
    missing = [name for name in names if name not in values]
    for name in values:
        if name not in names:
            remedy = nearest(name, missing) or nearest(name, names) or "Remove it."
            yield Fault(pointer(*path, name), "an unknown name", f"only {', '.join(names)}", remedy)


def value_fault(where: str, feature: FeatureSpec, value: Any) -> Fault | None:
    """Return what keeps *value* from being a value of *feature*; None where nothing does."""
    if may_lack(feature, value):
        return None
    if isinstance(value, float):
        low, high = feature.hard_minimum, feature.hard_maximum
        if (low is None or value >= low) and (high is None or value <= high):
            return None
        remedy = f"In training it went from {observed(feature)}."
    elif isinstance(value, str) and not isinstance(value, NotFinite):
        remedy = "Send it as a JSON number, without quotes."
    else:
        or_null = ", or null where it is missing" if isinstance(feature, ImputedFeature) else ""
        remedy = f"Send a finite JSON number{or_null}."
    return Fault(where, kind(value), _allowed(feature), remedy)


def _allowed(feature: FeatureSpec) -> str:
    low, high = feature.hard_minimum, feature.hard_maximum
    if low is not None and high is not None:
        return f"a finite number from {number(low)} to {number(high)}"
    if low is not None:
        return f"a finite number of at least {number(low)}"
    if high is not None:
        return f"a finite number of at most {number(high)}"
    return "a finite number"


def observed(feature: FeatureSpec) -> str:
    """Return the range of values seen in training."""
    return f"{feature.min:.6g} to {feature.max:.6g}"


def example(feature: FeatureSpec) -> float:
    """Return the median, with few digits where that leaves it within the observed range."""
    short = float(f"{feature.median:.4g}")
    return short if feature.min <= short <= feature.max else feature.median


def nearest(name: str, known: Sequence[str]) -> str:
    """Return the question whether one of *known* was meant; empty if none is near."""
    by_lower = {other.lower(): other for other in known}
    near = difflib.get_close_matches(name[:LONGEST_QUOTE].lower(), by_lower, n=1)
    return f"Did you mean “{by_lower[near[0]]}”?" if near else ""


def kind(value: Any) -> str:
    """Say what a JSON value is, in a few words."""
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, float):
        return number(value)
    if isinstance(value, str):
        return short(value) if isinstance(value, NotFinite) else f"the text “{short(value)}”"
    return "an array" if isinstance(value, list) else "an object"


def number(value: float) -> str:
    """Write a number the way it may be sent: exact, and 48 rather than 48.0."""
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)


def pointer(*path: str) -> str:
    """Return the JSON pointer (RFC 6901) to *path*.

    >>> pointer("features", "a/b")
    '/features/a~1b'
    """
    return "".join("/" + short(name).replace("~", "~0").replace("/", "~1") for name in path)


def short(text: str) -> str:
    """Return *text* fit for a reply: cut where it is long, without the half characters UTF-8 cannot carry."""
    cut = text if len(text) <= LONGEST_QUOTE else text[: LONGEST_QUOTE - 1] + "…"
    return cut.encode("utf-8", "backslashreplace").decode()
