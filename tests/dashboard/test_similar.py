"""The training rows most like a scenario, and what is said of them."""

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier

from dashboard.predict.looked_up import looked_up
from dashboard.predict.similar import other_call_data, similar_data
from model.bundle import Bundle
from tests import builders
from training.panels.starting_points import row_on


def distances(bundle: Bundle, row: list[float], X: np.ndarray | None = None) -> np.ndarray:
    sd = np.array([feature.sd for feature in bundle.manifest.features])
    return np.sqrt(((((bundle.reference.X if X is None else X) - row) / sd) ** 2).mean(axis=1))


def test_the_most_similar_row_is_the_nearest_of_all_and_says_what_followed(shipped: Bundle):
    rows, row = shipped.reference, shipped.median_row
    nearest = int(np.argmin(distances(shipped, row)))

    said = similar_data(shipped, looked_up(shipped), row)

    assert said is not None
    outcome = "“up”" if rows.y[nearest] else "not “up”"
    assert said["sentence"].startswith(f"**{rows.ticker[nearest]}, {rows.day[nearest]}**")
    assert f"{distances(shipped, row)[nearest]:.2f} standard deviations away" in said["sentence"]
    assert f"What followed: {outcome}" in said["sentence"]
    assert said["point"]["id"] == f"row:{rows.day[nearest]}:{rows.ticker[nearest]}"


def test_the_row_that_is_in_view_is_not_compared_with_itself(shipped: Bundle):
    point = row_on(shipped, "IBM", "2008-10-10")
    row = [point.values[f.name] / f.display_factor for f in shipped.manifest.features]

    said = similar_data(shipped, looked_up(shipped), row)

    assert said is not None
    assert said["point"]["id"] != point.id
    assert "these very values aside" in said["sentence"]


def test_the_outcomes_of_the_most_similar_rows_are_counted_beside_all(shipped: Bundle):
    rows, row = shipped.reference, shipped.median_row
    order = [i for i in np.argsort(distances(shipped, row)).tolist() if not np.isnan(rows.y[i])]
    positives = int(rows.y[order[:50]].sum())

    said = similar_data(shipped, looked_up(shipped), row)

    assert said is not None
    text = said["outcomes"].replace("\u00a0", " ")
    assert f"Of the 50 most similar rows with a known outcome, {positives} were “up”: {2 * positives:.1f} %" in text
    assert text.endswith(f"cannot be told from the {100 * np.nanmean(rows.y):.1f} % of all rows.")


def test_of_a_model_that_is_not_linear_the_nearest_row_with_the_other_call_has_it_as_shown(tmp_path):
    bundle = builders.bundle_of(HistGradientBoostingClassifier(max_iter=20), tmp_path)
    row = bundle.median_row
    called = bundle.scorer.one(row) >= bundle.threshold

    found = other_call_data(bundle, looked_up(bundle), row)

    assert found is not None
    shown = [value / f.display_factor for value, f in zip(found["values"], bundle.manifest.features, strict=True)]
    assert (bundle.scorer.one(shown) >= bundle.threshold) != called
    assert found["probability"] == bundle.scorer.one(shown)
    X = looked_up(bundle).X
    other = (bundle.scorer.many(X) >= bundle.threshold) != called
    nearest = np.flatnonzero(other)[np.argmin(distances(bundle, row, X)[other])]
    rows = bundle.reference
    assert found["name"] == f"{rows.ticker[nearest]}, {rows.day[nearest]}"
