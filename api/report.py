"""GET /report: the offline report of the version in service, as it was written beside the other reports."""

import re
from dataclasses import dataclass
from hashlib import sha256
from http import HTTPStatus
from os import fstat, stat_result
from pathlib import Path
from typing import NoReturn, cast

from flask import Response, abort, current_app, request

from api.errors import problem
from api.serving import Reply, served
from api.validation import short
from model.bundle import Bundle

REPORT = "report.html"
WRITTEN_BY = "python -m training report"

# All that the file needs is in it: styles, scripts, pictures, and what its scripts offer to keep.
POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline' blob:; img-src data: blob:;"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

# Where in the file it says what bundle it is about.
BYTES_AT_THE_TOP = 2000
_NAMED = re.compile(rb'<meta name="bundle-(sha256|version)" content="([^"]*)"')

Stamp = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ReportPage:
    """The file as it was read: its bytes, their tag, and what it says of the bundle it is about, if anything."""

    body: bytes
    tag: str
    sha256: str
    version: str


class ReportFile:
    """The report in a folder: read when it is first asked for, and again once it is another file.

    Parameters
    ----------
    folder
        Where reports are written; neither it nor the report need be there.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / REPORT
        self._kept: tuple[Stamp, ReportPage] | None = None

    def page(self) -> ReportPage:
        """Return the report.

        Raises
        ------
        OSError
            There is none, or it cannot be read.
        """
        kept = self._kept
        if kept is None or kept[0] != _stamp(self._path.stat()):
            with self._path.open("rb") as file:
                kept = self._kept = _stamp(fstat(file.fileno())), _read(file.read())
        return kept[1]

    def is_about(self, bundle: Bundle) -> bool:
        """Whether there is a report, and it is about *bundle*."""
        try:
            return self.page().sha256 == bundle.sha256
        except OSError:
            return False


def report() -> Response:
    """Show the report of the version in service."""
    bundle = served().bundle
    try:
        page = report_file().page()
    except FileNotFoundError:
        _refuse("is not there", bundle)
    except OSError as error:
        _refuse(f"cannot be read ({error.strerror})", bundle)
    if page.sha256 != bundle.sha256:
        _refuse(_other_bundle(page, bundle), bundle)
    headers = {"Content-Security-Policy": POLICY, "X-Content-Type-Options": "nosniff", "Cache-Control": "no-cache"}
    reply = Reply(page.body, headers=headers, content_type="text/html; charset=utf-8")
    reply.set_etag(page.tag)
    reply.make_conditional(request)
    return reply


def report_file() -> ReportFile:
    """Return the report's file, as this application keeps it."""
    return cast("ReportFile", current_app.extensions["report"])


def _stamp(status: stat_result) -> Stamp:
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def _read(body: bytes) -> ReportPage:
    named = {kind: text.decode(errors="replace") for kind, text in _NAMED.findall(body[:BYTES_AT_THE_TOP])}
    return ReportPage(body, sha256(body).hexdigest(), named.get(b"sha256", ""), named.get(b"version", ""))


def _other_bundle(page: ReportPage, bundle: Bundle) -> str:
    if not page.sha256:
        return "does not say what bundle it is about"
    if page.version != bundle.version:
        return f"is about version {short(page.version)}"
    return f"is about another bundle of the same version, with sha256 {short(page.sha256)}"


def _refuse(found: str, bundle: Bundle) -> NoReturn:
    detail = (
        f"{REPORT} {found}; expected that of version {bundle.version}, which is in service, in the folder of reports"
        f" (API_DELIVERABLES). Write it there with `{WRITTEN_BY}`."
    )
    abort(problem(HTTPStatus.NOT_FOUND, detail))
