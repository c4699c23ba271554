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


def shown(path: Path) -> str:
    """Write *path* as it is called from the root of this repository, if it is in it."""
    resolved = path.resolve()
    return str(resolved.relative_to(ROOT) if resolved.is_relative_to(ROOT) else path)
