"""The Retrain page of a model that was trained on a table: no bars to choose, everything else as ever."""

import shlex
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from dashboard.retrain.elsewhere import command_for
from model.any_rows import Columns, table_of
from model.bundle import Bundle
from model.registry import Registry
from tests import builders
from tests.dashboard.conftest import open_app
from tests.dashboard.reading import go
from tests.dashboard.test_any_table import shown_by
from tests.dashboard.test_retrain import a_run, markdown, published
from tests.market_words import market_words
from training.any_table import TableSettings, train_table
from training.options import parser
from training.train import store

LAYOUTS = {"plain": {}, "time": {"time": True}, "group": {"group": True}, "both": {"time": True, "group": True}}


@pytest.fixture(params=LAYOUTS)
def champion(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bundle:
    """A bundle of each layout, which the app under test uses."""
    monkeypatch.setenv("MODEL_REGISTRY", str(tmp_path / "artifacts"))
    return builders.table_bundle(tmp_path, **LAYOUTS[request.param])


def page_of(columns: Columns, champion: Bundle, name: str = "churn", sha256: str = "0" * 64) -> AppTest:
    """The page with a challenger trained on *columns*."""
    registry = Registry(champion.directory.parent)
    rows = table_of(columns, file="visits.csv", sha256=sha256)
    version = store(train_table(rows, TableSettings(name=name, draws=100)), registry, when=builders.WHEN)
    a_run(registry, state="finished", version=version)
    return go(open_app(), "retrain")


def columns_like(champion: Bundle) -> Columns:
    layout = champion.manifest.layout
    return builders.any_columns(time=layout.time is not None, group=layout.group is not None)


def test_the_command_that_does_the_same_is_one_that_can_be_run(champion: Bundle):
    page = go(open_app(), "retrain")

    assert not page.exception
    first, second = page.code[0].value.split("\n")
    options = parser().parse_args(shlex.split(first)[3:])
    layout = champion.manifest.layout
    assert (options.table, options.target, options.name) == (Path("visits.csv"), "churned", "churn")
    assert (options.positive, options.time, options.group) == ("yes", layout.time, layout.group)
    assert options.no_promote
    assert parser().parse_args(shlex.split(second)[3:]).run


def test_names_with_spaces_are_quoted_in_the_command(champion: Bundle):
    manifest = champion.manifest
    source = msgspec.structs.replace(manifest.trained_on, file="my visits; rm x.csv")

    assert "'my visits; rm x.csv'" in command_for(msgspec.structs.replace(manifest, trained_on=source))


def test_a_challenger_of_the_same_table_is_compared_where_there_are_rows_enough(champion: Bundle):
    columns = columns_like(champion)
    X = columns.X.copy()
    X[:, 5] = np.random.default_rng(1).normal(size=len(X)) * 1e3
    page = page_of(replace(columns, X=X), champion)

    assert not page.exception
    said = markdown(page)
    # On 60 days or in 60 groups and more; there are 84 days and 40 groups less the first training window.
    layout = champion.manifest.layout
    if layout.time or layout.group:
        assert f"{'days' if layout.time else 'groups'} in common, and 60 are needed" in said
    else:
        assert "the champion on the same 400 out-of-fold rows" in said
    assert "400 of the same rows have another value in some feature" in said
    assert market_words(shown_by(page), champion) == []
    page.text_input(key="why").set_value("a test").run()
    published(page).run()
    assert page.success[0].value.startswith("Published: version")


def test_a_challenger_with_other_features_says_which(champion: Bundle):
    columns = columns_like(champion)
    names = (*columns.names[:30], "bill_size", "calls_made")
    page = page_of(replace(columns, names=names), champion)

    assert not page.exception
    said = markdown(page).replace("\\", "")
    assert "Only the challenger has bill_size, calls_made." in said
    assert "Only the champion has worst_30, worst_31." in said
    assert market_words(shown_by(page), champion) == []
