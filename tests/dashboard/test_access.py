"""Who may change things: somebody signed in, somebody with the key, or somebody at this machine."""

import time

import pytest
from streamlit.testing.v1 import AppTest

from dashboard import access, runs
from dashboard.access import Tries, Visitor
from model.bundle import Bundle
from model.registry import Registry
from tests import builders
from tests.dashboard.conftest import ENTRY, open_app
from tests.dashboard.reading import PAGES, go, html_with, plain, words
from tests.dashboard.test_retrain import challenger
from training.train import publish

KEY = "correct horse battery staple"
AWAY = Visitor("203.0.113.9", {"Host": "models.example.org"})
LOCAL = {"Host": "localhost:8501", "Origin": "http://localhost:8501"}


@pytest.fixture(autouse=True)
def no_wrong_keys_yet() -> None:
    access._tries().clear()


@pytest.fixture
def with_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """A dashboard that was started with a key, visited from elsewhere."""
    monkeypatch.setenv("DASHBOARD_KEY", KEY)
    monkeypatch.setattr(access, "visitor", lambda: AWAY)


def type_key(page: AppTest, name: str, key: str) -> AppTest:
    page.text_input(key="access_name").set_value(name)
    page.text_input(key="access_key").set_value(key)
    return page.button(key="access_sign_in").click().run()


def off(page: AppTest) -> dict[str, bool]:
    """Which of the buttons that change things are switched off."""
    return {b.label: b.disabled for b in page.button if b.key not in ("access_sign_in", "sign_out")}


def rolled_back(page: AppTest, why: str) -> AppTest:
    page.text_input(key="why_back").set_value(why).run()
    return page.button(key="confirm_roll_back").click().run()


@pytest.fixture
def second(registry: Registry) -> str:
    """A second version that is in use, so that there is something to roll back."""
    return publish(builders.result(), registry, by="tester", why="second", when=builders.WHEN)


@pytest.mark.parametrize("address", ["127.0.0.1", "127.0.0.2", "::1", "::ffff:127.0.0.1"])
def test_somebody_at_this_machine_is_near(address: str):
    assert Visitor(address, LOCAL).distance is None
    assert Visitor(address, {"Host": "[::1]:8501"}).distance is None


@pytest.mark.parametrize(
    ("visitor", "said"),
    [
        (Visitor("192.168.1.7", LOCAL), "you come from 192.168.1.7"),
        (Visitor("::ffff:192.168.1.7", LOCAL), "you come from ::ffff:192.168.1.7"),
        (Visitor("nonsense", LOCAL), "you come from nonsense"),
        (Visitor(None, LOCAL), "not known where you come from"),
        (Visitor("127.0.0.1", LOCAL | {"X-Forwarded-For": "127.0.0.1"}), "through a proxy (X-Forwarded-For)"),
        (Visitor("127.0.0.1", LOCAL | {"X-Forwarded-Proto": "https"}), "through a proxy (X-Forwarded-Proto)"),
        (Visitor("127.0.0.1", LOCAL | {"Forwarded": "for=127.0.0.1"}), "through a proxy (Forwarded)"),
        (Visitor("127.0.0.1", LOCAL | {"X-Real-Ip": "127.0.0.1"}), "through a proxy (X-Real-Ip)"),
        (Visitor("127.0.0.1", LOCAL | {"Host": "models.example.org"}), "“models.example.org” (Host)"),
        (Visitor("127.0.0.1", {}), "“nothing” (Host)"),
        (Visitor("127.0.0.1", LOCAL | {"Host": "[::1"}), "“nothing” (Host)"),
        (Visitor("127.0.0.1", LOCAL | {"Origin": "https://evil.example"}), "“evil.example” (Origin)"),
        (Visitor("127.0.0.1", LOCAL | {"Origin": "null"}), "“nothing” (Origin)"),
        (Visitor("127.0.0.1", LOCAL | {"Host": "127.0.0.1.evil.example"}), "“127.0.0.1.evil.example” (Host)"),
    ],
)
def test_what_speaks_against_being_at_this_machine_is_said(visitor: Visitor, said: str):
    assert said in (visitor.distance or "")


def test_each_wrong_key_doubles_the_wait_up_to_a_minute():
    tries, waits = Tries(), []
    for _ in range(9):
        tries = tries.after_a_wrong_one(now=100.0)
        waits.append(tries.next_at - 100.0)

    assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60]


@pytest.mark.parametrize("page", PAGES)
def test_without_key_or_sign_in_others_read_every_page(registry: Registry, monkeypatch, shipped: Bundle, page: str):
    monkeypatch.setattr(access, "visitor", lambda: AWAY)
    app = go(open_app(), page)

    assert not app.exception
    assert not app.error
    assert shipped.version in words(html_with(app, "<footer"))


def test_without_key_or_sign_in_others_are_told_why_they_may_change_nothing(registry: Registry, monkeypatch, second):
    monkeypatch.setattr(access, "visitor", lambda: AWAY)
    page = go(open_app(), "retrain")

    assert "you come from 203.0.113.9" in plain(page.info[0])
    assert "DASHBOARD_KEY" in plain(page.info[0])
    assert off(page) == {"Train and compare: 10 folds": True, "Roll back": True}


@pytest.mark.parametrize("button", ["confirm_roll_back", "start"])
def test_a_click_on_a_button_that_should_be_off_changes_nothing(
    registry: Registry, monkeypatch, second: str, button: str
):
    """The page was drawn for somebody who may; at the moment of the click it is no longer so."""
    page = go(open_app(), "retrain")
    page.text_input(key="why_back").set_value("because").run()
    monkeypatch.setattr(access, "visitor", lambda: AWAY)
    page.button(key=button).click().run()

    assert registry.current().version == second
    assert runs.newest(registry) is None


