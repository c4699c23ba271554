"""/v2: the Open Inference Protocol, its tensors in JSON and in binary, and what it refuses."""

import json
import re
from itertools import chain

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api import create_app

INFER = "/v2/models/upmove/infer"
LENGTH = "Inference-Header-Content-Length"
NAMES = (
    *("gap_pct", "daily_range_pct", "ma_ratio_5_20", "ret_vol_10"),
    *("volume_z20", "rsi_14", "macd", "macd_signal"),
)
NUMPY = {"FP64": "<f8", "FP32": "<f4", "FP16": "<f2", "INT8": "<i1", "INT64": "<i8", "UINT8": "<u1", "UINT32": "<u4"}


@pytest.fixture(scope="module", name="X")
def five_rows(shipped):
    """Five rows of the shipped table."""
    return shipped.reference.X[:5]


@pytest.fixture(scope="module")
def infer(client):
    """Send an inference request: bytes as they are, anything else as JSON, and binary data behind it."""

    def send(document, *blobs, to=client, **arguments):
        header = document if isinstance(document, bytes) else json.dumps(document).encode()
        if blobs:
            arguments = {"headers": {LENGTH: str(len(header))}} | arguments
        return to.post(INFER, data=b"".join([header, *blobs]), **{"content_type": "application/json"} | arguments)

    return send


@pytest.fixture
def refused(infer, problem):
    """Send an inference request that is refused, and return the problem."""

    def send(document, *blobs, status=422, **arguments):
        found = problem(infer(document, *blobs, **arguments), status)
        assert found["error"] == found["detail"]
        return found

    return send


def tensor(name, shape, data, datatype="FP64", **members):
    return {"name": name, "shape": list(shape), "datatype": datatype, "data": data} | members


def matrix(X, **members):
    return {"inputs": [tensor("X", X.shape, X.tolist(), **members)]}


def per_feature(X, names):
    return {"inputs": [tensor(name, [len(X)], column.tolist()) for name, column in zip(names, X.T, strict=True)]}


def binary(X, datatype="FP64", name="X"):
    """Return an input and the bytes it announces."""
    data = np.asarray(X).astype(NUMPY[datatype]).tobytes()
    sent = {"name": name, "shape": list(np.shape(X)), "datatype": datatype}
    return sent | {"parameters": {"binary_data_size": len(data)}}, data


def outputs(reply):
    """Return the outputs of a reply by name, as arrays."""
    assert reply.status_code == 200, reply.text
    length = int(reply.headers.get(LENGTH, len(reply.data)))
    document, blobs = json.loads(reply.data[:length]), reply.data[length:]
    arrays = {}
    for output in document["outputs"]:
        dtype = {"INT64": "<i8", "FP64": "<f8"}[output["datatype"]]
        if size := output.get("parameters", {}).get("binary_data_size"):
            values, blobs = np.frombuffer(blobs[:size], dtype), blobs[size:]
        else:
            values = np.array(output["data"], dtype)
        arrays[output["name"]] = values.reshape(output["shape"])
    assert not blobs
    return arrays


def pointers(document):
    return [fault["pointer"] for fault in document["faults"]]


# What is there.


def test_the_server_says_what_it_is(client):
    reply = client.get("/v2")

    assert reply.status_code == 200
    assert reply.json["name"] == "handover"
    assert reply.json["extensions"] == ["binary_tensor_data"]
    assert reply.json["version"]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/v2/health/live", {"live": True}),
        ("/v2/health/ready", {"ready": True}),
        ("/v2/models/upmove/ready", {"name": "upmove", "ready": True}),
    ],
)
def test_a_server_with_a_model_is_alive_and_ready(client, path, expected):
    reply = client.get(path)

    assert (reply.status_code, reply.json) == (200, expected)


def test_without_a_model_the_server_is_alive_and_nothing_else(tmp_path, monkeypatch, problem):
    monkeypatch.setenv("MODEL_REGISTRY", str(tmp_path))
    empty = create_app().test_client()

    assert empty.get("/v2/health/live").status_code == 200
    for path in ("/v2/health/ready", "/v2/models/upmove", "/v2/models/upmove/ready"):
        assert problem(empty.get(path), 503)["error"].startswith("There is no model to answer with.")


