"""/v2 as an existing client of the protocol sees it: tritonclient, over the wire, against a real server."""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from tritonclient.http import InferenceServerClient, InferInput, InferRequestedOutput
from tritonclient.utils import InferenceServerException

ROOT = Path(__file__).parents[2]
SECONDS_TO_START = 30

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the server runs on POSIX")


@pytest.fixture(scope="module")
def address():
    """Where a server answers that was started for this module."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "api", "--port", str(port)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        try:
            wait_for(port, process)
            yield f"127.0.0.1:{port}"
        finally:
            process.terminate()
            process.communicate(timeout=30)


def wait_for(port, process):
    deadline = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    process.terminate()
    pytest.fail(f"no answer: {process.communicate(timeout=30)[0]}")


@pytest.fixture
def client(address):
    with InferenceServerClient(address) as opened:
        yield opened


@pytest.fixture(scope="module", name="X")
def rows_of_the_table(shipped):
    return shipped.reference.X


def as_input(name, values, *, binary):
    kinds = {"float64": "FP64", "float32": "FP32", "int32": "INT32"}
    sent = InferInput(name, list(values.shape), kinds[values.dtype.name])
    return sent.set_data_from_numpy(values, binary_data=binary)


def as_matrix(X, *, binary=True):
    return [as_input("X", np.ascontiguousarray(X), binary=binary)]


def as_features(X, names, *, binary=True):
    return [
        as_input(name, np.ascontiguousarray(column), binary=binary) for name, column in zip(names, X.T, strict=True)
    ]


def asked(*, binary):
    return [InferRequestedOutput(name, binary_data=binary) for name in ("prediction", "p_up")]


def test_the_server_and_the_model_are_alive_and_ready(client, shipped):
    assert client.is_server_live()
    assert client.is_server_ready()
    assert client.is_model_ready("upmove")
    assert client.is_model_ready("upmove", shipped.version)
    assert not client.is_model_ready("downmove")
    assert not client.is_model_ready("upmove", "1")


def test_server_and_model_describe_themselves(client, shipped):
    server, model = client.get_server_metadata(), client.get_model_metadata("upmove")

    assert server["name"] == "handover"
    assert "binary_tensor_data" in server["extensions"]
    assert model["versions"] == [shipped.version]
    assert [tensor["name"] for tensor in model["inputs"]] == list(shipped.manifest.feature_names)
    assert [tensor["name"] for tensor in model["outputs"]] == ["prediction", "p_up"]


@pytest.mark.parametrize("binary_in", [True, False])
@pytest.mark.parametrize("binary_out", [True, False, None])
@pytest.mark.parametrize("form", ["matrix", "features"])
def test_every_row_of_the_table_gets_the_probability_of_the_pipeline(client, shipped, X, form, binary_in, binary_out):
    inputs = (
        as_matrix(X, binary=binary_in)
        if form == "matrix"
        else as_features(X, shipped.manifest.feature_names, binary=binary_in)
    )
    outputs = None if binary_out is None else asked(binary=binary_out)

    result = client.infer("upmove", inputs, outputs=outputs)

    expected = shipped.pipeline.predict_proba(X)[:, 1]
    assert np.max(np.abs(result.as_numpy("p_up") - expected)) <= 1e-12
    assert result.as_numpy("p_up").dtype == np.float64
    assert result.as_numpy("prediction").dtype == np.int64
    np.testing.assert_array_equal(result.as_numpy("prediction"), result.as_numpy("p_up") >= 0.44)


def test_a_request_that_the_metadata_describe_is_answered(client, X):
    described = client.get_model_metadata("upmove")["inputs"]
    inputs = [as_input(tensor["name"], X[:2, i].copy(), binary=True) for i, tensor in enumerate(described)]

    assert client.infer("upmove", inputs).as_numpy("p_up").shape == (2,)


def test_the_id_comes_back_and_the_version_with_it(client, shipped, X):
    result = client.infer("upmove", as_matrix(X[:1]), request_id="row 1", model_version=shipped.version).get_response()

    assert result["id"] == "row 1"
    assert (result["model_name"], result["model_version"]) == ("upmove", shipped.version)
    assert result["parameters"]["threshold"] == 0.44


def test_other_number_types_are_scored_as_the_numbers_they_are(client, shipped, X):
    for rows in (X[:50].astype(np.float32), np.abs(np.round(X[:50])).astype(np.int32)):
        result = client.infer("upmove", as_matrix(rows))

        expected = shipped.pipeline.predict_proba(rows.astype(np.float64))[:, 1]
        assert np.max(np.abs(result.as_numpy("p_up") - expected)) <= 1e-12


def test_requests_of_many_threads_at_once_get_their_own_answers(address, shipped, X):
    expected = shipped.pipeline.predict_proba(X[:20])[:, 1]
    with InferenceServerClient(address, concurrency=4) as several:
        waiting = [several.async_infer("upmove", as_matrix(X[i : i + 1]), request_id=str(i)) for i in range(20)]
        results = [request.get_result() for request in waiting]

    assert [result.get_response()["id"] for result in results] == [str(i) for i in range(20)]
    assert np.concatenate([result.as_numpy("p_up") for result in results]) == pytest.approx(expected, abs=1e-12)


def test_a_wrong_feature_is_told_in_the_words_of_the_server(client, shipped, X):
    names = ["gap" if name == "gap_pct" else name for name in shipped.manifest.feature_names]

    with pytest.raises(InferenceServerException, match="unknown name “gap” at /inputs/0/name") as refused:
        client.infer("upmove", as_features(X[:2], names))

    assert refused.value.status() == "422"


@pytest.mark.parametrize("binary", [True, False])
def test_a_value_that_cannot_be_is_told_with_its_place(client, X, binary):
    rows = X[:3].copy()
    rows[2, 5] = 100.5

    with pytest.raises(InferenceServerException, match=r"found 100\.5 at /inputs/0/data/21; expected a finite"):
        client.infer("upmove", as_matrix(rows, binary=binary))


def test_an_unknown_output_is_told(client, X):
    with pytest.raises(InferenceServerException, match="found the text “p_down” at /outputs/0/name"):
        client.infer("upmove", as_matrix(X[:1]), outputs=[InferRequestedOutput("p_down")])


def test_an_unknown_model_is_told_with_the_one_there_is(client, X):
    with pytest.raises(InferenceServerException, match="the one that is served is “upmove”") as refused:
        client.infer("downmove", as_matrix(X[:1]))

    assert refused.value.status() == "404"


@pytest.mark.parametrize("algorithm", ["gzip", "deflate"])
def test_compressed_requests_are_refused_and_compressed_replies_not_needed(client, X, algorithm):
    with pytest.raises(InferenceServerException, match="must not be compressed") as refused:
        client.infer("upmove", as_matrix(X[:1]), request_compression_algorithm=algorithm)

    assert refused.value.status() == "415"
    result = client.infer("upmove", as_matrix(X[:1]), response_compression_algorithm=algorithm)
    assert result.as_numpy("p_up").shape == (1,)


def test_what_the_server_does_not_offer_is_told(client):
    with pytest.raises(InferenceServerException, match="There is nothing at this address"):
        client.get_model_repository_index()
