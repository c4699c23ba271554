"""A promoted version is taken up by whoever serves, and a bad one is not."""

import logging
import shutil
import threading
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from api import create_app
from api.live import Live, Served
from model.bundle import Bundle
from model.registry import Registry
from tests import builders


@pytest.fixture
def registry(made_up, tmp_path):
    """A registry of its own with one version in service and another one beside it."""
    folder = tmp_path / "artifacts"
    shutil.copytree(made_up.directory.parent, folder)
    there = Registry(folder)
    first = there.current().version
    builders.publish(builders.result(seed=5), there, by="tester", why="second", when=builders.WHEN)
    there.promote(first, by="tester", why="back", when=builders.WHEN)
    return there


def versions(registry):
    current = registry.current().version
    (other,) = set(registry.versions()) - {current}
    return current, other


def promote(registry, version):
    registry.promote(version, by="tester", why="test", when=builders.WHEN)


def test_a_promoted_version_is_taken_up_at_the_next_look(registry, caplog):
    first, second = versions(registry)
    live = Live(registry)
    live.look()
    assert live.served.bundle.version == first

    promote(registry, second)
    with caplog.at_level(logging.WARNING):
        live.look()

    assert live.served.bundle.version == second
    assert live.trouble is None
    assert f"Version {second} is now served, after {first}." in caplog.text


def test_nothing_is_opened_again_while_nothing_is_promoted(registry, monkeypatch):
    live = Live(registry)
    live.look()
    before = live.served
    monkeypatch.setattr(Registry, "load", lambda self: pytest.fail("opened"))

    live.look()

    assert live.served is before


def test_a_version_that_fails_its_checks_leaves_the_running_one(registry, caplog):
    first, second = versions(registry)
    live = Live(registry)
    live.look()
    promote(registry, second)
    path = registry.folder / second / "self_test.json"
    path.write_bytes(path.read_bytes() + b" ")

    with caplog.at_level(logging.ERROR):
        live.look()

    assert live.served.bundle.version == first
    assert "self_test.json is not the file this bundle was written with" in live.trouble
    assert f"The current version is not taken up, {first} stays: " in caplog.text


def test_a_version_that_was_mended_is_taken_up(registry, monkeypatch):
    _, second = versions(registry)
    live = Live(registry)
    live.look()
    promote(registry, second)
    path = registry.folder / second / "self_test.json"
    whole = path.read_bytes()
    path.write_bytes(whole[:-1])
    live.look()
    path.write_bytes(whole)

    monkeypatch.setattr("api.live.time.monotonic", lambda: 1e12)
    live.look()

    assert live.served.bundle.version == second
    assert live.trouble is None


def test_a_broken_version_that_is_rolled_back_is_forgotten(registry):
    first, second = versions(registry)
    live = Live(registry)
    live.look()
    promote(registry, second)
    shutil.rmtree(registry.folder / second)
    live.look()
    assert live.trouble

    promote(registry, first)
    live.look()

    assert (live.served.bundle.version, live.trouble) == (first, None)


def test_an_unreadable_pointer_leaves_the_running_version(registry):
    first, _ = versions(registry)
    live = Live(registry)
    live.look()
    (registry.folder / "current.json").write_text("{")

    live.look()

    assert live.served.bundle.version == first
    assert "current.json cannot be read" in live.trouble


def client_of(folder, monkeypatch):
    monkeypatch.setenv("MODEL_REGISTRY", str(folder))
    return create_app().test_client()


def wait_until(holds, seconds=5.0):
    """Wait until *holds* returns true, for a while."""
    event = threading.Event()
    for _ in range(int(seconds / 0.02)):
        if holds():
            return True
        event.wait(0.02)
    return False


def test_an_application_takes_a_promoted_version_up_by_itself(registry, monkeypatch):
    first, second = versions(registry)
    client = client_of(registry.folder, monkeypatch)
    assert client.get("/health").json["version"] == first

    promote(registry, second)

    assert wait_until(lambda: client.get("/health").json["version"] == second)
    assert client.get("/model").json["version"] == second


def test_health_says_why_the_current_version_is_not_served(registry, monkeypatch):
    first, second = versions(registry)
    client = client_of(registry.folder, monkeypatch)
    promote(registry, second)
    shutil.rmtree(registry.folder / second)

    assert wait_until(lambda: "trouble" in client.get("/health").json)
    health = client.get("/health").json
    assert (health["status"], health["version"]) == ("ok", first)
    assert second in health["trouble"]
    assert client.get("/ready").status_code == 200