def test_a_callback_asks_once_more_at_the_moment_of_acting(registry: Registry, monkeypatch):
    version = challenger(registry)
    page = go(open_app(), "retrain")
    monkeypatch.setattr(access, "visitor", lambda: AWAY)
    page.button(key="discard").click().run()

    assert version in registry.versions()
    assert runs.newest(registry) is not None
    assert "Nothing was changed" in plain(page.warning[0])


def test_with_the_key_one_may_and_the_history_has_the_name(with_key, registry: Registry, shipped: Bundle, second: str):
    page = go(open_app(), "retrain")
    assert all(off(page).values())

    type_key(page, "  Ada\n Lovelace ", KEY)
    assert not any(off(page).values())
    assert "under the name Ada Lovelace." in words(html_with(page, "What you change"))
    rolled_back(page, "better before")
    assert registry.current().version == shipped.version
    assert registry.current().by == "Ada Lovelace"
    assert "Ada Lovelace" in words(html_with(page, "In use since"))


def test_the_key_is_typed_once_a_session_and_by_each_for_themselves(with_key, registry: Registry):
    page, other = go(open_app(), "retrain"), go(open_app(), "retrain")
    type_key(page, "Ada", KEY)
    go(page, "about")
    go(page, "retrain")
    other.run()

    assert not any(off(page).values())
    assert all(off(other).values())


def test_being_at_this_machine_does_not_replace_the_key(monkeypatch, registry: Registry):
    monkeypatch.setenv("DASHBOARD_KEY", KEY)
    page = go(open_app(), "retrain")

    assert all(off(page).values())
    assert page.text_input(key="access_key").proto.type == page.text_input(key="access_key").proto.PASSWORD


def test_a_wrong_key_is_refused_and_the_next_one_has_to_wait_in_any_session(with_key, registry: Registry):
    page = go(open_app(), "retrain")
    type_key(page, "Eve", KEY + "r")
    assert "That is not the key" in plain(page.warning[0])
    assert page.text_input(key="access_key").value == ""
    assert access._tries()["203.0.113.9"].wrong == 1

    access._tries()["203.0.113.9"] = Tries(wrong=1, next_at=time.monotonic() + 3600)
    another_session = go(open_app(), "retrain")
    type_key(another_session, "Eve", KEY)
    assert "The last key was wrong. Wait" in plain(another_session.warning[0])
    assert all(off(another_session).values())

    access._tries()["203.0.113.9"] = Tries(wrong=1, next_at=time.monotonic())
    type_key(another_session, "Eve", KEY)
    assert not any(off(another_session).values())
    assert not access._tries(), "the right key ends the count"


@pytest.mark.parametrize("typed", ["", "Correct horse battery staple", KEY[:-1], "ключ"])
def test_what_is_not_the_key_is_none(with_key, registry: Registry, typed: str):
    page = type_key(go(open_app(), "retrain"), "Eve", typed)

    assert not page.exception
    assert all(off(page).values())


def test_the_key_alone_is_not_enough_the_history_wants_a_name(with_key, registry: Registry):
    page = type_key(go(open_app(), "retrain"), "   ", KEY)

    assert "Give your name" in plain(page.warning[0])
    assert all(off(page).values())


def test_signing_out_takes_the_right_away(with_key, registry: Registry):
    page = type_key(go(open_app(), "retrain"), "Ada", KEY)
    page.button(key="sign_out").click().run()

    assert all(off(page).values())
    assert page.text_input(key="access_key")


def signed_in_page(user: dict[str, object]) -> AppTest:
    """The Retrain page where signing in is set up, for *user*."""
    app = AppTest.from_file(str(ENTRY), default_timeout=60)
    app.user = user
    app.secrets = {"auth": {"redirect_uri": "http://localhost:8501/oauth2callback", "client_id": "x"}}
    return go(app.run(), "retrain")


def test_where_signing_in_is_set_up_only_those_signed_in_may(registry: Registry, monkeypatch, second: str):
    monkeypatch.setenv("DASHBOARD_KEY", KEY)
    page = signed_in_page({"is_logged_in": False})

    assert [button.label for button in page.button if button.key == "login_default"] == ["Sign in"]
    assert all(disabled for label, disabled in off(page).items() if label != "Sign in")


def test_the_account_signed_in_with_goes_into_the_history(registry: Registry, monkeypatch, second: str):
    monkeypatch.setattr(access, "visitor", lambda: AWAY)
    page = signed_in_page({"is_logged_in": True, "email": "ada@example.org", "name": "Ada"})
    rolled_back(page, "better before")

    assert registry.current().by == "ada@example.org"


def test_signing_in_that_is_not_installed_is_said(registry: Registry):
    page = signed_in_page({"is_logged_in": False})
    page.button(key="login_default").click().run()

    assert not page.exception
    assert "not set up completely" in plain(page.error[0])
    assert "Authlib" in plain(page.error[0])


def test_every_named_provider_has_a_button(registry: Registry):
    app = AppTest.from_file(str(ENTRY), default_timeout=60)
    app.user = {"is_logged_in": False}
    app.secrets = {"auth": {"redirect_uri": "x", "google": {"client_id": "a"}, "microsoft": {"client_id": "b"}}}
    page = go(app.run(), "retrain")

    labels = [button.label for button in page.button if str(button.key).startswith("login_")]
    assert labels == ["Sign in with google", "Sign in with microsoft"]
