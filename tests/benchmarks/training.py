"""How fast training is, against the least the same work can cost; prints the tables of the README.

python -m tests.benchmarks.training [--rounds 3] [--only features|start|bundle|bootstrap|fits|score]

What is compared takes turns within a round; figures are medians over rounds. `bundle` and `score` make files of
2.5 and 20 million rows in a temporary folder (about 4 GB) and measure commands as processes of their own.
"""

import argparse
import json
import math
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from model.bars import Bars
from model.bootstrap import DayBootstrap
from model.evaluation import Scored, calibration_table, evaluate
from model.features import FEATURE_NAMES, build_features
from model.folds import folds_by_day, out_of_fold_scores
from tests.benchmarks import pandas_features
from tests.benchmarks.serving import ROOT, row
from training.candidates import baseline

DAYS, TICKERS = 5000, 500


def panel(tickers=TICKERS):
    """Return synthetic bars of *tickers* over `DAYS` weekdays, as a table of columns."""
    rng = np.random.default_rng(0)
    close = 50 * np.exp(np.cumsum(rng.normal(0, 0.02, (tickers, DAYS)), axis=1)).ravel()
    opening = close * np.exp(rng.normal(0, 0.005, len(close)))
    days = np.busday_offset("1990-01-01", np.arange(DAYS), roll="forward")
    columns = {
        "date": np.tile(days, tickers),
        "ticker": np.repeat([f"T{number:03d}" for number in range(tickers)], DAYS),
        "open": opening,
        "high": np.maximum(opening, close) * 1.01,
        "low": np.minimum(opening, close) * 0.99,
        "close": close,
        "volume": rng.integers(1_000, 1_000_000, len(close)),
    }
    return {name: values.round(6) if values.dtype == np.float64 else values for name, values in columns.items()}


