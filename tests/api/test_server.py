"""python -m api: a real server that is started, called and stopped; and what it says when it cannot start."""

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest

from model.bundle import BundleDraft, write_bundle
from model.manifest import WholePipeline
from model.registry import ARTIFACTS, Registry
from tests import builders

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals are POSIX")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def is_answered(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def start(*arguments, **environment):
    return subprocess.Popen(
        [sys.executable, "-m", "api", *map(str, arguments)],
        cwd=ROOT,
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def finish(process):
    """Return the exit status and all that was printed, waiting for the end."""
    text, _ = process.communicate(timeout=30)
    return process.returncode, text


@dataclass
class Server:
    process: subprocess.Popen
    port: int

    def call(self, path, body=None, content_type="application/json"):
        """Return status, media type and document of a call."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}", data=body, headers={"Content-Type": content_type}
        )
        try:
            with urllib.request.urlopen(request, timeout=10) as reply:
                return reply.status, reply.headers["Content-Type"], json.load(reply)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.headers["Content-Type"], json.load(error)


@contextmanager
def running(*arguments, **environment):
    """Start a server on a free port, wait until it answers, and stop it at the end."""
    port = free_port()
    process = start("--port", port, *arguments, **environment)
    try:
        yield wait_for(Server(process, port))
    finally:
        if process.returncode is None:
            process.terminate()
            process.communicate(timeout=30)


def wait_for(server, seconds=30):
    """Return *server* as soon as it answers."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and server.process.poll() is None:
        try:
            assert server.call("/health")[0] == 200
        except OSError:
            time.sleep(0.02)
        else:
            return server
    server.process.terminate()
    pytest.fail(f"no answer: {finish(server.process)}")


@pytest.fixture(scope="module")
def server():
    with running() as started:
        yield started


def test_a_row_is_scored_over_the_wire_as_in_process(server, predict, features):
    body = {"features": features}

    status, content_type, document = server.call("/predict", json.dumps(body).encode())

    assert (status, content_type) == (200, "application/json")
    assert document == predict(body).json


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"{", "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b"{}", "text/plain", 415),
        (b"{}", "application/json", 422),
        (b" " * 3_000_000, "application/json", 413),
    ],
)
def test_a_bad_body_is_a_problem_over_the_wire(server, body, content_type, status):
    found, media_type, document = server.call("/predict", body, content_type)

    assert (found, media_type) == (status, "application/problem+json")
    assert document["status"] == status


@pytest.mark.parametrize(("padding", "status"), [(0, 200), (3_000_000, 413)])
def test_a_body_of_unannounced_length_is_read_up_to_the_limit(server, features, padding, status):
    pieces = iter([json.dumps({"features": features}).encode(), b" " * padding])
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    headers = {"Content-Type": "application/json", "Transfer-Encoding": "chunked"}

    connection.request("POST", "/predict", filter(None, pieces), headers, encode_chunked=True)
    with connection.getresponse() as reply:
        assert reply.status == status
    connection.close()


def test_a_sender_that_stops_half_way_holds_nobody_up(server):
    with socket.create_connection(("127.0.0.1", server.port)) as half:
        half.sendall(
            b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{"
        )

        assert all(server.call("/health")[0] == 200 for _ in range(8))


def test_two_workers_serve_one_port():
    with running("--workers", 2) as server:
        assert {server.call("/predict/2")[2]["result"] for _ in range(200)} == {4}


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_the_server_cleanly(how, shipped):
    with running() as server:
        server.process.send_signal(how)
        status, text = finish(server.process)

    assert status == 0
    assert (
        text == f"Serving {shipped.manifest.name} {shipped.version} on http://127.0.0.1:{server.port} – Ctrl-C stops.\n"
    )
    assert not is_answered(server.port)


def test_a_taken_port_is_told_with_what_changes_it():
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        status, text = finish(start(API_PORT=str(port)))

    assert status == 1
    assert text == (
        f"python -m api: Cannot listen on 127.0.0.1:{port} (Address already in use). Stop what uses the port,"
        f" or choose another with --port or API_PORT, for example --port {port + 1}.\n"
    )


def test_a_second_server_does_not_share_the_port_of_the_first(server):
    status, text = finish(start("--port", server.port))

    assert status == 1
    assert "--port or API_PORT" in text
    assert server.call("/health")[0] == 200


@pytest.mark.parametrize(
    ("arguments", "environment", "expected"),
    [
        (["--port", "http"], {}, "argument --port: found 'http'"),
        ([], {"API_PORT": "70000"}, "expected a whole number from 1 to 65535"),
        (["--workers", "0"], {}, "argument --workers: found '0'"),
        ([], {"API_THREADS": "-1"}, "argument --threads: found '-1'"),
    ],
)
def test_a_setting_that_cannot_be_is_refused(arguments, environment, expected):
    status, text = finish(start(*arguments, **environment))

    assert status == 2
    assert expected in text
    assert "Traceback" not in text


# The second is set aside for documentation, so it is no machine's.
@pytest.mark.parametrize("host", ["256.0.0.1", "192.0.2.1"])
def test_a_host_that_is_not_this_machine_is_refused(host):
    status, text = finish(start("--port", free_port(), "--host", host))

    assert status == 1
    assert "--host or API_HOST" in text
    assert "Traceback" not in text


def test_help_names_every_option_with_its_variable_and_default():
    status, text = finish(start("--help", COLUMNS="200"))

    assert status == 0
    for name, default in [("host", "127.0.0.1"), ("port", "5000"), ("workers", "1"), ("threads", "4")]:
        assert f"--{name} {name.upper()}" in text
        assert f"(environment: API_{name.upper()}; default: {default})" in text
    assert "MODEL_REGISTRY" in text


def test_without_a_bundle_there_is_one_clear_line(tmp_path):
    status, text = finish(start("--port", free_port(), MODEL_REGISTRY=str(tmp_path)))

    assert status == 1
    assert text == (f"python -m api: No bundle has been promoted in {tmp_path}. Train one with `python -m training`.\n")


def test_a_broken_bundle_is_not_served(tmp_path, shipped):
    folder = tmp_path / "artifacts"
    shutil.copytree(ARTIFACTS, folder)
    path = folder / shipped.version / "pipeline.skops"
    path.write_bytes(path.read_bytes()[:-1])

    status, text = finish(start("--port", free_port(), MODEL_REGISTRY=str(folder)))

    assert status == 1
    assert text.startswith(f"python -m api: {path} is not the file this bundle was written with")
    assert "Traceback" not in text


def test_a_pipeline_that_only_scikit_learn_can_score_is_served_too(tmp_path, made_up):
    draft = BundleDraft(
        manifest=msgspec.structs.replace(made_up.manifest, scorer=WholePipeline()),
        pipeline=made_up.pipeline,
        out_of_fold=made_up.out_of_fold,
        reference=made_up.reference,
        self_test_rows=made_up.reference.X[:5],
    )
    registry = Registry(tmp_path / "artifacts")
    version = write_bundle(registry.folder, draft.created_at(builders.WHEN)).name
    registry.promote(version, by="tester", why="not linear", when=builders.WHEN)
    names = made_up.manifest.feature_names

    with running(MODEL_REGISTRY=str(registry.folder)) as server:
        status, _, document = server.call("/predict", json.dumps({"features": dict.fromkeys(names, 0.5)}).encode())

    assert (status, document["version"]) == (200, version)
    assert document["p_up"] == pytest.approx(made_up.pipeline.predict_proba([[0.5] * len(names)])[0, 1], abs=1e-12)
