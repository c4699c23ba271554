"""The tree holds what its description says: imports downhill, light imports, packages everywhere."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CODE = ("model", "training", "api", "dashboard")
HEAVY = {"pandas", "sklearn", "skops", "pyarrow", "matplotlib", "talib", "scipy", "joblib", "streamlit"}


def test_import_contracts_hold():
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout


def test_every_folder_of_code_is_a_package():
    folders = {path.parent for name in CODE for path in (ROOT / name).rglob("*.py")}

    assert [str(folder) for folder in folders if not (folder / "__init__.py").exists()] == []


@pytest.mark.parametrize("name", CODE)
def test_importing_a_package_loads_no_heavy_library(name):
    code = f"import sys, {name}; print(sorted({HEAVY!r} & set(sys.modules)))"

    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


def test_no_module_in_the_dashboard_shadows_a_top_level_package():
    names = {path.stem for path in (ROOT / "dashboard").rglob("*.py")}

    assert names.isdisjoint(CODE)


def test_nothing_imports_the_tests():
    offenders = [
        str(path)
        for name in CODE
        for path in (ROOT / name).rglob("*.py")
        if "import tests" in path.read_text() or "from tests" in path.read_text()
    ]

    assert offenders == []