def test_the_model_names_its_tensors(client, shipped):
    document = client.get("/v2/models/upmove").json

    assert document["name"] == "upmove"
    assert document["versions"] == [shipped.version]
    assert document["platform"]
    assert document["inputs"] == [{"name": name, "datatype": "FP64", "shape": [-1]} for name in NAMES]
    assert document["outputs"] == [
        {"name": "prediction", "datatype": "INT64", "shape": [-1]},
        {"name": "p_up", "datatype": "FP64", "shape": [-1]},
    ]


@pytest.mark.parametrize("rest", ["", "/ready"])
def test_the_served_version_may_be_named(client, shipped, rest):
    named = client.get(f"/v2/models/upmove/versions/{shipped.version}{rest}")

    assert named.status_code == 200
    assert named.json == client.get(f"/v2/models/upmove{rest}").json


@pytest.mark.parametrize("rest", ["", "/ready"])
def test_another_model_or_version_is_not_found_and_the_one_there_is_named(client, shipped, problem, rest):
    other_model = problem(client.get(f"/v2/models/downmove{rest}"), 404)
    other_version = problem(client.get(f"/v2/models/upmove/versions/1{rest}"), 404)

    assert "“downmove”" in other_model["detail"]
    assert "“upmove”" in other_model["detail"]
    assert shipped.version in other_version["detail"]


# What is answered.


def test_one_tensor_a_feature_is_scored_by_the_pipeline(infer, shipped, X):
    reply = infer(per_feature(X, NAMES))

    expected = shipped.pipeline.predict_proba(X)[:, 1]
    assert outputs(reply)["p_up"] == pytest.approx(expected, abs=1e-12)
    assert outputs(reply)["prediction"].tolist() == [int(p >= 0.44) for p in expected]


def test_a_reply_says_what_answered(infer, shipped, X):
    document = infer(matrix(X) | {"id": "my request 1"}).json

    assert document["model_name"] == "upmove"
    assert document["model_version"] == shipped.version
    assert document["id"] == "my request 1"
    assert document["parameters"]["threshold"] == 0.44
    assert document["parameters"]["version"] == shipped.version
    assert document["outputs"][0]["shape"] == [5]


def test_no_id_is_made_up(infer, X):
    assert "id" not in infer(matrix(X)).json


def test_the_shapes_and_forms_of_data_mean_the_same(infer, X):
    names = NAMES
    columns = [tensor(name, [5, 1], X[:, [i]].tolist()) for i, name in enumerate(names)]
    flat_columns = [tensor(name, [5, 1], X[:, i].tolist()) for i, name in enumerate(names)]
    flat = [tensor("X", X.shape, X.ravel().tolist())]
    backwards = per_feature(X, names)["inputs"][::-1]

    expected = infer(matrix(X)).json["outputs"]
    for inputs in (columns, flat_columns, flat, backwards):
        assert infer({"inputs": inputs}).json["outputs"] == expected


def test_names_written_with_escapes_are_read(infer, X):
    body = json.dumps(matrix(X)).replace('"X"', '"\\u0058"').encode()

    assert infer(body).json["outputs"] == infer(matrix(X)).json["outputs"]


def test_a_named_version_scores_too(client, shipped, X):
    reply = client.post(f"/v2/models/upmove/versions/{shipped.version}/infer", json=matrix(X))

    assert outputs(reply)["p_up"].shape == (5,)


def test_no_rows_get_no_predictions(infer):
    reply = infer({"inputs": [tensor("X", [0, 8], [])]})

    assert outputs(reply)["p_up"].tolist() == []


@pytest.mark.parametrize("datatype", ["FP64", "FP32", "FP16", "INT8", "INT64", "UINT8", "UINT32"])
def test_binary_data_of_any_number_type_are_scored_as_the_numbers_they_are(infer, shipped, datatype):
    rows = np.array([[0, 1, 1, 0, 2, 48, 0, 1], [1, 0.5, 2, 1, 0, 50.5, 1, 0]]).astype(NUMPY[datatype])
    sent, data = binary(rows, datatype)

    reply = infer({"inputs": [sent]}, data)

    assert outputs(reply)["p_up"] == pytest.approx(
        shipped.pipeline.predict_proba(rows.astype(np.float64))[:, 1], abs=1e-12
    )