def test_without_a_model_all_that_needs_one_answers_503_until_there_is_one(registry, tmp_path, monkeypatch, problem):
    folder = tmp_path / "later"
    client = client_of(folder, monkeypatch)

    assert client.get("/health").json["status"] == "ok"
    assert "No bundle has been promoted" in client.get("/health").json["trouble"]
    assert client.get("/metrics").status_code == client.get("/").status_code == 200
    for method, path in [("GET", "/ready"), ("GET", "/features"), ("GET", "/model"), ("GET", "/plot")]:
        reply = client.open(path, method=method)
        assert "No bundle has been promoted" in problem(reply, 503)["detail"]
        assert reply.headers["Retry-After"] == "5"
    problem(client.post("/predict", json={"features": {}}), 503)

    shutil.copytree(registry.folder, folder)
    assert wait_until(lambda: client.get("/ready").status_code == 200)


def test_ready_says_when_the_model_no_longer_gives_what_it_gave(shipped, problem):
    bundle = Bundle.load(shipped.directory)
    client = create_app(bundle).test_client()
    assert client.get("/ready").json == {"status": "ready", "model": "upmove", "version": shipped.version}

    bundle.scorer = type("Off", (), {"many": lambda self, X: X[:, 0]})()

    assert "does not reproduce its own probabilities" in problem(client.get("/ready"), 503)["detail"]


def days_ago(days):
    return (datetime.now(UTC) - timedelta(days=days)).date().isoformat()


@pytest.mark.parametrize(
    ("last_day", "limit", "is_said"),
    [(days_ago(400), 365, True), (days_ago(300), 365, False), (days_ago(400), 0, False), ("", 365, False)],
)
def test_every_answer_says_when_the_data_end_long_ago(shipped, features, monkeypatch, last_day, limit, is_said):
    monkeypatch.setenv("API_STALE_DAYS", str(limit))
    trained_on = msgspec.structs.replace(shipped.manifest.trained_on, last_day=last_day)
    bundle = Bundle(shipped.directory, msgspec.structs.replace(shipped.manifest, trained_on=trained_on))

    reply = create_app(bundle).test_client().post("/predict", json={"features": features}).json

    assert any(f"nothing after {last_day}" in warning for warning in reply.get("warnings", [])) == is_said


def test_one_request_is_answered_by_one_version_whatever_happens_meanwhile(registry, features):
    first, second = versions(registry)
    app = create_app(registry.load(first))
    live = app.extensions["live"]

    class Promoting:
        """Changes what is served in the middle of scoring."""

        def __init__(self, scorer):
            self.scorer = scorer

        def one(self, row):
            live.served = Served(registry.load(second))
            return self.scorer.one(row)

    live.served.bundle.scorer = Promoting(live.served.bundle.scorer)
    names = registry.load(first).manifest.feature_names
    body = {"features": dict.fromkeys(names, 0.5)}

    reply = app.test_client().post("/predict", json=body).json

    assert reply["version"] == first
    assert reply["p_up"] == pytest.approx(registry.load(first).scorer.one([0.5] * len(names)), abs=1e-12)
    assert app.test_client().post("/predict", json=body).json["version"] == second


def test_every_process_has_its_own_request_ids():
    # Workers are forked before any request: ids begin with what each draws for itself.
    ids = {create_app().test_client().get("/health").headers["X-Request-ID"] for _ in range(3)}

    assert len(ids) == 3


class Unservable(Registry):
    """A registry whose version *unservable* opens, and cannot be prepared for service."""

    unservable: str | None = None

    def load(self, version=None):
        bundle = super().load(version)
        if bundle.version == self.unservable:
            bundle.filling = None
            bundle.manifest = None
        return bundle


def test_a_version_that_cannot_be_prepared_leaves_the_running_one_and_says_why(registry, caplog):
    first, second = versions(registry)
    there = Unservable(registry.folder)
    there.unservable = second
    live = Live(there)
    live.look()
    promote(registry, second)

    with caplog.at_level(logging.ERROR):
        live.look()

    assert live.served.bundle.version == first
    assert live.trouble.startswith("The version in use cannot be served (AttributeError: ")
    assert "Traceback" in caplog.text


def test_a_server_that_starts_on_such_a_version_takes_the_next_good_one_up(registry, monkeypatch, problem):
    first, second = versions(registry)
    monkeypatch.setattr(Unservable, "unservable", first)
    monkeypatch.setattr("api.Registry", Unservable)
    client = client_of(registry.folder, monkeypatch)

    assert "version" not in client.get("/health").json
    assert "cannot be served (AttributeError" in client.get("/health").json["trouble"]
    assert "cannot be served (AttributeError" in problem(client.get("/ready"), 503)["detail"]

    promote(registry, second)
    assert wait_until(lambda: client.get("/ready").status_code == 200)
    assert "trouble" not in client.get("/health").json
