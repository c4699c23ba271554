"""How fast the API answers, against the least the same server can do; prints the tables of the README.

python -m tests.benchmarks.serving [--seconds 3] [--rounds 3] [--only predict|start|workers|batch|trees]

Needs `wrk` (apt-get install wrk, brew install wrk) for all but `start` and `batch`. Every figure is a
median over rounds; within a round all that are compared take turns, so that they meet the same machine.
"""

import argparse
import contextlib
import http.client
import json
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

from model.registry import Registry

ROOT = Path(__file__).parents[2]
CONNECTIONS = (1, 8, 32)
QUIET = {"API_ACCESS_LOG": "off"}

BODY = json.dumps(
    {
        "features": dict(
            zip(
                Registry().load().manifest.feature_names, [0.01, 0.02, 1.01, 0.015, -0.2, 48.0, 0.03, 0.01], strict=True
            )
        )
    }
)


def free_port():
    """Return a port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def server(*command, **environment):
    """Start a Python module as a server, wait until it answers, yield its port and process, and stop it."""
    port = free_port()
    arguments = [part.format(port=port) for part in command]
    process = subprocess.Popen(
        [sys.executable, "-m", *arguments],
        cwd=ROOT,
        env=os.environ | environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for(port)
        yield port, process
    finally:
        process.terminate()
        process.wait(30)


def wait_for(port):
    """Wait until *port* answers a prediction; return the first answer."""
    while True:
        with contextlib.suppress(OSError, http.client.HTTPException):
            return post(port, "/predict", BODY.encode(), "application/json")
        time.sleep(0.002)


def post(port, path, body, media_type):
    """Return the body of a reply that must be a good one."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    connection.request("POST", path, body, {"Content-Type": media_type})
    reply = connection.getresponse()
    data = reply.read()
    connection.close()
    if reply.status != 200:
        msg = f"{path} answered {reply.status}: {data[:300]!r}"
        raise SystemExit(msg)
    return data


def api(*arguments, **environment):
    """Return a server of the API with one worker, unless told otherwise."""
    workers = () if "--workers" in arguments else ("--workers", "1")
    return server("api", "--port", "{port}", *workers, *arguments, **environment)


def floor(kind):
    """Return a server of the least there can be."""
    return server("tests.benchmarks.floor", kind, "{port}", "1")


