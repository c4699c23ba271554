"""`python -m training compare`: candidates side by side on the same folds and rows."""

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from training.candidates import BASELINE, CANDIDATES, candidates_named
from training.common_options import add_processed, add_registry, add_scheduler
from training.options import add_run_options

if TYPE_CHECKING:
    from collections.abc import Mapping

    from model.dataset import FeatureTable
    from training.candidate_scores import ScoreCandidates
    from training.compare import Comparison
    from training.ledger import Looks


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the parser of this command."""
    parser = commands.add_parser(
        "compare",
        help="compare candidates on the same folds and rows",
        description="Evaluate candidates on the same folds and rows, and say whether one of them is better than the"
        " champion. Nothing is published. The champion is the candidate in use if it was trained on the same table, or"
        " else the baseline, unless another is named. It stays unless a challenger's paired difference in log loss"
        " clears zero.",
    )
    which = parser.add_argument_group("candidates")
    which.add_argument(
        "--candidates",
        nargs="+",
        default=list(CANDIDATES),
        metavar="NAME",
        help=f"which compete (default: all: {', '.join(CANDIDATES)})",
    )
    which.add_argument(
        "--champion",
        metavar="NAME",
        help=f"whom the others must beat (default: the one in use if trained on the same table, else {BASELINE})",
    )
    add_run_options(parser)
    add_scheduler(
        parser.add_argument_group("more than one machine"),
        "folds and candidates, as in tcp://host:8786; they need the same code and packages. Each fold is then fitted"
        " from nothing: below 100,000 rows that changes nothing, above weights agree to 1e-6",
    )
    out = parser.add_argument_group("output")
    out.add_argument("--json", type=Path, metavar="FILE", help="also write the comparison to this file, as JSON")
    add_registry(out, "the ledger of looks")
    add_processed(out)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Compare, note the look in the ledger, and print what was found."""
    from model.registry import Registry
    from training.cluster import on_cluster
    from training.follow_up import follow_look
    from training.ledger import Ledger, candidate_at, folds_in

    # First of all: whoever names a cluster that is not there should not wait for the data to be read.
    with on_cluster(options.scheduler):
        comparison, settings = _compared(options)
    folds = folds_in(settings)
    tried = [candidate_at(contender.name, options.threshold, folds) for contender in comparison.contenders]
    registry = Registry(options.registry)
    looks = Ledger.beside(registry).note("comparison", comparison.data, comparison.tested_on, tried, datetime.now(UTC))
    print(report(comparison, looks))
    follow_look(options, registry, comparison.data, comparison.tested_on)
    if options.json:
        _write_json(comparison, looks, options.json)
        print(f"\nwrote {options.json}")
    return 0


def _compared(options: argparse.Namespace) -> "tuple[Comparison, Mapping[str, Any]]":
    """Return the comparison, and how it was made as the manifest of a training run records it."""
    from training.candidate_scores import scores_here, scores_on_cluster
    from training.command_line import settings_from, table_for
    from training.compare import compare
    from training.settings import check_settings
    from training.table_options import check_table_options

    candidates = candidates_named(options.candidates)
    check_table_options(options)
    score = scores_on_cluster if options.scheduler else scores_here
    if options.table:
        return _compared_on_table(options, score)
    settings = settings_from(options)
    check_settings(settings)
    table = table_for(options)
    comparison = compare(table, settings, candidates, _champion(options, table), _show, score=score)
    return comparison, settings.as_record()


def _champion(options: argparse.Namespace, table: "FeatureTable") -> str:
    from model.registry import Registry
    from training.champion import champion_in_use

    return options.champion or champion_in_use(Registry(options.registry), table)


def _compared_on_table(options: argparse.Namespace, score: "ScoreCandidates") -> "tuple[Comparison, Mapping[str, Any]]":
    from model.any_rows import has_missing
    from model.splitting import split
    from training.candidates import imputing
    from training.compare import Judging, compare_on
    from training.table_options import split_settings, table_asked_for

    table = table_asked_for(options)
    how = split(table, split_settings(options))
    print(f"split    {how.why}")
    candidates = candidates_named(options.candidates)
    if has_missing(table.X):
        candidates = [imputing(candidate) for candidate in candidates]
    judging = Judging(options.threshold, options.draws, options.seed)
    comparison = compare_on(table, how.folds, judging, candidates, _champion(options, table), _show, score=score)
    return comparison, {**how.record, "split": how.kind, "window": options.window, "seed": options.seed}


def _show(progress: Any) -> None:
    print(f"{progress.step} of {progress.total} {progress.message}", file=sys.stderr, flush=True)


def report(comparison: "Comparison", looks: "Looks") -> str:
    """Return what a comparison found as text: the verdict first, the figures, and how often was looked."""
    from training.comparison_words import differences_of, multiple_in_words, table_of

    period = f", {comparison.first_day} to {comparison.last_day}" if comparison.first_day else ""
    lines = [
        "",
        comparison.sentence,
        multiple_in_words(comparison.multiple, comparison.contenders),
        f"{comparison.comparisons} paired differences were looked at; the verdict rests on those in log loss only.",
        looks.sentence[:1].upper() + looks.sentence[1:],
        *comparison.left_out,
        "",
        f"{comparison.rows:,} out-of-fold rows in {comparison.folds} folds{period}; intervals are at 95 %",
        "",
        table_of(comparison.contenders),
        differences_of(comparison.contenders, comparison.champion),
    ]
    return "\n".join(lines)


def _write_json(comparison: "Comparison", looks: "Looks", path: Path) -> None:
    import msgspec

    from model.storage import write_file
    from training.compare import as_record

    record = as_record(comparison) | {
        "looks": msgspec.to_builtins(looks) | {"level": looks.level, "sentence": looks.sentence}
    }
    write_file(path, msgspec.json.format(msgspec.json.encode(record), indent=1) + b"\n")
