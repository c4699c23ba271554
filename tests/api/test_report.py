"""GET /report: the offline report of the version in service, and of no other."""

import os
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from api import create_app
from api.report import POLICY
from model.bundle import Bundle
from tests.api.conftest import page_of

WRITE_IT = "`python -m training report`"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("API_DELIVERABLES", str(tmp_path / "reports"))
    return tmp_path / "reports"


@pytest.fixture
def asked(shipped: Bundle, folder: Path) -> FlaskClient:
    return create_app(shipped).test_client()


def put(folder: Path, text: str) -> None:
    """Replace the report as training does: by renaming another file."""
    folder.mkdir(exist_ok=True)
    beside = folder / "new"
    beside.write_text(text)
    os.replace(beside, folder / "report.html")


def test_the_report_is_served_as_it_was_written(asked, folder, shipped):
    put(folder, page_of(shipped, "µ − 51.2 %"))

    reply = asked.get("/report")

    assert reply.status_code == 200
    assert reply.data == page_of(shipped, "µ − 51.2 %").encode()
    assert reply.content_type == "text/html; charset=utf-8"
    assert reply.headers["Content-Security-Policy"] == POLICY
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    assert reply.headers["Cache-Control"] == "no-cache"


def test_what_a_browser_has_already_is_not_sent_again_until_it_is_replaced(asked, folder, shipped):
    put(folder, page_of(shipped))
    tag = asked.get("/report").headers["ETag"]

    unchanged = asked.get("/report", headers={"If-None-Match": tag})
    put(folder, page_of(shipped, "Hallo"))
    changed = asked.get("/report", headers={"If-None-Match": tag})

    assert (unchanged.status_code, unchanged.data, unchanged.headers["ETag"]) == (304, b"", tag)
    assert (changed.status_code, changed.data) == (200, page_of(shipped, "Hallo").encode())
    assert changed.headers["ETag"] != tag


def test_head_tells_what_get_would(asked, folder, shipped):
    put(folder, page_of(shipped))

    reply = asked.head("/report")

    assert (reply.status_code, reply.data) == (200, b"")
    assert {name: value for name, value in reply.headers if name != "X-Request-ID"} == {
        name: value for name, value in asked.get("/report").headers if name != "X-Request-ID"
    }


def test_an_unchanged_file_is_read_once(asked, folder, shipped, monkeypatch):
    put(folder, page_of(shipped))
    first = asked.get("/report").data
    monkeypatch.setattr(Path, "open", lambda *_: pytest.fail("read again"))

    assert asked.get("/report").data == first


def test_a_report_may_come_later_and_go(asked, folder, shipped, problem):
    missing = problem(asked.get("/report"), 404)["detail"]
    put(folder, page_of(shipped))
    there = asked.get("/report").status_code
    (folder / "report.html").unlink()

    assert missing.startswith("report.html is not there; expected that of version " + shipped.version)
    assert WRITE_IT in missing
    assert "API_DELIVERABLES" in missing
    assert there == 200
    problem(asked.get("/report"), 404)


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"version": "older", "sha256": "0" * 64}, "is about version older;"),
        ({"sha256": "ab" * 32}, f"is about another bundle of the same version, with sha256 {'ab' * 29}a…;"),
    ],
)
def test_the_report_of_another_bundle_is_not_served(asked, folder, shipped, problem, changes, found):
    put(folder, page_of(shipped, **changes))

    detail = problem(asked.get("/report"), 404)["detail"]

    assert found in detail
    assert shipped.version in detail
    assert WRITE_IT in detail


def test_a_file_that_names_no_bundle_at_its_top_is_not_served(asked, folder, shipped, problem):
    put(folder, " " * 2000 + page_of(shipped))

    assert "does not say what bundle it is about" in problem(asked.get("/report"), 404)["detail"]


def test_what_cannot_be_read_is_told_apart_from_what_is_not_there(asked, folder, problem):
    (folder / "report.html").mkdir(parents=True)

    assert "cannot be read (Is a directory)" in problem(asked.get("/report"), 404)["detail"]


def test_people_are_told_of_the_route_where_there_is_a_report(asked, folder, shipped):
    def listed() -> bool:
        return "/report" in {route["path"] for route in asked.get("/").json["routes"]}

    before = listed()
    put(folder, page_of(shipped))

    assert (before, listed()) == (False, True)


def test_after_a_promotion_the_report_is_that_of_the_new_version(shipped, made_up, folder, problem, monkeypatch):
    monkeypatch.setenv("MODEL_REGISTRY", str(made_up.directory.parent))
    app = create_app()
    put(folder, page_of(made_up, "old"))
    before = app.test_client().get("/report").text
    app.extensions["live"].served = create_app(shipped).extensions["live"].served

    stale = problem(app.test_client().get("/report"), 404)["detail"]
    put(folder, page_of(shipped, "new"))

    assert "old" in before
    assert f"is about version {made_up.version}; expected that of version {shipped.version}" in stale
    assert "new" in app.test_client().get("/report").text


def test_with_a_key_the_report_asks_for_it(shipped, folder, monkeypatch, problem):
    monkeypatch.setenv("API_KEY", "secret")
    put(folder, page_of(shipped))
    client = create_app(shipped).test_client()

    problem(client.get("/report"), 401)
    assert client.get("/report", headers={"X-API-Key": "secret"}).status_code == 200


def test_without_a_model_there_is_no_report(folder, tmp_path, monkeypatch, problem):
    monkeypatch.setenv("MODEL_REGISTRY", str(tmp_path / "empty"))

    problem(create_app().test_client().get("/report"), 503)


def test_the_reports_are_looked_for_in_the_repository_where_nothing_else_is_said(shipped, monkeypatch):
    monkeypatch.delenv("API_DELIVERABLES", raising=False)

    assert create_app(shipped).extensions["settings"].deliverables == Path(__file__).parents[2] / "deliverables"
