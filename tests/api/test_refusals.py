"""POST /predict with what it refuses: every fault at once, with its place and its remedy."""

import json
import time

import pytest


def pointers(document):
    return [fault["pointer"] for fault in document["faults"]]


def body_with(features, name, text):
    """Return a body in which the value of one feature is *text*, as written."""
    return json.dumps({"features": features | {name: "HERE"}}).replace('"HERE"', text).encode()


def test_all_faults_are_reported_at_once(predict, problem, features):
    del features["gap_pct"]
    wrong = features | {"rsi_14": 140, "volume_z20": "0.3", "macd": None, "rsi14": 1}

    document = problem(predict({"features": wrong, "threshold": 0.5}), 422)

    assert document["faults"] == [
        {
            "pointer": "/threshold",
            "found": "an unknown name",
            "expected": "only “features” here",
            "remedy": "Remove it.",
        },
        {
            "pointer": "/features/gap_pct",
            "found": "nothing",
            "expected": "a finite number of at least -1",
            "remedy": "Add it; its median in training is 0.000123.",
        },
        {
            "pointer": "/features/volume_z20",
            "found": "the text “0.3”",
            "expected": "a finite number",
            "remedy": "Send it as a JSON number, without quotes.",
        },
        {
            "pointer": "/features/rsi_14",
            "found": "140",
            "expected": "a finite number from 0 to 100",
            "remedy": "In training it went from 6.68684 to 91.5037.",
        },
        {
            "pointer": "/features/macd",
            "found": "null",
            "expected": "a finite number",
            "remedy": "Send a finite JSON number.",
        },
        {
            "pointer": "/features/rsi14",
            "found": "an unknown name",
            "expected": "only gap_pct, daily_range_pct, ma_ratio_5_20, ret_vol_10, volume_z20, rsi_14, macd,"
            " macd_signal",
            "remedy": "Did you mean “rsi_14”?",
        },
    ]
    assert document["title"] == "Unprocessable Entity" or "Content" in document["title"]
    assert document["detail"].startswith("The body cannot be used: 6 faults")


def test_a_single_fault_is_told_in_the_detail(predict, problem, features):
    document = problem(predict({"features": features | {"rsi_14": 140}}), 422)

    assert document["detail"] == (
        "The body cannot be used: found 140 at /features/rsi_14; expected a finite number from 0 to 100."
    )


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("NaN", "NaN"),
        ("Infinity", "Infinity"),
        ("-Infinity", "-Infinity"),
        ("1e999", "1e999"),
        ("-1e999", "-1e999"),
        ("9" * 10_000, "9" * 59 + "…"),
        ("true", "true"),
        ("false", "false"),
        ("null", "null"),
        ('"48"', "the text “48”"),
        ('"NaN"', "the text “NaN”"),
        ("[48]", "an array"),
        ("{}", "an object"),
        ("-0.5", "-0.5"),
        ("100.00000000000001", "100.00000000000001"),
    ],
)
def test_what_is_no_allowed_number_is_refused(predict, problem, features, text, found):
    document = problem(predict(body_with(features, "rsi_14", text)), 422)

    assert pointers(document) == ["/features/rsi_14"]
    assert document["faults"][0]["found"] == found


@pytest.mark.parametrize(
    ("body", "where", "found"),
    [
        ([], "", "an array"),
        ("text", "", "the text “text”"),
        (3, "", "3"),
        (None, "", "null"),
        (True, "", "true"),
        ({}, "/features", "nothing"),
        ({"features": None}, "/features", "null"),
        ({"features": [1, 2]}, "/features", "an array"),
    ],
)
def test_what_is_no_object_of_features_is_refused(predict, problem, body, where, found):
    (fault,) = problem(predict(body), 422)["faults"]

    assert (fault["pointer"], fault["found"]) == (where, found)


def test_features_without_their_object_are_told_where_they_belong(predict, problem, features):
    faults = problem(predict(features), 422)["faults"]

    assert [fault["pointer"] for fault in faults] == [f"/{name}" for name in features] + ["/features"]
    assert {fault["remedy"] for fault in faults[:-1]} == {"Move it into “features”."}


def test_a_name_near_to_features_is_recognised(predict, problem, features):
    (unknown, missing) = problem(predict({"Feature": features}), 422)["faults"]

    assert (unknown["pointer"], unknown["remedy"]) == ("/Feature", "Did you mean “features”?")
    assert missing["pointer"] == "/features"


