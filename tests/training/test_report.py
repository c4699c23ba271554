"""The deliverables: computed from the bundle, and never stale."""

import re
from pathlib import Path

import pytest

from model.thresholds import confusion_at
from training.report import render_reports, write_reports
from training.report_tables import sensitivity

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def reports(shipped):
    """Every report of the shipped bundle as bytes."""
    return render_reports(shipped)


def test_the_committed_deliverables_are_those_of_the_committed_bundle(reports):
    for name, data in reports.items():
        assert (ROOT / "deliverables" / name).read_bytes() == data, (
            f"deliverables/{name} is stale: run `python -m training report` and commit the result"
        )


def test_the_verdict_comes_first(shipped, reports):
    for name in ("stakeholder_summary.md", "model_card.md"):
        lines = [line for line in reports[name].decode().splitlines() if line]
        assert lines[0].startswith("# ")
        assert lines[1].startswith(f"**{shipped.manifest.verdict.headline}.**")


def test_version_and_hash_are_stated(shipped, reports):
    for name in ("stakeholder_summary.md", "model_card.md"):
        text = reports[name].decode()
        assert shipped.version in text
        assert shipped.sha256 in text


def test_the_threshold_table_is_that_of_the_out_of_fold_rows(shipped, reports):
    rows = shipped.out_of_fold
    text = reports["stakeholder_summary.md"].decode()

    for threshold in (0.40, 0.44, 0.48, 0.50, 0.55):
        at = confusion_at(threshold, rows.y_true, rows.y_score)
        (line,) = re.findall(rf"^\| \**{threshold:.2f}\** \|.*$", text, re.M)
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        assert cells[1] == f"{100 * at.call_share:.1f} %"
        assert cells[2] == f"{100 * at.precision:.1f} %"
        assert cells[4] == f"{100 * at.recall:.1f} %"
        assert cells[5] == f"{100 * at.accuracy:.1f} %"


def test_the_interval_of_each_threshold_holds_its_share(shipped):
    for row in sensitivity(shipped):
        assert row.precision_interval.low < row.confusion.precision < row.precision_interval.high


def test_a_threshold_that_calls_nothing_has_no_interval_and_no_error(shipped):
    (row,) = sensitivity(shipped, [0.999])

    assert row.precision_interval is None
    assert row.confusion.precision is None


def test_every_metric_and_every_check_stands_in_the_summary(shipped, reports):
    text = reports["stakeholder_summary.md"].decode()

    for metric in shipped.manifest.metrics:
        assert f"| {metric.label} | {metric.value:.4f} |".replace("-", "−") in text
    for check in shipped.manifest.checks:
        assert check.finding in text


def test_the_card_names_every_feature_fold_and_excluded_ticker(shipped, reports):
    text = reports["model_card.md"].decode()

    assert all(f"`{name}`" in text for name in shipped.manifest.feature_names)
    assert all(f"| {fold.fold} | {fold.train_first_day} to" in text for fold in shipped.manifest.folds)
    assert "Left out: FB, too short" in text


def test_reports_of_a_model_with_skill_do_not_say_there_is_none(tmp_path):
    from tests import builders
    from training.train import publish

    registry = builders.registry(tmp_path)
    publish(builders.result(signal=2.0), registry, by="me", why="", when=builders.WHEN)

    texts = [path.read_text() for path in write_reports(registry.load(), tmp_path / "out") if path.suffix == ".md"]

    for text in texts:
        assert "Better than the base rate" in text
        assert "No skill" not in text
        assert "nan" not in text.lower().split()


def test_figures_are_svg_without_a_date(reports):
    for name in ("figures/threshold.svg", "figures/calibration.svg"):
        assert reports[name].startswith(b"<?xml")
        assert b"<dc:date>" not in reports[name]
