"""What the command line does and says once another version is in use: the reports follow."""

import argparse

from model.registry import Registry
from training.deliverables import Written, folder_for, refresh
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


def say(written: Written) -> None:
    """Name the reports that were written, and what to know of them."""
    for path in written.paths:
        print(f"wrote    {shown(path)}")
    if written.note:
        print(f"note     {written.note}")
