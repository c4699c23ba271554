"""Cells of daily bars as people write them: thousands separators, ISO or unambiguous local dates."""

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from model.bars import FaultList
from model.errors import Fault

if TYPE_CHECKING:
    import pyarrow as pa

LONGEST_QUOTE = 60

# RE2 syntax. Groups of three with one kind of separator that is no decimal mark anywhere, or a comma; after a
# leading zero a comma can only be a decimal mark.
_GROUPED = r"^[+-]?[1-9]\d{0,2}(?:,\d{3})+(?:\.\d*)?$|^[+-]?\d{1,3}(?:[ '\x{A0}\x{202F}]\d{3})+(?:\.\d*)?$"
_SEPARATORS = r"[, '\x{A0}\x{202F}]"
_NUMBER = r"^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$"

_CLOCK = (
    r"(?:[T ]+(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,]\d+)?)?"
    r"\s*(?P<half>[AaPp][Mm])?\s*(?:Z|UTC|[+-]\d{2}:?\d{2})?)?"
)
_ISO = re.compile(rf"(?P<year>\d{{4}})([-/.])(?P<month>\d{{1,2}})\2(?P<day>\d{{1,2}}){_CLOCK}")
_COMPACT = re.compile(r"(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})")
_UNAMBIGUOUS = (
    _ISO,
    _COMPACT,
    re.compile(rf"(?P<day>\d{{1,2}})[-. ]+(?P<name>[A-Za-z]{{3,9}})[-., ]+(?P<year>\d{{4}}){_CLOCK}"),
    re.compile(rf"(?P<name>[A-Za-z]{{3,9}})[. ]+(?P<day>\d{{1,2}})[, ]+(?P<year>\d{{4}}){_CLOCK}"),
)
_LOCAL = re.compile(rf"(?P<first>\d{{1,2}})(?P<mark>[-/.])(?P<then>\d{{1,2}})(?P=mark)(?P<year>\d{{4}}){_CLOCK}")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


