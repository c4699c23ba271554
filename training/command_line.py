"""What the command line does: features, training, evaluation, bundle and deliverables."""

import argparse
import functools
import signal
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from model.errors import ModelError
from model.registry import Registry
from model.wording import interval, number
from training.follow_up import follow, follow_look
from training.options import parser
from training.places import ROOT, account, shown
from training.progress_bar import progress_bar
from training.settings import HORIZON_DAYS, Settings, check_settings
from training.table_options import check_table_options, train_on_table

if TYPE_CHECKING:
    from model.creation import Progress
    from model.dataset import FeatureTable
    from training.train import TrainingResult

# A table is built anew when one of these changes, so that nobody trains on yesterday's formula.
CODE_BEHIND_A_TABLE = tuple(
    ROOT / name
    for name in (
        "model/bars.py",
        "model/bar_cells.py",
        "model/bar_columns.py",
        "model/bar_tables.py",
        "model/bar_warnings.py",
        "model/features.py",
        "model/parquet.py",
        "model/splits.py",
        "training/bars.py",
        "training/columns.py",
        "training/feature_history.py",
        "training/table.py",
    )
)


def run(arguments: list[str] | None = None) -> int:
    """Run what *arguments*, by default those of the process, ask for, and return the exit status."""
    options = parser().parse_args(arguments)
    # A stop asked for by another process ends the run the way Ctrl-C does.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        command = options.run if "run" in options else COMMANDS[options.command]
        return int(command(options))
    except ModelError as error:
        print(f"\nerror: {error}", file=sys.stderr)
        return 1


def _features(options: argparse.Namespace) -> int:
    from training.bars import read_bars
    from training.table import build_table, describe, pool, refuse_bare_table, write_table

    for path in options.bars:
        refuse_bare_table(path)
    tables = [build_table(read_bars(path, splits=options.splits), options.horizon) for path in options.bars]
    if options.out.suffix == ".parquet":
        outputs = [(options.out, pool(tables))]
    else:
        paths = [_table_path(path, options.out, options.horizon) for path in options.bars]
        outputs = list(zip(paths, tables, strict=True))
    for path, table in outputs:
        write_table(table, path)
        print(describe(table))
        print(f"wrote    {shown(path)}")
    return 0


def _table_path(bars: Path, folder: Path, horizon: int) -> Path:
    ahead = "" if horizon == HORIZON_DAYS else f"-{horizon}d"
    return folder / f"{bars.name.split('.')[0]}{ahead}.parquet"


def _train_in_turn(options: argparse.Namespace) -> int:
    from training.turns import turn_of_command

    registry = Registry(options.registry)
    with turn_of_command(registry, options.status, by=account(), when=datetime.now(UTC)):
        return _train(options)


def _train(options: argparse.Namespace) -> int:
    from training.jobs import StatusFile
    from training.ledger import looks_of

    status = StatusFile(options.status) if options.status else None
    try:
        version, result = _train_and_store(options, status.progress if status else lambda _: None)
    except BaseException as error:
        if status:
            status.failed(error)
        raise
    if status:
        status.finished(version)
    print(_summary(result))
    registry = Registry(options.registry)
    print(f"\n{looks_of(registry, result.draft).sentence}")
    if options.no_promote:
        print(f"\nstored version {version}; the version in use is unchanged")
        follow_look(options, registry, result.draft.manifest.trained_on.sha256, result.draft.out_of_fold)
        return 0
    _finish_undisturbed()
    registry.promote(version, by=account(), why=options.why, when=datetime.now(UTC))
    print(f"\nversion {version} is now in use: {shown(registry.folder / version)}, {shown(registry.plain_form)}")
    follow(options, registry)
    return 0


def _train_and_store(options: argparse.Namespace, also: Callable[["Progress"], None]) -> "tuple[str, TrainingResult]":
    from training.train import store

    check_table_options(options)
    run = functools.partial(train_on_table, options) if options.table else functools.partial(_train_on_bars, options)
    with progress_bar() as show:

        def on_progress(progress: "Progress") -> None:
            show(progress)
            also(progress)

        result = run(on_progress)
    return store(result, Registry(options.registry), when=datetime.now(UTC)), result


def _train_on_bars(options: argparse.Namespace, on_progress: Callable[["Progress"], None]) -> "TrainingResult":
    from training.train import train

    settings = settings_from(options)
    check_settings(settings)
    return train(table_for(options), settings, on_progress)


def settings_from(options: argparse.Namespace) -> Settings:
    """Return the settings of a run on daily bars that *options* ask for."""
    default = Settings()
    reason = default.threshold_reason if options.threshold == default.threshold else "set on the command line"
    return Settings(
        tickers=tuple(options.tickers),
        first_day=options.first_day,
        last_day=options.last_day,
        first_window=default.first_window if options.first_window is None else options.first_window,
        step=default.step if options.fold_days is None else options.fold_days,
        gap=options.gap,
        threshold=options.threshold,
        threshold_reason=reason,
        draws=options.draws,
        seed=options.seed,
        candidate=default.candidate if "candidate" not in options else options.candidate,
        window=options.window,
        horizon=options.horizon,
    )


def table_for(options: argparse.Namespace) -> "FeatureTable":
    """Read the table asked for; build it first where it is missing or older than its bars."""
    from training.bars import read_bars
    from training.table import build_table, describe, read_provenance, read_table, refuse_bare_table, write_table
    from training.table_values import was_changed

    if read_provenance(options.data) is not None:
        table = read_table(options.data)
        print(describe(table))
        return table
    refuse_bare_table(options.data)
    path = _table_path(options.data, options.processed, options.horizon)
    if _is_fresh(path, options.data, options.splits) and not was_changed(table := read_table(path)):
        return table
    table = build_table(read_bars(options.data, splits=options.splits), options.horizon)
    write_table(table, path)
    print(describe(table))
    print(f"wrote    {shown(path)}")
    return table


def _is_fresh(table: Path, bars: Path, splits: Path | None) -> bool:
    """Whether *table* was made from just these bars, after bars, splits and the code behind it were last changed."""
    from model.storage import sha256_of
    from training.table import read_provenance

    provenance = read_provenance(table)
    if provenance is None or not bars.exists() or provenance.sha256 != sha256_of(bars.read_bytes()):
        return False
    beside = splits or bars.with_name("splits.csv")
    changed = max(path.stat().st_mtime for path in (bars, beside, *CODE_BEHIND_A_TABLE) if path.exists())
    return table.stat().st_mtime >= changed


def _finish_undisturbed() -> None:
    """Hold Ctrl-C off for the moment it takes to move the pointer, write the reports and end."""
    for number_of in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number_of, signal.SIG_IGN)


def _summary(result: "TrainingResult") -> str:
    lines = [f"\n{result.verdict.headline.upper()}", result.verdict.sentence, ""]
    lines += [f"{exclusion.ticker} was left out: {exclusion.reason}" for exclusion in result.excluded]
    lines.append(f"{'':30}{'model':>10}   {'95 % interval':<20} baselines on the same rows")
    for metric in result.metrics:
        beside = ", ".join(f"{baseline.name} {number(baseline.value, 4)}" for baseline in metric.baselines)
        between = interval(metric.interval.low, metric.interval.high, 4)
        lines.append(f"{metric.label:30}{number(metric.value, 4):>10}   {between:<20} {beside}")
    failed = [f"check    FAILED ({check.name}): {check.finding}" for check in result.checks if not check.passed]
    return "\n".join([*lines, *failed])


COMMANDS = {"train": _train_in_turn, "features": _features}
