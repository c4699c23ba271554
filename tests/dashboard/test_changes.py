"""Keeping a threshold and rolling back: written, promoted, recorded, described; or nothing of it."""

import json
from pathlib import Path

import joblib
import pytest

from dashboard import runs
from model.bundle import Bundle
from model.creation import Progress
from model.errors import RegistryError, TrainingError
from model.registry import Promotion, Registry
from tests import builders
from tests.dashboard.test_retrain import challenger
from training.kept_threshold import ThresholdChoice
from training.train import publish

CHOICE = ThresholdChoice(0.5, rule="an even chance", reason="easier to say")


def test_keeping_a_threshold_writes_promotes_and_records(registry: Registry, shipped: Bundle):
    promotion = runs.keep_threshold(registry, shipped, CHOICE, by="Ada")

    now = registry.load()
    assert now.version == promotion.version != shipped.version
    assert (promotion.by, promotion.why, promotion.previous) == ("Ada", "easier to say", shipped.version)
    assert now.threshold == 0.5
    assert now.manifest.threshold.chosen_by == "Ada"
    assert runs.roll_back(registry, by="Ada", why="no", instead_of=promotion).version == shipped.version
    assert registry.load().threshold == 0.44


def test_keeping_a_threshold_writes_model_pkl_anew(registry: Registry, shipped: Bundle):
    promotion = runs.keep_threshold(registry, shipped, CHOICE, by="Ada")

    plain_form = joblib.load(registry.plain_form)
    assert (plain_form["threshold"], plain_form["version"]) == (0.5, promotion.version)


def test_a_threshold_is_not_kept_over_what_somebody_promoted_meanwhile(registry: Registry, shipped: Bundle):
    version = publish(builders.result(), registry, by="Bob", why="was faster", when=builders.WHEN)
    before = registry.versions()

    with pytest.raises(RegistryError, match=f"Bob promoted version {version} meanwhile"):
        runs.keep_threshold(registry, shipped, CHOICE, by="Ada")
    assert registry.versions() == before


class BusyRegistry(Registry):
    """A registry in which somebody promotes another version while a threshold is being written."""

    def __init__(self, folder: Path, version: str) -> None:
        super().__init__(folder)
        self.version = version

    def versions(self) -> list[str]:
        if self.current().version != self.version:
            Registry(self.folder).promote(self.version, by="Bob", why="was faster", when=builders.WHEN)
        return super().versions()


def test_what_was_written_for_a_promotion_that_fails_is_removed_again(registry: Registry, shipped: Bundle):
    version = challenger(registry)
    busy = BusyRegistry(registry.folder, version)

    with pytest.raises(RegistryError, match="Bob promoted"):
        runs.keep_threshold(busy, shipped, CHOICE, by="Ada")
    assert registry.versions() == sorted([shipped.version, version])
    assert registry.current().version == version


def test_keeping_the_same_threshold_twice_is_refused(registry: Registry, shipped: Bundle):
    runs.keep_threshold(registry, shipped, CHOICE, by="Ada")

    with pytest.raises(RegistryError, match="kept already"):
        runs.keep_threshold(registry, registry.load(), CHOICE, by="Ada")
    assert len(registry.history()) == 2


def test_a_pointer_that_is_gone_is_no_permission(registry: Registry, shipped: Bundle):
    (registry.folder / "current.json").unlink()
    known = Promotion(**json.loads((registry.folder / "history.jsonl").read_text().splitlines()[0]))

    with pytest.raises(RegistryError, match="no longer says which version is in use"):
        runs.roll_back(registry, by="Ada", why="x", instead_of=known)


@pytest.fixture
def described(registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of reports about *registry*, as there is one for the repository's own."""
    monkeypatch.setattr(runs, "is_default", lambda _: True)
    monkeypatch.setattr(runs, "DELIVERABLES", tmp_path / "deliverables")
    return tmp_path / "deliverables"


def test_the_reports_follow_the_threshold_that_is_kept_and_the_way_back(
    registry: Registry, shipped: Bundle, described: Path
):
    told: list[Progress] = []

    promotion = runs.keep_threshold(registry, shipped, CHOICE, by="Ada", on_progress=told.append)
    assert "Decision threshold: 0.5. Rule: call “up”" in (described / "model_card.md").read_text()
    assert [progress.step for progress in told] == list(range(told[0].total + 1))

    runs.roll_back(registry, by="Ada", why="no", instead_of=promotion)
    assert "Decision threshold: 0.44. Rule: call “up”" in (described / "model_card.md").read_text()


def test_reports_that_cannot_be_written_are_named_and_the_threshold_is_kept(
    registry: Registry, shipped: Bundle, described: Path
):
    described.write_text("in the way")

    with pytest.raises(RegistryError, match=r"The version is in use, but .*deliverables cannot be written"):
        runs.keep_threshold(registry, shipped, CHOICE, by="Ada")
    assert registry.load().threshold == 0.5


def test_a_choice_that_cannot_be_kept_leaves_everything_as_it_was(registry: Registry, shipped: Bundle):
    with pytest.raises(TrainingError, match="no reason"):
        runs.keep_threshold(registry, shipped, ThresholdChoice(0.5, rule="", reason=" "), by="Ada")

    assert registry.versions() == [shipped.version]
    assert len(registry.history()) == 1
