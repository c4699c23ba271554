"""Processes that write and read one registry at once, and processes that are killed while they write.

Run as a program, so that what is forked here is small and has no threads: `kill` or `crowd`, a folder with three
versions, a folder to work in, and a number. The last line printed is the outcome as JSON.
"""

import itertools
import json
import os
import random
import shutil
import signal
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from model.bundle import Bundle
from model.history import read_history
from model.registry import Registry
from model.storage import UNFINISHED, digest_of, new_folder, settle_folder, write_file

WHEN = datetime(2024, 5, 6, tzinfo=UTC)

# What Python announces before it does it: every step a writer takes on the disk.
STEPS = frozenset({"open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.chmod", "os.truncate"})


def put(registry: Registry, version: Path) -> None:
    """Store a finished version the way `write_bundle` does."""
    with new_folder(registry.folder) as folder:
        for file in sorted(version.iterdir()):
            write_file(folder / file.name, file.read_bytes())
        Bundle.load(folder)
        settle_folder(folder, version.name)


def promote(registry: Registry, version: str, who: str) -> None:
    registry.promote(version, by=who, why="stress", when=WHEN)


def forked(work: Callable[[], None]) -> int:
    """Do *work* in a child that ends with status 0, or 1 and its error on stderr; return its process number."""
    if child := os.fork():
        return child
    status = 1
    try:
        work()
        status = 0
    except BaseException as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
    finally:
        os._exit(status)


def litter_in(registry: Registry) -> list[str]:
    found = [*registry.folder.glob(f"{UNFINISHED}*"), *registry.folder.parent.glob(f"{UNFINISHED}*")]
    return [path.name for path in found]


def kill(source: Path, place: Path, rounds: int) -> dict[str, object]:
    """Kill a writer *rounds* times: most of them before one of its steps, the others at some moment."""
    first, second, spare = sorted(path for path in source.iterdir() if path.is_dir())
    start = Registry(place / "start" / "artifacts")
    for version in (first, spare):
        put(start, version)
    promote(start, first.name, "before")

    def write(registry: Registry, die_before: int = 0) -> None:
        seen = 0

        def count(event: str, _: tuple[object, ...]) -> None:
            nonlocal seen
            if event in STEPS:
                seen += 1
                if seen == die_before:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(count)
        put(registry, second)
        promote(registry, second.name, "writer")
        (registry.folder.parent / "steps").write_text(str(seen))

    def one_round(name: str, **how: int) -> tuple[Registry, int]:
        folder = place / name
        shutil.copytree(start.folder.parent, folder)
        registry = Registry(folder / "artifacts")
        return registry, forked(lambda: write(registry, **how))

    began = time.monotonic()
    registry, child = one_round("whole")
    os.waitpid(child, 0)
    lasts = time.monotonic() - began
    steps = int((registry.folder.parent / "steps").read_text())
    chance = random.Random(5)
    outcome = {"killed": 0, "litter": 0, "promoted": 0, "line missing": 0, "faults": []}
    for number in range(3 * rounds):
        # One that was through before its moment came was not killed, and does not count.
        if outcome["killed"] == rounds:
            break
        if number % 4:
            registry, child = one_round(str(number), die_before=chance.randint(1, steps))
        else:
            registry, child = one_round(str(number))
            time.sleep(chance.uniform(0, lasts))
            os.kill(child, signal.SIGKILL)
        outcome["killed"] += os.WIFSIGNALED(os.waitpid(child, 0)[1])
        try:
            _judge(registry, outcome, spare.name, {first.name, second.name})
        except Exception as error:
            outcome["faults"].append(f"round {number}: {type(error).__name__}: {error}")
        shutil.rmtree(registry.folder.parent)
    return outcome


def _judge(registry: Registry, outcome: dict, spare: str, expected: set[str]) -> None:
    """Open what a killed process has left, write once, and look again."""
    for version in registry.versions():
        assert Bundle.load(registry.folder / version).version == version
    now, history = registry.current(), registry.history()
    assert registry.load().version == now.version
    assert now.version in expected
    assert history[-1] == now
    assert [line.by for line in history] == ["before", "writer"][: len(history)]
    outcome["promoted"] += len(history) == 2
    outcome["litter"] += bool(litter_in(registry))
    outcome["line missing"] += now not in read_history(registry.folder / "history.jsonl")

    registry.discard(spare)

    assert litter_in(registry) == []
    assert read_history(registry.folder / "history.jsonl") == history
    assert digest_of(registry.plain_form) == now.plain_form


def crowd(source: Path, place: Path, promotions: int) -> dict[str, object]:
    """Three processes promote, one stores, two read; all at once."""
    versions = sorted(path for path in source.iterdir() if path.is_dir())
    registry = Registry(place / "artifacts")
    put(registry, versions[0])
    put(registry, versions[1])
    promote(registry, versions[0].name, "before")
    done = place / "done"

    def promoting(who: int) -> None:
        for turn in range(promotions):
            promote(registry, versions[(who + turn) % 2].name, f"writer {who}")

    def storing() -> None:
        for _ in range(promotions):
            put(registry, versions[2])
            registry.discard(versions[2].name)
        put(registry, versions[2])

    def reading(who: int) -> None:
        lines = reads = 0
        while not done.exists():
            _ = registry.load().pipeline
            for version in versions[:2]:
                Bundle.load(registry.folder / version.name)
            now = len(registry.history())
            assert now >= lines, f"the history had {lines} lines, and now {now}"
            lines, reads = now, reads + 1
        (place / f"reads {who}").write_text(str(reads))

    readers = [forked(lambda who=who: reading(who)) for who in range(2)]
    writers = [forked(lambda who=who: promoting(who)) for who in range(3)] + [forked(storing)]
    statuses = [os.waitpid(child, 0)[1] for child in writers]
    done.touch()
    statuses += [os.waitpid(child, 0)[1] for child in readers]
    history = registry.history()
    return {
        "statuses": statuses,
        "lines": len(history),
        "chained": all(after.previous == before.version for before, after in itertools.pairwise(history)),
        "by": {who: sum(line.by == f"writer {who}" for line in history) for who in range(3)},
        "reads": [int((place / f"reads {who}").read_text()) for who in range(2)],
        "versions": len(registry.versions()),
        "litter": litter_in(registry),
        "plain form": digest_of(registry.plain_form) == registry.current().plain_form,
    }


if __name__ == "__main__":
    work = {"kill": kill, "crowd": crowd}[sys.argv[1]]
    print(json.dumps(work(Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4]))))
