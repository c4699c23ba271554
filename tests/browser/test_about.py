"""The About page: what can be taken away."""

import json
import zipfile
from pathlib import Path

from playwright.sync_api import Page

from model.bundle import Bundle
from model.manifest import encode_manifest
from tests.browser.serving import settle

ROOT = Path(__file__).parents[2]


def taken(page: Page, label: str, folder: Path) -> Path:
    with page.expect_download() as waiting:
        page.get_by_role("button", name=label).click()
    found = waiting.value
    found.save_as(folder / found.suggested_filename)
    return folder / found.suggested_filename


def test_bundle_reports_and_manifest_can_be_taken_away(page: Page, url: str, shipped: Bundle, tmp_path: Path):
    page.goto(f"{url}/about")
    settle(page)

    with zipfile.ZipFile(taken(page, "Bundle (zip)", tmp_path)) as archive:
        archive.extractall(tmp_path / "elsewhere")
    again = Bundle.load(tmp_path / "elsewhere" / shipped.version)
    assert again.sha256 == shipped.sha256

    with zipfile.ZipFile(taken(page, "Reports (zip)", tmp_path)) as archive:
        for name in archive.namelist():
            assert archive.read(name) == (ROOT / "deliverables" / name).read_bytes(), name

    manifest = taken(page, "Manifest (json)", tmp_path).read_bytes()
    assert manifest == encode_manifest(shipped.manifest)
    assert json.loads(manifest)["version"] == shipped.version
