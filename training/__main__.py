"""`python -m training`: features, training, evaluation, bundle and deliverables from the command line."""

import argparse
import contextlib
import getpass
import signal
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from model.errors import ModelError
from model.registry import ARTIFACTS, Registry
from model.wording import interval, number

if TYPE_CHECKING:
    from training.table import FeatureTable
    from training.train import Progress, Settings, TrainingResult

ROOT = Path(__file__).parents[1]
SHIPPED_BARS = ROOT / "data" / "raw" / "stocks.csv.gz"
PROCESSED = ROOT / "data" / "processed"
DELIVERABLES = ROOT / "deliverables"

# A table is built anew when one of these changes, so that nobody trains on yesterday's formula.
CODE_BEHIND_A_TABLE = tuple(
    ROOT / name
    for name in (
        "model/bars.py",
        "model/bar_warnings.py",
        "model/features.py",
        "model/splits.py",
        "training/bars.py",
        "training/cells.py",
        "training/columns.py",
        "training/table.py",
    )
)

INTERRUPTED = 130


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return the exit status."""
    options = _parser().parse_args(arguments)
    # A stop asked for by another process ends the run the way Ctrl-C does.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        return int(options.run(options))
    except ModelError as error:
        print(f"\nerror: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped. Nothing was half-written: the bundle in use is as it was.", file=sys.stderr)
        return INTERRUPTED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m training",
        allow_abbrev=False,
        description="Without a command: build the features if they are older than the bars, evaluate the baseline by"
        " walk-forward, fit it on all rows, publish the bundle and write the deliverables.",
    )
    parser.set_defaults(run=_train)
    data = parser.add_argument_group("data")
    data.add_argument(
        "--data",
        type=Path,
        default=SHIPPED_BARS,
        metavar="FILE",
        help="daily bars, or a table made by `features` (default: data/raw/stocks.csv.gz)",
    )
    _add_splits(data)
    data.add_argument("--tickers", nargs="+", default=[], metavar="T", help="use only these tickers (default: all)")
    data.add_argument(
        "--from", dest="first_day", type=_day, metavar="DAY", help="first day used, as 2000-12-31 (default: all)"
    )
    data.add_argument(
        "--to", dest="last_day", type=_day, metavar="DAY", help="last day used, as 2000-12-31 (default: all)"
    )
    how = parser.add_argument_group("evaluation")
    how.add_argument(
        "--first-window", type=int, default=750, metavar="DAYS", help="days in the first training window (default: 750)"
    )
    how.add_argument(
        "--fold-days", type=int, default=250, metavar="DAYS", help="days in each test window, or fold (default: 250)"
    )
    how.add_argument(
        "--gap", type=int, default=1, metavar="DAYS", help="days dropped between training and test (default: 1)"
    )
    how.add_argument(
        "--threshold",
        type=float,
        default=0.44,
        metavar="P",
        help="call “up” at this probability or more (default: 0.44)",
    )
    how.add_argument(
        "--draws", type=int, default=1000, metavar="N", help="resamples of days behind each interval (default: 1000)"
    )
    how.add_argument("--seed", type=int, default=0, metavar="N", help="seed of the resamples (default: 0)")
    out = parser.add_argument_group("publishing")
    out.add_argument(
        "--why",
        default="trained from the command line",
        metavar="TEXT",
        help="reason for the history (default: trained from the command line)",
    )
    out.add_argument("--no-promote", action="store_true", help="store the version, and leave the current one in use")
    out.add_argument("--status", type=Path, metavar="FILE", help="also keep the progress in this file, as JSON")
    out.add_argument(
        "--processed",
        type=Path,
        default=PROCESSED,
        metavar="DIR",
        help="where feature tables are kept (default: data/processed)",
    )
    _add_places(out)

    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    features = commands.add_parser(
        "features",
        help="turn daily bars into data/processed/<name>.parquet",
        description="Read daily bars, check them, and write features, target, day, ticker and next-day return.",
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
    _add_splits(features)
    features.set_defaults(run=_features)
    report = commands.add_parser(
        "report",
        help="write deliverables/ from the bundle in use",
        description="Write the stakeholder summary, the model card and their figures from the bundle in use.",
    )
    _add_places(report)
    report.set_defaults(run=_report)
    return parser


def _add_splits(group: argparse._ActionsContainer) -> None:
    group.add_argument(
        "--splits", type=Path, metavar="FILE", help="table of splits (default: splits.csv beside the bars, if any)"
    )


def _add_places(group: argparse._ActionsContainer) -> None:
    group.add_argument(
        "--registry",
        type=Path,
        default=ARTIFACTS,
        metavar="DIR",
        help="where the versions are; model.pkl stands beside it (default: model/artifacts)",
    )
    group.add_argument(
        "--deliverables",
        type=Path,
        default=DELIVERABLES,
        metavar="DIR",
        help="where reports go (default: deliverables)",
    )


def _day(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        msg = f"found {text!r}, expected a day such as 2000-12-31"
        raise argparse.ArgumentTypeError(msg) from None


def _features(options: argparse.Namespace) -> int:
    from training.bars import read_bars
    from training.table import build_table, describe, pool, write_table

    tables = [build_table(read_bars(path, splits=options.splits)) for path in options.bars]
    if options.out.suffix == ".parquet":
        outputs = [(options.out, pool(tables))]
    else:
        outputs = [(_table_path(path, options.out), table) for path, table in zip(options.bars, tables, strict=True)]
    for path, table in outputs:
        write_table(table, path)
        print(describe(table))
        print(f"wrote    {_shown(path)}")
    return 0


def _table_path(bars: Path, folder: Path) -> Path:
    return folder / f"{bars.name.split('.')[0]}.parquet"


def _shown(path: Path) -> str:
    resolved = path.resolve()
    return str(resolved.relative_to(ROOT) if resolved.is_relative_to(ROOT) else path)


def _train(options: argparse.Namespace) -> int:
    from training.jobs import StatusFile

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
    if options.no_promote:
        print(f"\nstored version {version}; the version in use is unchanged")
        return 0
    _finish_undisturbed()
    registry.promote(version, by=_user(), why=options.why, when=datetime.now(UTC))
    print(f"\nversion {version} is now in use: {_shown(registry.folder / version)}, {_shown(registry.plain_form)}")
    return _report(options)


def _train_and_store(options: argparse.Namespace, also: Callable[["Progress"], None]) -> "tuple[str, TrainingResult]":
    from training.train import check_settings, store, train

    settings = _settings(options)
    check_settings(settings)
    table = _table_for(options)
    with _progress_bar() as show:

        def on_progress(progress: "Progress") -> None:
            show(progress)
            also(progress)

        result = train(table, settings, on_progress)
    return store(result, Registry(options.registry), when=datetime.now(UTC)), result


def _settings(options: argparse.Namespace) -> "Settings":
    from training.train import Settings

    default = Settings()
    reason = default.threshold_reason if options.threshold == default.threshold else "set on the command line"
    return Settings(
        tickers=tuple(options.tickers),
        first_day=options.first_day,
        last_day=options.last_day,
        first_window=options.first_window,
        step=options.fold_days,
        gap=options.gap,
        threshold=options.threshold,
        threshold_reason=reason,
        draws=options.draws,
        seed=options.seed,
    )


def _table_for(options: argparse.Namespace) -> "FeatureTable":
    """Read the table asked for; build it first where it is missing or older than its bars."""
    from training.bars import read_bars
    from training.table import build_table, describe, read_provenance, read_table, write_table

    if read_provenance(options.data) is not None:
        return read_table(options.data)
    path = _table_path(options.data, options.processed)
    if not _is_fresh(path, options.data, options.splits):
        table = build_table(read_bars(options.data, splits=options.splits))
        write_table(table, path)
        print(describe(table))
        print(f"wrote    {_shown(path)}")
    return read_table(path)


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


@contextlib.contextmanager
def _progress_bar() -> "Iterator[Callable[[Progress], None]]":
    from tqdm import tqdm

    bars: list[tqdm[Any]] = []

    def show(progress: "Progress") -> None:
        if not bars:
            bars.append(tqdm(total=1, bar_format="{percentage:3.0f} % {bar:24} {desc}", file=sys.stderr))
        bars[0].total, bars[0].n = progress.total, progress.step
        bars[0].set_description_str(progress.message)

    try:
        yield show
    finally:
        for bar in bars:
            bar.close()


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


def _report(options: argparse.Namespace) -> int:
    from training.report import write_reports

    for path in write_reports(Registry(options.registry).load(), options.deliverables):
        print(f"wrote    {_shown(path)}")
    return 0


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "unknown"


if __name__ == "__main__":
    sys.exit(main())
