"""Tables of pages as HTML: what features are, how counts are said, and long tables that scroll on their own."""

import msgspec
import pytest

from dashboard import model_card, sentences, tables
from dashboard.threshold import words
from dashboard.threshold.group_tables import _group_line
from model.bundle import Bundle
from model.errors import Fault, InvalidInputError
from tests import builders
from tests.dashboard.reading import words as text_of
from training.threshold_scores import GroupScore


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """A model of 32 features of customers' visits, some of them missing."""
    return builders.table_bundle(tmp_path_factory.mktemp("visits"), time=True, group=True, missing=True)


def test_what_is_said_of_every_feature_in_the_same_words_is_left_out(bundle: Bundle):
    features = bundle.manifest.features

    assert tables.labels_described(features) == [feature.label for feature in features]
    own = msgspec.structs.replace(features[0], description="How often the customer came.")
    described = tables.labels_described([own, *features[1:]])
    assert described[0] == f"{own.label}\nHow often the customer came."
    assert described[1].endswith(features[1].description)


def test_a_long_table_scrolls_in_a_box_that_the_keyboard_reaches_and_a_short_one_does_not(bundle: Bundle):
    assert tables.scrolling("<table></table>", "Features", 12) == "<table></table>"
    boxed = tables.scrolling("<table></table>", "Features", 13)
    assert 'tabindex="0"' in boxed
    assert 'aria-label="Features"' in boxed
    assert model_card.features(bundle.manifest).startswith('<div class="scrolls"')


def test_many_groups_are_counted_in_the_sentence_of_what_is_in_use_and_few_are_named(bundle: Bundle):
    assert "(40 customers, 2001-01-01 to" in sentences.retrain_sentence(bundle.manifest)
    data = bundle.manifest.trained_on
    few = msgspec.structs.replace(data, tickers=data.tickers[:3])
    assert "(C00, C01, C02, 2001" in sentences.retrain_sentence(
        msgspec.structs.replace(bundle.manifest, trained_on=few)
    )


def test_assumptions_that_all_held_are_not_said_as_none_that_failed(bundle: Bundle):
    checks = bundle.manifest.checks
    held = [msgspec.structs.replace(check, passed=True) for check in checks]
    failed = [msgspec.structs.replace(checks[0], passed=False), *held[1:]]

    said = [
        sentences.what_it_means(msgspec.structs.replace(bundle.manifest, checks=found), 0.5, 0.5)
        for found in (held, failed)
    ]

    assert f"All {len(checks)} assumptions held;" in said[0]
    assert f"1 of {len(checks)} assumptions failed their check;" in said[1]


def test_names_in_backticks_are_shown_in_quotation_marks(bundle: Bundle):
    assert "1 where “churned” is “yes”, 0 where it is “no”." in text_of(model_card.identity(bundle.manifest, "0" * 64))


def test_too_few_days_for_two_halves_are_a_sentence_with_what_it_takes():
    fault = Fault("days", "59", "122 or more, to choose on half of them", "Score more days.")

    assert words.no_halves(InvalidInputError("The choice", [fault])) == (
        "**Too few days for this:** 59 are out-of-fold, and it takes 122 or more, to choose on half of them. With a"
        " longer table it appears here."
    )


def test_one_call_of_one_row_is_not_said_in_the_plural():
    one, two = (GroupScore(name="2001", rows=n, days=n, calls=n, score=None) for n in (1, 2))

    assert _group_line(one, None, "2001")[0] == "2001\n1 call of 1 row"
    assert _group_line(two, None, "2001")[0] == "2001\n2 calls of 2 rows"
