"""Where things are in this repository, and under whose account they are done."""

import getpass
from pathlib import Path

ROOT = Path(__file__).parents[1]
SHIPPED_BARS = ROOT / "data" / "raw" / "stocks.csv.gz"
PROCESSED = ROOT / "data" / "processed"
DELIVERABLES = ROOT / "deliverables"


def account() -> str:
    """Return the name of the account this process runs under, for the history."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "unknown"
