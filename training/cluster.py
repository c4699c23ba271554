"""Work on other machines: an existing Dask cluster where one is named, else this one."""

import contextlib
import importlib
import importlib.util
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from model.errors import TrainingError

In = TypeVar("In")
Out = TypeVar("Out")

CONNECT_SECONDS = 10


@contextlib.contextmanager
def on_cluster(address: str | None) -> Iterator[None]:
    """Run what joblib is given inside on the Dask cluster at *address*; without one, on this machine.

    Its workers need the same code, packages and folders as this machine.

    Raises
    ------
    TrainingError
        Dask is not installed, or nothing answers there.
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
        if not client.scheduler_info()["workers"]:
            msg = f"The Dask scheduler at {address} has no workers. Start some with `dask worker {address}`."
            raise TrainingError(msg)
        with joblib.parallel_config("dask", n_jobs=-1, client=client, wait_for_workers_timeout=CONNECT_SECONDS):
            yield


def parallel_map(work: Callable[[In], Out], items: Sequence[In]) -> list[Out]:
    """Return *work* of each of *items*, in their order; inside `on_cluster` its workers share them.

    *work* is a function of a module, so that a worker can import it.
    """
    import joblib

    return list(joblib.Parallel()(joblib.delayed(work)(item) for item in items))
