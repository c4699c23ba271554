"""What several reports say of a bundle is computed once for all of them."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar
from weakref import WeakKeyDictionary

from model.bundle import Bundle

P = ParamSpec("P")
T = TypeVar("T")


def once_a_bundle(make: Callable[Concatenate[Bundle, P], T]) -> Callable[Concatenate[Bundle, P], T]:
    """Keep what *make* returned of a bundle for as long as the bundle itself is there."""
    kept: WeakKeyDictionary[Bundle, dict[Any, T]] = WeakKeyDictionary()

    @wraps(make)
    def kept_or_made(bundle: Bundle, /, *args: P.args, **kwargs: P.kwargs) -> T:
        made = kept.setdefault(bundle, {})
        key = (args, tuple(sorted(kwargs.items())))
        if key not in made:
            made[key] = make(bundle, *args, **kwargs)
        return made[key]

    return kept_or_made
