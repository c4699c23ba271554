"""The deliverables: computed from the bundle, written together, never stale."""

import json
import shutil
import subprocess
import sys
from argparse import Namespace
from dataclasses import dataclass
from pathlib import Path

import pytest

from model.bundle import Bundle, write_bundle
from model.errors import RegistryError, TrainingError
from model.history import Promotion
from model.registry import Registry
from tests import builders
from training import report
from training.__main__ import main
from training.background import Background
from training.deliverables import background_of, folder_for, refresh, version_before
from training.follow_up import follow_look
from training.kept_threshold import ThresholdChoice, keep_threshold
from training.report import Report, render_report, render_reports, write_reports
from training.train import publish

ROOT = Path(__file__).parents[2]
# Pictures of the dashboard, taken by tests/browser/screenshots.py: they are not made from a bundle alone.
SCREENSHOTS = {"figures/dashboard.png", "figures/threshold_page.png"}
WHAT_TO_DO = "run `python -m training report` and commit the result"


@dataclass(frozen=True)
class Built:
    """What the command line wrote about the shipped bundle, and what it said."""

    said: str
    progress: str
    files: dict[str, bytes]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Every report of the shipped bundle, written by a process of its own."""
    folder = tmp_path_factory.mktemp("built")
    command = [sys.executable, "-m", "training", "report", "--out", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return Built(done.stdout, done.stderr, files_in(folder))


@pytest.fixture(scope="module")
def reports(built: Built) -> dict[str, bytes]:
    """Every report of the shipped bundle as bytes."""
    return built.files


def files_in(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_committed_deliverables_are_those_of_the_committed_bundle(reports: dict[str, bytes]):
    committed = files_in(ROOT / "deliverables")

    assert set(committed) - SCREENSHOTS == set(reports), f"{WHAT_TO_DO}, without what is no report"
    assert [name for name, data in reports.items() if committed[name] != data] == [], WHAT_TO_DO


def test_another_process_makes_the_same_bytes(shipped: Bundle, reports: dict[str, bytes]):
    # What depends on the order of a set, on the clock or on what ran before would differ here.
    background, _ = background_of(Registry(), shipped)
    again = {name: render_report(name, shipped, background) for name in reversed(reports)}

    assert [name for name in reports if again[name] != reports[name]] == []


def test_the_command_line_shows_how_far_it_is_what_it_wrote_and_how_often_the_rows_were_looked_at(built: Built):
    assert "the model card" in built.progress
    assert "100 %" in built.progress
    assert built.said.count("wrote    ") == len(built.files)
    assert "\nlooks    " in built.said


def test_how_often_the_rows_were_looked_at_is_stated_with_the_correction(reports: dict[str, bytes]):
    lines = [line for line in (ROOT / "model" / "ledger.jsonl").read_text().splitlines() if line]
    tried = {thing for line in lines for thing in json.loads(line)["tried"]}
    level = f"{100 - 5 / len(tried):.1f} %"

    counted = f"{len(tried)} different things were tried on these out-of-fold rows, in {len(lines)} runs"
    for name in ("stakeholder_summary.md", "model_card.md", "report.html"):
        text = " ".join(reports[name].decode().split())
        assert f"{counted}; after {len(tried)} an interval would have to be at {level}" in text, name


def test_version_and_hash_are_stated(shipped: Bundle, reports: dict[str, bytes]):
    for name in ("stakeholder_summary.md", "model_card.md"):
        text = reports[name].decode()
        assert shipped.version in text
        assert shipped.sha256 in text


def test_reports_of_a_model_with_skill_do_not_say_there_is_none(tmp_path: Path):
    registry = Registry(tmp_path / "artifacts")
    publish(builders.result(signal=2.0), registry, by="me", why="", when=builders.WHEN)

    texts = [data.decode() for name, data in render_reports(registry.load()).items() if name.endswith(".md")]

    for text in texts:
        assert "Better than the base rate" in text
        assert "No skill" not in text
        assert "nan" not in text.lower().split()


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let there be two reports that say no more than which versions they are about."""

    def versions(bundle: Bundle, background: Background) -> bytes:
        return f"{bundle.version} after {background.before.version if background.before else 'none'}".encode()

    monkeypatch.setattr(report, "REPORTS", (Report("a.md", "first", versions), Report("b.md", "second", versions)))


@pytest.fixture(scope="module")
def grown(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, str]:
    """A registry with one version in use and another that never was; read only."""
    registry = builders.registry(tmp_path_factory.mktemp("grown"))
    first = registry.load()
    draft = keep_threshold(first, ThresholdChoice(0.5, "by hand", "a test", who="tester"))
    return registry.folder, first.version, write_bundle(registry.folder, draft.created_at(builders.WHEN)).name


@pytest.fixture
def registry(grown: tuple[Path, str, str], tmp_path: Path) -> Registry:
    shutil.copytree(grown[0], tmp_path / "artifacts")
    return Registry(tmp_path / "artifacts")


def promote(registry: Registry, version: str) -> Promotion:
    return registry.promote(version, by="tester", why="a test", when=builders.WHEN)


@pytest.mark.usefixtures("quick")
def test_all_reports_are_written_or_none(made_up: Bundle, tmp_path: Path):
    (tmp_path / "a.md").write_text("as it was")
    (tmp_path / "b.md").mkdir()

    with pytest.raises(TrainingError, match=r"b\.md cannot be written \(a folder is in the way\); no report was"):
        write_reports(made_up, tmp_path)
    assert (tmp_path / "a.md").read_text() == "as it was"


