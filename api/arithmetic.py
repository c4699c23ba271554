"""Numbers in paths: reading them, and adding them."""

import math
import re

from werkzeug.routing import BaseConverter, ValidationError

from model.errors import ModelError

# Well below the number of digits at which Python refuses to write an integer.
LONGEST_NUMBER = 1000
EXPECTED = f"a number such as 2, -0.5 or 1e-3, of at most {LONGEST_NUMBER:,} characters"

_INTEGER = re.compile(r"[+-]?[0-9]+")
_DECIMAL = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")


class TooLargeError(ModelError):
    """A result that no floating-point number holds."""


class NumberConverter(BaseConverter):
    """Reads a part of a path as an integer or a decimal; Flask's own knows neither -1 nor 1e-3."""

    # Other parts are for other routes: what only `to_python` refuses would count as this one's all the same.
    regex = _DECIMAL.pattern

    def to_python(self, value: str) -> int | float:
        """Return the number that *value* writes."""
        return read_number(value)


def read_number(text: str) -> int | float:
    """Return the number that *text* writes, integers exactly.

    Raises
    ------
    ValidationError
        It writes none.

    >>> read_number("-2"), read_number("1e-3"), read_number("+.5")
    (-2, 0.001, 0.5)
    """
    if len(text) <= LONGEST_NUMBER:
        if _INTEGER.fullmatch(text):
            return int(text)
        if _DECIMAL.fullmatch(text):
            return float(text)
    raise ValidationError


def add(x: int | float, y: int | float) -> int | float:
    """Return x + y, integers exactly.

    Raises
    ------
    TooLargeError
        The sum, or one of the two, is beyond the range of floating-point numbers.

    >>> add(2, 2), add(0.5, -1)
    (4, -0.5)
    """
    try:
        total = x + y
    except OverflowError:
        # An integer met a decimal and is too large to become one.
        total = math.inf
    if isinstance(total, float) and not math.isfinite(total):
        msg = "The result is too large: decimals reach up to about 1.8e308. Use smaller numbers, or integers."
        raise TooLargeError(msg)
    return total
