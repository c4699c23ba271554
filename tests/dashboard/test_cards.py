"""The HTML of the cards says what it should, and escapes what comes from outside."""

import re

import pytest

from dashboard import cards, sentences, tables
from model.errors import Fault
from tests.dashboard.reading import words


@pytest.mark.parametrize(("probability", "threshold"), [(0.0, 0.0), (1.0, 0.44), (0.5, 1.0), (0.44, 0.44)])
def test_the_bar_stays_within_its_card_at_every_end(probability: float, threshold: float):
    html = cards.answer(probability, threshold, "up")

    places = [float(x) for x in re.findall(r"(?:left|width):([\d.]+)%", html)]
    assert all(0 <= place <= 100 for place in places)


def test_a_probability_at_the_threshold_is_a_call():
    assert "▲ Call: up" in words(cards.answer(0.44, 0.44, "up"))


def test_what_is_a_hair_below_says_how_far():
    said = words(cards.answer(0.43999, 0.44, "up"))

    assert "○ No call" in said
    assert "0.0010 points below the 44.0 % threshold" in said


def test_texts_from_outside_are_escaped():
    fault = Fault("row 2 <script>", "<img src=x>", "a & b", "<b>")

    html = tables.faults([fault], 1) + cards.answer(0.5, 0.4, "<i>") + tables.facts([("<u>", "<s>")])
    assert not re.search(r"<(script|img|b|i|u|s)\b(?! class| style)", html)


def test_only_the_first_faults_are_listed_and_the_rest_counted():
    html = tables.faults([Fault(f"row {i}", "x", "y") for i in range(30)], 45)

    assert html.count('scope="row"') == 20
    assert "25 more" in html


def test_markdown_leaves_plain_text_as_it_is():
    assert sentences.plain("a*b_c $5 :red[x]") == r"a\*b\_c \$5 \:red\[x\]"
