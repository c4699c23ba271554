"""The HTML of the cards says what it should, and escapes what comes from outside."""

import re

from dashboard import sentences, tables
from model.errors import Fault
from training.panels.tables import facts


def test_texts_from_outside_are_escaped():
    fault = Fault("row 2 <script>", "<img src=x>", "a & b", "<b>")

    html = tables.faults([fault], 1) + facts([("<u>", "<s>")])
    assert not re.search(r"<(script|img|b|i|u|s)\b(?! class| style)", html)


def test_only_the_first_faults_are_listed_and_the_rest_counted():
    html = tables.faults([Fault(f"row {i}", "x", "y") for i in range(30)], 45)

    assert html.count('scope="row"') == 20
    assert "25 more" in html


def test_markdown_leaves_plain_text_as_it_is():
    assert sentences.plain("a*b_c $5 :red[x]") == r"a\*b\_c \$5 \:red\[x\]"