def wrk(port, connections, seconds, script):
    """Return requests a second and the 99th percentile in milliseconds."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", script, "--latency"]
    done = subprocess.run([*command, f"http://127.0.0.1:{port}/predict"], capture_output=True, text=True, check=True)
    if "Non-2xx" in done.stdout or "Socket errors" in done.stdout:
        msg = f"wrk saw errors:\n{done.stdout}"
        raise SystemExit(msg)
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", done.stdout)[1])
    value, unit = re.search(r"99%\s+([\d.]+)(us|ms|s)", done.stdout).groups()
    return rate, float(value) * {"us": 1e-3, "ms": 1, "s": 1e3}[unit]


def race(servers, options, connections=CONNECTIONS):
    """Return {(name, connections): [(rate, p99), ...]}, one a round, all *servers* taking turns."""
    found = defaultdict(list)
    with contextlib.ExitStack() as stack, tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(f'wrk.method = "POST"\nwrk.headers["Content-Type"] = "application/json"\nwrk.body = [[{BODY}]]\n')
        script.flush()
        ports = {name: stack.enter_context(make)[0] for name, make in servers.items()}
        for port in ports.values():
            wrk(port, 8, 1, script.name)
        for _ in range(options.rounds):
            for count in connections:
                for name, port in ports.items():
                    found[name, count].append(wrk(port, count, options.seconds, script.name))
    return found


def median_rate(found, name, count):
    """Return the median rate of a server."""
    return statistics.median(rate for rate, _ in found[name, count])


def median_ratio(found, name, other, count):
    """Return the median over rounds of one rate over another of the same round."""
    pairs = zip(found[name, count], found[other, count], strict=True)
    return statistics.median(ours[0] / theirs[0] for ours, theirs in pairs)


def row(*cells):
    """Print a line of a table."""
    print("| " + " | ".join(map(str, cells)) + " |", flush=True)


def show(found, names, counts=CONNECTIONS):
    """Print rates and 99th percentiles."""
    row("server", *[f"req/s at {count}" for count in counts], f"p99 ms at {counts[-1]}")
    row(*["---"] * (len(counts) + 2))
    for name in names:
        late = statistics.median(p99 for _, p99 in found[name, counts[-1]])
        row(name, *[f"{median_rate(found, name, count):,.0f}" for count in counts], f"{late:.1f}")


def predict(options):
    """The view, the fast path, and the same with the access log, against the floors."""
    servers = {
        "bare WSGI callable": floor("bare"),
        "empty Flask route": floor("flask"),
        "Flask view": api(**QUIET, API_FAST_PATH="off"),
        "fast path": api(**QUIET),
        "fast path, access log on": api(API_ACCESS_LOG="on"),
    }
    found = race(servers, options)
    show(found, servers)
    print()
    row("ratio", *[f"at {count}" for count in CONNECTIONS])
    row(*["---"] * (len(CONNECTIONS) + 1))
    for name, other in [
        ("Flask view", "empty Flask route"),
        ("fast path", "empty Flask route"),
        ("fast path", "bare WSGI callable"),
        ("fast path, access log on", "bare WSGI callable"),
    ]:
        row(f"{name} ÷ {other}", *[f"{median_ratio(found, name, other, count):.2f}" for count in CONNECTIONS])


def workers(options):
    """One worker against two, through Flask and on the fast path."""
    servers = {
        "Flask view, 1 worker": api(**QUIET, API_FAST_PATH="off"),
        "Flask view, 2 workers": api("--workers", "2", **QUIET, API_FAST_PATH="off"),
        "fast path, 1 worker": api(**QUIET),
        "fast path, 2 workers": api("--workers", "2", **QUIET),
    }
    found = race(servers, options, (32,))
    show(found, servers, (32,))
    print()
    for kind in ("Flask view", "fast path"):
        ratio = median_ratio(found, f"{kind}, 2 workers", f"{kind}, 1 worker", 32)
        print(f"{kind}: two workers ÷ one, at 32 connections: {ratio:.2f}")


def start(options):
    """From the command to the first right answer, and the memory of all processes of the server then."""
    seconds, sizes = [], []
    for _ in range(max(5, options.rounds)):
        began = time.perf_counter()
        with api(**QUIET) as (_, process):
            seconds.append(time.perf_counter() - began)
            sizes.append(proportional_set_size(process.pid) / 1024)
    print(f"Cold start to the first answer: {statistics.median(seconds):.2f} s (fastest {min(seconds):.2f}).")
    print(f"Memory with one worker (PSS of all its processes): {statistics.median(sizes):.0f} MiB.")


def proportional_set_size(pid):
    """Return the memory of a process and all below it in KiB, what is shared divided among the sharers."""
    found = re.search(r"^Pss:\s+(\d+)", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.M)
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return int(found[1]) + sum(map(proportional_set_size, children))


def main():
    """Run what is asked for."""
    from tests.benchmarks import batches, trees

    parts = {"predict": predict, "workers": workers, "start": start, "batch": batches.measure, "trees": trees.measure}
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=3, help="length of one measurement")
    parser.add_argument("--rounds", type=int, default=5, help="how often each is measured")
    parser.add_argument("--only", choices=parts, help="measure one part alone")
    options = parser.parse_args()
    if shutil.which("wrk") is None and options.only not in {"start", "batch"}:
        msg = "wrk is not installed. Install it (apt-get install wrk), or choose --only start or batch."
        raise SystemExit(msg)
    for name, measure in parts.items():
        if options.only in (None, name):
            print(f"\n## {name}\n")
            measure(options)


if __name__ == "__main__":
    main()
