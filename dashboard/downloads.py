"""What can be taken away from a bundle: the bundle itself and the reports about it, each as one file."""

import io
import zipfile
from collections.abc import Mapping

from model.bundle import MANIFEST, Bundle
from model.manifest import encode_manifest


def bundle_zip(bundle: Bundle) -> bytes:
    """Return the folder of *bundle* as a zip: what `model/artifacts` of another copy takes as it is."""
    names = [MANIFEST, *bundle.manifest.files]
    return _zip({f"{bundle.version}/{name}": (bundle.directory / name).read_bytes() for name in names})


def reports_zip(bundle: Bundle) -> bytes:
    """Return the stakeholder summary and the model card with their figures, made anew from *bundle*."""
    from training.report import render_reports

    return _zip(render_reports(bundle))


def manifest_json(bundle: Bundle) -> bytes:
    """Return manifest.json as it was written."""
    return encode_manifest(bundle.manifest)


def _zip(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()
