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

    Its workers need the same code, packages and folders as this machine. Where none is left, the work waits for
    others, as on a cluster that grows and shrinks.

    Raises
    ------
    TrainingError
        Dask is not installed, nothing answers there, its workers do not have what it takes, or they end over and
        over at the same work.
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
    distributed = importlib.import_module("distributed")
    try:
        client = distributed.Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError) as error:
        msg = (
            f"No Dask scheduler answers at {address} ({error or type(error).__name__});"
            " expected one as in tcp://host:8786. Start it with `dask scheduler`, or correct the address."
        )
        raise TrainingError(msg) from error
    with client:
        _check_workers(client, address)
        backend = _backend_that_tells()(client=client, wait_for_workers_timeout=CONNECT_SECONDS)
        try:
            with joblib.parallel_config(backend, n_jobs=-1):
                yield
        except distributed.KilledWorker as error:
            msg = (
                f"Workers of the Dask cluster at {address} ended over and over at the same work, as when memory runs"
                f" out: {error} Give them more, let each do less at once (`dask worker --nthreads 1`), or leave"
                " --scheduler out."
            )
            raise TrainingError(msg) from error


def _backend_that_tells() -> Any:
    """Return joblib's Dask backend, which says too when Dask has given work up; joblib alone would wait on."""
    from joblib._dask import DaskDistributedBackend

    class Telling(DaskDistributedBackend):  # type: ignore[misc]  # joblib comes without types
        def submit(self, func: Any, callback: Any = None) -> Any:
            future = super().submit(func, callback)

            def tell(done: Any) -> None:
                if callback is not None and (error := done.exception()) is not None:
                    # What a worker raises comes back as a result; an error here is Dask's own.
                    callback(error)

            future.add_done_callback(tell)
            return future

    return Telling


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
