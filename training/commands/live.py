"""`promote` and `rollback`: which version is in use."""

import argparse
from datetime import UTC, datetime

from model.history import Promotion
from model.registry import Registry
from model.verification import faults_of_registry
from training.commands.versions import Commands, add_command, add_version, printable, registry_of
from training.follow_up import follow
from training.places import account

IN_USE_ALREADY = (
    "Where the version is in use already, and nothing is wrong with it, nothing is changed, the history gets no line,"
    " and the exit status is 0."
)


def add(commands: Commands) -> None:
    """Add the two commands."""
    promote = add_command(
        commands, "promote", _promote, "put a version in use, once it has reproduced its self-test rows"
    )
    promote.epilog = IN_USE_ALREADY
    add_version(promote, "version to put in use")
    promote.add_argument("--reason", required=True, type=_reason, metavar="TEXT", help="why, for the history")
    back = add_command(commands, "rollback", _roll_back, "return to the version that was in use before this one")
    back.add_argument(
        "--reason",
        type=_reason,
        default="rolled back from the command line",
        metavar="TEXT",
        help="why, for the history (default: rolled back from the command line)",
    )


def _reason(text: str) -> str:
    if not text.strip():
        msg = "found nothing, expected a reason in words for the history"
        raise argparse.ArgumentTypeError(msg)
    return text.strip()


def _promote(options: argparse.Namespace) -> int:
    registry = registry_of(options)
    version = registry.named(options.version)
    now = registry.current()
    if now is not None and now.version == version and not faults_of_registry(registry):
        print(f"version {version} is in use already, since {now.when} by {printable(now.by)}; nothing was changed")
        return 0
    promotion = registry.promote(version, by=account(), why=options.reason, when=datetime.now(UTC))
    return _say(options, registry, promotion)


def _roll_back(options: argparse.Namespace) -> int:
    registry = registry_of(options)
    promotion = registry.roll_back(by=account(), why=options.reason, when=datetime.now(UTC))
    return _say(options, registry, promotion)


def _say(options: argparse.Namespace, registry: Registry, promotion: Promotion) -> int:
    instead = f" instead of {promotion.previous}" if promotion.previous else ""
    print(f"version {promotion.version} is now in use{instead}; {registry.plain_form} follows")
    if before := registry.version_before():
        print(f"a roll back would return to {before}")
    follow(options, registry)
    return 0
