"""Groups of out-of-fold rows: by year, by what they belong to (a ticker), by thirds of a feature."""

import difflib

import numpy as np

from model.bars import FloatArray
from model.bundle import Bundle, OutOfFold
from model.errors import Fault, InvalidInputError
from training.estimates import BoolArray
from training.row_places import places_in

SUBJECT = "The grouping"
THIRDS = ("lowest third", "middle third", "highest third")


def year_groups(rows: OutOfFold) -> dict[str, BoolArray]:
    """Return the rows of each calendar year, oldest first."""
    years = rows.day.astype("datetime64[Y]")
    return {str(year): years == year for year in np.unique(years)}


def ticker_groups(rows: OutOfFold, most: int | None = None) -> dict[str, BoolArray]:
    """Return the rows of each ticker, in alphabetical order; only of the *most* that have most rows, if given."""
    tickers, of_row, counts = np.unique(rows.ticker, return_inverse=True, return_counts=True)
    # Of two with as many rows the first by name comes first.
    kept = np.sort(np.argsort(-counts, kind="stable")[:most])
    return {str(tickers[position]): of_row == position for position in kept}


def tercile_groups(values: FloatArray, label: str) -> dict[str, BoolArray]:
    """Return the rows in each third of *values*; a row without a value (NaN) is in none.

    A value equal to a cut belongs to the lower third, so ties can make the thirds unequal.

    >>> {name: here.tolist() for name, here in tercile_groups(np.array([3.0, 1.0, 2.0]), "Range").items()}
    {'Range, lowest third': [False, True, False], 'Range, middle third': [False, False, True], \
'Range, highest third': [True, False, False]}
    """
    known = ~np.isnan(values)
    if not known.any():
        fault = Fault(label, "no row with a value", "values to divide into thirds", "Choose another feature.")
        raise InvalidInputError(SUBJECT, [fault])
    # The middle of three values is an observed one, so that a cut is never between rounding errors.
    cuts = np.quantile(values[known], [1 / 3, 2 / 3], method="inverted_cdf")
    third = np.searchsorted(cuts, values, side="left")
    return {f"{label}, {name}": known & (third == index) for index, name in enumerate(THIRDS)}


def feature_of_rows(bundle: Bundle, name: str) -> FloatArray:
    """Return the value of the feature *name* for each out-of-fold row, NaN where the bundle does not hold it.

    Raises
    ------
    InvalidInputError
        The bundle has no such feature.
    """
    names = bundle.manifest.feature_names
    if name not in names:
        near = difflib.get_close_matches(name, names, n=1)
        remedy = f"Did you mean {near[0]}?" if near else "Choose one of them."
        raise InvalidInputError(SUBJECT, [Fault("feature", name, ", ".join(names), remedy)])
    places = places_in(bundle.reference, bundle.out_of_fold)
    return np.where(places >= 0, bundle.reference.X[places, names.index(name)], np.nan)
