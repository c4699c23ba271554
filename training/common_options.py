"""Options that several commands have: where things are, and who does the work."""

import argparse
from pathlib import Path

from model.registry import ARTIFACTS
from training.places import PROCESSED


def add_registry(group: argparse._ActionsContainer, beside: str = "", *, default: object = ARTIFACTS) -> None:
    """Let the folder of versions be named; *beside* says what stands next to it."""
    also = f"; {beside} stands beside it" if beside else ""
    group.add_argument(
        "--registry",
        type=Path,
        default=default,
        metavar="DIR",
        help=f"where the versions are{also} (default: model/artifacts)",
    )


def add_processed(group: argparse._ActionsContainer) -> None:
    """Let the folder of feature tables be named."""
    group.add_argument(
        "--processed",
        type=Path,
        default=PROCESSED,
        metavar="DIR",
        help="where feature tables are kept (default: data/processed)",
    )


def add_splits(group: argparse._ActionsContainer) -> None:
    """Let the table of splits be named."""
    group.add_argument(
        "--splits", type=Path, metavar="FILE", help="table of splits (default: splits.csv beside the bars, if any)"
    )


def add_scheduler(group: argparse._ActionsContainer, shared: str) -> None:
    """Let a Dask cluster be named, whose workers do what *shared* says."""
    group.add_argument(
        "--scheduler",
        metavar="ADDRESS",
        help=f"let the workers of this Dask cluster share {shared} (default: this machine does the work)",
    )
