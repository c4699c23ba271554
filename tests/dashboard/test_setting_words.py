"""What a model is, in words: its candidate, and the settings in which it differs from another."""

import msgspec
import pytest

from dashboard.retrain.setting_words import candidate_label, challenger_sentence, settings_table
from model.bundle import Bundle
from model.manifest import Layout, Manifest


def with_settings(bundle: Bundle, **settings: object) -> Manifest:
    manifest = bundle.manifest
    return msgspec.structs.replace(manifest, settings=manifest.settings | settings)


@pytest.mark.parametrize(
    ("settings", "label"),
    [
        ({}, "Logistic regression"),
        ({"candidate": "random_forest"}, "Random forest, large leaves"),
        ({"candidate": "of_another_release"}, "of_another_release"),
        ({"made_by": "Bundle.create"}, "A fitted pipeline from elsewhere (Bundle.create)"),
    ],
)
def test_every_model_says_what_was_trained(made_up: Bundle, settings: dict[str, str], label: str):
    assert candidate_label(with_settings(made_up, **settings)) == label


def test_equal_settings_are_said_to_be_equal(made_up: Bundle):
    again = with_settings(made_up, candidate="baseline", window="expanding", horizon=1)

    assert settings_table(again, made_up.manifest)[1] == []
    assert challenger_sentence(again, made_up.manifest).endswith("both have the same settings.")


def test_only_what_differs_is_listed_with_a_kept_threshold_among_it(made_up: Bundle):
    other = with_settings(made_up, window="rolling", tickers="AAA,BBB", first_day="2001-02-03")
    other = msgspec.structs.replace(other, threshold=msgspec.structs.replace(other.threshold, value=0.515))

    assert settings_table(other, made_up.manifest)[1] == [
        ("First day", "2001-02-03", "–"),
        ("Training window", "rolling", "expanding"),
        ("Tickers", "AAA, BBB", "all"),
        ("Decision threshold", "0.515", "0.44"),
    ]


def test_columns_of_another_layout_are_listed(made_up: Bundle):
    other = msgspec.structs.replace(made_up.manifest, layout=Layout(time=None, group=None, returns=False))

    rows = {row[0]: row[1:] for row in settings_table(other, made_up.manifest)[1]}

    assert rows["Column of time"] == ("–", "day")
    assert rows["Column of group"] == ("–", "ticker")
