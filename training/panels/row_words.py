"""How pages speak of rows: by the day they are of and what they belong to, as far as the manifest names either."""

import re

from model.manifest import Layout


def blocks(layout: Layout) -> str:
    """Return what is resampled as a whole."""
    return "days" if layout.time else "groups" if layout.group else "rows"


def whole_blocks(layout: Layout) -> str:
    """Return what is resampled, as what stands or falls together."""
    return "rows" if blocks(layout) == "rows" else f"whole {blocks(layout)}"


def rows_counted(layout: Layout, rows: int, n_blocks: int, period: str) -> str:
    """Write how many out-of-fold rows there are, and on how many days or in how many groups.

    >>> rows_counted(Layout(time=None, group=None), 569, 569, "")
    '569 out-of-fold rows'
    """
    within = "on" if layout.time else "in"
    on = "" if blocks(layout) == "rows" else f" {within} {n_blocks:,} {blocks(layout)}"
    return f"{rows:,} out-of-fold rows{on}" + (f", {period}" if period else "")


def period(first_day: str, last_day: str) -> str:
    """Write a span of days; empty where rows have no time."""
    return f"{first_day} to {last_day}" if first_day else ""


def in_brackets(text: str) -> str:
    """Return *text* in brackets, after a space; nothing of nothing."""
    return f" ({text})" if text else ""


def title_of(name: str) -> str:
    """Write the name of a column as a title.

    >>> title_of("ticker"), title_of("customer_id")
    ('Ticker', 'Customer id')
    """
    words = name.replace("_", " ").strip()
    return words[:1].upper() + words[1:]


def plural_of(name: str) -> str:
    """Return what several values of the column *name* are called.

    >>> plural_of("ticker"), plural_of("city"), plural_of("customer_id")
    ('tickers', 'cities', 'values of customer_id')
    """
    if not re.fullmatch(r"[a-z]+", name) or name.endswith("s"):
        return f"values of {name}"
    return f"{name[:-1]}ies" if re.search(r"[^aeiou]y$", name) else f"{name}s"


def capital(text: str) -> str:
    """Return *text* as a sentence begins.

    >>> capital("row 12")
    'Row 12'
    """
    return text[:1].upper() + text[1:]