def test_binary_and_json_inputs_may_be_mixed(infer, X):
    names = NAMES
    inputs, blobs = per_feature(X, names)["inputs"], []
    for position in (1, 4):
        inputs[position], blob = binary(X[:, position], name=names[position])
        blobs.append(blob)

    assert infer({"inputs": inputs}, *blobs).json["outputs"] == infer(matrix(X)).json["outputs"]


def test_whole_numbers_may_be_sent_as_such_in_json(infer):
    row = [0, 1, 1, 0, 2, 48, 0, 1]

    as_integers = infer({"inputs": [tensor("X", [1, 8], row, "INT32")]})

    assert outputs(as_integers) == outputs(infer({"inputs": [tensor("X", [1, 8], row)]}))


def test_outputs_come_as_asked(infer, X):
    asked = [{"name": "p_up", "parameters": {"binary_data": True}}, {"name": "prediction"}]

    reply = infer(matrix(X) | {"outputs": asked})

    assert reply.content_type == "application/octet-stream"
    document = json.loads(reply.data[: int(reply.headers[LENGTH])])
    assert [output["name"] for output in document["outputs"]] == ["p_up", "prediction"]
    assert document["outputs"][0]["parameters"] == {"binary_data_size": 40}
    assert "data" not in document["outputs"][0]
    assert "parameters" not in document["outputs"][1]
    expected = outputs(infer(matrix(X)))
    for name, values in outputs(reply).items():
        assert values.tolist() == expected[name].tolist()


def test_only_the_outputs_that_are_asked_for_come(infer, X):
    assert list(outputs(infer(matrix(X) | {"outputs": [{"name": "prediction"}]}))) == ["prediction"]


def test_all_outputs_may_be_asked_for_in_binary_and_each_be_excepted(infer, X):
    everything = matrix(X) | {"parameters": {"binary_data_output": True}}
    excepted = [{"name": "prediction", "parameters": {"binary_data": False}}, {"name": "p_up"}]

    whole, mixed = infer(everything), infer(everything | {"outputs": excepted})

    assert int(whole.headers[LENGTH]) == len(whole.data) - 80
    assert int(mixed.headers[LENGTH]) == len(mixed.data) - 40


def test_numbers_in_json_are_exact(infer, X):
    everything = matrix(X) | {"parameters": {"binary_data_output": True}}

    assert outputs(infer(matrix(X)))["p_up"].tobytes() == outputs(infer(everything))["p_up"].tobytes()


@pytest.mark.parametrize("content_type", [None, "application/octet-stream", "application/json; charset=utf-8"])
def test_clients_that_name_no_media_type_or_the_binary_one_are_answered(infer, X, content_type):
    assert infer(matrix(X), content_type=content_type).status_code == 200


def test_parameters_of_other_servers_are_passed_over(infer, X):
    document = matrix(X, parameters={"content_type": "np"}) | {"parameters": {"priority": 2, "timeout": 5, "note": "x"}}

    assert infer(document).status_code == 200


def test_a_value_outside_the_observed_range_is_told(infer, X):
    far = X.copy()
    far[2, 0] = 7.0

    assert "gap_pct: 1 of 5 rows above everything seen in training" in infer(matrix(far)).json["parameters"]["warnings"]


def test_rows_are_counted_as_predictions(shipped, infer, X):
    own = create_app(shipped).test_client()
    rows = np.vstack([X, X[0]])
    rows[-1, 0] = 900.0
    calls = int(np.sum(shipped.pipeline.predict_proba(rows)[:, 1] >= 0.44))

    assert infer(matrix(rows), to=own).status_code == 200

    page = own.get("/metrics").text
    counted = dict(re.findall(r'handover_predictions_total\{prediction="(.)"\} (\S+)', page))
    assert {call: float(count) for call, count in counted.items()} == {"1": calls, "0": 6 - calls}


# What is refused.


