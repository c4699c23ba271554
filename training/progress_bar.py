"""How far a run on the command line is."""

import contextlib
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from model.creation import Progress


@contextlib.contextmanager
def progress_bar() -> "Iterator[Callable[[Progress], None]]":
    """Give a function that shows the progress it is told of, as a bar on standard error."""
    from tqdm import tqdm

    bars: list[tqdm[Any]] = []

    def show(progress: "Progress") -> None:
        if not bars:
            bars.append(tqdm(total=1, bar_format="{percentage:3.0f} % {bar:24} {desc}", file=sys.stderr))
        bars[0].total, bars[0].n = progress.total, progress.step
        bars[0].set_description_str(progress.message)

    try:
        yield show
    finally:
        for bar in bars:
            bar.close()
