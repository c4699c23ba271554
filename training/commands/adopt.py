"""`python -m training adopt`: make a bundle of a pickle in the plain form."""

import argparse
from datetime import UTC, datetime
from pathlib import Path

from model.registry import Registry
from training.common_options import add_registry
from training.follow_up import follow
from training.places import account
from training.table_options import add_roles, split_in_words

DESCRIPTION = (
    "Open a pickle in the plain form (a dict with pipeline, features, threshold, trained_on and version, as in"
    " model.pkl), judge clones of its pipeline on a table, and publish the pipeline as a version that runs nothing"
    " when it is read. Opening a pickle runs whatever its maker put into it: without --trust it is left closed."
)


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command to those of `python -m training`."""
    command = commands.add_parser("adopt", help="make a bundle of a pickled pipeline", description=DESCRIPTION)
    command.add_argument("file", type=Path, metavar="FILE", help="the pickle")
    command.add_argument("--trust", action="store_true", help="open it: I trust whoever made it")
    add_roles(command, required=True)
    command.add_argument("--name", metavar="NAME", help="what the model is called (default: as the pickle)")
    command.add_argument("--threshold", type=float, metavar="P", help="decision threshold (default: the pickle's)")
    command.add_argument("--folds", type=int, default=5, metavar="N", help="how many folds (default: 5)")
    command.add_argument("--gap", type=int, default=1, metavar="DAYS", help="days left out between training and test")
    command.add_argument("--refit", action="store_true", help="keep a clone fitted on the table, not the pipeline")
    command.add_argument("--draws", type=int, default=1000, metavar="N", help="resamples (default: 1000)")
    command.add_argument("--seed", type=int, default=0, metavar="N", help="seed of all that is random (default: 0)")
    command.add_argument("--why", default="adopted from a pickle", metavar="TEXT", help="reason for the history")
    add_registry(command, "model.pkl")
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Adopt the pickle that *options* name, publish it, and return the exit status."""
    from training.adopt import AdoptionSettings, adopt
    from training.any_file import Roles

    settings = AdoptionSettings(
        name=options.name or options.file.name.split(".")[0],
        threshold=options.threshold,
        folds=options.folds,
        gap=options.gap,
        refit=options.refit,
        draws=options.draws,
        seed=options.seed,
    )
    roles = Roles(options.target, options.positive, options.time, options.group)
    made = adopt(options.file, options.table, roles, settings, trust=options.trust)
    for warning in made.warnings:
        print(f"warning  {warning}")
    print(f"split    {split_in_words(made)}")
    print(f"\n{made.verdict.headline.upper()}\n{made.verdict.sentence}")
    for check in (check for check in made.checks if not check.passed):
        print(f"check    FAILED ({check.name}): {check.finding}")
    bundle = made.save(options.registry, by=account(), why=options.why, when=datetime.now(UTC))
    print(f"\nversion {bundle.version} is now in use: {bundle.directory}")
    follow(options, Registry(options.registry))
    return 0
