"""`versions`, `show`, `history`, `verify`: what there is, and whether it is sound; nothing is changed."""

import argparse
from collections.abc import Callable
from typing import TypeAlias

from model.errors import ModelError, RegistryError
from model.manifest import Manifest, decode_manifest
from model.registry import Registry
from model.wording import interval, number
from training.common_options import add_registry

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def add(commands: Commands) -> None:
    """Add the four commands."""
    add_command(commands, "versions", _versions, "list the versions, and say which is in use")
    show = add_command(commands, "show", _show, "say what a version is: data, verdict, metrics, hashes")
    add_version(show, "version to show (default: the one in use)", optional=True)
    add_command(commands, "history", _history, "list what was in use: when, what, instead of what, who, why")
    verify = add_command(commands, "verify", _verify, "check versions, history and model.pkl; status 1 on a fault")
    add_version(verify, "version to check (default: all, with history and model.pkl)", optional=True)


def add_command(
    commands: Commands, name: str, run: Callable[[argparse.Namespace], int], says: str
) -> argparse.ArgumentParser:
    """Add one command on a registry, and return its parser."""
    parser = commands.add_parser(name, help=says, description=f"{says[0].upper()}{says[1:]}.")
    # Where it is not given here, the one given before the command counts.
    add_registry(parser, "model.pkl", default=argparse.SUPPRESS)
    parser.set_defaults(run=run, command=name)
    return parser


def add_version(parser: argparse.ArgumentParser, says: str, *, optional: bool = False) -> None:
    """Let a version be given, by its name or a beginning that only one has."""
    parser.add_argument("version", nargs="?" if optional else None, metavar="V", help=f"{says}; a beginning will do")


def registry_of(options: argparse.Namespace) -> Registry:
    """Return the registry that *options* name, which must be there.

    Raises
    ------
    RegistryError
        There is no such folder.
    """
    registry = Registry(options.registry)
    if not registry.folder.is_dir():
        msg = (
            f"{registry.folder}: no such folder, expected a registry of versions. Correct --registry. Train one with"
            " `python -m training`, which makes the folder."
        )
        raise RegistryError(msg)
    return registry


def printable(text: str) -> str:
    """Return *text* on one line and without what a terminal would obey: a version may come from elsewhere.

    >>> printable("a" + chr(27) + "[2J   b" + chr(10) + "c")
    'a[2J b c'
    """
    return "".join(character for character in " ".join(text.split()) if character.isprintable())


def _versions(options: argparse.Namespace) -> int:
    registry = registry_of(options)
    there = registry.versions()
    if not there:
        print(f"{registry.folder} has no versions. Train one with `python -m training`.")
        return 0
    now, used = registry.current(), {promotion.version for promotion in registry.history()}
    width = max(map(len, there))
    print(f"  {'version':{width}}  {'made':16}  {'rows':>11}  {'threshold':>9}  {'live':7}  verdict")
    for version in there:
        is_now = now is not None and now.version == version
        live = "in use" if is_now else "before" if version in used else "never"
        try:
            manifest = _manifest(registry, version)
        except ModelError as error:
            print(f"{'*' if is_now else ' '} {version:{width}}  {live}: {printable(str(error))}")
            continue
        made, rows = printable(manifest.created)[:16].replace("T", " "), manifest.trained_on.rows
        print(
            f"{'*' if is_now else ' '} {version:{width}}  {made:16}  {rows:>11,}  {manifest.threshold.value:>9g}"
            f"  {live:7}  {manifest.verdict.outcome}"
        )
    return 0


def _manifest(registry: Registry, version: str) -> Manifest:
    path = registry.folder / version / "manifest.json"
    try:
        return decode_manifest(path.read_bytes(), str(path))
    except OSError as error:
        msg = f"{path} cannot be read ({error.strerror})"
        raise ModelError(msg) from error


def _show(options: argparse.Namespace) -> int:
    registry = registry_of(options)
    bundle = registry.load(None if options.version is None else registry.named(options.version))
    manifest, source = bundle.manifest, bundle.manifest.trained_on
    span = f", {source.first_day} to {source.last_day}" if source.first_day else ""
    packages = ", ".join(f"{name} {version}" for name, version in sorted(manifest.packages.items()))
    lines = {
        "version": bundle.version,
        "name": manifest.name,
        "made": manifest.created,
        "trained on": f"{source.file}: {source.rows:,} rows{span}",
        "question": manifest.target.question,
        "features": ", ".join(manifest.feature_names),
        "threshold": f"{manifest.threshold.value:g} ({manifest.threshold.rule})",
        "verdict": f"{manifest.verdict.headline}. {manifest.verdict.sentence}",
        "packages": packages,
        "sha256": bundle.sha256,
    }
    for name, text in lines.items():
        print(f"{name:11} {printable(text)}")
    for metric in manifest.metrics:
        between = interval(metric.interval.low, metric.interval.high, 4)
        print(f"{'':11} {printable(metric.label)}: {number(metric.value, 4)} ({between}), n = {metric.n:,}")
    for promotion in registry.history():
        if promotion.version == bundle.version:
            print(f"{promotion.what:11} {promotion.when} by {printable(promotion.by)}: {printable(promotion.why)}")
    return 0


def _history(options: argparse.Namespace) -> int:
    registry = registry_of(options)
    promotions = registry.history()
    if not promotions:
        print(f"In {registry.folder} nothing has been in use yet.")
    for promotion in promotions:
        instead = f" instead of {promotion.previous}" if promotion.previous else ""
        to = "rolled back to" if promotion.what == "rolled back" else "promoted"
        print(printable(f"{promotion.when} {to} {promotion.version}{instead}, by {promotion.by}: {promotion.why}"))
    return 0


def _verify(options: argparse.Namespace) -> int:
    from model.verification import faults_of_registry, faults_of_version

    registry = registry_of(options)
    versions = registry.versions() if options.version is None else [registry.named(options.version)]
    if not versions and not registry.history():
        msg = f"{registry.folder} holds no versions: nothing was checked. Correct --registry."
        raise RegistryError(msg)
    found = {version: faults_of_version(registry, version) for version in versions}
    if options.version is None:
        found["current.json, history.jsonl, model.pkl"] = faults_of_registry(registry)
    for checked, faults in found.items():
        print(f"{'ok    ' if not faults else 'FAULT '} {checked}")
        for fault in faults:
            print(f"       {printable(fault)}")
    return int(any(found.values()))
