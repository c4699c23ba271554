"""What can be taken away from a bundle: the bundle itself and the reports about it, each as one file."""

import io
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from model.bundle import MANIFEST, Bundle
from model.manifest import encode_manifest
from model.registry import Registry


@dataclass(frozen=True, slots=True)
class Download:
    """A file to take away: what its button says, its name, and its bytes, made when they are asked for."""

    label: str
    name: str
    make: Callable[[], bytes]


def downloads(bundle: Bundle, registry: Registry) -> list[Download]:
    """Return what can be taken away of *bundle*, a version in *registry*: the reports first."""
    return [
        *(Download(label_of(name), name, partial(report, bundle, registry, name)) for name in reports_offered()),
        Download("Reports (zip)", f"{bundle.manifest.name}-reports.zip", partial(reports_zip, bundle, registry)),
        Download("Bundle (zip)", f"{bundle.manifest.name}-{bundle.version}.zip", partial(bundle_zip, bundle)),
        Download("Manifest (json)", MANIFEST, partial(manifest_json, bundle)),
    ]


def reports_offered() -> list[str]:
    """Return the reports that can be read on their own; the figures belong to them, and come with all of them."""
    from training.report import REPORTS

    return [report.name for report in REPORTS if "/" not in report.name]


def label_of(name: str) -> str:
    """Return what the button of a report says.

    >>> label_of("stakeholder_summary.pdf"), label_of("report.html")
    ('Summary (pdf)', 'Report (html)')
    """
    stem, _, kind = name.rpartition(".")
    return f"{stem.removeprefix('stakeholder_').replace('_', ' ').capitalize()} ({kind})"


def report(bundle: Bundle, registry: Registry, name: str) -> bytes:
    """Return one report, made anew from *bundle* and what *registry* knows of it."""
    from training.deliverables import background_of
    from training.report import render_report

    return render_report(name, bundle, background_of(registry, bundle)[0])


def reports_zip(bundle: Bundle, registry: Registry) -> bytes:
    """Return every report with its figures, made anew from *bundle* and what *registry* knows of it."""
    from training.deliverables import background_of
    from training.report import render_reports

    return _zip(render_reports(bundle, background_of(registry, bundle)[0]))


def bundle_zip(bundle: Bundle) -> bytes:
    """Return the folder of *bundle* as a zip: what `model/artifacts` of another copy takes as it is."""
    names = [MANIFEST, *bundle.manifest.files]
    return _zip({f"{bundle.version}/{name}": (bundle.directory / name).read_bytes() for name in names})


def manifest_json(bundle: Bundle) -> bytes:
    """Return manifest.json as it was written."""
    return encode_manifest(bundle.manifest)


def _zip(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            # Not the time of day: the same files are the same archive.
            entry = zipfile.ZipInfo(name)
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, data, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()