@pytest.mark.parametrize(
    ("sent", "meant"), [("RSI_14", "rsi_14"), ("gap", "gap_pct"), ("macdsignal", "macd_signal"), ("qqq", None)]
)
def test_an_unknown_feature_is_answered_with_the_nearest_known_one(predict, problem, features, sent, meant):
    (fault,) = problem(predict({"features": features | {sent: 1}}), 422)["faults"]

    assert fault["pointer"] == f"/features/{sent}"
    assert fault["remedy"] == (f"Did you mean “{meant}”?" if meant else "Remove it.")


def test_names_given_twice_are_refused_at_every_level(predict, problem, features):
    inner = json.dumps(features)[:-1] + ', "macd": 0.03, "gap_pct": 0.5, "deeper": {"a": [{"b": 1, "b": 1}]}}'
    body = f'{{"features": {{}}, "features": {inner}}}'.encode()

    document = problem(predict(body), 400)

    assert pointers(document) == [
        "/features",
        "/features/gap_pct",
        "/features/macd",
        "/features/deeper/a/0/b",
        "/features/deeper",
    ]


def test_a_pointer_is_escaped(predict, problem, features):
    (fault,) = problem(predict({"features": features | {"a/b~c": 1}}), 422)["faults"]

    assert fault["pointer"] == "/features/a~1b~0c"


def test_a_name_that_utf8_cannot_carry_is_named_all_the_same(predict, problem, features):
    body = json.dumps({"features": features})[:-2] + r', "\ud800": 1}}'

    assert pointers(problem(predict(body.encode()), 422)) == [r"/features/\ud800"]


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (b"", "nothing in it"),
        (b" \r\n\t", "nothing in it"),
        (b"{", "text that is not JSON, at line 1, column 2"),
        (b'{"features":\n {"a": }}', "text that is not JSON, at line 2, column 8"),
        (b'{"features": {}} {}', "text that is not JSON, at line 1, column 18"),
        (b"{'features': {}}", "text that is not JSON, at line 1, column 2"),
        (b"gap_pct=0.01", "text that is not JSON, at line 1, column 1"),
        (b'{"features": {"a": 01}}', "text that is not JSON"),
        (b'{"features": {"a": +1}}', "text that is not JSON"),
        (b'{"features": {"a": .5}}', "text that is not JSON"),
        (b'{"features": {"a": 0x10}}', "text that is not JSON"),
        (b'{"a\nb": 1}', "text that is not JSON"),
        (b"\xef\xbb\xbf{}", "a byte-order mark"),
        (b'{"\xff": 1}', "bytes that are not UTF-8, from byte 3 on"),
        ('{"features": {}}'.encode("utf-16-le"), "text that is not JSON"),
        ('{"features": {}}'.encode("utf-16"), "bytes that are not UTF-8, from byte 1 on"),
        (b"[" * 100_000, "more than 32 levels of nesting"),
        (b'{"features":' * 80_000, "more than 32 levels of nesting"),
        (b'{"features":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "more than 32 levels of nesting"),
    ],
    ids=lambda value: repr(value[:20]),
)
def test_a_body_that_cannot_be_read_is_refused_saying_where(predict, problem, body, found):
    document = problem(predict(body), 400)

    (fault,) = document["faults"]
    assert fault["found"].startswith(found)
    assert fault["pointer"] == ""


def test_brackets_in_texts_are_no_nesting(predict, problem, features):
    body = {"features": features, "[" * 50: "{" * 50 + '\\"' + "[" * 50, "wide": [[]] * 100}

    assert pointers(problem(predict(body), 422)) == ["/" + "[" * 50, "/wide"]


def test_of_very_many_faults_the_first_hundred_are_listed_in_no_time(predict, problem):
    body = {"features": {f"rsi_{number}": 1 for number in range(60_000)}}
    start = time.perf_counter()

    document = problem(predict(body), 422)

    assert len(document["faults"]) == 100
    assert document["detail"].startswith("The body cannot be used: 100 or more faults")
    assert time.perf_counter() - start < 2


@pytest.mark.parametrize(
    "body",
    [b'"' + b'\\"' * 400_000, b'["' + b"a\\" * 400_000, b'"' * 900_000, b"{" * 40 + b'"' + b'\\"' * 400_000],
    ids=["escapes", "backslashes", "quotes", "open"],
)
def test_texts_without_end_are_refused_in_no_time(predict, problem, body):
    start = time.perf_counter()

    problem(predict(body), 400)

    assert time.perf_counter() - start < 2
