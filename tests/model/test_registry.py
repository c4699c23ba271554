"""Versions, the current one, and the history of how it came to be."""

import json

import joblib
import pytest

from model.errors import BundleIntegrityError, NoBundleError, RegistryError
from model.registry import Registry
from tests import builders
from training.train import publish, store


@pytest.fixture
def two_versions(tmp_path):
    """A registry in which a second version was promoted over a first."""
    registry = builders.registry(tmp_path)
    publish(builders.result(seed=1), registry, by="somebody", why="newer data", when=builders.WHEN.replace(day=7))
    return registry


def test_history_says_when_which_from_which_who_and_why(two_versions):
    first, second = two_versions.history()

    assert first.previous is None
    assert second.previous == first.version
    assert (second.when, second.by, second.why) == ("2024-05-07T07:08:09+00:00", "somebody", "newer data")
    assert two_versions.current() == second
    assert set(two_versions.versions()) == {first.version, second.version}


def test_a_stored_version_is_not_in_use_until_it_is_promoted(tmp_path):
    registry = builders.registry(tmp_path)
    before = registry.load().version

    stored = store(builders.result(seed=1), registry, when=builders.WHEN)

    assert stored != before
    assert registry.load().version == before
    assert registry.load(stored).version == stored


def test_rolling_back_makes_the_version_before_current_again_and_is_recorded(two_versions):
    first, second = two_versions.history()

    two_versions.roll_back(by="me", why="worse on new days", when=builders.WHEN)

    assert two_versions.load().version == first.version
    assert [entry.version for entry in two_versions.history()] == [first.version, second.version, first.version]
    assert two_versions.history()[-1].why == "worse on new days"


def test_there_is_nothing_to_roll_back_to_after_the_first_promotion(tmp_path):
    with pytest.raises(RegistryError, match="no version before"):
        builders.registry(tmp_path).roll_back(by="me", why="", when=builders.WHEN)


def test_a_version_that_fails_its_checks_is_not_promoted(two_versions):
    first, second = two_versions.history()
    (two_versions.folder / first.version / "self_test.json").write_text("{}")

    with pytest.raises(BundleIntegrityError):
        two_versions.promote(first.version, by="me", why="", when=builders.WHEN)

    assert two_versions.current() == second
    assert len(two_versions.history()) == 2


def test_promoting_what_is_not_there_changes_nothing(two_versions):
    before = two_versions.current()

    with pytest.raises(NoBundleError):
        two_versions.promote("2020-01-01-000000000000", by="me", why="", when=builders.WHEN)

    assert two_versions.current() == before


def test_the_plain_form_follows_the_current_version(two_versions):
    first, second = two_versions.history()
    assert joblib.load(two_versions.plain_form)["version"] == second.version

    two_versions.roll_back(by="me", why="", when=builders.WHEN)

    assert joblib.load(two_versions.plain_form)["version"] == first.version


def test_the_plain_form_is_a_dict_that_scores_alone(tmp_path):
    registry = builders.registry(tmp_path)
    bundle = registry.load()

    plain = joblib.load(registry.plain_form)

    assert set(plain) == {"pipeline", "features", "threshold", "trained_on", "version"}
    assert plain["features"] == list(bundle.manifest.feature_names)
    assert plain["threshold"] == 0.44
    assert plain["trained_on"]["rows"] == bundle.manifest.trained_on.rows
    assert plain["pipeline"].predict_proba([bundle.median_row])[0, 1] == pytest.approx(
        bundle.scorer.one(bundle.median_row), abs=1e-12
    )


def test_a_pointer_that_cannot_be_read_says_what_to_do(two_versions):
    (two_versions.folder / "current.json").write_text("{")

    with pytest.raises(RegistryError, match=r"last line of history\.jsonl"):
        two_versions.load()


def test_a_manifest_swapped_for_one_with_another_creation_time_is_noticed(two_versions):
    version = two_versions.current().version
    path = two_versions.folder / version / "manifest.json"
    path.write_bytes(path.read_bytes().replace(b"2024-05-07T", b"2024-05-08T"))

    with pytest.raises(BundleIntegrityError, match="holds another bundle"):
        two_versions.load()


def test_unfinished_folders_are_no_versions(two_versions):
    before = two_versions.versions()

    (two_versions.folder / ".unfinished-abc").mkdir()

    assert two_versions.versions() == before


def test_an_absent_registry_has_no_versions_and_no_current_one(tmp_path):
    registry = Registry(tmp_path / "none")

    assert (registry.versions(), registry.current(), registry.history()) == ([], None, [])


def test_current_and_history_are_plain_json(two_versions):
    current = json.loads((two_versions.folder / "current.json").read_text())
    lines = (two_versions.folder / "history.jsonl").read_text().splitlines()

    assert current == json.loads(lines[-1])


def test_a_line_that_a_crash_left_unfinished_is_no_history_and_does_not_spoil_the_next(two_versions):
    path = two_versions.folder / "history.jsonl"
    path.write_bytes(path.read_bytes() + b'{"when": "2024-05-0')
    assert len(two_versions.history()) == 2

    two_versions.roll_back(by="me", why="", when=builders.WHEN)

    assert len(two_versions.history()) == 3


def test_a_damaged_line_of_the_history_is_named(two_versions):
    path = two_versions.folder / "history.jsonl"
    path.write_bytes(b"nonsense\n" + path.read_bytes())

    with pytest.raises(RegistryError, match=r"history\.jsonl, line 1, cannot be read"):
        two_versions.history()
