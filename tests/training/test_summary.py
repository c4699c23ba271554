"""The stakeholder summary: the decision first, and the numbers of the bundle behind it."""

import re

import msgspec
import pytest

from model.bundle import Bundle
from model.wording import number, percent
from tests import builders
from tests.market_words import market_words
from training.figures import CALIBRATION_FIGURE, THRESHOLD_FIGURE, calibration_figure, displayable, threshold_figure
from training.model_card import model_card
from training.power import data_needed
from training.summary import stakeholder_summary, summary_of


@pytest.fixture(scope="module")
def text(shipped):
    """The summary of the shipped bundle."""
    return stakeholder_summary(shipped)


@pytest.fixture(scope="module")
def of_rows(tmp_path_factory):
    """A bundle of rows that are not about a market."""
    return builders.table_bundle(tmp_path_factory.mktemp("rows"))


def changed(bundle, **changes):
    """Return *bundle* with another manifest."""
    return Bundle(bundle.directory, msgspec.structs.replace(bundle.manifest, **changes))


def with_outcome(bundle, outcome):
    """Return *bundle* with the verdict *outcome*."""
    return changed(bundle, verdict=msgspec.structs.replace(bundle.manifest.verdict, outcome=outcome))


def headings(text):
    return re.findall(r"^## (.*)$", text, re.M)


def test_the_first_line_is_the_decision(text, of_rows):
    assert text.splitlines()[0] == "# No distinguishable skill: do not act on the calls of “upmove”"
    assert stakeholder_summary(of_rows).splitlines()[0] == "# Skill found: “churn” does better than the base rate"
    worse = stakeholder_summary(with_outcome(of_rows, "worse"))
    assert worse.splitlines()[0] == "# Worse than the base rate: do not use “churn”"


def test_what_to_do_comes_before_why_and_what_would_change_it(text):
    assert headings(text)[:3] == ["What to do now", "Why", "What would have to be true for the verdict to change"]
    assert "1. Do not act on the calls." in text


def test_terms_are_explained_where_they_are_used(text):
    assert "Log loss, the penalty for probabilities that turn out wrong, is 0.6942" in text
    assert "AUC, how often the model gives the higher probability to the “up” one of two rows, is 0.505" in text
    assert "base rate (the share of “up” in the training rows)" in text


def test_the_interval_of_the_verdict_is_read_out_rightly(shipped, of_rows, text):
    assert "(95 % interval −0.0006 to +0.0021): zero lies within, so chance can explain it" in text
    assert "all of it below zero, so chance does not explain it" in stakeholder_summary(of_rows)
    assert "0.490 to 0.518); a coin toss gets 0.5, which this interval holds." in text


def test_the_data_each_edge_would_need_stands_in_it(shipped, text):
    needed = data_needed(shipped)

    for edge in needed.edges:
        cells = f"| AUC {edge.auc:.2f} | {needed.amount(edge.for_auc)} | {needed.amount(edge.for_verdict)} |"
        assert cells in text
    assert needed.verdict_sentence in text


def test_calls_that_are_nearly_constant_are_called_so(shipped, text):
    y, called = shipped.out_of_fold.y_true, shipped.out_of_fold.y_score >= shipped.threshold

    assert called.mean() > 0.95
    assert f"it calls {percent(called.mean())} of all rows and is right on {percent(y[called].mean())}" in text
    assert "That is close to always calling “up”." in text


def test_a_threshold_that_calls_nothing_is_not_said_to_be_right(shipped):
    threshold = msgspec.structs.replace(shipped.manifest.threshold, value=0.999)

    text = stakeholder_summary(changed(shipped, threshold=threshold))

    assert "it calls 0.0 % of all rows; always calling “up” is right on 51.1 %. That is close to never" in text


def test_a_model_with_skill_is_told_how_it_might_be_lost_and_not_that_it_has_none(of_rows):
    text = stakeholder_summary(of_rows)

    assert "would no longer be “better”" in text
    assert "The skill fades." in text
    assert "can never be answered" not in text
    assert "o skill was found" not in text


def test_nothing_of_markets_or_of_time_is_said_of_rows_that_have_neither(of_rows):
    text = stakeholder_summary(of_rows)

    assert market_words([text], of_rows) == []
    assert (
        f"AUC, how often the model gives the higher probability to the “{of_rows.manifest.target.positive_class}”"
        in text
    )


def test_labels_that_look_like_markup_stay_words(of_rows):
    target = msgspec.structs.replace(
        of_rows.manifest.target, positive_class="a|b *c* [d](e) <f> $g$ \\h", question="#?"
    )

    text = stakeholder_summary(changed(of_rows, target=target))

    assert r"“a\|b \*c\* \[d\](e) \<f> \$g\$ \\h”" in text
    for table in re.findall(r"(?:^\|.*\n)+", text, re.M):
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines()}) == 1


def test_names_of_columns_are_not_sprinkled_with_backslashes(shipped):
    text = stakeholder_summary(changed(shipped, name="up_move_2"))

    assert "“up_move_2”" in text


def test_both_figures_are_shown_with_words_for_who_cannot_see_them(shipped, text):
    pictures = dict(re.findall(r"^!\[(.*)\]\((.*)\)$", text, re.M))

    assert list(pictures.values()) == [THRESHOLD_FIGURE, CALIBRATION_FIGURE]
    assert all(number(51.1, 1) in words or "10 groups" in words for words in pictures)


def test_lines_of_the_figures_differ_without_their_colours(shipped):
    drawn = threshold_figure(shipped).decode()
    strokes = set(re.findall(r"stroke-dasharray: ([\d., ]+)", drawn))
    markers = set(re.findall(r'<use xlink:href="#(\w+)"[^>]*style="fill: #(?:0072b2|d55e00|555555)', drawn))

    assert len(strokes) == 3
    assert len(markers) == 3


def test_a_label_with_dollars_or_of_great_length_is_drawn(of_rows):
    target = msgspec.structs.replace(of_rows.manifest.target, positive_class="$x_{ “" + "word " * 60)

    for draw in (threshold_figure, calibration_figure):
        assert draw(changed(of_rows, target=target)).startswith(b"<?xml")


def test_characters_that_no_font_has_are_marked():
    assert displayable("naïve ≥ 中\n🙂") == "naïve ≥ \ufffd \ufffd"


def test_whatever_it_is_written_in_the_summary_says_one_thing(shipped, text):
    summary = summary_of(shipped)

    assert headings(text) == [section.heading for section in summary.sections]
    assert summary.lead in text


def test_a_threshold_picked_on_the_rows_reported_on_says_so_in_summary_and_card(shipped: Bundle):
    assert "was chosen on" not in stakeholder_summary(shipped)
    kept = changed(
        shipped,
        threshold=msgspec.structs.replace(
            shipped.manifest.threshold, chosen_on="9,301 out-of-fold rows: it looks better on them", chosen_by="ada"
        ),
    )

    assert "The threshold of 0.44 was chosen on 9,301 out-of-fold rows: it looks better on them." in (
        stakeholder_summary(kept)
    )
    assert "the name of who kept the threshold belong" in model_card(kept)
    assert "the name of who kept the threshold belong" not in model_card(shipped)
