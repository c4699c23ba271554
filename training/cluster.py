"""Work on other machines: an existing Dask cluster where one is named, else this one."""

import contextlib
import importlib
import importlib.util
from collections.abc import Callable, Iterator, Sequence
from importlib import metadata
from typing import Any, TypeVar

from model.bundle import installed_packages
from model.errors import TrainingError

In = TypeVar("In")
Out = TypeVar("Out")

CONNECT_SECONDS = 10

# What workers must be able to import to do what they are sent.
CODE = "training"


@contextlib.contextmanager
def on_cluster(address: str | None) -> Iterator[None]:
    """Run what joblib is given inside on the Dask cluster at *address*; without one, on this machine.

    Its workers need the same code, packages and folders as this machine.

    Raises
    ------
    TrainingError
        Dask is not installed, nothing answers there, or its workers do not have what it takes.
    """
    if address is None:
        yield
        return
    if importlib.util.find_spec("distributed") is None:
        msg = (
            "--scheduler needs Dask, which is not installed here."
            " Install it with `pip install -r requirements-scale.txt`, or leave the option out."
        )
        raise TrainingError(msg)
    import joblib

    # An extra, so by its name: whoever checks types need not have it.
    connect = importlib.import_module("distributed").Client
    try:
        client = connect(address, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError) as error:
        msg = (
            f"No Dask scheduler answers at {address} ({error or type(error).__name__});"
            " expected one as in tcp://host:8786. Start it with `dask scheduler`, or correct the address."
        )
        raise TrainingError(msg) from error
    with client:
        _check_workers(client, address)
        with joblib.parallel_config("dask", n_jobs=-1, client=client, wait_for_workers_timeout=CONNECT_SECONDS):
            yield


def _check_workers(client: Any, address: str) -> None:
    """Raise a `TrainingError` unless there are workers with the code, and the packages, of this machine."""
    if not client.scheduler_info()["workers"]:
        msg = f"The Dask scheduler at {address} has no workers. Start some with `dask worker {address}`."
        raise TrainingError(msg)
    if without := [worker for worker, found in client.run(importlib.util.find_spec, CODE).items() if found is None]:
        msg = (
            f"{_listed(without)} cannot import `{CODE}`: workers need the same code as this machine."
            " Start them in a copy of this repository, or name it in their PYTHONPATH."
        )
        raise TrainingError(msg)
    for package, here in installed_packages().items():
        there = client.run(metadata.version, package, on_error="return")
        if others := [worker for worker, found in there.items() if found != here]:
            msg = (
                f"{_listed(others)}: {package} {there[others[0]]} found, {here} expected as on this machine, for the"
                " same work to find the same. Install the same packages there."
            )
            raise TrainingError(msg)


def _listed(workers: Sequence[str]) -> str:
    return f"{workers[0]} and {len(workers) - 1} more" if len(workers) > 1 else workers[0]


def parallel_map(
    work: Callable[..., Out], items: Sequence[In], *shared: Any, on_done: Callable[[int], object] = lambda _: None
) -> list[Out]:
    """Return *work* of each of *items*, in their order; inside `on_cluster` its workers share them.

    *work* is a function of a module, so that a worker can import it. It is given an item, then *shared*: arrays
    among these are sent to the workers once, not with every item. *on_done* is told how many items are done.
    """
    import joblib

    found: list[Out] = []
    for result in joblib.Parallel(return_as="generator")(joblib.delayed(work)(item, *shared) for item in items):
        found.append(result)
        on_done(len(found))
    return found
