"""The raw data are the files they are said to be."""

import csv
import gzip
import hashlib
import re
from collections import Counter
from pathlib import Path

DATA = Path(__file__).parents[2] / "data"
SUPPLIED = "5abadf99b2d394f920120a27de6f0df129859d71d4cfb0bf661bcc99446ab1fd"


def test_the_raw_bars_are_byte_for_byte_as_supplied():
    digest = hashlib.sha256((DATA / "raw" / "stocks.csv.gz").read_bytes()).hexdigest()

    assert digest == SUPPLIED


def test_the_readme_states_the_checksum_of_every_raw_file():
    stated = {
        name: digest
        for digest, name in re.findall(r"^([0-9a-f]{64})  (raw/\S+)$", (DATA / "README.md").read_text(), re.M)
    }

    found = {f"raw/{path.name}": hashlib.sha256(path.read_bytes()).hexdigest() for path in (DATA / "raw").iterdir()}

    assert stated == found


def test_the_readme_states_rows_and_span_of_every_ticker():
    with gzip.open(DATA / "raw" / "stocks.csv.gz", "rt") as file:
        rows = list(csv.DictReader(file))
    counts = Counter(row["Ticker"] for row in rows)

    stated = re.findall(r"^\| (\w+) \| ([\d,]+) \| (\S+) \| (\S+) \|$", (DATA / "README.md").read_text(), re.M)

    assert sum(counts.values()) == 12_154
    assert [(ticker, int(n.replace(",", ""))) for ticker, n, _, _ in stated] == sorted(counts.items())
    for ticker, _, first, last in stated:
        days = [row["Date"] for row in rows if row["Ticker"] == ticker]
        assert (min(days), max(days)) == (first, last)


def test_the_splits_are_the_three_of_the_span():
    with (DATA / "raw" / "splits.csv").open() as file:
        rows = [tuple(row) for row in csv.reader(file)]

    assert rows == [
        ("ticker", "day", "ratio"),
        ("AAPL", "2000-06-21", "2:1"),
        ("AAPL", "2005-02-28", "2:1"),
        ("MSFT", "2003-02-18", "2:1"),
    ]