def seconds(work):
    """Return how long *work* takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def race(options, **works):
    """Return the median seconds of each of *works*, all taking turns."""
    found = {name: [] for name in works}
    for _ in range(options.rounds):
        for name, work in works.items():
            found[name].append(seconds(work))
    return {name: statistics.median(times) for name, times in found.items()}


# A process starts with the peak of the one it was forked from, so that a small one stands between.
CHILD = """
import json, resource, subprocess, sys, time
began = time.perf_counter()
done = subprocess.run([sys.executable, *sys.argv[1:]], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
took = time.perf_counter() - began
if done.returncode:
    raise SystemExit(done.stderr.decode())
print(json.dumps([took, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**20]))
"""


def child(*arguments):
    """Run Python with *arguments*; return its seconds and the most memory it held, in GiB."""
    command = [sys.executable, "-c", CHILD, *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    return tuple(json.loads(done.stdout))


def features(_, options):
    """Features of the panel, against pandas group-bys and one pass over the memory they read and write."""
    columns = panel()
    prices = {name: columns[name].astype(np.float64) for name in ("open", "high", "low", "close", "volume")}
    n_rows = DAYS * TICKERS
    bars = Bars(ticker=columns["ticker"], time=columns["date"].astype("datetime64[s]"), row=np.arange(n_rows), **prices)
    frame = pandas_features.frame_of(columns)
    out = np.empty((n_rows, len(FEATURE_NAMES)))

    def one_pass():
        for position in range(len(FEATURE_NAMES)):
            np.add(list(prices.values())[position % 5], 1.0, out=out[:, position])

    expected, found = pandas_features.features_of(frame), build_features(bars)
    settled = np.tile(np.arange(DAYS) >= 1000, TICKERS)
    np.testing.assert_allclose(found[settled], expected[settled], rtol=1e-6, atol=1e-6)
    ours = {"build_features": lambda: build_features(bars), "one pass over the memory": one_pass}
    times = race(options, **ours, **{"pandas group-by": lambda: pandas_features.features_of(frame)})
    row("500 tickers × 5,000 days", "seconds", "÷ build_features")
    row("---", "---", "---")
    for name, took in times.items():
        row(name, f"{took:.3f}", f"{took / times['build_features']:.2f}")
    print(f"\nbuild_features ÷ one pass: {times['build_features'] / times['one pass over the memory']:.1f}")


FLOOR = """
import arch.bootstrap, joblib, matplotlib.figure, numpy as np, pyarrow.csv, pyarrow.parquet, skops.io, talib, tqdm
from training.candidates import baseline
from sklearn.linear_model import LogisticRegression
rng = np.random.default_rng(0)
X, y = rng.normal(size=(11_700, 8)), rng.integers(0, 2, 11_700)
for n in 2 * [2_300 + 930 * fold for fold in range(10)] + [11_700]:
    baseline().fit(X[:n], y[:n])
"""


def start(folder, options):
    """`python -m training` on the shipped data, against importing its libraries and the fits alone."""
    places = [f"--{name}={folder / name}" for name in ("registry", "deliverables", "processed")]
    works = {
        "python -m training": lambda: child("-m", "training", *places),
        "imports and fits": lambda: child("-c", FLOOR),
    }
    times = race(options, **works)
    row("shipped data", "seconds")
    row("---", "---")
    for name, took in times.items():
        row(name, f"{took:.2f}")
    print(f"\nratio: {times['python -m training'] / times['imports and fits']:.2f}")


def bundle(folder, options):
    """Bars to published bundle: seconds, memory, and how they grow."""
    row("bars", "file", "seconds", "peak GiB")
    row("---", "---", "---", "---")
    took = {}
    for tickers in (TICKERS // 10, TICKERS):
        table = pa.table(panel(tickers))
        pq.write_table(table, folder / f"{tickers}.parquet")
        pyarrow.csv.write_csv(table, folder / f"{tickers}.csv")
        del table
        runs = {kind: [] for kind in ("parquet", "csv")}
        for number in range(options.rounds):
            for kind, found in runs.items():
                made = folder / f"{tickers}{kind}{number}"
                places = [f"--{name}={made / name}" for name in ("registry", "processed")]
                found.append(child("-m", "training", "--data", folder / f"{tickers}.{kind}", *places))
                shutil.rmtree(made)
        for kind, found in runs.items():
            took[tickers, kind] = statistics.median(time for time, _ in found)
            row(f"{tickers * DAYS:,}", kind, f"{took[tickers, kind]:.1f}", f"{max(peak for _, peak in found):.2f}")
    for kind in ("parquet", "csv"):
        exponent = math.log10(took[TICKERS, kind] / took[TICKERS // 10, kind])
        print(f"\n{kind}: time grows with the rows to the power {exponent:.2f}")


def bootstrap(_, options):
    """All metrics with intervals over 10,000 rows and 1,000 draws."""
    rng = np.random.default_rng(0)
    day = np.repeat(np.datetime64("2001-01-01") + np.arange(2500), 4)
    y, p = rng.integers(0, 2, 10_000), rng.normal(0.5, 0.03, 10_000)
    rows = Scored(day, np.tile(["A", "B", "C", "D"], 2500), y, p, np.full(10_000, 0.5), y[::-1])

    def everything():
        days = DayBootstrap(day, draws=1000)
        evaluate(rows, 0.44, days)
        calibration_table(y, p, days)

    everything()
    print(f"10,000 rows, 1,000 draws: {race(options, all=everything)['all']:.2f} s")


def fits(_, options):
    """Walk-forward fits on a million rows, each begun where the one before ended, against fits from nothing."""
    rng = np.random.default_rng(0)
    n_rows = 200 * DAYS
    X, y = rng.normal(size=(n_rows, len(FEATURE_NAMES))), rng.integers(0, 2, n_rows)
    walk = folds_by_day(np.tile(np.arange(DAYS), 200), first_window=750, step=250, gap=1)
    times = race(
        options,
        warm=lambda: out_of_fold_scores(X, y, walk, baseline),
        nothing=lambda: [baseline().fit(X[f.train], y[f.train]).predict_proba(X[f.test]) for f in walk],
    )
    row(f"{len(walk)} folds of {n_rows:,} rows", "seconds")
    row("---", "---")
    row("begun where the one before ended", f"{times['warm']:.2f}")
    row("from nothing", f"{times['nothing']:.2f}")


def score(folder, _):
    """Twenty million rows through `python -m training score`."""
    rng = np.random.default_rng(0)
    row("20,000,000 rows", "seconds", "peak GiB")
    row("---", "---", "---")
    table = pa.table({name: rng.normal(size=1_000_000) for name in FEATURE_NAMES})
    with pq.ParquetWriter(folder / "rows.parquet", table.schema) as writer, (folder / "rows.csv").open("wb") as text:
        for number in range(20):
            writer.write_table(table)
            pyarrow.csv.write_csv(table, text, pyarrow.csv.WriteOptions(include_header=not number))
    for kind in ("parquet", "csv"):
        took, peak = child("-m", "training", "score", folder / f"rows.{kind}", folder / f"answers-{kind}")
        row(kind, f"{took:.1f}", f"{peak:.2f}")


def main():
    """Run what is asked for."""
    parts = (features, start, bundle, bootstrap, fits, score)
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3, help="how often each is measured")
    parser.add_argument("--only", choices=[part.__name__ for part in parts], help="measure one part alone")
    options = parser.parse_args()
    for part in parts:
        if options.only in (None, part.__name__):
            print(f"\n## {part.__name__}\n")
            with tempfile.TemporaryDirectory() as folder:
                part(Path(folder), options)


if __name__ == "__main__":
    main()
