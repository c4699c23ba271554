"""What the command line does and says once another version is in use: the reports follow."""

import argparse

from model.registry import Registry
from training.deliverables import Written, folder_for, refresh
from training.ledger import RowsLookedAt, rows_key
from training.places import shown
from training.progress_bar import progress_bar


def follow(options: argparse.Namespace, registry: Registry) -> None:
    """Write the reports about the version that has just been put in use, and say so."""
    folder = folder_for(registry, options.deliverables)
    if folder is None:
        places = f"--registry {registry.folder} --out DIR"
        print(f"no reports were written: `python -m training report {places}` writes them to a folder you choose")
        return
    with progress_bar() as show:
        written = refresh(registry, folder, show)
    say(written)


def follow_look(options: argparse.Namespace, registry: Registry, data: str, rows: RowsLookedAt) -> None:
    """Write the reports about the version in use anew where it shares the *rows* of *data* just looked at.

    They say how often was looked at them. Nothing is said where there are no reports, or no version is in use.
    """
    if folder_for(registry, options.deliverables) is None or registry.current() is None:
        return
    bundle = registry.load()
    if rows_key(bundle.manifest.trained_on.sha256, bundle.out_of_fold) == rows_key(data, rows):
        follow(options, registry)


def say(written: Written) -> None:
    """Name the reports that were written, and what to know of them."""
    for path in written.paths:
        print(f"wrote    {shown(path)}")
    if written.note:
        print(f"note     {written.note}")
