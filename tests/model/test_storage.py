"""Reading and writing files of the registry."""

import subprocess
import sys
from pathlib import Path

import pytest

from model.parquet import read_parquet
from model.storage import finished_lines, new_folder, settle_folder, write_file, write_files

ROOT = Path(__file__).parents[2]


def test_a_file_is_replaced_and_nothing_is_left_beside_it(tmp_path):
    write_file(tmp_path / "x", b"old")

    write_file(tmp_path / "x", b"new")

    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("x", b"new")]


def test_a_write_that_fails_leaves_the_old_file_and_no_litter(tmp_path):
    (tmp_path / "x").mkdir()

    with pytest.raises(OSError, match="x"):
        write_file(tmp_path / "x", b"new")

    assert [path.name for path in tmp_path.iterdir()] == ["x"]


def test_a_folder_that_is_not_settled_is_removed(tmp_path):
    with new_folder(tmp_path) as folder:
        (folder / "half").write_text("…")

    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_there_is_kept_when_another_of_its_name_is_settled(tmp_path):
    for content in ("first", "second"):
        with new_folder(tmp_path) as folder:
            (folder / "x").write_text(content)
            settle_folder(folder, "version")

    assert (tmp_path / "version" / "x").read_text() == "first"


def test_several_files_are_replaced_together_or_not_at_all(tmp_path):
    (tmp_path / "a").write_bytes(b"old")
    (tmp_path / "in the way").touch()

    with pytest.raises(OSError, match="in the way"):
        write_files({tmp_path / "a": b"new", tmp_path / "in the way" / "b": b"new"})

    assert (tmp_path / "a").read_bytes() == b"old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "in the way"]


def test_a_line_without_its_end_is_not_finished():
    assert finished_lines(b'{"a": 1}\n{"b"') == [b'{"a": 1}\n']


def test_a_process_that_ends_right_after_reading_a_table_ends_well(made_up):
    code = (
        "import sys; from pathlib import Path; from model.parquet import read_parquet;"
        " read_parquet(Path(sys.argv[1]).read_bytes())"
    )
    path = made_up.directory / "reference.parquet"

    statuses = [
        subprocess.run([sys.executable, "-c", code, path], cwd=ROOT, capture_output=True, check=False).returncode
        for _ in range(12)
    ]

    assert statuses == [0] * 12
    assert read_parquet(path).num_rows > 0
