"""An open page stays with its version, offers the one promoted meanwhile, and comes back once there is one."""

import shutil

import pytest
from streamlit.testing.v1 import AppTest

from dashboard import runs, state
from model.bundle import Bundle
from model.registry import Registry
from tests import builders
from tests.dashboard.conftest import open_app
from tests.dashboard.reading import PAGES, go, html_with, panel, plain, scenario, set_values, words
from tests.dashboard.test_retrain import challenger, published
from training.train import publish


@pytest.fixture
def promoted(app: AppTest, registry: Registry) -> str:
    """A version promoted by somebody else while *app* was open."""
    return publish(builders.result(), registry, by="Ada <b>", why="new *data*", when=builders.WHEN)


def version_in_view(app: AppTest) -> str:
    return words(html_with(app, "<footer"))


def offers(app: AppTest) -> list[str]:
    return [words(str(piece.value)) for piece in app.html if "was promoted by" in str(piece.value)]


def test_nothing_is_offered_while_nothing_is_promoted(app: AppTest):
    assert offers(app.run()) == []


@pytest.mark.parametrize("page", PAGES)
def test_every_page_stays_with_its_version_and_offers_the_new_one(
    app: AppTest, promoted: str, shipped: Bundle, page: str
):
    go(app, page)

    assert not app.exception
    assert shipped.version in version_in_view(app)
    (offer,) = offers(app)
    assert f"Version {promoted} was promoted by Ada &lt;b&gt; at 2024-05-06 07:08 UTC: “new *data*”." in offer
    assert f"still shows {shipped.version}" in offer


def test_switching_shows_the_new_version_and_keeps_what_was_set(app: AppTest, promoted: str):
    set_values(app, rsi_14=80.0)
    app.button(key="switch").click().run()

    assert promoted in version_in_view(app)
    assert offers(app) == []
    # The made-up features are standard normal: the slider has other ends, the value set before stays.
    (feature,) = [feature for feature in panel(app)["model"]["features"] if feature["name"] == "rsi_14"]
    assert feature["high"] < 10
    assert scenario(app)["rsi_14"] == 80.0
    assert promoted in version_in_view(go(app, "about"))


def test_one_visitor_who_switches_leaves_the_others_where_they_are(app: AppTest, registry: Registry, shipped: Bundle):
    other = open_app()
    version = publish(builders.result(), registry, by="tester", why="another", when=builders.WHEN)
    app.run()
    app.button(key="switch").click().run()
    other.run()

    assert version in version_in_view(app)
    assert shipped.version in version_in_view(other)
    assert len(offers(other)) == 1


def test_a_fresh_visit_gets_the_version_in_use(app: AppTest, promoted: str):
    fresh = open_app()

    assert promoted in version_in_view(fresh)
    assert offers(fresh) == []


def test_an_offer_put_aside_comes_back_with_the_next_promotion(app: AppTest, registry: Registry, promoted: str):
    app.run()
    app.button(key="not_now").click().run()
    assert offers(app.run()) == []

    version = publish(builders.result(seed=3), registry, by="tester", why="a third", when=builders.WHEN)
    assert version in offers(app.run())[0]


def test_rolling_back_to_the_version_in_view_withdraws_the_offer(app: AppTest, registry: Registry, promoted: str):
    assert len(offers(app.run())) == 1
    registry.roll_back(by="tester", why="no better", when=builders.WHEN)

    assert offers(app.run()) == []


def test_publishing_and_rolling_back_switch_the_session_that_does_it(registry: Registry, shipped: Bundle):
    version = challenger(registry)
    page = go(open_app(), "retrain")
    page.text_input(key="why").set_value("try it").run()
    published(page).run()
    assert version in version_in_view(page)
    assert offers(page) == []

    page.text_input(key="why_back").set_value("no better").run()
    page.button(key="confirm_roll_back").click().run()
    assert shipped.version in version_in_view(page)
    assert offers(page) == []


def test_publishing_over_what_somebody_promoted_meanwhile_is_refused(registry: Registry):
    challenger(registry)
    page = go(open_app(), "retrain")
    page.text_input(key="why").set_value("try it").run()
    version = publish(builders.result(), registry, by="Bob", why="was faster", when=builders.WHEN)
    published(page).run()

    assert registry.current().version == version
    assert f"Nothing was changed: Bob promoted version {version} meanwhile" in plain(page.error[0])
    assert runs.newest(registry) is not None


def test_rolling_back_what_somebody_promoted_meanwhile_is_refused(registry: Registry):
    publish(builders.result(), registry, by="tester", why="second", when=builders.WHEN)
    page = go(open_app(), "retrain")
    version = publish(builders.result(seed=3), registry, by="Bob", why="third", when=builders.WHEN)
    page.text_input(key="why_back").set_value("no better").run()
    page.button(key="confirm_roll_back").click().run()

    assert registry.current().version == version
    assert "Nothing was changed" in plain(page.error[0])


def test_a_promoted_version_that_cannot_be_opened_leaves_the_one_in_view(
    app: AppTest, registry: Registry, promoted: str, shipped: Bundle
):
    test = registry.folder / promoted / "self_test.json"
    good = test.read_bytes()
    test.write_text("{}")
    app.run()
    assert not app.exception
    assert shipped.version in version_in_view(app)
    (warning,) = [plain(warning) for warning in app.warning]
    assert f"Version {shipped.version} stays in view" in warning
    assert "self_test.json is not the file this bundle was written with" in warning

    test.write_bytes(good)
    assert len(offers(app.run())) == 1
    assert not app.warning


def test_what_cannot_be_opened_can_be_rolled_back_from_an_open_page(
    app: AppTest, registry: Registry, promoted: str, shipped: Bundle
):
    (registry.folder / promoted / "self_test.json").write_text("{}")
    go(app, "retrain")
    app.text_input(key="why_back").set_value("broken").run()
    app.button(key="confirm_roll_back").click().run()

    assert registry.current().version == shipped.version


def test_a_fresh_visit_to_a_broken_version_shows_the_last_good_one(
    app: AppTest, registry: Registry, promoted: str, shipped: Bundle
):
    (registry.folder / promoted / "self_test.json").write_text("{}")
    fresh = open_app()

    assert shipped.version in version_in_view(fresh)
    assert "stays in view" in plain(fresh.warning[0])


@pytest.mark.parametrize("page", PAGES)
def test_a_page_without_a_bundle_comes_back_once_there_is_one(registry: Registry, shipped: Bundle, page: str):
    away = registry.folder.with_name("away")
    registry.folder.rename(away)
    state._held().clear()
    app = go(open_app(), page)
    assert "There is no model to show" in plain(app.error[0])
    assert "looks again every few seconds" in plain(app.error[0])

    away.rename(registry.folder)
    app.run()
    assert not app.error
    assert shipped.version in version_in_view(app)


def test_a_registry_that_vanishes_leaves_the_version_in_view(app: AppTest, registry: Registry, shipped: Bundle):
    shutil.rmtree(registry.folder)
    app.run()

    assert not app.exception
    assert shipped.version in version_in_view(app)
    assert "No bundle has been promoted" in plain(app.warning[0])
