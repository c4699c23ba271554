"""The Retrain page of a model that was trained on a table trains another on the same table, or on an upload."""

import csv
import io
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sklearn.metrics import log_loss
from streamlit.testing.v1 import AppTest

from dashboard.retrain.table_runs import arguments_for
from model.errors import RegistryError
from model.registry import Registry
from model.splitting import SplitSettings
from tests import builders
from tests.dashboard.conftest import open_app
from tests.dashboard.reading import go, html_with, plain, words
from tests.dashboard.test_any_table import shown_by
from tests.dashboard.test_retrain import markdown, published, wait_for_the_run
from tests.market_words import market_words
from training.any_file import Roles, read_any_table
from training.any_table import TableSettings, train_table
from training.options import parser
from training.table_options import check_table_options
from training.train import publish, store

ROLES = Roles("churned", "yes", "visit", None)
SETTINGS = TableSettings("churn", SplitSettings(first_window=25, step=25), draws=100)


def cells(**changes: object) -> dict[str, list[object]]:
    """A table of visits by column; *changes* put other columns in, or leave them out where they are None."""
    columns = builders.any_columns(time=True)
    y = np.where(columns.y == 1, "yes", "no").tolist()
    days = columns.time.astype("datetime64[D]").astype(str).tolist()
    features = {name: columns.X[:, i].tolist() for i, name in enumerate(columns.names[:4])}
    found = {"visit": days, **features, "churned": y} | changes
    return {name: values for name, values in found.items() if values is not None}


