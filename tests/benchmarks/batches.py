"""Rows a second of POST /predict/batch, end to end: body sent, scored, answer received, over one connection."""

import http.client
import io
import json
import statistics
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from model.registry import Registry
from tests.benchmarks import serving

SIZES = (10_000, 100_000)
# As programs write floating-point numbers, and as people round them; to binary formats it is all the same.
DIGITS = (17, 6)


def rows_of(n, digits=17):
    """Return *n* rows of the training data, over and over, as a table of numbers with so many digits."""
    bundle = Registry().load()
    X = np.resize(bundle.reference.X, (n, len(bundle.manifest.features)))
    if digits < 17:
        X = np.vectorize(lambda value: float(f"{value:.{digits}g}"), otypes=[float])(X)
    return pa.table({name: X[:, i] for i, name in enumerate(bundle.manifest.feature_names)})


def as_records(table):
    """Return a JSON body of records."""
    return json.dumps({"rows": table.to_pylist()}).encode()


def as_columns(table):
    """Return a JSON body of columns."""
    return json.dumps({"columns": table.to_pydict()}).encode()


def as_csv(table):
    """Return a CSV body."""
    sink = io.BytesIO()
    pyarrow.csv.write_csv(table, sink)
    return sink.getvalue()


def as_parquet(table):
    """Return a Parquet body."""
    sink = io.BytesIO()
    pyarrow.parquet.write_table(table, sink)
    return sink.getvalue()


def as_arrow(table):
    """Return an Arrow stream."""
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()


FORMATS = {
    "JSON records": ("application/json", as_records),
    "JSON columns": ("application/json", as_columns),
    "CSV": ("text/csv", as_csv),
    "Parquet": ("application/vnd.apache.parquet", as_parquet),
    "Arrow stream": ("application/vnd.apache.arrow.stream", as_arrow),
}


def measure(options):
    """Print a table of rows a second, and the memory that a million rows take."""
    tables = {(n, digits): rows_of(n, digits) for n in SIZES for digits in DIGITS}
    bodies = {
        (name, n, digits): (media_type, write(table))
        for name, (media_type, write) in FORMATS.items()
        for (n, digits), table in tables.items()
    }
    seconds = {key: [] for key in bodies}
    with serving.api(**serving.QUIET) as (port, process):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        for number in range(options.rounds * 3 + 1):
            for key, (media_type, body) in bodies.items():
                took = timed(connection, body, media_type)
                # The first of each kind imports what reads it.
                if number:
                    seconds[key].append(took)
        kinds = [(n, digits) for digits in DIGITS for n in SIZES]
        serving.row("format", *[f"{n:,} rows, {digits} digits" for n, digits in kinds])
        serving.row(*["---"] * (len(kinds) + 1))
        for name in FORMATS:
            rates = [n / statistics.median(seconds[name, n, digits]) / 1e6 for n, digits in kinds]
            serving.row(name, *[f"{rate:.2f} M/s" for rate in rates])
        timed(connection, as_arrow(rows_of(1_000_000)), FORMATS["Arrow stream"][0])
        print(f"\nMost memory of a worker, 1,000,000 rows as Arrow among it: {peak(process.pid) / 1024:.0f} MiB.")


def timed(connection, body, media_type):
    """Return the seconds from sending *body* to having the whole answer."""
    began = time.perf_counter()
    connection.request("POST", "/predict/batch", body, {"Content-Type": media_type})
    reply = connection.getresponse()
    data = reply.read()
    took = time.perf_counter() - began
    if reply.status != 200:
        msg = f"{media_type} was answered {reply.status}: {data[:300]!r}"
        raise SystemExit(msg)
    return took


def peak(pid):
    """Return the largest resident memory of any process of a server, in KiB."""
    status = Path(f"/proc/{pid}/status").read_text()
    own = int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1])
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return max([own, *map(peak, children)])
