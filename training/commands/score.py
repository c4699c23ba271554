"""`python -m training score`: the model's probability and call for files of feature rows."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from training.commands.versions import registry_of
from training.common_options import add_registry, add_scheduler

if TYPE_CHECKING:
    from collections.abc import Sequence

    from training.scoring_files import FileProgress, ScoringTask


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the parser of this command."""
    parser = commands.add_parser(
        "score",
        help="score files of feature rows, larger than memory if need be",
        description="Read feature rows from a Parquet, CSV or CSV.gz file, or from all such files of a folder, and"
        " write them with probability and call to OUT/<file>/part-00000 and so on, in the format they came in."
        " A run that was stopped goes on where it was. Missing values are filled in where the model's pipeline does"
        " that.",
    )
    parser.add_argument("source", type=Path, metavar="IN", help="a file of feature rows, or a folder of them")
    parser.add_argument("out", type=Path, metavar="OUT", help="the folder the parts go to")
    parser.add_argument("--version", metavar="V", help="the version to score with (default: the one in use)")
    parser.add_argument(
        "--faulty",
        choices=("stop", "blank"),
        default="stop",
        help="what to do with a row that cannot be scored, such as one with text for a number: stop there, or leave it"
        " without an answer (default: stop)",
    )
    add_scheduler(parser, "the files, as in tcp://host:8786; they need the same code, packages and folders")
    add_registry(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Score what is asked for and say what was written."""
    from model.wording import percent
    from training.cluster import on_cluster, parallel_map
    from training.scoring_files import score_file, sources_in, tasks_for

    registry = registry_of(options)
    bundle = registry.load(None if options.version is None else registry.named(options.version))
    tasks = tasks_for(
        registry, bundle.version, sources_in(options.source), options.out, blank_faulty=options.faulty == "blank"
    )
    if options.scheduler is None:
        done = _score_here(tasks)
    else:
        with on_cluster(options.scheduler):
            done = parallel_map(score_file, tasks)
    rows, blank = sum(file.rows for file in done), sum(file.blank for file in done)
    answered = rows - blank
    print(
        f"scored   {answered:,} rows of {len(done)} {'file' if len(done) == 1 else 'files'} with {bundle.version}:"
        f" {percent(sum(file.called for file in done) / answered, 1) if answered else 'none'} called"
        f" “{bundle.manifest.target.positive_class}” at {bundle.threshold:g} or more"
    )
    if blank:
        print(f"blank    {blank:,} rows could not be scored and have no answer")
    if filled := sum(file.filled for file in done):
        print(f"filled   {filled:,} rows lacked values, for which the model put in what its pipeline imputes")
    parts = sum(file.parts for file in done)
    print(f"wrote    {parts:,} {'part' if parts == 1 else 'parts'} below {options.out}")
    return 0


def _score_here(tasks: "Sequence[ScoringTask]") -> "list[FileProgress]":
    from tqdm import tqdm

    from training.scoring_files import score_file

    done = []
    with tqdm(unit=" rows", unit_scale=True, file=sys.stderr) as bar:
        for number, task in enumerate(tasks, 1):
            bar.set_description_str(f"file {number} of {len(tasks)}: {task.source.name}")
            done.append(score_file(task, bar.update))
    return done
