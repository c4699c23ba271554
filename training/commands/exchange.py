"""`export`, `import`, `prune`, `discard`: versions that go, and versions that come from elsewhere."""

import argparse
from pathlib import Path

from model.registry import Registry
from training.commands.versions import Commands, add_command, add_version, registry_of


def add(commands: Commands) -> None:
    """Add the four commands."""
    export = add_command(commands, "export", _export, "write a version to one zip file")
    add_version(export, "version to write")
    export.add_argument("file", type=Path, metavar="FILE.zip", help="a file that is not there yet")
    take_in = add_command(
        commands, "import", _import, "add the version in a zip file, checked whole; nothing in it is run"
    )
    take_in.add_argument("file", type=Path, metavar="FILE.zip", help="a file written by `export`")
    prune = add_command(commands, "prune", _prune, "remove old versions that were never in use")
    prune.add_argument(
        "--keep", type=int, required=True, metavar="N", help="how many of those never in use to keep, the newest"
    )
    discard = add_command(commands, "discard", _discard, "remove a version that was never in use")
    add_version(discard, "version to remove")


def _export(options: argparse.Namespace) -> int:
    registry = registry_of(options)
    version = registry.named(options.version)
    registry.export_version(version, options.file)
    print(f"wrote    {options.file} ({options.file.stat().st_size:,} bytes): version {version}")
    return 0


def _import(options: argparse.Namespace) -> int:
    registry = Registry(options.registry)
    there = registry.versions()
    version = registry.import_version(options.file)
    print(f"{'had' if version in there else 'added'} version {version}; the version in use is unchanged")
    return 0


def _prune(options: argparse.Namespace) -> int:
    removed = registry_of(options).prune(options.keep)
    for version in removed:
        print(f"removed  {version}")
    print(f"{len(removed)} removed; what is or was in use stays")
    return 0


def _discard(options: argparse.Namespace) -> int:
    registry = registry_of(options)
    version = registry.named(options.version)
    registry.discard(version)
    print(f"removed  {version}")
    return 0