def csv_of(table: dict[str, list[object]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows([list(table), *zip(*table.values(), strict=True)])
    return text.getvalue().encode()


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a table, and beside it the registry of a model of it."""
    folder = tmp_path_factory.mktemp("visits")
    (folder / "visits.csv").write_bytes(csv_of(cells()))
    result = train_table(read_any_table(folder / "visits.csv", ROLES), SETTINGS)
    publish(result, Registry(folder / "artifacts"), by="tester", why="first", when=builders.WHEN)
    return folder


@pytest.fixture
def registry(trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Registry:
    """A copy of it, which the app under test uses."""
    shutil.copytree(trained, tmp_path / "copy")
    folder = tmp_path / "copy" / "artifacts"
    monkeypatch.setenv("MODEL_REGISTRY", str(folder))
    return Registry(folder)


@pytest.fixture
def page(registry: Registry) -> AppTest:
    return go(open_app(), "retrain")


def upload(page: AppTest, name: str, content: bytes) -> AppTest:
    page.button_group(key="table_source").set_value("Upload").run()
    return page.file_uploader(key="table_upload").set_value((name, content, "application/octet-stream")).run()


def test_another_candidate_goes_from_the_form_to_the_version_in_use(page: AppTest, registry: Registry):
    champion = registry.load()
    said = words(html_with(page, "rows from visits.csv"))
    assert "400 rows from visits.csv" in said
    assert "The data that the model in use was trained on" in said
    assert "Is churned yes?" in said
    page.selectbox(key="table_candidate").set_value("random_forest").run()
    assert page.button(key="start").label == "Train and compare: 3 folds"
    assert market_words(shown_by(page), champion) == []
    page.button(key="start").click().run()

    run = wait_for_the_run(registry)
    assert run.status.state == "finished", run.status.error
    page = go(open_app(), "retrain")
    made = registry.load(run.status.version)
    assert registry.current().version == champion.version
    y, new, old = made.out_of_fold.y_true, made.out_of_fold.y_score, champion.out_of_fold.y_score
    assert len(y) == 4 * 74
    assert f"{log_loss(y, new):.5f} {log_loss(y, old):.5f}" in words(html_with(page, "Log loss on the same rows"))
    assert "The challenger is **Random forest, large leaves**" in markdown(page)
    differ = words(html_with(page, "Settings in which the two differ"))
    assert "Candidate Random forest, large leaves Logistic regression" in differ
    assert "Seed" not in differ
    assert market_words(shown_by(page), champion) == []

    page.text_input(key="why").set_value("a test").run()
    published(page).run()
    assert registry.current().version == made.version
    assert made.manifest.settings["candidate"] == "random_forest"
    page.text_input(key="why_back").set_value("no better").run()
    page.button(key="confirm_roll_back").click().run()
    assert registry.current().version == champion.version


def test_a_run_trains_on_what_was_shown_and_as_the_command_line_does(page: AppTest, registry: Registry):
    upload(page, "Later visits.parquet", _parquet(cells()))
    page.button(key="start").click().run()

    run = wait_for_the_run(registry)
    made = registry.load(run.status.version)

    expected = registry.load().out_of_fold.y_score
    assert np.array_equal(made.out_of_fold.y_score, expected)
    assert made.manifest.trained_on.file == "Later_visits.parquet"
    assert made.manifest.target == registry.load().manifest.target
    page.run()
    assert "the very same probabilities" in markdown(page)


def _parquet(table: dict[str, list[object]]) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table(table), sink)
    return sink.getvalue().to_pybytes()


@pytest.mark.parametrize(
    "settings",
    [
        SETTINGS,
        TableSettings("-n", SplitSettings(7, seed=3), 0.515, draws=200, seed=3, candidate="regularised"),
        replace(SETTINGS, split=SplitSettings(first_window=30, step=10, gap=2, rolling=True)),
    ],
)
def test_settings_and_columns_reach_the_run_as_they_are(registry: Registry, settings: TableSettings):
    time = "-day" if settings.split.first_window else None
    roles = Roles("--target", "-1", time, "a b")

    options = parser().parse_args(["--no-promote", *arguments_for(Path("t.csv"), roles, settings, registry)])

    check_table_options(options)
    split = settings.split
    assert (options.target, options.positive, options.time, options.group) == ("--target", "-1", time, "a b")
    assert (options.name, options.candidate, options.window == "rolling") == (
        settings.name,
        settings.candidate,
        split.rolling,
    )
    assert (options.folds, options.first_window, options.fold_days) == (split.n_folds, split.first_window, split.step)
    assert (options.gap, options.seed, options.draws) == (split.gap, settings.seed, settings.draws)
    assert (options.threshold, options.registry) == (settings.threshold, registry.folder)


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("empty.csv", b"", "no readable table"),
        ("workbook.csv", b"PK\x03\x04" + bytes(range(256)), "no readable table"),
        ("broken.parquet", b"PAR1 and then nothing", "no readable table"),
        ("broken.csv.gz", b"\x1f\x8b" + b"nothing packed", "a broken gzip archive"),
        ("<b>x</b>.csv", b"a,b\n1,2\n", "no column churned, visit one of a, b"),
        ("untold.csv", csv_of(cells(churned=None)), "column churned nothing one of visit, mean_0"),
        ("fewer.csv", csv_of(cells(mean_1=None, mean_3=[1.5] * 400)), "no usable columns mean_1, mean_3"),
    ],
)
def test_an_upload_that_is_no_such_table_gets_a_sentence_and_the_page_goes_on(
    page: AppTest, name: str, content: bytes, expected: str
):
    upload(page, name, content)

    assert not page.exception
    assert "cannot be used" in plain(page.error[0])
    assert "<b>" not in plain(page.error[0])
    assert expected in words(html_with(page, "Faults, in the order"))
    with pytest.raises(KeyError):
        page.button(key="start")
    page.button_group(key="table_source").set_value("Same table").run()
    assert not page.error
    assert page.button(key="start")


def test_another_word_for_the_positive_class_is_named(page: AppTest):
    upload(page, "words.csv", csv_of(cells(churned=["ja", "nein"] * 200)))

    assert "Column “churned” holds “ja”, “nein”, not “yes”" in plain(page.error[0])
    assert not page.exception


def test_what_is_unusual_in_an_upload_is_said_before_anything_starts(page: AppTest):
    values = [None, 1.0, 2.5, 4.0] * 100
    upload(page, "more.csv", csv_of(cells(mean_3=values, bill=list(range(400)), note=["a", "b"] * 200)))

    said = " ".join(plain(warning) for warning in page.warning)
    assert "Values are missing in 1 of 5 features" in said
    assert "Left out: column “note”, not numbers but text" in said
    assert "Column bill: not among the features of the model in use" in said
    assert "The data that the model in use" not in html_with(page, "rows from more.csv")
    page.number_input(key="table_first_window").set_value(99).run()
    assert page.button(key="start").disabled
    assert page.error


def test_a_table_that_has_changed_is_not_taken_for_the_one_that_was_trained_on(page: AppTest, registry: Registry):
    path = registry.folder.parent / "visits.csv"
    assert page.button_group(key="table_source").options == ["Same table", "Upload"]
    path.write_bytes(path.read_bytes().replace(b"yes", b"no", 1))
    page.run()

    with pytest.raises(KeyError):
        page.button_group(key="table_source")
    assert any("visits.csv, which the model in use was trained on, is not at hand" in plain(c) for c in page.caption)
    assert not page.exception


def stored_by_command(registry: Registry, seed: int, candidate: str = "regularised") -> str:
    rows = read_any_table(registry.folder.parent / "visits.csv", ROLES)
    settings = replace(SETTINGS, seed=seed, candidate=candidate)
    return store(train_table(rows, settings), registry, when=builders.WHEN.replace(minute=seed))


def test_what_a_command_stored_can_be_compared_and_published_or_discarded(page: AppTest, registry: Registry):
    with pytest.raises(KeyError):
        page.selectbox(key="stored")
    made = [stored_by_command(registry, seed) for seed in range(1, 8)]
    damaged = registry.folder / made[6] / "manifest.json"
    damaged.write_bytes(damaged.read_bytes()[:-9])

    page.run()
    offered = page.selectbox(key="stored").options
    assert [option[-len(version) - 1 : -1] for option, version in zip(offered, made[5:0:-1], strict=True)] == made[
        5:0:-1
    ]
    assert offered[0] == (f"2024-05-06 07:06 UTC: Logistic regression, strongly regularised, visits.csv ({made[5]})")
    page.selectbox(key="stored").set_value(made[5]).run()
    assert "The challenger is **Logistic regression, strongly regularised**" in markdown(page)
    assert "the champion on the same 296 out-of-fold rows" in markdown(page)
    page.button(key="discard").click().run()
    assert not page.exception
    assert made[5] not in registry.versions()
    assert page.selectbox(key="stored").value is None

    page.selectbox(key="stored").set_value(made[4]).run()
    page.text_input(key="why").set_value("a test").run()
    published(page).run()
    assert page.success[0].value == f"Published: version {made[4]} is now in use."
    assert registry.current().version == made[4]


def test_what_somebody_else_has_put_in_use_meanwhile_is_not_replaced_unseen(page: AppTest, registry: Registry):
    mine, theirs = (stored_by_command(registry, seed) for seed in (1, 2))
    page.run()
    page.selectbox(key="stored").set_value(mine).run()
    page.text_input(key="why").set_value("a test").run()
    registry.promote(theirs, by="Bob", why="first", when=builders.WHEN)
    published(page).run()

    assert not page.exception
    assert page.error
    assert registry.current().version == theirs
    with pytest.raises(RegistryError):
        registry.discard(theirs)
