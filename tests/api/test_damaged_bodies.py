"""Good bodies of every route, damaged at random: always an answer or a whole problem, never a failure."""

import io
import json
import random

import pyarrow as pa
import pytest

from tests.benchmarks.batches import FORMATS, as_csv

ROUNDS = 700
TOKENS = [
    *(b"NaN", b"-Infinity", b"1e999", b"null", b"true", b"[]", b"{}", b'""', b"-0.0", b"9" * 400, b"\xff", b"\x00"),
    *(b'"\\ud800"', b"[[[[[[", b"\xef\xbb\xbf", b",", b"\n", b'"', b"0x1", b"2013-02-30", b"\xed\xa0\x80", b"\xd9\xa3"),
]
QUERIES = ("", "", "?errors=row", "?explain=true", "?%ff%00=&&=", "?ticker=IBM")


@pytest.fixture(scope="module")
def good(shipped):
    """Bodies that are answered: (path, media type, body)."""
    names = shipped.manifest.feature_names
    X = shipped.reference.X[:5]
    table = pa.table({name: X[:, column] for column, name in enumerate(names)})
    row = table.to_pylist()[0]
    bars = pa.table(
        {"date": [f"2013-{1 + day // 28:02}-{1 + day % 28:02}" for day in range(40)]}
        | {name: [10.0 + day % 7 for day in range(40)] for name in ("open", "high", "low", "close")}
        | {"volume": list(range(100, 140))}
    )
    tensors = [{"name": name, "datatype": "FP64", "shape": [1], "data": [row[name]]} for name in names]
    matrix = [{"name": "X", "datatype": "FP64", "shape": list(X.shape), "data": X.tolist()}]
    infer = "/v2/models/upmove/infer"
    return [
        ("/predict", "application/json", json.dumps({"features": row}).encode()),
        *(("/predict/batch", media_type, write(table)) for media_type, write in FORMATS.values()),
        ("/predict/bars", "text/csv", as_csv(bars)),
        ("/predict/bars", "application/json", json.dumps({"bars": bars.to_pylist()}).encode()),
        (infer, "application/json", json.dumps({"id": "a", "inputs": tensors}).encode()),
        (infer, "application/json", json.dumps({"inputs": matrix}).encode()),
    ]


def damaged(body, dice):
    """Return *body* with some of its bytes changed, put in, taken out or said twice."""
    body = bytearray(body)
    for _ in range(dice.choice([1, 1, 2, 5, 20])):
        at = dice.randrange(len(body) + 1)
        match dice.randrange(5):
            case 0 if body:
                body[at % len(body)] = dice.randrange(256)
            case 1:
                body[at:at] = dice.choice(TOKENS)
            case 2:
                del body[at : at + dice.choice([1, 3, 30])]
            case 3:
                body[at : at + dice.choice([1, 4, 8])] = dice.choice(TOKENS)
            case _:
                start = dice.randrange(len(body) + 1)
                body[at:at] = body[start : start + dice.choice([5, 50, 500])]
    return bytes(body)


def test_the_bodies_are_good_before_they_are_damaged(client, good):
    for path, media_type, body in good:
        assert client.post(path, data=body, content_type=media_type).status_code == 200, (path, media_type)


def test_a_damaged_body_is_answered_or_refused(client, good):
    dice = random.Random(1)
    for number in range(ROUNDS * len(good)):
        path, media_type, body = good[number % len(good)]
        body = damaged(body, dice) if dice.random() < 0.9 else dice.randbytes(dice.choice([0, 1, 8, 500]))

        reply = client.post(path + dice.choice(QUERIES), data=body, content_type=media_type)

        assert reply.status_code in {200, 400, 413, 422}, (path, media_type, body)
        if reply.status_code != 200:
            assert reply.content_type == "application/problem+json"
            assert json.loads(reply.data)["status"] == reply.status_code
        elif reply.mimetype == "application/json":
            json.loads(reply.data, parse_constant=pytest.fail)


def test_a_name_that_is_no_utf8_is_refused_everywhere(client, good):
    for path, media_type, body in good:
        if media_type == "application/json":
            spoiled = body.replace(b'"', b'"\xff', 1)
            assert client.post(path, data=spoiled, content_type=media_type).status_code == 400, path
            name = b"gap_pct" if b"gap_pct" in body else b"close" if b"close" in body else b"FP64"
            spoiled = body.replace(name, b"\xed\xa0" + name)
            assert client.post(path, data=spoiled, content_type=media_type).status_code == 400, path


def test_a_body_that_broke_off_is_told_as_that(client, good):
    for path, media_type, body in good:
        announced = {"CONTENT_LENGTH": str(len(body))}
        half = body[: len(body) // 2]
        reply = client.post(path, data=half, content_type=media_type, environ_overrides=announced)

        assert reply.status_code == 400, path
        assert f"of the {len(body):,} bytes that its Content-Length announces" in reply.json["detail"]


def test_bodies_that_look_whole_where_they_break_off_must_say_their_length(client, good):
    for path, media_type, body in good:
        reply = client.post(
            path,
            input_stream=io.BytesIO(body),
            content_type=media_type,
            headers={"Transfer-Encoding": "chunked"},
            environ_overrides={"wsgi.input_terminated": True},
        )

        assert reply.status_code == (411 if media_type.endswith(("csv", "stream")) else 200), (path, media_type)


@pytest.mark.parametrize(
    ("address", "where"),
    [
        ("/predict?explian=true", "/explian"),
        ("/predict?explain=true&explain=false", "/explain"),
        ("/predict?explain=maybe", "/explain"),
        ("/predict/batch?error=row", "/error"),
        ("/predict/batch?errors=ROW", "/errors"),
        ("/predict/bars?tick=IBM", "/tick"),
    ],
)
def test_a_parameter_that_means_nothing_is_refused_by_name(client, good, address, where):
    _, media_type, body = next(one for one in good if one[0] == address.partition("?")[0])

    reply = client.post(address, data=body, content_type=media_type)

    assert reply.status_code == 422
    assert [fault["pointer"] for fault in reply.json["faults"]] == [where]
    assert all(fault["remedy"] for fault in reply.json["faults"])


def test_a_charset_in_accept_asks_for_nothing_else(client, good):
    _, media_type, body = next(one for one in good if one[0] == "/predict/batch")
    headers = {"Accept": "application/json; charset=utf-8"}

    assert client.post("/predict/batch", data=body, content_type=media_type, headers=headers).status_code == 200
