"""Groups of rows: by year, by ticker, by thirds of a feature that is looked up row by row."""

from types import SimpleNamespace

import numpy as np
import pytest

from model.bundle import Reference
from model.errors import InvalidInputError
from tests.training.scored_rows import out_of_fold
from training.groups import feature_of_rows, tercile_groups, ticker_groups, year_groups


def test_years_and_tickers_hold_their_rows():
    day = np.array(["2001-12-31", "2002-01-01", "2002-01-01", "2003-06-01"], dtype="datetime64[D]")
    rows = out_of_fold(day, [0, 1, 0, 1], np.full(4, 0.5), ticker=["B", "B", "A", "A"])

    years, tickers = year_groups(rows), ticker_groups(rows)

    assert {name: np.flatnonzero(here).tolist() for name, here in years.items()} == {
        "2001": [0],
        "2002": [1, 2],
        "2003": [3],
    }
    assert {name: np.flatnonzero(here).tolist() for name, here in tickers.items()} == {"A": [2, 3], "B": [0, 1]}


def test_thirds_are_equal_and_leave_rows_without_a_value_out():
    values = np.append(np.random.default_rng(0).permutation(np.arange(30.0)), [np.nan, np.nan])

    thirds = tercile_groups(values, "Volatility")

    assert list(thirds) == ["Volatility, lowest third", "Volatility, middle third", "Volatility, highest third"]
    for index, here in enumerate(thirds.values()):
        assert sorted(values[here]) == list(range(10 * index, 10 * index + 10))


def test_equal_values_stay_together():
    thirds = list(tercile_groups(np.array([1.0, 1.0, 1.0, 1.0, 2.0, 3.0]), "x").values())

    assert [here.sum() for here in thirds] == [4, 0, 2]


def test_no_values_cannot_be_divided():
    with pytest.raises(InvalidInputError, match="Volatility: found no row with a value"):
        tercile_groups(np.full(3, np.nan), "Volatility")


def test_a_feature_is_looked_up_by_day_and_ticker():
    day = np.datetime64("2001-01-01") + np.arange(3)
    reference = Reference(
        day=day[[2, 0, 1, 0]],
        ticker=np.array(["A", "A", "A", "B"]),
        X=np.array([[0.0, 12.0], [0.0, 10.0], [0.0, 11.0], [0.0, 20.0]]),
        y=np.zeros(4),
        next_day_return=np.zeros(4),
    )
    rows = out_of_fold(day[[0, 0, 1, 1, 2]], np.zeros(5), np.full(5, 0.5), ticker=["A", "B", "A", "B", "LONGER"])
    bundle = SimpleNamespace(
        out_of_fold=rows, reference=reference, manifest=SimpleNamespace(feature_names=("one", "two"))
    )

    found = feature_of_rows(bundle, "two")

    assert found[:3].tolist() == [10, 20, 11]
    assert np.isnan(found[3:]).all()


def test_every_shipped_row_has_the_feature_value_its_probability_was_made_from(shipped):
    rows, reference = shipped.out_of_fold, shipped.reference
    name = shipped.manifest.feature_names[3]
    values = dict(zip(zip(reference.day, reference.ticker, strict=True), reference.X[:, 3], strict=True))

    found = feature_of_rows(shipped, name)

    assert found.tolist() == [values[key] for key in zip(rows.day, rows.ticker, strict=True)]


def test_an_unknown_feature_is_refused_with_the_nearest_name(shipped):
    with pytest.raises(InvalidInputError, match=r"feature: found ret_vol; expected .*Did you mean ret_vol_10\?"):
        feature_of_rows(shipped, "ret_vol")
