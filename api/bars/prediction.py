"""From a body of daily bars to the prediction for its last day. Knows no request."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from api import payloads
from api.bars.bodies import BarsRead, read_csv, read_json
from api.errors import FAULTS_LISTED, THE_BODY
from api.validation import number, short
from model.bar_tables import ADJUSTED_CLOSE, LONGEST_TICKER, add_broken_rules, describe_adjustment, in_order
from model.bar_warnings import warnings_for
from model.bars import SHORTEST_HISTORY, WARM_UP_ROWS, Bars
from model.bundle import Bundle
from model.errors import Fault, InvalidBarsError, InvalidFeaturesError
from model.features import FEATURE_NAMES, build_features
from model.splits import Split, adjust_for_splits, splits_from_adjusted_close

READERS: dict[str, Callable[[bytes, str], BarsRead]] = {"application/json": read_json, "text/csv": read_csv}

# Stands for the ticker where neither the bars nor the request name one.
UNNAMED = "the ticker"
TICKERS_NAMED = 5
WARNINGS_LISTED = 20
# No share was ever split so often: an adjusted close that says so is something else.
MOST_SPLITS = 100
VOLUME_WINDOW = 20


def takes_bars(bundle: Bundle) -> bool:
    """Whether the features of *bundle* are those that `build_features` computes."""
    return set(bundle.manifest.feature_names) == set(FEATURE_NAMES)


def predict_bars(
    bundle: Bundle,
    body: bytes,
    media_type: str,
    *,
    ticker: str | None = None,
    notes: Sequence[str] = (),
    safe: bool = False,
) -> dict[str, Any]:
    """Return the reply for the last day of the bars in *body*: the prediction, and what it rests on.

    Parameters
    ----------
    bundle
        One that `takes_bars`.
    body, media_type
        The bars, and which of `READERS` reads them.
    ticker
        Which ticker of the body is meant; where the body names none, what its bars are called.
    notes
        What is to be said with every answer.
    safe
        Leave the names and ranges of features out of the reply.

    Raises
    ------
    UnreadableBodyError
        The body cannot be read at all.
    InvalidBarsError
        The bars break a rule of daily bars, or leave a feature of the last day without a value.
    """
    wanted = (ticker or "").strip()
    read = READERS[media_type](body, wanted if 0 < len(wanted) <= LONGEST_TICKER else UNNAMED)
    # What no float holds is refused by name below, as a feature without a value.
    with np.errstate(all="ignore"):
        bars, unsorted = in_order(_of_one_ticker(read, wanted))
        _check(bars, read)
        splits = splits_from_adjusted_close(bars)
        _check_splits(splits, read)
        adjusted = adjust_for_splits(bars, splits)
        features = _features_of_the_last_day(adjusted, read)
        told = [warning.message for warning in warnings_for(adjusted)]
        odd = [message for message in told if not (safe and any(name in message for name in FEATURE_NAMES))]
    reply = _predict(bundle, features, read, notes=notes, safe=safe)
    warnings = [*reply.pop("warnings", ()), *_about_the_history(bars, unsorted), *_first_of(odd)]
    name = str(bars.ticker[-1])
    return reply | {
        "ticker": None if name == UNNAMED else name,
        "day": str(bars.day[-1]),
        "bars": len(bars),
        **({} if safe else {"features": features}),
        "adjustment": _adjustment(bars, splits),
        **({"warnings": warnings} if warnings else {}),
    }


def _of_one_ticker(read: BarsRead, wanted: str) -> Bars:
    there = np.unique(read.bars.ticker).tolist()
    if wanted in there:
        return read.bars.take(read.bars.ticker == wanted)
    if not there or (len(there) == 1 and not wanted):
        return read.bars
    more = f" and {len(there) - TICKERS_NAMED:,} more" if len(there) > TICKERS_NAMED else ""
    names = ", ".join(there[:TICKERS_NAMED]) + more
    if wanted:
        fault = Fault("", f"no bars of ticker {short(wanted)}", f"a ticker that is there: {names}", "Ask for that one.")
    else:
        remedy = f"Name one in the address, as in ?ticker={there[0]}, or send one only."
        fault = Fault("", f"bars of {len(there):,} tickers: {names}", "bars of one ticker", remedy)
    raise _refusal(read, fault)


def _check(bars: Bars, read: BarsRead) -> None:
    if not len(bars) and not read.faults.count:
        expected = f"daily bars, at least {SHORTEST_HISTORY}"
        raise _refusal(read, Fault("", "no bars", expected, "Send the history up to the day that is asked about."))
    # Bars that cannot be read are faults already; they are not missing, too.
    only_unreadable = len(bars) < SHORTEST_HISTORY <= len(bars) + read.left_out
    add_broken_rules(bars, read.faults, fewest_rows=0 if only_unreadable else SHORTEST_HISTORY)
    if read.faults.count:
        raise _refusal(read)


def _refusal(read: BarsRead, *more: Fault) -> InvalidBarsError:
    """Return the refusal for all faults of *read*, and for *more* that concern the whole body."""
    for fault in more:
        read.faults.add(0, fault)
    listed = sorted(read.faults.found, key=lambda item: item[0])[:FAULTS_LISTED]
    return InvalidBarsError(THE_BODY, [read.place(row, fault) for row, fault in listed], read.faults.count)


def _check_splits(splits: Sequence[Split], read: BarsRead) -> None:
    if len(splits) > MOST_SPLITS:
        found = f"{len(splits):,} splits by what the adjusted close says"
        remedy = "Send the supplier's adjusted close, or none."
        raise _refusal(read, Fault("", found, f"at most {MOST_SPLITS}", remedy))


def _features_of_the_last_day(bars: Bars, read: BarsRead) -> dict[str, float]:
    features = dict(zip(FEATURE_NAMES, build_features(bars)[-1].tolist(), strict=True))
    faults = [_fault_of(name, value, bars) for name, value in features.items() if not np.isfinite(value)]
    if faults:
        raise _refusal(read, *faults)
    return features


def _fault_of(name: str, value: float, bars: Bars) -> Fault:
    day, volume = bars.day[-1], bars.volume[-VOLUME_WINDOW:]
    if name == "volume_z20" and np.ptp(volume) == 0:
        found = f"no {name} for {day}: the volume is {number(float(volume[0]))} on each of the last {len(volume)} days"
        return Fault("", found, "volumes that differ", "Send the volumes as traded.")
    found = f"no finite {name} for {day} ({value}): prices or volumes too far apart to compute with"
    return Fault("", found, "a finite value of every feature", "Check the largest and the smallest of them.")


def _predict(
    bundle: Bundle, features: dict[str, float], read: BarsRead, *, notes: Sequence[str], safe: bool
) -> dict[str, Any]:
    row = [features[name] for name in bundle.manifest.feature_names]
    try:
        return payloads.predict(bundle, row, notes=notes, safe=safe)
    except InvalidFeaturesError as error:
        # Its pointers are those of a body of features; this one holds bars.
        faults = [
            Fault("", f"bars that make {fault.where.rpartition('/')[2]} {fault.found}", fault.expected, fault.remedy)
            for fault in error.faults
        ]
        raise _refusal(read, *faults) from error


def _about_the_history(bars: Bars, unsorted: bool) -> list[str]:
    told = []
    if len(bars) < WARM_UP_ROWS:
        told.append(
            f"Only {len(bars)} bars: values still depend on where the history starts until about"
            f" {WARM_UP_ROWS} bars. Send more of the days before, where there are any."
        )
    if unsorted:
        told.append("The rows were not in order of day; they were sorted.")
    return told


def _first_of(messages: Sequence[str]) -> list[str]:
    more = len(messages) - WARNINGS_LISTED
    return [*messages[:WARNINGS_LISTED], *([f"{more:,} more warnings of this kind."] if more > 0 else [])]


def _adjustment(bars: Bars, splits: Sequence[Split]) -> str:
    if bars.adjusted_close is None:
        return "none: the bars have no adjusted close, so prices are taken as they are"
    return describe_adjustment(splits, ADJUSTED_CLOSE)
