"""One training run at a time for each registry: a shell and a page see each other's, and the dead block nobody."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from model.errors import TrainingError
from model.locks import lock
from model.registry import Registry
from tests import builders
from training.__main__ import main
from training.table import write_table
from training.turns import folder_of_runs, held_by_command, turn, turn_of_command

ROOT = Path(__file__).parents[2]
HOLD = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from model.registry import Registry
from training.turns import turn_of_command
with turn_of_command(Registry(Path(sys.argv[1])), None, by="ada", when=datetime(2024, 5, 6, 7, 8, tzinfo=UTC)):
    print("held", flush=True)
    sys.stdin.read()
"""
WHEN = datetime(2024, 5, 6, 7, 8, tzinfo=UTC)


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    return Registry(tmp_path / "artifacts")


@pytest.fixture
def command(tmp_path: Path, registry: Registry) -> list[str]:
    write_table(builders.table(days=300), tmp_path / "table.parquet")
    settings = ["--first-window", "100", "--fold-days", "100", "--draws", "100", "--no-promote"]
    return ["--data", str(tmp_path / "table.parquet"), *settings, "--registry", str(registry.folder)]


@pytest.fixture
def other(registry: Registry) -> Iterator[subprocess.Popen[str]]:
    """A process that trains on the command line, as far as anybody can tell."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(registry.folder)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_second_run_in_a_shell_is_told_who_trains_since_when_and_what_to_do(
    other: subprocess.Popen[str], command: list[str], registry: Registry, capsys: pytest.CaptureFixture[str]
):
    status = main(command)

    said = capsys.readouterr().err
    who = f"process {other.pid}, started on the command line by ada, 2024-05-06 07:08 UTC"
    assert status == 1
    assert f"error: One training run at a time: {who}, is still on. Wait until it has ended, or end it" in said
    assert held_by_command(folder_of_runs(registry)) == who
    assert registry.versions() == []


def test_a_page_is_refused_while_a_shell_trains(other: subprocess.Popen[str], registry: Registry):
    with (
        pytest.raises(TrainingError, match=rf"One training run at a time: process {other.pid}, started on the command"),
        turn(folder_of_runs(registry)),
    ):
        pytest.fail("two runs at a time")


def test_a_run_that_was_killed_blocks_nobody(other: subprocess.Popen[str], registry: Registry):
    other.kill()
    other.wait()

    assert held_by_command(folder_of_runs(registry)) is None
    with turn_of_command(registry, None, by="bob", when=WHEN):
        assert "by bob" in held_by_command(folder_of_runs(registry))
    with turn(folder_of_runs(registry)):
        assert held_by_command(folder_of_runs(registry)) is None


@pytest.mark.skipif(os.name == "nt", reason="a lock is not handed on to a process there")
def test_a_shell_is_refused_while_a_run_of_a_page_is_on(command: list[str], registry: Registry, capsys):
    folder = folder_of_runs(registry) / "20240506T070809Z-abcdef"
    folder.mkdir(parents=True)
    (folder / "status.json").write_text('{"state": "running", "step": 3, "total": 9, "message": "fold 3"}')
    with (folder / "alive").open("wb") as file:
        lock(file.fileno())
        status = main(command)

    assert status == 1
    expected = r"at a time: the one started 2024-05-06 07:08 UTC is still on \(step 3 of 9: fold 3\)\. Wait until"
    assert re.search(expected, capsys.readouterr().err)


def test_a_run_of_a_page_does_not_wait_for_itself(registry: Registry):
    status_file = folder_of_runs(registry) / "20240506T070809Z-abcdef" / "status.json"
    status_file.parent.mkdir(parents=True)

    with turn(folder_of_runs(registry)), turn_of_command(registry, status_file, by="ada", when=WHEN):
        assert held_by_command(folder_of_runs(registry)) is None


def test_another_registry_has_a_turn_of_its_own(other: subprocess.Popen[str], tmp_path: Path):
    elsewhere = Registry(tmp_path / "elsewhere" / "artifacts")

    with turn_of_command(elsewhere, None, by="bob", when=WHEN):
        assert held_by_command(folder_of_runs(elsewhere)).endswith(
            "started on the command line by bob, 2024-05-06 07:08 UTC"
        )
