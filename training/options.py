"""The options of `python -m training`."""

import argparse
import importlib
from datetime import date
from pathlib import Path

from training.common_options import add_processed, add_registry, add_splits
from training.places import PROCESSED, SHIPPED_BARS
from training.settings import Settings
from training.table_options import add_table_options

# Modules of `training.commands`, in the order the help lists their commands.
OTHER_COMMANDS: tuple[str, ...] = ("adopt", "compare", "check", "versions", "live", "report", "exchange", "score")


def parser() -> argparse.ArgumentParser:
    """Return the parser; `command` is train or features, or `run` does what another command is for."""
    default = Settings()
    top = argparse.ArgumentParser(
        prog="python -m training",
        allow_abbrev=False,
        description="Without a command: build the features if they are older than the bars, evaluate the baseline by"
        " walk-forward, fit it on all rows, publish the bundle and write the deliverables.",
    )
    top.set_defaults(command="train")
    add_run_options(top)
    top.add_argument(
        "--candidate",
        default=default.candidate,
        metavar="NAME",
        help=f"which pipeline of training/candidates.py is trained (default: {default.candidate})",
    )
    out = top.add_argument_group("publishing")
    out.add_argument(
        "--why",
        default="trained from the command line",
        metavar="TEXT",
        help="reason for the history (default: trained from the command line)",
    )
    out.add_argument("--no-promote", action="store_true", help="store the version, and leave the current one in use")
    out.add_argument("--status", type=Path, metavar="FILE", help="also keep the progress in this file, as JSON")
    add_processed(out)
    _add_places(out)

    commands = top.add_subparsers(title="commands", metavar="COMMAND")
    for name in OTHER_COMMANDS:
        importlib.import_module(f"training.commands.{name}").add(commands)
    features = commands.add_parser(
        "features",
        help="turn daily bars into data/processed/<name>.parquet",
        description="Read daily bars, check them, and write features, target, day, ticker and return.",
    )
    features.add_argument(
        "bars",
        nargs="*",
        type=Path,
        default=[SHIPPED_BARS],
        metavar="BARS",
        help="files of bars (default: data/raw/stocks.csv.gz)",
    )
    features.add_argument(
        "--out",
        type=Path,
        default=PROCESSED,
        help="a folder (one table a file), or one .parquet for all (default: data/processed)",
    )
    features.add_argument(
        "--horizon",
        type=int,
        default=default.horizon,
        metavar="DAYS",
        help=f"days ahead that the target looks (default: {default.horizon})",
    )
    add_splits(features)
    features.set_defaults(command="features")
    return top


def add_run_options(top: argparse.ArgumentParser) -> None:
    """Add the options that say what a run depends on: its data, and how it is evaluated."""
    default = Settings()
    data = top.add_argument_group("data")
    data.add_argument(
        "--data",
        type=Path,
        default=SHIPPED_BARS,
        metavar="FILE",
        help="daily bars, or a table made by `features` (default: data/raw/stocks.csv.gz)",
    )
    add_splits(data)
    data.add_argument("--tickers", nargs="+", default=[], metavar="T", help="use only these tickers (default: all)")
    data.add_argument(
        "--from", dest="first_day", type=_day, metavar="DAY", help="first day used, as 2000-12-31 (default: all)"
    )
    data.add_argument(
        "--to", dest="last_day", type=_day, metavar="DAY", help="last day used, as 2000-12-31 (default: all)"
    )
    add_table_options(top)
    how = top.add_argument_group("evaluation")
    how.add_argument(
        "--first-window",
        type=int,
        metavar="DAYS",
        help=f"days in the first training window (default: {default.first_window}; for any table, a share of its days)",
    )
    how.add_argument(
        "--fold-days",
        type=int,
        metavar="DAYS",
        help=f"days in each test window, or fold (default: {default.step}; for any table, a share of its days)",
    )
    how.add_argument(
        "--gap",
        type=int,
        default=default.gap,
        metavar="DAYS",
        help=f"days dropped between training and test (default: {default.gap})",
    )
    how.add_argument(
        "--threshold",
        type=float,
        default=default.threshold,
        metavar="P",
        help=f"call “up” at this probability or more (default: {default.threshold})",
    )
    how.add_argument(
        "--draws",
        type=int,
        default=default.draws,
        metavar="N",
        help=f"resamples of days behind each interval (default: {default.draws})",
    )
    how.add_argument(
        "--seed", type=int, default=default.seed, metavar="N", help=f"seed of the resamples (default: {default.seed})"
    )
    how.add_argument(
        "--window",
        choices=("expanding", "rolling"),
        default=default.window,
        help="training windows that grow, or that keep the length of the first (default: expanding)",
    )
    how.add_argument(
        "--horizon",
        type=int,
        default=default.horizon,
        metavar="DAYS",
        help=f"days ahead that the target looks; the gap must be as long (default: {default.horizon})",
    )


def _add_places(group: argparse._ActionsContainer) -> None:
    add_registry(group, "model.pkl")
    group.add_argument(
        "--deliverables",
        type=Path,
        metavar="DIR",
        help="where reports go (default: deliverables; for a registry elsewhere none are written)",
    )


def _day(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        msg = f"found {text!r}, expected a day such as 2000-12-31"
        raise argparse.ArgumentTypeError(msg) from None
