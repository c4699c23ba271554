"""python -m api: a real server that is started, called and stopped; and what it says when it cannot start."""

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
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
        env=os.environ | {"API_ACCESS_LOG": "off"} | environment,
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

    def text(self, path):
        """Return the text of a GET."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as reply:
            return reply.read().decode()

    def answers(self):
        """Whether the server answers at this moment."""
        with suppress(OSError, http.client.HTTPException):
            return self.call("/health")[0] == 200
        return False

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


def wait_until(holds, seconds=15):
    """Wait until *holds* returns true."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


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


HALF = {
    "headers": b"POST /predict HTTP/1.1\r\nHost: x\r\n",
    "body": b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{",
}


@pytest.mark.parametrize("sent", HALF.values(), ids=list(HALF))
def test_fifty_senders_that_stop_half_way_hold_nobody_up(sent):
    with running("--workers", 1) as server, ExitStack() as stack:
        for _ in range(50):
            half = stack.enter_context(socket.create_connection(("127.0.0.1", server.port)))
            half.sendall(sent)

        assert all(server.call("/health")[0] == 200 for _ in range(20))


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="connections are found in /proc")
def test_a_sender_that_falls_silent_is_cut_off_and_one_that_goes_on_is_not(features):
    body = json.dumps({"features": features}).encode()
    head = HALF["body"].split(b"Content-Length")[0] + b"Content-Length: %d\r\nConnection: close\r\n\r\n" % len(body)
    with running("--workers", 1, "--timeout", 1) as server:
        silent, slow = (socket.create_connection(("127.0.0.1", server.port), timeout=20) for _ in range(2))
        with silent, slow:
            silent.sendall(head + body[:1])
            slow.sendall(head)
            for start_of_piece in range(0, len(body), 40):
                slow.sendall(body[start_of_piece : start_of_piece + 40])
                time.sleep(0.5)

            assert slow.makefile("rb").read().startswith(b"HTTP/1.1 200 OK")
            with suppress(ConnectionResetError):
                assert not silent.recv(1000).startswith(b"HTTP/1.1 200")


def test_two_workers_serve_one_port_and_count_together():
    with running("--workers", 2) as server:
        assert {server.call("/predict/2")[2]["result"] for _ in range(200)} == {4}
        pages = {
            server.text("/metrics").split('route="/predict/<number>",status="200"} ')[1].split()[0] for _ in "abcd"
        }

        assert pages == {"200.0"}
        assert len(workers_of(server)) == 2


def workers_of(server):
    """Return the process ids of the workers that answer."""
    children = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children").read_text().split()
    return {int(child) for child in children if b"resource_tracker" not in Path(f"/proc/{child}/cmdline").read_bytes()}


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="workers are found in /proc")
def test_a_worker_that_dies_is_replaced():
    with running("--workers", 2) as server:
        (first, *_) = before = workers_of(server)
        os.kill(first, signal.SIGKILL)
        wait_until(lambda: len(workers_of(server)) == 2 and first not in workers_of(server))

        wait_until(lambda: all(server.answers() for _ in range(20)))
        assert len(workers_of(server) & before) == 1


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="workers are found in /proc")
def test_a_worker_that_dies_again_at_once_is_replaced_again_and_the_other_one_goes_on():
    with running("--workers", 2) as server:
        known = workers_of(server)
        for _ in range(3):
            victim = max(workers_of(server))
            os.kill(victim, signal.SIGKILL)
            wait_until(lambda victim=victim: len(workers_of(server)) == 2 and victim not in workers_of(server))
            time.sleep(0.3)

        wait_until(lambda: all(server.answers() for _ in range(20)))
        assert len(workers_of(server) & known) >= 1
        assert server.process.poll() is None


def test_a_request_in_flight_is_answered_when_the_server_is_told_to_stop(features):
    body = json.dumps({"features": features}).encode()
    with running("--workers", 1) as server:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
        connection.putrequest("POST", "/predict")
        connection.putheader("Content-Type", "application/json")
        connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body[:10])
        time.sleep(0.3)
        server.process.terminate()
        time.sleep(0.3)
        connection.send(body[10:])
        with connection.getresponse() as reply:
            assert reply.status == 200
            assert json.load(reply)["prediction"] == 1
        connection.close()
        status, _ = finish(server.process)

    assert status == 0
    assert not is_answered(server.port)


def test_a_request_is_logged_as_a_line_of_json_even_if_it_is_the_last():
    with running("--workers", 1, API_ACCESS_LOG="on") as server:
        server.call("/predict/2")
        server.process.terminate()
        _, text = finish(server.process)

    lines = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    assert [line["route"] for line in lines if line["route"] != "/health"] == ["/predict/<number>"]


