"""`make run`: both services under one supervisor, clear messages, one Ctrl-C."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals and process groups are POSIX")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def is_taken(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def start(api, dashboard):
    return subprocess.Popen(
        [sys.executable, "run.py"],
        cwd=ROOT,
        env=os.environ | {"API_PORT": str(api), "DASHBOARD_PORT": str(dashboard)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def read_until(process, word, seconds=60):
    """Return what *process* printed up to the line that holds *word*."""
    lines = []
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        line = process.stdout.readline()
        if not line:
            break
        lines.append(line)
        if word in line:
            return "".join(lines)
    pytest.fail(f"{word!r} was not printed:\n" + "".join(lines))


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_both_services_start_are_announced_answer_and_stop_together(how):
    api, dashboard = free_port(), free_port()
    process = start(api, dashboard)
    try:
        read_until(process, "Ctrl-C stops both")
        with urllib.request.urlopen(f"http://127.0.0.1:{api}/health") as reply:
            assert json.load(reply)["status"] == "ok"
        with urllib.request.urlopen(f"http://127.0.0.1:{dashboard}/") as reply:
            assert reply.status == 200
    finally:
        process.send_signal(how)
        rest, _ = process.communicate(timeout=30)

    assert process.returncode in {0, 128 + how}
    assert "Traceback" not in rest
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline and (is_taken(api) or is_taken(dashboard)):
        time.sleep(0.1)
    assert not is_taken(api)
    assert not is_taken(dashboard)


@pytest.mark.parametrize("setting", ["API_PORT", "DASHBOARD_PORT"])
def test_a_taken_port_is_told_with_the_setting_that_changes_it(setting):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ports = {"API_PORT": free_port(), "DASHBOARD_PORT": free_port()} | {setting: port}

        process = start(ports["API_PORT"], ports["DASHBOARD_PORT"])
        text, _ = process.communicate(timeout=30)

    assert process.returncode == 1
    assert f"port {port} of 127.0.0.1 is taken" in text
    assert f"make run {setting}={port + 1}" in text
    assert "Traceback" not in text


def test_ports_that_are_none_are_told_both_at_once():
    process = start("http", 70_000)
    text, _ = process.communicate(timeout=30)

    assert process.returncode == 1
    assert "API_PORT is 'http'; expected a port from 1 to 65535." in text
    assert "DASHBOARD_PORT is '70000'; expected a port from 1 to 65535." in text
