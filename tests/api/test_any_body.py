"""POST /predict with any body at all: a right answer, or a problem that says what is wrong; never a failure."""

import json
import math
import sys

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

NAMES = (
    *("gap_pct", "daily_range_pct", "ma_ratio_5_20", "ret_vol_10"),
    *("volume_z20", "rsi_14", "macd", "macd_signal"),
)
LOW = {"gap_pct": -1.0, "daily_range_pct": 0.0, "ma_ratio_5_20": 0.0, "ret_vol_10": 0.0, "rsi_14": 0.0}
HIGH = {"rsi_14": 100.0}

scalars = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.sampled_from([10**400, -(10**4000)])
)
documents = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=4), inner),
    max_leaves=12,
)
almost_right = st.fixed_dictionaries(
    {"features": st.fixed_dictionaries({}, optional=dict.fromkeys((*NAMES, "rsi", ""), scalars))},
    optional={"extra": documents},
)
right = st.fixed_dictionaries(
    {name: st.floats(LOW.get(name, -50.0), HIGH.get(name, 50.0), allow_nan=False) for name in NAMES}
)


# The time a reply takes is not what is tested here.
any_time = settings(deadline=None)


def check(reply):
    """A reply is a whole answer or a whole problem."""
    document = json.loads(reply.data)
    if reply.status_code == 200:
        assert reply.content_type == "application/json"
        assert document["prediction"] in {0, 1}
        assert 0 <= document["p_up"] <= 1
    else:
        assert reply.status_code in {400, 413, 415, 422}
        assert reply.content_type == "application/problem+json"
        assert document["status"] == reply.status_code
        assert document["detail"]
        for fault in document.get("faults", []):
            assert set(fault) == {"pointer", "found", "expected", "remedy"}
            assert fault["found"]
            assert fault["expected"]


@any_time
@given(st.binary(max_size=60))
@example(b'{"features": {"\\ud83d": 1}}')
@example(b"\x00")
def test_any_bytes_are_refused_as_a_problem(predict, body):
    reply = predict(body)

    check(reply)
    assert reply.status_code in {400, 422}


@any_time
@given(st.text(alphabet='{}[]",:0123456789.eE+-NaInfitrulsx \\"\n', max_size=60))
def test_anything_that_looks_like_json_is_answered(predict, text):
    check(predict(text.encode()))


@any_time
@given(documents)
def test_any_document_that_is_not_a_request_is_refused(predict, document):
    reply = predict(document)

    check(reply)
    assert reply.status_code == 422


@any_time
@given(almost_right)
def test_requests_that_are_almost_right_are_answered_or_refused_by_name(predict, document):
    reply = predict(document)

    check(reply)
    values = document["features"]
    wrong = {f"/features/{name}" for name in values.keys() - set(NAMES)}
    wrong |= {f"/features/{name}" for name in NAMES if not allowed(name, values.get(name))}
    if "extra" in document:
        wrong.add("/extra")
    if wrong:
        assert {fault["pointer"] for fault in reply.json["faults"]} == wrong


@settings(max_examples=50, deadline=None)
@given(right)
def test_any_allowed_row_gets_the_probability_of_the_pipeline(predict, shipped, values):
    reply = predict({"features": values})

    expected = shipped.pipeline.predict_proba(np.array([[values[name] for name in NAMES]]))[0, 1]
    assert math.isclose(reply.json["p_up"], expected, rel_tol=1e-9, abs_tol=1e-12)
    assert reply.json["prediction"] == (reply.json["p_up"] >= 0.44)


@any_time
@given(
    st.one_of(
        st.none(),
        st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=30),
        st.sampled_from(["application/json", "application/json; charset=utf-8", "application/json;;;", "text/html"]),
    ),
    st.binary(max_size=20),
)
def test_any_media_type_is_answered(predict, content_type, body):
    check(predict(body, content_type=content_type))


def allowed(name, value):
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= sys.float_info.max:
        return False
    return LOW.get(name, -math.inf) <= value <= HIGH.get(name, math.inf)