def check_fault(document, pointer, found, remedy=""):
    faults = [fault for fault in document["faults"] if fault["pointer"] == pointer]
    assert faults, document["faults"]
    assert found in faults[0]["found"]
    assert remedy in faults[0]["remedy"]


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (b"", "nothing in it"),
        (b"{", "not JSON"),
        (b"\xff", "not UTF-8"),
        (b'{"inputs": [], "inputs": []}', "more than once"),
        (
            b'{"inputs": [{"name": "X", "name": "X", "shape": [0, 8], "datatype": "FP64", "data": []}]}',
            "more than once",
        ),
        (b'{"inputs": [], "parameters": {"a": 1, "a": 2}}', "more than once"),
        (b'{"inputs": ' + b"[" * 5000, "levels of nesting"),
    ],
)
def test_a_body_that_is_no_document_or_two_is_unreadable(refused, body, found):
    document = refused(body, status=400)

    assert found in document["faults"][0]["found"]
    assert document["error"] == document["detail"]


@pytest.mark.parametrize("length", ["many", "-1", "1e3", "99999", "9" * 40, "²"])
def test_a_length_that_the_json_cannot_have_is_unreadable(refused, X, length):
    document = refused(matrix(X), headers={LENGTH: length}, status=400)

    assert document["faults"][0]["found"].startswith(f"{LENGTH}: ")


@pytest.mark.parametrize(
    ("changes", "pointer", "found", "remedy"),
    [
        ({"name": "rsi14"}, "/inputs/5/name", "“rsi14”", "Did you mean “rsi_14”?"),
        ({"name": "gap_pct"}, "/inputs/5/name", "gap_pct again, after /inputs/0", "Leave one"),
        ({"name": "X"}, "/inputs/0/name", "beside the matrix", "the one or the others"),
        ({"name": 5}, "/inputs/5/name", "5", ""),
        ({"name": "\ud83d"}, "/inputs/5/name", "the text", ""),
        ({"datatype": "BOOL"}, "/inputs/5/datatype", "“BOOL”", ""),
        ({"datatype": "BYTES"}, "/inputs/5/datatype", "“BYTES”", ""),
        ({"datatype": "fp64"}, "/inputs/5/datatype", "“fp64”", "Did you mean “FP64”?"),
        ({"datatype": "FP16"}, "/inputs/5/datatype", "“FP16”", "binary"),
        ({"shape": [3]}, "/inputs/5/data", "2 values", ""),
        ({"shape": [2, 8]}, "/inputs/5/shape", "[2, 8]", "one value a row"),
        ({"shape": [2, 1, 1]}, "/inputs/5/shape", "an array", ""),
        ({"shape": []}, "/inputs/5/shape", "an array", ""),
        ({"shape": [-2]}, "/inputs/5/shape", "an array", ""),
        ({"shape": [2.5]}, "/inputs/5/shape", "an array", ""),
        ({"shape": [True]}, "/inputs/5/shape", "an array", ""),
        ({"shape": 2}, "/inputs/5/shape", "2", ""),
        ({"shape": [1], "data": [50]}, "/inputs/5/shape", "1 row", "one value a row"),
        ({"data": None}, "/inputs/5/data", "null", ""),
        ({"data": {}}, "/inputs/5/data", "an object", ""),
        ({"data": [50]}, "/inputs/5/data", "1 value", ""),
        ({"data": [50, None]}, "/inputs/5/data/1", "null", "finite"),
        ({"data": [50, "51"]}, "/inputs/5/data/1", "the text “51”", "without quotes"),
        ({"data": [True, 50]}, "/inputs/5/data/0", "true", ""),
        ({"data": [50, float("nan")]}, "/inputs/5/data/1", "NaN", ""),
        ({"data": [50, 10**400]}, "/inputs/5/data/1", "1000", ""),
        ({"data": [50, 100.5]}, "/inputs/5/data/1", "100.5", "In training"),
        ({"data": [50, [51]]}, "/inputs/5/data/1", "an array", ""),
        ({"data": [[50], [51, 52]], "shape": [2, 1]}, "/inputs/5/data/1", "2 values", ""),
        ({"data": [[50], [-1]], "shape": [2, 1]}, "/inputs/5/data/1/0", "-1", ""),
        ({"data": [50, 0.5], "datatype": "INT8"}, "/inputs/5/data/1", "0.5", "FP64"),
        ({"data": [50, -1], "datatype": "UINT8"}, "/inputs/5/data/1", "-1", ""),
        ({"dada": 1}, "/inputs/5/dada", "unknown", "Did you mean “data”?"),
        ({"parameters": []}, "/inputs/5/parameters", "an array", ""),
        ({"parameters": {"a": None}}, "/inputs/5/parameters/a", "null", ""),
        ({"parameters": {"binary_data_size": 16}}, "/inputs/5/data", "an array", "one of them"),
    ],
)
def test_each_fault_of_an_input_is_told_with_its_place(refused, X, changes, pointer, found, remedy):
    request = per_feature(X[:2], NAMES)
    request["inputs"][5] |= changes

    check_fault(refused(request), pointer, found, remedy)


