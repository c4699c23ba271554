"""GET /predict/<number> doubles, GET /predict/<number>/<number> adds."""

import doctest
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api import arithmetic

LONG = 10**998


@pytest.mark.parametrize(
    ("path", "result"),
    [
        ("2", "4"),
        ("-2", "-4"),
        ("+3", "6"),
        ("0", "0"),
        ("-0", "0"),
        ("007", "14"),
        ("-0.5", "-1.0"),
        (".5", "1.0"),
        ("5.", "10.0"),
        ("1e-3", "0.002"),
        ("1E5", "200000.0"),
        ("2.5e+2", "500.0"),
        ("1e-999", "0.0"),
        ("9007199254740993", "18014398509481986"),
        (str(LONG), str(2 * LONG)),
        ("2/3", "5"),
        ("-1/-2", "-3"),
        ("2/0.5", "2.5"),
        ("1e3/-1", "999.0"),
        ("123456789012345678901234567890/1", "123456789012345678901234567891"),
    ],
)
def test_numbers_as_people_write_them_are_doubled_and_added(client, path, result):
    reply = client.get(f"/predict/{path}")

    assert reply.status_code == 200
    assert reply.content_type == "application/json"
    assert reply.text == f'{{"result":{result}}}'


@pytest.mark.parametrize(
    "path",
    [
        *(
            "abc",
            "nan",
            "NaN",
            "inf",
            "-Infinity",
            "1_000",
            "0x10",
            "1,5",
            "1e",
            "e5",
            "--1",
            "+",
            "-",
            ".",
            "1 ",
            " 1",
        ),
        *("٣", "½", "1%0A", "2/x", "x/2", "2/", "1/2/3", "", "9" * 1001, "true", "null", "%2B%2B1", "%00"),
    ],
)
def test_what_is_no_number_is_not_found_saying_what_was_expected(client, problem, path):
    document = problem(client.get(f"/predict/{path}"), 404)

    assert "a number such as 2, -0.5 or 1e-3" in document["detail"]


@pytest.mark.parametrize(
    "path", ["1e999", "-1e999", "1e308", "1e308/1e308", "1e999/-1e999", f"{LONG}/0.5", f"0.5/-{LONG}", f"1e-3/{LONG}"]
)
def test_a_result_beyond_floating_point_is_refused(client, problem, path):
    assert "too large" in problem(client.get(f"/predict/{path}"), 422)["detail"]


@settings(deadline=None)
@given(st.integers(), st.integers())
def test_integers_are_added_exactly(client, x, y):
    assert json.loads(client.get(f"/predict/{x}/{y}").data) == {"result": x + y}


@settings(deadline=None)
@given(st.floats(-1e300, 1e300))
def test_decimals_are_doubled_as_floating_point_numbers(client, x):
    assert json.loads(client.get(f"/predict/{x!r}").data) == {"result": 2 * x}


@settings(deadline=None)
@given(st.text(max_size=20))
def test_any_text_in_the_path_is_answered_with_a_number_or_a_problem(client, text):
    reply = client.get(f"/predict/{text}")

    assert reply.status_code in {200, 404, 422}
    assert (reply.content_type == "application/json") == (reply.status_code == 200)


def test_the_examples_in_the_documentation_hold():
    assert doctest.testmod(arithmetic).failed == 0
