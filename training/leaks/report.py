"""What the leak probe found, for people and for scripts."""

import textwrap
from typing import Any

from model.dataset import FeatureTable
from model.evaluation import span
from training.leaks.subject import Probe

WIDTH = 110


def as_text(table: FeatureTable, probe: Probe) -> str:
    """Return the report: the outcome, then every check, what failed and what to do first."""
    suspected, n_checks = len(probe.suspected), len(probe.findings)
    outcome = (
        f"LEAK SUSPECTED: {suspected} of {n_checks} checks failed" if suspected else f"All {n_checks} checks passed"
    )
    warned = sum(bool(finding.warning) for finding in probe.findings)
    outcome += f", with {warned} {'warning' if warned == 1 else 'warnings'}" if warned else ""
    lines = [f"{outcome}. {_subject(table)}", ""]
    for finding in probe.findings:
        check = finding.check
        lines += _entry("ok    " if check.passed else "FAILED", f"{check.name}: {check.assumption}")
        lines += _entry("      ", check.finding)
        if not check.passed:
            lines += _entry("      ", f"To do: {finding.remedy}")
        if finding.warning:
            lines += _entry("warning", finding.warning)
    for skipped in probe.not_run:
        lines += _entry("not run", f"{skipped.name}: {skipped.why}.")
    lines += [f"warning  {warning}" for warning in table.provenance.warnings]
    return "\n".join(lines)


def as_json(table: FeatureTable, probe: Probe) -> dict[str, Any]:
    """Return the report as scripts read it."""
    return {
        "file": table.provenance.file,
        "sha256": table.provenance.sha256,
        "rows": len(table),
        "features": [feature.name for feature in table.features],
        "passed": not probe.suspected,
        "checks": [
            {
                "name": finding.check.name,
                "assumption": finding.check.assumption,
                "passed": finding.check.passed,
                "finding": finding.check.finding,
                "columns": list(finding.columns),
                "to_do": "" if finding.check.passed else finding.remedy,
                "warning": finding.warning,
                "warned_of": list(finding.warned_of),
            }
            for finding in probe.findings
        ],
        "not_run": [{"name": skipped.name, "why": skipped.why} for skipped in probe.not_run],
        "warnings": list(table.provenance.warnings),
    }


def _subject(table: FeatureTable) -> str:
    first, last = span(table.day)
    period = f", {first} to {last}" if first else ""
    n_features = len(table.features)
    features = "1 feature" if n_features == 1 else f"{n_features} features"
    return f"{table.provenance.file}: {len(table):,} rows, {features}{period}."


def _entry(mark: str, text: str) -> list[str]:
    indent = " " * 8
    return textwrap.wrap(text, WIDTH, initial_indent=f"{mark:<8}", subsequent_indent=indent)