def test_promoting_a_hundred_times_under_load_fails_no_request_and_mixes_no_versions(tmp_path, made_up):
    registry = Registry(tmp_path / "artifacts")
    shutil.copytree(made_up.directory.parent, registry.folder)
    builders.publish(builders.result(seed=5), registry, by="tester", why="second", when=builders.WHEN)
    bundles = [registry.load(version) for version in registry.versions()]
    row = [0.5] * len(made_up.manifest.features)
    expected = {bundle.version: bundle.scorer.one(row) for bundle in bundles}
    body = json.dumps({"features": dict(zip(made_up.manifest.feature_names, row, strict=True))}).encode()
    done = threading.Event()

    def load(port):
        """Ask until told to stop, over one connection, and return every answer."""
        connection, answers = http.client.HTTPConnection("127.0.0.1", port, timeout=10), []
        while not done.is_set():
            connection.request("POST", "/predict", body, {"Content-Type": "application/json"})
            with connection.getresponse() as reply:
                answers.append((reply.status, reply.read()))
        connection.close()
        return answers

    with running("--workers", 2, MODEL_REGISTRY=str(registry.folder)) as server, ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(load, server.port) for _ in range(4)]
        for number in range(100):
            registry.promote(bundles[number % 2].version, by="tester", why="load", when=builders.WHEN)
            time.sleep(0.02)
        last = bundles[1].version
        wait_until(lambda: all(server.call("/health")[2]["version"] == last for _ in range(10)), seconds=1.5)
        done.set()
        answers = [answer for future in asked for answer in future.result()]

    assert len(answers) > 200
    assert {status for status, _ in answers} == {200}
    found = {(document["version"], document["p_up"]) for _, text in answers for document in [json.loads(text)]}
    assert found == set(expected.items())


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


def test_help_names_every_option_and_variable_with_its_default():
    status, text = finish(start("--help", COLUMNS="200"))

    assert status == 0
    cores = str(len(os.sched_getaffinity(0)))
    options = {"host": "127.0.0.1", "port": "5000", "workers": cores, "threads": "64", "timeout": "30"}
    for name, default in options.items():
        assert f"--{name} {name.upper()}" in text
        assert f"(environment: API_{name.upper()}; default: {default})" in text
    for name in ("KEY", "ORIGINS", "ERRORS", "ACCESS_LOG", "LOG_VALUES", "STALE_DAYS", "BATCH_ROWS", "BATCH_BYTES"):
        assert f"API_{name} " in text
    assert "MODEL_REGISTRY" in text


def test_without_a_bundle_the_server_waits_for_one(tmp_path, shipped):
    folder = tmp_path / "artifacts"

    with running("--workers", 1, MODEL_REGISTRY=str(folder)) as server:
        assert server.call("/ready")[0] == 503
        shutil.copytree(ARTIFACTS, folder)
        wait_until(lambda: server.call("/ready")[0] == 200)
        assert server.call("/health")[2]["version"] == shipped.version
        server.process.terminate()
        _, text = finish(server.process)

    assert text.startswith(f"python -m api: No bundle has been promoted in {folder}. Train one with")
    assert f"Until there is a model, http://127.0.0.1:{server.port} answers 503." in text


def test_a_broken_bundle_is_not_served_and_the_reason_is_told(tmp_path, shipped):
    folder = tmp_path / "artifacts"
    shutil.copytree(ARTIFACTS, folder)
    path = folder / shipped.version / "pipeline.skops"
    path.write_bytes(path.read_bytes()[:-1])

    with running("--workers", 1, MODEL_REGISTRY=str(folder)) as server:
        status, _, document = server.call("/ready")
        server.process.terminate()
        _, text = finish(server.process)

    assert status == 503
    for told in (document["detail"], text):
        assert f"{path} is not the file this bundle was written with" in told
    assert "Traceback" not in text


def test_a_variable_that_means_nothing_is_refused_in_one_line():
    status, text = finish(start("--port", free_port(), API_ERRORS="brief"))

    assert status == 1
    assert text == ("python -m api: API_ERRORS is 'brief'; expected full or safe. Change it, or leave it out.\n")


@pytest.mark.parametrize(("key", "is_warned_of"), [("", True), ("secret", False)])
def test_listening_to_the_network_without_a_key_is_warned_of(key, is_warned_of):
    with running("--host", "0.0.0.0", "--workers", 1, API_KEY=key) as server:
        server.process.terminate()
        _, text = finish(server.process)

    assert ("python -m api: 0.0.0.0 is open to the network and no key is asked for." in text) == is_warned_of


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
