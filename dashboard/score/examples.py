"""Example files for the Score page; `python -m dashboard.score.examples` writes them to data/examples/."""

import csv
import gzip
import io
import sys

import numpy as np

from model.bundle import Bundle
from model.registry import Registry
from model.storage import write_file
from training.places import ROOT, SHIPPED_BARS
from training.target_values import target_values

EXAMPLES = ROOT / "data" / "examples"
BARS, ROWS = "bars.csv", "rows.csv"
# Too short a history to train on: no row of it was.
TICKER = "FB"
ROW_COUNT = 20


def example_bars() -> bytes:
    """Return the lines of one ticker of the shipped bars, as supplied."""
    lines = gzip.decompress(SHIPPED_BARS.read_bytes()).decode().splitlines(keepends=True)
    return "".join([lines[0], *(line for line in lines[1:] if line.startswith(f"{TICKER},"))]).encode()


def example_rows(bundle: Bundle) -> bytes:
    """Return rows spread evenly over those of *bundle*, with their outcome, and their day and group if any."""
    reference, manifest = bundle.reference, bundle.manifest
    layout = manifest.layout
    spread = np.unique(np.linspace(0, len(reference.y) - 1, ROW_COUNT).astype(np.int64))
    known = [(layout.time, reference.day), (layout.group, reference.ticker)]
    # A feature may have the name that a column of days or groups would get.
    beside = [(name, values) for name, values in known if name and name not in manifest.feature_names]
    positive, other = target_values(manifest.target) or ("1", "0")
    written = (other, positive)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*(name for name, _ in beside), *manifest.feature_names, manifest.target.column])
    for i in spread:
        outcome = "" if np.isnan(reference.y[i]) else written[int(reference.y[i])]
        writer.writerow([*(values[i] for _, values in beside), *reference.X[i].tolist(), outcome])
    return text.getvalue().encode()


def main() -> int:
    """Write both files from the shipped bars and the bundle in use."""
    write_file(EXAMPLES / BARS, example_bars())
    write_file(EXAMPLES / ROWS, example_rows(Registry().load()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
