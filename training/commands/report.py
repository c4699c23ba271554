"""`report`: every report about a version, written to a folder."""

import argparse
from pathlib import Path

from model.errors import TrainingError
from training.commands.versions import Commands, add_command, registry_of
from training.deliverables import folder_for, write
from training.follow_up import say
from training.ledger import looks_of
from training.progress_bar import progress_bar

DESCRIPTION = (
    "Write every report about a version: the page with live sliders, the summary for stakeholders, the model card and"
    " their figures. All are computed from that version, the one in use before it and the count of looks at its"
    " rows, or none is written: the same gives the same bytes. Promoting, rolling back, keeping a threshold and another"
    " look at its rows write them anew by themselves."
)


def add(commands: Commands) -> None:
    """Add the command."""
    parser = add_command(commands, "report", run, "write the reports about a version to a folder")
    parser.description = DESCRIPTION
    parser.add_argument(
        "--version",
        default=None,
        metavar="V",
        help="which version they are about; a beginning will do (default: the one in use)",
    )
    parser.add_argument(
        "--out",
        "--deliverables",
        dest="deliverables",
        type=Path,
        # Where it is not given here, the one given before the command counts.
        default=argparse.SUPPRESS,
        metavar="DIR",
        help="where they go (default: deliverables; needed where --registry names another registry)",
    )


def run(options: argparse.Namespace) -> int:
    """Write the reports that *options* ask for, and return the exit status."""
    registry = registry_of(options)
    folder = folder_for(registry, options.deliverables)
    if folder is None:
        msg = f"{registry.folder} is not the registry that deliverables/ is about: say where to write with --out DIR."
        raise TrainingError(msg)
    version = None if options.version is None else registry.named(options.version)
    with progress_bar() as show:
        written = write(registry, folder, version, show)
    say(written)
    now = registry.current()
    if now is None or now.version != written.version:
        in_use = "no version is" if now is None else f"{now.version} is"
        print(f"note     these are about version {written.version}; {in_use} in use")
    print(f"looks    {looks_of(registry, registry.load(written.version)).sentence}")
    return 0