def parse_numbers(
    name: str, column: "pa.ChunkedArray", rows: NDArray[np.int64], faults: FaultList
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return the column as floats and where that failed; failures are faults."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_integer(column.type) or pa.types.is_floating(column.type) or pa.types.is_decimal(column.type):
        empty = column.is_null().to_numpy()
        values = pc.fill_null(column.cast(pa.float64(), safe=False), 0.0).to_numpy().copy()
        written: Callable[[int], str] = lambda _: "nothing"  # noqa: E731  one of two ways to quote a cell
    else:
        text = pc.utf8_trim_whitespace(pc.fill_null(column.cast(pa.string()), ""))
        grouped = pc.match_substring_regex(text, _GROUPED)
        text = pc.if_else(grouped, pc.replace_substring_regex(text, _SEPARATORS, ""), text)
        empty = pc.invert(pc.match_substring_regex(text, _NUMBER)).to_numpy()
        values = (
            pc.if_else(pa.array(empty), "0", pc.replace_substring_regex(text, r"^\+", ""))
            .cast(pa.float64())
            .to_numpy()
            .copy()
        )
        written = lambda i: quote(str(column[i])) if column[i].as_py() else "nothing"  # noqa: E731  as above
    remedy = "Write it with a decimal point, and no unit." if name != "volume" else "Write a plain number."
    faults.add_rows(
        empty, rows, lambda i: Fault(f"row {rows[i]}", f"{written(i)} for {name}", "a number such as 1234.5", remedy)
    )
    return values, empty


def parse_dates(column: "pa.ChunkedArray", rows: NDArray[np.int64], faults: FaultList) -> NDArray[np.datetime64]:
    """Return the column as times of day in seconds, NaT where it cannot be read; failures are faults."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_timestamp(column.type):
        wall = pc.local_timestamp(column) if column.type.tz else column
        time: NDArray[np.datetime64] = wall.to_numpy().astype("datetime64[s]")
    elif pa.types.is_date(column.type):
        time = column.cast(pa.date32()).to_numpy().astype("datetime64[s]")
    else:
        encoded = pc.fill_null(column.cast(pa.string()), "").combine_chunks().dictionary_encode()
        texts = [text.strip() for text in encoded.dictionary.to_pylist()]
        return _read_dates(texts, encoded.indices.to_numpy(), rows, faults)
    faults.add_rows(
        np.isnat(time), rows, lambda i: Fault(f"row {rows[i]}", "no date", "a day in every row", "Fill it in.")
    )
    return time


def parse_date_texts(texts: Sequence[str], rows: NDArray[np.int64], faults: FaultList) -> NDArray[np.datetime64]:
    """Do for plain texts what `parse_dates` does for a column.

    >>> parse_date_texts(["31.12.2000"], np.array([1]), FaultList())
    array(['2000-12-31T00:00:00'], dtype='datetime64[s]')
    """
    stripped = [text.strip() for text in texts]
    position = {text: number for number, text in enumerate(dict.fromkeys(stripped))}
    index = np.array([position[text] for text in stripped], dtype=np.int64)
    return _read_dates(list(position), index, rows, faults)


def quote(text: str) -> str:
    """Return *text* in quotation marks for a message, cut where it is long."""
    return repr(text if len(text) <= LONGEST_QUOTE else text[: LONGEST_QUOTE - 1] + "…")


def _read_dates(
    texts: list[str], index: NDArray[np.int64], rows: NDArray[np.int64], faults: FaultList
) -> NDArray[np.datetime64]:
    order = _day_first_evidence(texts)
    day_first = order.pop() if len(order) == 1 else None
    parsed = np.array([_read_date(text, day_first) or "NaT" for text in texts], dtype="datetime64[s]")
    time = parsed[index] if len(parsed) else np.empty(0, dtype="datetime64[s]")

    def describe(i: int) -> Fault:
        text = texts[index[i]]
        local = _LOCAL.fullmatch(text)
        if local and day_first is None and {int(local["first"]), int(local["then"])} & set(range(1, 13)):
            found = f"date {quote(text)}, which may be day/month or month/day ({_WHY_OPEN[bool(order)]})"
        else:
            found = f"date {quote(text)}" if text else "no date"
        return Fault(f"row {rows[i]}", found, "a date such as 2000-12-31", "Write dates as year-month-day.")

    faults.add_rows(np.isnat(time), rows, describe)
    return time


_WHY_OPEN = {False: "no other date settles it", True: "the dates contradict each other"}


def _day_first_evidence(texts: Sequence[str]) -> set[bool]:
    """Whether 03/04/2000 is the 3rd of April, as far as the column's own dates tell: they may say both, or nothing."""
    parts = [match for text in texts if (match := _LOCAL.fullmatch(text))]
    if any(match["mark"] == "." for match in parts):
        return {True}  # 31.12.2000 is written day first wherever it is written
    pairs = [(int(match["first"]), int(match["then"])) for match in parts]
    return {first > 12 for first, then in pairs if (first > 12) != (then > 12)}


def _read_date(text: str, day_first: bool | None) -> datetime | None:
    match = next((match for pattern in _UNAMBIGUOUS if (match := pattern.fullmatch(text))), None)
    if match:
        parts = match.groupdict()
        month, day = parts.get("month") or _month_number(parts["name"]), parts["day"]
    elif (match := _LOCAL.fullmatch(text)) and day_first is not None:
        parts = match.groupdict()
        day, month = (match["first"], match["then"]) if day_first else (match["then"], match["first"])
    else:
        return None
    hour = int(parts.get("hour") or 0) % 24
    if parts.get("half"):
        hour = hour % 12 + (12 if parts["half"].lower() == "pm" else 0)
    try:
        return datetime(
            int(parts["year"]), int(month), int(day), hour, int(parts.get("minute") or 0), int(parts.get("second") or 0)
        )
    except ValueError:
        return None


def _month_number(name: str) -> int:
    """Return 1 to 12, or 0 for no month."""
    short = name.lower()[:3]
    return _MONTHS.index(short) + 1 if short in _MONTHS else 0
