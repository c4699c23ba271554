"""The options of `python -m training --table`, and the run they ask for."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from model.errors import TrainingError
from training.settings import ROLLING, Settings

if TYPE_CHECKING:
    from model.creation import Judged, Progress
    from model.dataset import FeatureTable
    from model.splitting import SplitSettings
    from training.train import TrainingResult


def add_table_options(top: argparse.ArgumentParser) -> None:
    """Add what says that a table of any kind is trained on, and what its columns are."""
    table = top.add_argument_group(
        "any table", "Train on numbers with a target of two values instead of daily bars: CSV, CSV.gz or Parquet."
    )
    add_roles(table)
    table.add_argument(
        "--name", metavar="NAME", help="what the model is called (default: as the file, without its ending)"
    )
    table.add_argument(
        "--folds",
        type=int,
        metavar="N",
        help="how many folds; of days where there is a time, unless --fold-days is given (default: 5)",
    )


def add_roles(group: argparse._ActionsContainer, *, required: bool = False) -> None:
    """Add the options that say which table is meant, and what its columns are."""
    group.add_argument("--table", type=Path, metavar="FILE", required=required, help="the table")
    add_columns(group, required=required)


def add_columns(group: argparse._ActionsContainer, *, required: bool = False) -> None:
    """Add the options that say what the columns of a table are."""
    group.add_argument("--target", metavar="COLUMN", required=required, help="the column to predict: two values")
    group.add_argument(
        "--positive", metavar="VALUE", help="which value is the positive class (default: the 1, yes or true of the two)"
    )
    group.add_argument(
        "--time",
        metavar="COLUMN",
        help="days in order: every row is then scored by a model of earlier days (default: none, and folds at random)",
    )
    group.add_argument(
        "--group",
        metavar="COLUMN",
        help="what rows belong to, such as a customer: without --time all its rows are on one side of every fold; with"
        " --time folds follow the days, and how often a tested one was trained on too is said (default: none)",
    )


def check_table_options(options: argparse.Namespace) -> None:
    """Refuse options of any table without a table, and a table without a target.

    Raises
    ------
    TrainingError
        One of the options makes no sense with the others.
    """
    if options.table is None:
        names = ("target", "positive", "time", "group", "name", "folds")
        if given := [f"--{name}" for name in names if getattr(options, name) is not None]:
            msg = f"{', '.join(given)} given without --table: name the file they are about."
            raise TrainingError(msg)
        return
    foreign = {"--tickers": options.tickers, "--from": options.first_day, "--to": options.last_day}
    if given := [name for name, value in (foreign | {"--splits": options.splits}).items() if value]:
        msg = f"{', '.join(given)} given with --table: these are about daily bars only."
        raise TrainingError(msg)
    if options.horizon != Settings().horizon:
        msg = (
            "--horizon given with --table: the target is a column of the table, which looks as far ahead as it was made"
            " to. Leave --horizon out, and give with --gap how many days the target needs to be known."
        )
        raise TrainingError(msg)
    if options.window == ROLLING and options.time is None:
        msg = "--window rolling given without --time: rows without a time have no windows. Name the column of days."
        raise TrainingError(msg)
    if options.target is None:
        msg = f"--table {options.table} given without --target: name the column to predict."
        raise TrainingError(msg)


def table_asked_for(options: argparse.Namespace) -> "FeatureTable":
    """Read the table, and print what was read, what was left out and how rows are split."""
    from training.any_file import Roles, read_any_table

    roles = Roles(options.target, options.positive, options.time, options.group)
    table = read_any_table(options.table, roles)
    print(describe_table(table))
    return table


def describe_table(table: "FeatureTable") -> str:
    """Say in a few lines what was read and warned about."""
    share = f"{100 * table.y.mean():.1f} %"
    lines = [
        f"read     {len(table):,} rows from {table.provenance.file}, {len(table.features)} features;"
        f" “{table.target.positive_class}” is {share} of them",
        *(f"warning  {line}" for line in table.provenance.warnings),
    ]
    return "\n".join(lines)


def split_settings(options: argparse.Namespace) -> "SplitSettings":
    """Return how the rows of a table are split for training and testing, as *options* ask for it."""
    from model.splitting import SplitSettings
    from model.stratified import FOLDS

    return SplitSettings(
        n_folds=FOLDS if options.folds is None else options.folds,
        rolling=options.window == ROLLING,
        first_window=options.first_window,
        step=options.fold_days,
        gap=options.gap,
        seed=options.seed,
    )


def train_on_table(options: argparse.Namespace, on_progress: "Callable[[Progress], None]") -> "TrainingResult":
    """Train on the table that *options* name."""
    from training.any_table import TableSettings, train_table

    default = Settings()
    reason = default.threshold_reason if options.threshold == default.threshold else "set on the command line"
    settings = TableSettings(
        name=options.name or options.table.name.split(".")[0],
        split=split_settings(options),
        threshold=options.threshold,
        threshold_reason=reason,
        draws=options.draws,
        seed=options.seed,
        candidate=options.candidate,
    )
    result = train_table(table_asked_for(options), settings, on_progress)
    print(f"split    {split_in_words(result)}")
    return result


def split_in_words(made: "Judged") -> str:
    """Say how rows were split and why; in the order of time, how many test rows are of groups that were trained on."""
    said = ("folds", "whole_groups") if made.draft.manifest.layout.time else ("folds",)
    return " ".join(check.finding for check in made.checks if check.name in said)