@pytest.mark.parametrize(
    ("changes", "pointer", "found"),
    [
        ({"inputs": None}, "/inputs", "null"),
        ({"inputs": {}}, "/inputs", "an object"),
        ({"inputs": [5]}, "/inputs/0", "5"),
        ({"inputs": []}, "/inputs", "no tensor gap_pct"),
        ({"id": 5}, "/id", "5"),
        ({"id": "\ud83d"}, "/id", "the text"),
        ({"input": []}, "/input", "unknown"),
        ({"parameters": 5}, "/parameters", "5"),
        ({"parameters": {"binary_data_output": "yes"}}, "/parameters/binary_data_output", "yes"),
        ({"parameters": {"a/b": []}}, "/parameters/a~1b", "an array"),
        ({"outputs": {}}, "/outputs", "an object"),
        ({"outputs": ["p_up"]}, "/outputs/0", "the text “p_up”"),
        ({"outputs": [{}]}, "/outputs/0/name", "nothing"),
        ({"outputs": [{"name": "p_down"}]}, "/outputs/0/name", "“p_down”"),
        ({"outputs": [{"name": "p_up"}, {"name": "p_up"}]}, "/outputs/1/name", "p_up"),
        ({"outputs": [{"name": "p_up", "shape": [5]}]}, "/outputs/0/shape", "unknown"),
        ({"outputs": [{"name": "p_up", "parameters": {"binary_data": 1}}]}, "/outputs/0/parameters/binary_data", "1"),
        (
            {"outputs": [{"name": "p_up", "parameters": {"classification": 2}}]},
            "/outputs/0/parameters/classification",
            "2",
        ),
    ],
)
def test_each_fault_beside_the_inputs_is_told_with_its_place(refused, X, changes, pointer, found):
    check_fault(refused(matrix(X) | changes), pointer, found)


@pytest.mark.parametrize("document", [[], 5, None, "inputs"])
def test_a_document_that_is_no_object_is_refused(refused, document):
    assert '{"inputs": ' in refused(document)["faults"][0]["expected"]


def test_an_output_that_is_nearly_right_is_named(refused, X):
    document = refused(matrix(X) | {"outputs": [{"name": "predictions"}]})

    assert document["faults"][0]["remedy"] == "Did you mean “prediction”?"


def test_a_matrix_of_another_width_is_refused(refused, X):
    document = refused(matrix(X[:, :7]))

    assert pointers(document) == ["/inputs/0/shape"]
    assert document["faults"][0]["expected"] == "[n, 8]"


def test_faults_of_names_shapes_and_values_are_told_at_once(refused, X):
    request = per_feature(X, NAMES) | {"outputs": [{"name": "p"}]}
    request["inputs"][0]["data"][3] = "a"
    request["inputs"][1]["name"] = "daily_range"
    request["inputs"][2]["shape"] = [5, 2]
    request["inputs"][5]["data"][4] = 101
    del request["inputs"][7]

    document = refused(request)

    assert set(pointers(document)) == {
        "/outputs/0/name",
        "/inputs/1/name",
        "/inputs",
        "/inputs/2/data",
        "/inputs/2/shape",
        "/inputs/0/data/3",
        "/inputs/5/data/4",
    }


def test_values_of_a_matrix_are_told_by_their_place_in_it(refused, X):
    rows = X.tolist()
    rows[1][5], rows[4][0] = 100.5, None

    nested = refused({"inputs": [tensor("X", X.shape, rows)]})
    flat = refused({"inputs": [tensor("X", X.shape, list(chain.from_iterable(rows)))]})

    assert pointers(nested) == ["/inputs/0/data/1/5", "/inputs/0/data/4/0"]
    assert pointers(flat) == ["/inputs/0/data/13", "/inputs/0/data/32"]


