"""`python -m training check`: look for leaks in features and tables."""

import argparse
import json
from datetime import UTC, datetime
from pathlib import Path

from model.errors import TrainingError
from training.common_options import add_splits
from training.places import SHIPPED_BARS
from training.table_options import add_columns

SUSPECTED = 2

DESCRIPTION = """\
Look for what makes a score too good to be true: features that know the future or are the target in other words,
rows that are repeated, out of order or on both sides of a fold, and evaluations that find skill in noise.
What failed comes first, with the columns it is about and what to do.

Each check that has to tell a leak from chance fails on about 1 in 100 tables without one."""

STATUS = """\
exit status: 0 all checks passed, 1 the table cannot be used, 2 a check failed: a leak is suspected
(or the options are wrong; then there is no report); a warning changes nothing"""


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command to those of `python -m training`."""
    check = commands.add_parser(
        "check",
        help="look for leaks in features and tables",
        description=DESCRIPTION,
        epilog=STATUS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    check.add_argument(
        "checked",
        nargs="?",
        type=Path,
        default=SHIPPED_BARS,
        metavar="TABLE",
        help="daily bars, a table made by `features`, or with --target any table (default: data/raw/stocks.csv.gz)",
    )
    add_splits(check)
    check.add_argument(
        "--features",
        metavar="FILE.py:FUNCTION",
        help="build features from the bars with this function of yours, which is run: it takes model.bars.Bars and"
        " returns a mapping of names to arrays (default: those of this project)",
    )
    add_columns(check.add_argument_group("any table"))
    check.add_argument(
        "--limit",
        type=_auc,
        metavar="AUC",
        help="above this AUC, look for a leak (default: 0.60 for markets, where more is not to be had; else none)",
    )
    check.add_argument(
        "--seed", type=int, default=0, metavar="N", help="seed of shuffles and resampled days (default: 0)"
    )
    check.add_argument("--json", action="store_true", help="write the report as JSON")
    check.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Probe the table, print the report, and return the exit status."""
    from training.any_file import Roles
    from training.leak_checks import probe_source
    from training.leaks.report import as_json, as_text
    from training.leaks.source import read_source

    roles = None
    if options.target is not None:
        roles = Roles(options.target, options.positive, options.time, options.group)
    elif given := [f"--{name}" for name in ("positive", "time", "group") if getattr(options, name) is not None]:
        msg = f"{', '.join(given)} given without --target: name the column that is predicted."
        raise TrainingError(msg)
    source = read_source(options.checked, splits=options.splits, roles=roles, features=options.features)
    today = datetime.now(UTC).date()
    probe = probe_source(source, today=today, limit=options.limit, seed=options.seed)
    if options.json:
        print(json.dumps(as_json(source.table, probe), indent=1, ensure_ascii=False))
    else:
        print(as_text(source.table, probe))
    return SUSPECTED if probe.suspected else 0


def _auc(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0.5 < value < 1:
        msg = f"found {text!r}, expected a number between 0.5 and 1"
        raise argparse.ArgumentTypeError(msg)
    return value
