"""The About page offers each report about the version in view, made when it is asked for."""

import io
import json
import zipfile

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.downloads import downloads
from model.bundle import Bundle, write_bundle
from model.registry import Registry
from tests import builders
from tests.dashboard.reading import go
from training import report
from training.background import Background
from training.kept_threshold import ThresholdChoice, keep_threshold
from training.report import REPORTS, Report


def test_every_report_and_the_bundle_are_offered(app: AppTest):
    go(app, "about")

    assert not app.exception
    labels = [button.proto.label for button in app.get("download_button")]
    assert labels[-3:] == ["Reports (zip)", "Bundle (zip)", "Manifest (json)"]
    assert {"Summary (pdf)", "Summary (md)", "Model card (md)"} <= set(labels)
    assert len(labels) == 3 + sum("/" not in one.name for one in REPORTS)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let there be one report, which says which versions it is about."""

    def versions(bundle: Bundle, background: Background) -> bytes:
        return f"{bundle.version} after {background.before.version if background.before else 'none'}".encode()

    monkeypatch.setattr(report, "REPORTS", (Report("report.html", "the versions", versions),))


@pytest.mark.usefixtures("quick")
def test_what_is_taken_is_about_the_version_in_view_whatever_was_promoted_since(registry: Registry, shipped: Bundle):
    draft = keep_threshold(shipped, ThresholdChoice(0.5, "by hand", "a test", who="tester"))
    newer = write_bundle(registry.folder, draft.created_at(builders.WHEN)).name
    registry.promote(newer, by="tester", why="a test", when=builders.WHEN)

    taken = {
        bundle.version: {one.label: one.make() for one in downloads(bundle, registry)}
        for bundle in (shipped, registry.load())
    }

    about = {shipped.version: f"{shipped.version} after none", newer: f"{newer} after {shipped.version}"}
    for version, files in taken.items():
        assert list(files) == ["Report (html)", "Reports (zip)", "Bundle (zip)", "Manifest (json)"]
        assert files["Report (html)"].decode() == about[version]
        with zipfile.ZipFile(io.BytesIO(files["Reports (zip)"])) as archive:
            assert archive.read("report.html").decode() == about[version]
            assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}, "no time of day"
        assert json.loads(files["Manifest (json)"])["version"] == version
