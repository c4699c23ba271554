"""Whoever reads what a command prints may leave before its end, as `| head` does."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def run_unread(*arguments: str) -> tuple[int, str]:
    """Exit status and errors of a command whose reader has left."""
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "training", *arguments],
            cwd=ROOT,
            stdout=writer,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    finally:
        os.close(writer)
    return done.returncode, done.stderr


@pytest.mark.parametrize("arguments", [["--help"], ["history"]], ids=lambda words: words[0])
def test_a_command_whose_reader_has_left_ends_without_a_word(arguments: list[str], tmp_path: Path):
    status, said = run_unread(*arguments, *(() if "--help" in arguments else ("--registry", str(tmp_path))))

    assert said == ""
    assert status in (0, 141)
