"""Every page: it opens, names its bundle, and without one says what to do instead of breaking."""

import pytest
from streamlit.testing.v1 import AppTest

from model.bundle import Bundle
from model.registry import Registry
from tests.dashboard.conftest import open_app
from tests.dashboard.reading import PAGES, go, html_with, plain, scenario, set_values, words


@pytest.mark.parametrize("page", PAGES)
def test_a_page_opens_and_names_its_bundle(app: AppTest, shipped: Bundle, page: str):
    go(app, page)

    assert not app.exception
    assert not app.error
    footer = words(html_with(app, "<footer"))
    assert shipped.version in footer
    assert shipped.sha256[:12] in footer


@pytest.mark.parametrize("page", PAGES)
def test_without_a_bundle_a_page_says_what_to_do(tmp_path, monkeypatch, page: str):
    monkeypatch.setenv("MODEL_REGISTRY", str(tmp_path / "nothing here"))
    app = go(open_app(), page)

    assert not app.exception
    assert len(app.error) == 1
    assert "Train one with `python -m training`" in plain(app.error[0])


@pytest.mark.parametrize("page", PAGES)
def test_with_a_broken_bundle_a_page_names_the_broken_file(registry: Registry, shipped: Bundle, page: str):
    broken = registry.folder / shipped.version / "out_of_fold.parquet"
    broken.write_bytes(broken.read_bytes()[:-1])
    app = go(open_app(), page)

    assert not app.exception
    assert len(app.error) == 1
    assert "out_of_fold.parquet is not the file this bundle was written with" in plain(app.error[0])


def test_an_unreadable_pointer_is_one_error(registry: Registry):
    (registry.folder / "current.json").write_text("{")
    app = open_app()

    assert not app.exception
    assert "current.json cannot be read" in plain(app.error[0])


def test_two_sessions_do_not_share_a_scenario(app: AppTest):
    other = open_app()
    set_values(app, rsi_14=80.0)
    other.run()

    assert scenario(other)["rsi_14"] == 52.2


def test_about_begins_with_the_verdict_and_holds_every_check(app: AppTest, shipped: Bundle):
    go(app, "about")

    assert shipped.manifest.verdict.sentence in words(html_with(app, "card verdict"))
    everything = " ".join(words(str(element.value)) for element in app.html)
    for check in shipped.manifest.checks:
        assert check.finding in everything
    for metric in shipped.manifest.metrics:
        assert metric.label in everything
    assert shipped.manifest.trained_on.sha256 in everything
    assert shipped.sha256 in everything
    assert "FB: too short" in everything


def test_a_damaged_history_is_named_and_the_page_goes_on(registry: Registry):
    path = registry.folder / "history.jsonl"
    path.write_bytes(b"nonsense\n" + path.read_bytes())

    app = go(open_app(), "retrain")

    assert not app.exception
    assert "history.jsonl, line 1, cannot be read" in plain(app.error[0])
    assert app.button
