"""Start everything: a bundle if there is none, then API and dashboard under one supervisor.

`make run` calls this. Ports: the environment variables API_PORT (5000) and DASHBOARD_PORT (8501).
"""

import argparse
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

from honcho.environ import parse_procfile
from honcho.manager import Manager

from model.errors import ModelError
from model.registry import Registry

ROOT = Path(__file__).parent
HOST = "127.0.0.1"
DEFAULT_PORTS = {"API_PORT": 5000, "DASHBOARD_PORT": 8501}
START_SECONDS = 120


def main() -> int:
    """Run until Ctrl-C, or until one of the two ends; return the exit status."""
    argparse.ArgumentParser(
        description="Start the API and the dashboard; Ctrl-C stops both.",
        epilog="Environment variables: API_PORT (default 5000), DASHBOARD_PORT (default 8501).",
    ).parse_args()
    try:
        ports = _free_ports()
        if Registry().current() is None:
            print("No bundle yet: training one on the shipped data.", flush=True)
            subprocess.run([sys.executable, "-m", "training"], cwd=ROOT, check=True)
    except (ModelError, _NotReadyError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except subprocess.CalledProcessError as error:
        return error.returncode
    except KeyboardInterrupt:
        return 0

    manager = Manager()
    environment = os.environ | {name: str(port) for name, port in ports.items()} | {"PYTHONUNBUFFERED": "1"}
    # The Procfile says `python`; it means the one that runs this.
    environment["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), environment.get("PATH", "")])
    for name, command in parse_procfile((ROOT / "Procfile").read_text()).processes.items():
        manager.add_process(name, command, env=environment, cwd=str(ROOT))
    threading.Thread(target=_announce, args=(ports,), daemon=True).start()
    manager.loop()
    # 130 is how the supervisor reports Ctrl-C: that is the ordinary way to end, not a failure.
    return 0 if manager.returncode in (None, 130, 128 + signal.SIGINT, -signal.SIGINT) else manager.returncode


class _NotReadyError(Exception):
    """Something about this machine keeps the two from starting."""


def _free_ports() -> dict[str, int]:
    """Return the port each setting asks for; all that cannot be used are named at once."""
    ports, wrong = {}, []
    for setting, default in DEFAULT_PORTS.items():
        text = os.environ.get(setting) or str(default)
        if not text.isdigit() or not 1 <= int(text) <= 65535:
            wrong.append(f"{setting} is {text!r}; expected a port from 1 to 65535.")
            continue
        ports[setting] = port = int(text)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, os.name != "nt")
            try:
                probe.bind((HOST, port))
            except OSError as error:
                wrong.append(
                    f"port {port} of {HOST} is taken ({error.strerror}). Stop what uses it, or choose another:"
                    f" make run {setting}={port + 1}"
                )
    if wrong:
        raise _NotReadyError("\n       ".join(wrong))
    return ports


def _announce(ports: dict[str, int]) -> None:
    """Print the addresses once both answer."""
    api = f"http://{HOST}:{ports['API_PORT']}"
    dashboard = f"http://{HOST}:{ports['DASHBOARD_PORT']}"
    waiting = [f"{api}/health", f"{dashboard}/_stcore/health"]
    deadline = time.monotonic() + START_SECONDS
    while waiting and time.monotonic() < deadline:
        waiting = [url for url in waiting if not _answers(url)]
        time.sleep(0.2)
    if waiting:
        print(f"\nNo answer yet from {' and '.join(waiting)}; see the messages above.\n", flush=True)
    else:
        print(f"\nReady.\n  dashboard  {dashboard}\n  API        {api}\nCtrl-C stops both.\n", flush=True)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as reply:  # noqa: S310  our own address
            return bool(reply.status == 200)
    except (urllib.error.URLError, OSError):
        return False


if __name__ == "__main__":
    sys.exit(main())
