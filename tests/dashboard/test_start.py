"""`python -m dashboard` starts from anywhere, stops cleanly, and says what is wrong with a port."""

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


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "dashboard", *arguments],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_taken_port_is_one_message_that_names_the_setting():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        by_option, by_variable = run("--port", port), run(DASHBOARD_PORT=port)

    for ended in (by_option, by_variable):
        assert ended.returncode == 1
        assert f"port {port} of 127.0.0.1" in ended.stderr
        assert "--port" in ended.stderr
        assert "DASHBOARD_PORT" in ended.stderr
        assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("port", ["http", "0", "70000", "-1"])
def test_a_port_that_is_none_is_named(port: str):
    ended = run(DASHBOARD_PORT=port)

    assert ended.returncode == 2
    assert f"found '{port}', expected a port" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_an_address_of_another_machine_is_one_message():
    ended = run("--host", "no.such.host.invalid")

    assert ended.returncode == 1
    assert "--host" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_the_help_says_how_changes_are_guarded():
    ended = run("--help")

    assert ended.returncode == 0
    assert "DASHBOARD_KEY" in ended.stdout


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_from_any_folder_and_stops_without_a_traceback(tmp_path: Path, stop: signal.Signals):
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "dashboard", "--port", str(port)],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        assert answers(f"http://127.0.0.1:{port}/_stcore/health")
        process.send_signal(stop)
        said, _ = process.communicate(timeout=20)
    finally:
        process.kill()

    assert process.returncode == 0
    assert "Traceback" not in said


def answers(url: str) -> bool:
    for _ in range(150):
        try:
            with urllib.request.urlopen(url, timeout=2) as reply:
                return reply.status == 200
        except OSError:
            time.sleep(0.2)
    return False