def test_of_many_faults_the_first_hundred_are_told(refused):
    document = refused({"inputs": [tensor("X", [50, 8], ["a"] * 400)]})

    assert len(document["faults"]) == 100
    assert document["detail"].startswith("The body cannot be used: 400 faults")


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, -0.5])
def test_binary_values_are_held_to_the_same_rules(refused, X, value):
    rows = X.copy()
    rows[2, 5] = value
    sent, data = binary(rows)

    document = refused({"inputs": [sent]}, data)

    assert pointers(document) == ["/inputs/0/data/21"]
    assert document["faults"][0]["found"] == {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}.get(
        str(value), "-0.5"
    )


@pytest.mark.parametrize(
    ("size", "sent_bytes", "pointer", "found"),
    [
        (320, 319, "/inputs/0/parameters/binary_data_size", "320"),
        (320, 321, "", "1 bytes after"),
        (312, 312, "/inputs/0/parameters/binary_data_size", "312"),
        (-8, 320, "/inputs/0/parameters/binary_data_size", "-8"),
        (1.5, 320, "/inputs/0/parameters/binary_data_size", "1.5"),
        ("320", 320, "/inputs/0/parameters/binary_data_size", "the text"),
        (True, 320, "/inputs/0/parameters/binary_data_size", "true"),
        (1e300, 320, "/inputs/0/parameters/binary_data_size", "1e+300"),
    ],
)
def test_binary_data_of_another_size_than_announced_are_refused(refused, size, sent_bytes, pointer, found):
    sent = {"name": "X", "shape": [5, 8], "datatype": "FP64", "parameters": {"binary_data_size": size}}

    check_fault(refused({"inputs": [sent]}, b"\x00" * sent_bytes), pointer, found)


def test_values_that_no_probability_comes_of_are_named(refused, X):
    rows = X.copy()
    # Their weights differ in sign, so that one infinity is taken from another.
    rows[3, 6] = rows[3, 7] = -1.5e308

    document = refused(matrix(rows))

    assert pointers(document) == ["/inputs/0/data/3/6", "/inputs/0/data/3/7"]
    assert "no probability" in document["faults"][0]["remedy"]


@pytest.mark.parametrize("rows", [3, 5000])
@pytest.mark.parametrize("form", ["matrix", "features", "binary"])
def test_more_rows_than_are_taken_are_refused_with_the_limit(shipped, infer, problem, monkeypatch, rows, form):
    monkeypatch.setenv("API_BATCH_ROWS", "2")
    small = create_app(shipped).test_client()
    names = NAMES

    def send(n):
        X = np.tile(shipped.reference.X[:1], (n, 1))
        if form == "binary":
            sent, data = binary(X)
            return infer({"inputs": [sent]}, data, to=small)
        return infer(matrix(X) if form == "matrix" else per_feature(X, names), to=small)

    assert send(2).status_code == 200
    document = problem(send(rows), 413)
    assert document["error"] == (
        f"The body holds {rows:,} rows; at most 2 are taken at once. Send them in several requests."
    )


@pytest.mark.parametrize(
    "body", [{"inputs": [1] * 5000}, {"inputs": [[]] * 5000}, {"inputs": [], "id": [0] * 5000}, {"outputs": [0] * 5000}]
)
def test_more_values_than_any_allowed_request_has_are_refused_before_they_are_read(shipped, refused, monkeypatch, body):
    monkeypatch.setenv("API_BATCH_ROWS", "2")
    small = create_app(shipped).test_client()

    assert "at most 2 are taken" in refused(body, to=small, status=413)["detail"]


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ({"inputs": [{}] * 5000}, "5,001 objects"),
        ({"inputs": [], "parameters": {str(i): i for i in range(5000)}}, "5,002 members"),
    ],
)
def test_many_more_tensors_than_features_are_refused_before_they_are_read(refused, body, found):
    document = refused(body)

    assert document["faults"][0]["found"] == found
    assert "at most 1,160" in document["faults"][0]["expected"]


def test_a_body_over_the_limit_is_refused_with_the_limit(refused, shipped, monkeypatch, X):
    monkeypatch.setenv("API_BATCH_BYTES", "100")
    small = create_app(shipped).test_client()

    assert "the 100 bytes allowed" in refused(matrix(X), to=small, status=413)["error"]


