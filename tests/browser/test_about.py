"""The About page: what can be taken away."""

import json
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Page

from dashboard.downloads import label_of
from model.bundle import Bundle
from model.manifest import encode_manifest
from tests.browser.serving import settle
from training.background import Background
from training.ledger import Looks
from training.report import render_reports


def taken(page: Page, label: str, folder: Path) -> Path:
    with page.expect_download() as waiting:
        page.get_by_role("button", name=label, exact=False).click()
    found = waiting.value
    found.save_as(folder / found.suggested_filename)
    return folder / found.suggested_filename


@pytest.mark.parametrize("page", ["light 390"], indirect=True)
def test_bundle_manifest_and_each_report_can_be_taken_away(page: Page, url: str, shipped: Bundle, tmp_path: Path):
    # The dashboard shows a copy of the registry, beside which nobody has looked at any rows.
    reports = render_reports(shipped, Background(looks=Looks(runs=0, total=0, different=0)))
    page.goto(f"{url}/about")
    settle(page)

    for name in (name for name in reports if "/" not in name):
        file = taken(page, label_of(name), tmp_path)
        assert file.name == name
        assert file.read_bytes() == reports[name], name

    with zipfile.ZipFile(taken(page, "Reports (zip)", tmp_path)) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == reports

    with zipfile.ZipFile(taken(page, "Bundle (zip)", tmp_path)) as archive:
        archive.extractall(tmp_path / "elsewhere")
    again = Bundle.load(tmp_path / "elsewhere" / shipped.version)
    assert again.sha256 == shipped.sha256

    manifest = taken(page, "Manifest (json)", tmp_path).read_bytes()
    assert manifest == encode_manifest(shipped.manifest)
    assert json.loads(manifest)["version"] == shipped.version

    # On a telephone the buttons stand two beside each other, within the page.
    boxes = [box.bounding_box() for box in page.get_by_test_id("stDownloadButton").all()]
    assert all(box["x"] >= 0 and box["x"] + box["width"] <= 390 for box in boxes)
    pairs = list(zip(boxes[::2], boxes[1::2], strict=False))
    assert len(pairs) >= 3
    assert all(left["y"] == right["y"] for left, right in pairs)
