"""Rows to begin from: which they are, what is said of them, and what happens when there is none."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from dashboard.predict.looked_up import looked_up
from model.bundle import Bundle
from training.panels.named_rows import NoSuchRowError
from training.panels.starting_points import StartingPoint, row_by_id, row_on, shown_values, starting_points


@pytest.fixture(scope="module")
def points(shipped: Bundle) -> dict[str, StartingPoint]:
    return {point.label: point for point in looked_up(shipped).points}


def position_of(bundle: Bundle, ticker: str, day: str) -> int:
    rows = bundle.reference
    (found,) = np.flatnonzero((rows.ticker == ticker) & (rows.day == np.datetime64(day)))
    return int(found)


def probability(bundle: Bundle, point: StartingPoint) -> float:
    row = [point.values[f.name] / f.display_factor for f in bundle.manifest.features]
    return float(bundle.pipeline.predict_proba(np.array([row]))[0, 1])


def test_every_ticker_has_its_latest_row_and_what_follows_it_is_not_known_yet(points, shipped: Bundle):
    for span in shipped.manifest.trained_on.tickers:
        point = points[span.ticker]
        rows = shipped.reference
        last = rows.day[rows.ticker == span.ticker].max()

        assert point.detail == str(last)
        assert point.said == f"{span.ticker}, {last} (the latest row). What followed is not known yet."
        raw = rows.X[position_of(shipped, span.ticker, str(last))]
        for feature, value in zip(shipped.manifest.features, raw.tolist(), strict=True):
            assert point.values[feature.name] == pytest.approx(
                value * feature.display_factor, abs=10.0**-feature.decimals
            )


def test_the_median_row_is_where_the_controls_start(points, shipped: Bundle):
    medians = {f.name: round(f.median * f.display_factor, f.decimals) for f in shipped.manifest.features}

    assert points["The median row"].values == medians


def test_no_row_as_shown_is_nearer_to_the_threshold_than_the_borderline_row(points, shipped: Bundle):
    point = points["A borderline row"]
    every = [shown_values(shipped.manifest.features, row.tolist()) for row in shipped.reference.X[::25]]
    distances = [abs(probability_of(shipped, values) - shipped.threshold) for values in every]

    assert abs(probability(shipped, point) - shipped.threshold) <= min(distances)
    assert abs(probability(shipped, point) - shipped.threshold) < 0.0005
    assert "whose 44.00 % is nearest to the threshold" in point.said


def probability_of(bundle: Bundle, values: dict[str, float]) -> float:
    return bundle.scorer.one([values[f.name] / f.display_factor for f in bundle.manifest.features])


def test_the_biggest_miss_is_the_out_of_fold_row_furthest_from_what_came(points, shipped: Bundle):
    point, scored = points["The biggest miss"], shipped.out_of_fold
    worst = max(range(len(scored.day)), key=lambda i: abs(int(scored.y_true[i]) - float(scored.y_score[i])))

    assert f"{scored.ticker[worst]}, {scored.day[worst]}" in point.said
    assert f"Out of fold the model gave “up” {100 * scored.y_score[worst]:.1f} %" in point.said
    assert f"What followed: {'' if scored.y_true[worst] else 'not '}“up”" in point.said
    raw = shipped.reference.X[position_of(shipped, str(scored.ticker[worst]), str(scored.day[worst]))]
    assert point.values == shown_values(shipped.manifest.features, raw.tolist())
    assert f"gives it {100 * probability(shipped, point):.1f} %" in point.said


def test_a_row_of_any_day_says_what_followed(shipped: Bundle):
    rows = shipped.reference
    position = position_of(shipped, "IBM", "2008-10-10")

    point = row_on(shipped, "IBM", "2008-10-10")

    outcome = "“up”" if rows.y[position] else "not “up”"
    size = f"{100 * abs(rows.next_day_return[position]):.2f} %"
    sign = "+" if rows.next_day_return[position] > 0 else "−"
    assert point.said == f"IBM, 2008-10-10. What followed: {outcome}; next-day return {sign}{size}."
    assert row_by_id(shipped, point.id) == point


def test_a_row_shown_does_not_leave_the_range_it_was_in(shipped: Bundle):
    features, X = shipped.manifest.features, shipped.reference.X[~np.isnan(shipped.reference.y)]
    for i, feature in enumerate(features):
        for row in (X[np.argmin(X[:, i])], X[np.argmax(X[:, i])]):
            value = shown_values(features, row.tolist())[feature.name] / feature.display_factor

            assert feature.min <= value <= feature.max


@pytest.mark.parametrize("bundle", ["shipped", "made_up"])
def test_rows_as_looked_up_are_the_rows_as_shown(bundle: str, request: pytest.FixtureRequest):
    """The made-up values break the bounds that the definitions of the features set; controls do not show those."""
    opened: Bundle = request.getfixturevalue(bundle)
    features, found = opened.manifest.features, looked_up(opened)
    for i in range(0, len(found.X), 97):
        values = shown_values(features, opened.reference.X[i].tolist())

        assert found.X[i].tolist() == [values[f.name] / f.display_factor for f in features]


@pytest.mark.parametrize(
    ("ticker", "day", "said"),
    [
        (
            "AAPL",
            "2010-05-08",
            "There is no row of AAPL on 2010-05-08. Rows run from 2000-07-24 to 2013-03-01;"
            " nearest: 2010-05-07 and 2010-05-10.",
        ),
        ("AAPL", "1999-01-01", "nearest: 2000-07-24."),
        ("AAPL", "soon", "Found “soon”, expected a day from 2000-07-24 to 2013-03-01."),
        ("AAPL", "", "Found “”, expected a day from 2000-07-24 to 2013-03-01."),
        ("NONE", "2010-05-07", "There are no rows of NONE; choose another ticker."),
    ],
)
def test_a_day_without_a_row_is_named_with_the_nearest_that_have_one(shipped: Bundle, ticker, day, said):
    with pytest.raises(NoSuchRowError) as raised:
        row_on(shipped, ticker, day)

    assert str(raised.value).endswith(said)


@pytest.mark.parametrize("row_id", ["", "row", "nonsense:2010-05-07:AAPL", "row:2010-05-08:AAPL", "row:::"])
def test_an_id_that_stands_for_no_row_is_refused(shipped: Bundle, row_id: str):
    with pytest.raises(NoSuchRowError):
        row_by_id(shipped, row_id)


def changed(bundle: Bundle, **changes: Any) -> Any:
    """A bundle whose reference rows are others."""
    return SimpleNamespace(
        manifest=bundle.manifest,
        reference=replace(bundle.reference, **changes),
        out_of_fold=replace(bundle.out_of_fold, ticker=changes["ticker"][: len(bundle.out_of_fold.ticker)]),
        threshold=bundle.threshold,
        scorer=bundle.scorer,
        median_row=bundle.median_row,
    )


def test_rows_without_tickers_or_returns_are_named_by_their_day_alone(made_up: Bundle):
    rows = made_up.reference
    plain = changed(
        made_up,
        ticker=np.full(len(rows.day), ""),
        next_day_return=np.full(len(rows.day), np.nan),
        day=np.arange(len(rows.day)).astype("datetime64[D]"),
    )

    points = starting_points(plain, made_up.scorer.many(rows.X))
    earlier = row_on(plain, "", "1970-01-03")

    latest = next(point for point in points if point.kind == "latest")
    assert latest.label == "The latest row"
    assert earlier.said == f"The row of 1970-01-03. What followed: {'' if rows.y[2] else 'not '}“up”."
    assert not any("return" in point.said or "None" in point.said for point in [*points, earlier])


def test_of_many_tickers_none_has_a_button_of_its_own(made_up: Bundle):
    rows = made_up.reference
    many = changed(made_up, ticker=np.array([f"T{i % 30}" for i in range(len(rows.day))]))

    points = starting_points(many, made_up.scorer.many(rows.X))

    assert [point.kind for point in points if point.kind == "latest"] == []