@pytest.mark.parametrize(
    "arguments",
    [{"headers": {"Content-Encoding": "gzip"}}, {"content_type": "text/csv"}, {"content_type": "text/html"}],
)
def test_what_is_compressed_or_of_another_media_type_is_refused(refused, X, arguments):
    document = refused(matrix(X), **arguments, status=415)

    assert document["error"] == document["detail"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", INFER, 405), ("POST", "/v2", 405), ("GET", "/v2/models", 404), ("POST", "/v2/repository/index", 404)],
)
def test_what_leads_nowhere_is_told_in_the_words_of_the_protocol_too(client, problem, method, path, status):
    document = problem(client.open(path, method=method), status)

    assert document["error"] == document["detail"]


def test_problems_elsewhere_have_no_such_member(client, problem):
    assert "error" not in problem(client.get("/v23"), 404)


def test_names_and_ranges_are_kept_to_itself_where_that_is_asked_for(refused, shipped, monkeypatch, X):
    monkeypatch.setenv("API_ERRORS", "safe")
    safe = create_app(shipped).test_client()
    request = per_feature(X, NAMES)
    request["inputs"][5]["data"][0] = 101
    request["inputs"][4]["name"] = "volume"

    document = refused(request, to=safe)

    assert "/inputs/5/data/0" in pointers(document)
    for name in NAMES:
        assert name not in json.dumps(document)


# Whatever is sent.

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=4),
    st.sampled_from(["X", "rsi_14", "p_up", "prediction", "FP64", "INT8", "FP16", "\ud83d", 10**400, -0.0, 1e308]),
)
anything = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)
shapes = st.lists(st.integers(-1, 9), max_size=3) | st.sampled_from([[1, 8], [2, 8], [1], [0, 8]]) | anything
parameters = (
    st.dictionaries(st.sampled_from(["binary_data_size", "binary_data", "binary_data_output", "a"]), scalars) | anything
)
inputs = st.fixed_dictionaries(
    {},
    optional={
        "name": st.sampled_from(["X", "rsi_14", "gap_pct", "macd"]) | scalars,
        "shape": shapes,
        "datatype": st.sampled_from([*NUMPY, "BOOL", "BYTES"]) | scalars,
        "parameters": parameters,
        "data": st.lists(st.floats() | scalars, max_size=9) | st.just([0.5] * 8) | anything,
        "extra": anything,
    },
)
requests = st.fixed_dictionaries(
    {},
    optional={
        "id": scalars,
        "inputs": st.lists(inputs | anything, max_size=3) | anything,
        "outputs": st.lists(st.fixed_dictionaries({"name": scalars}, optional={"parameters": parameters})) | anything,
        "parameters": parameters,
    },
)
lengths = st.none() | st.integers(-1, 400).map(str) | st.text(st.characters(min_codepoint=33, max_codepoint=126))


def check(reply):
    """A reply is a whole answer or a whole problem."""
    if reply.status_code == 200:
        assert np.isfinite(outputs(reply).get("p_up", 0.5)).all()
        return
    assert reply.status_code in {400, 413, 415, 422}
    assert reply.content_type == "application/problem+json"
    document = json.loads(reply.data)
    assert document["status"] == reply.status_code
    assert document["error"] == document["detail"]
    for fault in document.get("faults", []):
        assert set(fault) == {"pointer", "found", "expected", "remedy"}
        assert fault["found"]
        assert fault["expected"]


@settings(deadline=None)
@given(requests | anything)
def test_any_document_is_answered_or_refused(infer, document):
    check(infer(document))


@settings(deadline=None)
@given(requests, st.binary(max_size=130), lengths)
def test_any_document_with_anything_behind_it_is_answered_or_refused(infer, document, blob, length):
    arguments = {} if length is None else {"headers": {LENGTH: length}}

    check(infer(document, blob, **arguments))


@settings(deadline=None)
@given(st.binary(max_size=80), lengths)
def test_any_bytes_are_refused(infer, body, length):
    reply = infer(body, headers={} if length is None else {LENGTH: length})

    check(reply)
    assert reply.status_code in {400, 422}


@settings(deadline=None)
@given(st.binary(min_size=64, max_size=64))
def test_any_eight_doubles_are_scored_or_refused(infer, data):
    header = {"name": "X", "shape": [1, 8], "datatype": "FP64", "parameters": {"binary_data_size": 64}}

    check(infer({"inputs": [header]}, data))
