"""Bodies of daily bars, JSON or CSV, into `Bars`: what can be read, and a fault with its place for what cannot."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from api import strict_json
from api.errors import FAULTS_LISTED, THE_BODY, UnreadableBodyError
from api.strict_json import Members, NotFinite
from api.validation import kind, pointer, repeated_names
from model.bar_cells import parse_date_texts
from model.bar_columns import NUMERIC, REQUIRED, csv_columns, decode_csv, our_names
from model.bar_tables import LONGEST_TICKER, to_bars
from model.bars import Bars, BoolArray, FaultList
from model.errors import Fault, InvalidBarsError

EXPECTED = '{"bars": [{"date": "2013-02-28", "open": …, "high": …, "low": …, "close": …, "volume": …}, …]}'

_ABSENT = object()


@dataclass(frozen=True, slots=True)
class BarsRead:
    """The bars of a body that could be read, in its order, and what is wrong with the others.

    `left_out` is how many could not be read; `place` gives a fault of a row the place it has in the body.
    """

    bars: Bars
    left_out: int
    faults: FaultList
    place: Callable[[int, Fault], Fault]


def read_csv(body: bytes, default_ticker: str) -> BarsRead:
    """Read CSV text as files of bars are read; rows are counted as a spreadsheet shows them.

    Raises
    ------
    UnreadableBodyError
        The body is no text.
    InvalidBarsError
        The text is no table, or one without a column that bars need.
    """
    try:
        text = decode_csv(body, THE_BODY)
    except InvalidBarsError as error:
        raise UnreadableBodyError(THE_BODY, [_of_the_body(0, fault) for fault in error.faults]) from error
    try:
        columns, rows, faults = csv_columns(text, THE_BODY)
    except InvalidBarsError as error:
        listed = [_of_the_body(0, fault) for fault in error.faults[:FAULTS_LISTED]]
        raise InvalidBarsError(THE_BODY, listed, error.count) from error
    bars, left_out = to_bars(columns, rows, default_ticker, faults)
    return BarsRead(bars, left_out, faults, _of_the_body)


def read_json(body: bytes, default_ticker: str) -> BarsRead:
    """Read a JSON document of bars; faults carry a JSON pointer, in which bars are counted from 0.

    Raises
    ------
    UnreadableBodyError
        The body is no JSON document, or names something twice.
    InvalidBarsError
        The document is no list of bars.
    """
    entries = _entries(_document(body))
    faults = FaultList()
    is_object = np.array([isinstance(entry, Members) for entry in entries], dtype=np.bool_)
    faults.add_rows(
        ~is_object,
        np.arange(len(entries)),
        lambda i: Fault(
            pointer("bars", str(i)), kind(entries[i]), f"an object with {', '.join(REQUIRED)}", "Send one for each day."
        ),
    )
    table = _JsonTable([entry for entry in entries if isinstance(entry, Members)], np.flatnonzero(is_object))
    time = table.dates(faults)
    numbers = {name: table.numbers(name, faults) for name in NUMERIC if name in REQUIRED or table.has(name)}
    ticker = table.tickers(faults) if table.has("ticker") else np.full(len(table.rows), default_ticker)
    readable = ~np.isnat(time) & (ticker != "")
    for _, failed in numbers.values():
        readable &= ~failed
    values_of = {name: values for name, (values, _) in numbers.items()}
    bars = Bars(ticker=ticker, time=time, row=table.rows, **values_of)
    return BarsRead(bars.take(readable), len(entries) - int(np.sum(readable)), faults, table.place)


def _of_the_body(_: int, fault: Fault) -> Fault:
    """Return *fault* without a place where files name the file, or their only ticker."""
    return replace(fault, where="") if fault.where == "the file" or fault.where.startswith("ticker ") else fault


def _document(body: bytes) -> Any:
    try:
        document = strict_json.read(body)
    except UnreadableBodyError as error:
        faults = [replace(fault, expected=f"a JSON object in UTF-8, {EXPECTED}") for fault in error.faults]
        raise UnreadableBodyError(THE_BODY, faults) from error
    repeated = [fault for fault, _ in zip(repeated_names(document), range(FAULTS_LISTED), strict=False)]
    if repeated:
        raise UnreadableBodyError(THE_BODY, repeated)
    return document


def _entries(document: Any) -> list[Any]:
    if not isinstance(document, Members):
        fault = Fault("", kind(document), f"an object: {EXPECTED}", "Put the bars into an object.")
        raise InvalidBarsError(THE_BODY, [fault])
    unknown = [name for name in document if name != "bars"]
    faults = [
        Fault(pointer(name), "an unknown name", "only “bars” here", "Remove it.") for name in unknown[:FAULTS_LISTED]
    ]
    entries = document.get("bars", _ABSENT)
    if not isinstance(entries, list):
        faults.append(Fault("/bars", _found(entries), f"an array of bars: {EXPECTED}", "Send one object a day."))
    if faults:
        raise InvalidBarsError(THE_BODY, faults[:FAULTS_LISTED], len(unknown) + (not isinstance(entries, list)))
    return list(entries)


class _JsonTable:
    """Bars as JSON objects, read column by column; names are spelled as in files.

    Parameters
    ----------
    objects
        One a bar.
    rows
        Where each of them stands in the body, from 0.
    """

    def __init__(self, objects: Sequence[Members], rows: NDArray[np.int64]) -> None:
        self.rows = rows
        self._objects = objects
        known: dict[tuple[str, ...], dict[str, str]] = {}
        for names in map(tuple, objects):
            if names not in known:
                known[names] = {ours: names[position] for ours, position in our_names(names).items()}
        self._spelled = [known[tuple(bar)] for bar in objects]

    def has(self, column: str) -> bool:
        """Whether any bar has this column."""
        return any(column in spelled for spelled in self._spelled)

    def dates(self, faults: FaultList) -> NDArray[np.datetime64]:
        """Return the time of each bar, NaT where it cannot be read; failures are faults."""
        expected, remedy = "a text such as “2000-12-31”", "Send the day as year-month-day, in quotes."
        cells, is_text = self._texts("date", faults, expected=expected, remedy=remedy)
        time = np.full(len(cells), "NaT", dtype="datetime64[s]")
        texts = [cell for cell, usable in zip(cells, is_text, strict=True) if usable]
        time[is_text] = parse_date_texts(texts, self.rows[is_text], faults)
        return time

    def tickers(self, faults: FaultList) -> NDArray[np.str_]:
        """Return the ticker of each bar, empty where there is none to use; those are faults."""
        expected, remedy = f"a text of 1 to {LONGEST_TICKER} characters, in every bar", "Fill it in, or leave all out."
        cells, _ = self._texts("ticker", faults, expected=expected, remedy=remedy, longest=LONGEST_TICKER)
        # A reply cannot carry the half characters that JSON's escapes can write.
        return np.array([cell.encode("utf-8", "backslashreplace").decode() for cell in cells], dtype=np.str_)

    def numbers(self, column: str, faults: FaultList) -> tuple[NDArray[np.float64], BoolArray]:
        """Return the column as floats and where that failed; failures are faults."""
        cells = self._cells(column)
        failed = np.array([not isinstance(cell, float) for cell in cells], dtype=np.bool_)

        def describe(i: int) -> Fault:
            quoted = isinstance(cells[i], str) and not isinstance(cells[i], NotFinite)
            remedy = "Send it as a JSON number, without quotes." if quoted else "Send a finite JSON number."
            return Fault(self._where(i, column), _found(cells[i]), "a finite number", remedy)

        faults.add_rows(failed, self.rows, describe)
        return np.array([cell if isinstance(cell, float) else 0.0 for cell in cells], dtype=np.float64), failed

    def place(self, row: int, fault: Fault) -> Fault:
        """Return *fault*, of the bar at *row* of the body, with a JSON pointer for what files call a row."""
        if fault.where.startswith("/"):
            return fault
        if not fault.where.startswith("row "):
            return replace(fault, where="/bars")
        named = (name for name in ("date", *NUMERIC) if fault.found.startswith(name.replace("_", " ") + " "))
        column = next(named, None)
        where = self._where(int(np.searchsorted(self.rows, row)), column) if column else pointer("bars", str(row))
        return replace(fault, where=where, found=fault.found.replace("(the first is row ", "(the first is /bars/"))

    def _cells(self, column: str) -> list[Any]:
        return [
            bar[spelled[column]] if column in spelled else _ABSENT
            for bar, spelled in zip(self._objects, self._spelled, strict=True)
        ]

    def _texts(
        self, column: str, faults: FaultList, *, expected: str, remedy: str, longest: int | None = None
    ) -> tuple[list[str], BoolArray]:
        """Return the column as stripped texts, empty where it holds none or one too long, and where it does."""
        cells = self._cells(column)
        texts = [cell.strip() if isinstance(cell, str) and not isinstance(cell, NotFinite) else "" for cell in cells]
        usable = np.array([text != "" and (longest is None or len(text) <= longest) for text in texts], dtype=np.bool_)
        faults.add_rows(~usable, self.rows, lambda i: Fault(self._where(i, column), _found(cells[i]), expected, remedy))
        return [text if use else "" for text, use in zip(texts, usable, strict=True)], usable

    def _where(self, index: int, column: str) -> str:
        return pointer("bars", str(self.rows[index]), self._spelled[index].get(column, column))


def _found(cell: Any) -> str:
    return "nothing" if cell is _ABSENT else kind(cell)