@pytest.mark.usefixtures("quick")
def test_promoting_and_rolling_back_write_the_reports_anew(
    registry: Registry, grown: tuple[Path, str, str], tmp_path: Path
):
    _, first, second = grown
    places = ["--registry", str(registry.folder), "--deliverables", str(tmp_path / "out")]

    main([*places, "promote", second, "--reason", "a test"])
    after = (tmp_path / "out" / "a.md").read_text()
    main([*places, "rollback"])

    assert after == f"{second} after {first}"
    assert (tmp_path / "out" / "a.md").read_text() == f"{first} after none"


@pytest.mark.usefixtures("quick")
def test_whoever_writes_last_writes_what_is_in_use(registry: Registry, grown: tuple[Path, str, str], tmp_path: Path):
    _, first, second = grown

    # While the reports about the first are made, somebody puts the second in use.
    refresh(registry, tmp_path, lambda _: promote(registry, second) if registry.current().version == first else None)

    assert [path.read_text() for path in sorted(tmp_path.glob("*.md"))] == [f"{second} after {first}"] * 2


@pytest.mark.usefixtures("quick")
def test_a_look_at_the_rows_of_the_version_in_use_is_counted_in_its_reports_and_another_is_not(
    registry: Registry, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    bundle = registry.load()
    options = Namespace(deliverables=tmp_path / "out")

    follow_look(options, registry, "f" * 64, bundle.out_of_fold)
    assert capsys.readouterr().out == ""
    follow_look(options, registry, bundle.manifest.trained_on.sha256, bundle.out_of_fold)

    assert capsys.readouterr().out.count("wrote    ") == 2
    assert (tmp_path / "out" / "b.md").exists()


@pytest.mark.usefixtures("quick")
def test_a_version_that_cannot_be_opened_is_no_hindrance_to_the_reports_of_the_next(
    registry: Registry, grown: tuple[Path, str, str], tmp_path: Path
):
    _, first, second = grown
    promote(registry, second)
    (registry.folder / first / "pipeline.skops").write_bytes(b"damaged")

    written = refresh(registry, tmp_path / "out")

    assert (tmp_path / "out" / "a.md").read_text() == f"{second} after none"
    assert written.note.startswith(f"Version {first} was in use before and cannot be compared with: ")


@pytest.mark.usefixtures("quick")
def test_reports_that_cannot_be_written_do_not_hide_that_the_version_is_in_use(registry: Registry, tmp_path: Path):
    (tmp_path / "out").write_text("in the way")

    with pytest.raises(RegistryError, match=r"The version is in use, but its reports were not written\. .* Make room"):
        refresh(registry, tmp_path / "out")


@pytest.mark.usefixtures("quick")
def test_reports_of_a_version_that_is_not_in_use_are_written_and_that_is_said(
    registry: Registry, grown: tuple[Path, str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    _, first, second = grown
    arguments = ["report", "--registry", str(registry.folder), "--out", str(tmp_path / "out"), "--version", second[:-1]]

    assert main(arguments) == 0
    assert (tmp_path / "out" / "a.md").read_text() == f"{second} after none"
    assert f"note     these are about version {second}; {first} is in use" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--version", "zzz", "--out", "{folder}/out"], "has no version “zzz”; it has "),
        (["--registry", "{folder}/empty", "--out", "{folder}/out"], "Train one with `python -m training`"),
        (["--registry", "{folder}/artifacts"], "say where to write with --out DIR"),
        (["--out", "{folder}/artifacts/current.json"], "cannot be written (File exists); no report was changed."),
    ],
)
@pytest.mark.usefixtures("quick")
def test_what_cannot_be_reported_is_told_with_what_to_do(
    arguments: list[str], message: str, registry: Registry, capsys: pytest.CaptureFixture[str]
):
    given = [argument.format(folder=registry.folder.parent) for argument in arguments]

    assert main(["report", *given]) == 1
    assert message in capsys.readouterr().err
    assert not (registry.folder.parent / "out").exists()


def test_deliverables_are_about_this_repositorys_registry_and_no_other(tmp_path: Path):
    assert folder_for(Registry()) == ROOT / "deliverables"
    assert folder_for(Registry(tmp_path)) is None
    assert folder_for(Registry(tmp_path), tmp_path / "out") == tmp_path / "out"


class Remembered:
    """A registry that holds nothing but its history, written as "+a" (promoted) and "-a" (rolled back to)."""

    def __init__(self, *lines: str) -> None:
        self.lines = lines

    def history(self) -> list[Promotion]:
        what = {"+": "promoted", "-": "rolled back"}
        return [Promotion("", line[1:], "", "", "", None, what[line[0]]) for line in self.lines]


@pytest.mark.parametrize(
    ("history", "version", "before"),
    [
        (["+a"], "a", None),
        (["+a", "+b"], "b", "a"),
        (["+a", "+b"], "a", None),
        (["+a", "+b", "+b"], "b", "a"),
        (["+a", "+b", "+c", "-b"], "b", "a"),
        (["+a", "+b", "-a", "+c"], "c", "a"),
        (["+a", "+b", "+a"], "a", "b"),
        (["+a"], "never in use", None),
    ],
)
def test_the_version_before_is_the_one_it_took_over_from(history: list[str], version: str, before: str | None):
    assert version_before(Remembered(*history), version) == before
