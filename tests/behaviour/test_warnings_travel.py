"""What is odd about the bars is told to whoever looks at the model trained on them."""

import gzip
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from model.registry import Registry
from tests import builders
from training.bars import read_bars
from training.report import render_reports
from training.settings import Settings
from training.table import build_table
from training.train import publish, train

ROOT = Path(__file__).parents[2]
WARNING = "IBM: no volume on 1 day, first 2003-01-02"


@pytest.fixture(scope="module")
def registry(tmp_path_factory) -> Registry:
    """A model trained on the shipped bars of IBM, of which one day lost its volume."""
    folder = tmp_path_factory.mktemp("warned")
    header, *lines = gzip.decompress((ROOT / "data" / "raw" / "stocks.csv.gz").read_bytes()).decode().splitlines()
    lines = [line.split(",") for line in lines if line.startswith("IBM,")]
    for line in lines:
        if line[1] == "2003-01-02":
            line[6] = "0"
    (folder / "IBM.csv").write_text("\n".join([header, *map(",".join, lines)]))
    there = Registry(folder / "artifacts")
    result = train(build_table(read_bars(folder / "IBM.csv")), Settings(draws=100))
    publish(result, there, by="tester", why="a warning", when=builders.WHEN)
    return there


def test_a_warning_about_the_bars_stands_in_the_manifest_and_the_model_card(registry):
    bundle = registry.load()

    assert bundle.manifest.trained_on.warnings == [WARNING]
    assert f"- Warning: {WARNING}" in render_reports(bundle)["model_card.md"].decode()


@pytest.mark.parametrize("page", ["predict", "curve", "thresholds", "about"])
def test_a_warning_about_the_bars_stands_on_the_page(registry, monkeypatch, page):
    monkeypatch.setenv("MODEL_REGISTRY", str(registry.folder))
    app = AppTest.from_file(str(ROOT / "dashboard" / "streamlit_app.py"), default_timeout=60).run()

    app.switch_page(f"app_pages/{page}.py").run()

    (footer,) = [element.value for element in app.html if "<footer" in str(element.value)]
    assert f"About the training data: {WARNING}." in footer
