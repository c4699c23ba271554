"""Several processes at one registry, and processes killed at random points: nothing is lost or half there."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.skipif(os.name == "nt", reason="kill -9 and fork are POSIX")

ROOT = Path(__file__).parents[2]


def stress(what: str, source: Path, place: Path, number: int) -> dict[str, Any]:
    """Run registry_stress.py and return the outcome it prints."""
    command = [sys.executable, "-m", "tests.model.registry_stress", what, source, place, str(number)]
    one_thread = os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=ROOT, env=one_thread, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1]) | {"stderr": done.stderr}


def test_a_registry_opens_whole_after_its_writer_was_killed_at_any_of_200_points(stored_versions, tmp_path):
    outcome = stress("kill", stored_versions, tmp_path, 200)

    assert outcome["faults"] == []
    assert outcome["killed"] == 200
    # The points were not all before or after the writing: half-written versions and promotions were met.
    assert outcome["litter"] > 20
    assert outcome["promoted"] > 0


def test_processes_that_promote_store_and_read_at_once_lose_nothing(stored_versions, tmp_path):
    outcome = stress("crowd", stored_versions, tmp_path, 8)

    assert outcome["statuses"] == [0] * 6, outcome["stderr"]
    assert outcome["lines"] == 1 + 3 * 8
    assert outcome["chained"]
    assert outcome["by"] == {"0": 8, "1": 8, "2": 8}
    assert min(outcome["reads"]) > 0
    assert outcome["versions"] == 3
    assert outcome["litter"] == []
    assert outcome["plain form"]
