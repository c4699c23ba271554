"""The commands on the versions of a registry, from the command line."""

import shutil
from pathlib import Path

import joblib
import pytest

from model.registry import Registry
from tests import builders
from training.__main__ import main
from training.places import account
from training.train import store


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A registry with one version in use and two that never were; read only."""
    folder = tmp_path_factory.mktemp("source")
    registry = builders.registry(folder)
    for seed in (1, 2):
        store(builders.result(seed=seed), registry, when=builders.WHEN.replace(day=6 + seed))
    return registry.folder


@pytest.fixture
def registry(source: Path, tmp_path: Path) -> Registry:
    shutil.copytree(source.parent, tmp_path / "copy")
    return Registry(tmp_path / "copy" / "artifacts")


@pytest.fixture
def others(registry: Registry) -> list[str]:
    """The two versions that are not in use."""
    return [version for version in registry.versions() if version != registry.current().version]


def run(registry: Registry, *arguments: str) -> int:
    return main([*arguments, "--registry", str(registry.folder)])


def test_versions_lists_them_and_marks_the_one_in_use(registry: Registry, others: list[str], capsys):
    assert run(registry, "versions") == 0

    lines = capsys.readouterr().out.splitlines()[1:]
    (marked,) = [line for line in lines if line.startswith("*")]
    assert "in use" in marked
    assert marked.split()[1] == registry.current().version
    assert sorted(line.split()[0] for line in lines if not line.startswith("*")) == others
    # Two tickers of 400 days, and no tomorrow for the last day of each.
    assert all("never" in line and "798" in line for line in lines if not line.startswith("*"))


def test_the_registry_may_be_given_before_the_command(registry: Registry, capsys):
    assert main(["--registry", str(registry.folder), "versions"]) == 0

    assert registry.current().version in capsys.readouterr().out


def test_a_damaged_version_is_listed_with_what_is_wrong(registry: Registry, others: list[str], capsys):
    (registry.folder / others[0] / "manifest.json").write_text("{")

    assert run(registry, "versions") == 0
    assert "is not readable JSON" in capsys.readouterr().out


def test_show_tells_what_a_version_is(registry: Registry, others: list[str], capsys):
    assert run(registry, "show", others[0][:-1]) == 0

    said = capsys.readouterr().out
    bundle = registry.load(others[0])
    assert others[0] in said
    assert bundle.sha256 in said
    assert bundle.manifest.verdict.headline in said
    assert "Log loss: " in said


def test_show_without_a_version_shows_the_one_in_use_and_since_when(registry: Registry, capsys):
    assert run(registry, "show") == 0

    assert f"promoted    {registry.current().when} by tester: first" in capsys.readouterr().out


def test_promote_and_rollback_move_the_pointer_model_pkl_and_the_history(registry: Registry, others: list[str], capsys):
    first = registry.current().version
    assert run(registry, "promote", others[0][:-1], "--reason", "newer data") == 0
    assert f"version {others[0]} is now in use instead of {first}" in capsys.readouterr().out
    assert joblib.load(registry.plain_form)["version"] == registry.load().version == others[0]

    assert run(registry, "rollback", "--reason", "no better") == 0
    assert joblib.load(registry.plain_form)["version"] == registry.load().version == first

    capsys.readouterr()
    assert run(registry, "history") == 0
    lines = [line.split(" ", 1)[1] for line in capsys.readouterr().out.splitlines()]
    assert lines == [
        f"promoted {first}, by tester: first",
        f"promoted {others[0]} instead of {first}, by {account()}: newer data",
        f"rolled back to {first} instead of {others[0]}, by {account()}: no better",
    ]


def test_a_version_that_does_not_reproduce_its_rows_is_not_promoted(registry: Registry, others: list[str], capsys):
    before = registry.current()
    (registry.folder / others[0] / "pipeline.skops").write_bytes(b"damaged")

    assert run(registry, "promote", others[0], "--reason", "try") == 1
    assert "pipeline.skops is not the file this bundle was written with" in capsys.readouterr().err
    assert registry.current() == before


def test_promote_wants_a_reason(registry: Registry, others: list[str], capsys):
    with pytest.raises(SystemExit, match="2"):
        run(registry, "promote", others[0])

    assert "--reason" in capsys.readouterr().err


def test_verify_finds_a_sound_registry_sound(registry: Registry, capsys):
    assert run(registry, "verify") == 0

    lines = capsys.readouterr().out.splitlines()
    assert [line[:6] for line in lines] == ["ok    "] * 4


def damage_a_table(registry: Registry, version: str) -> None:
    path = registry.folder / version / "reference.parquet"
    path.write_bytes(path.read_bytes()[:-1] + b"!")


def add_a_stranger(registry: Registry, version: str) -> None:
    (registry.folder / version / "notes.txt").touch()


def rename(registry: Registry, version: str) -> None:
    (registry.folder / version).rename(registry.folder / "another-name")


def lose_model_pkl(registry: Registry, _: str) -> None:
    registry.plain_form.unlink()


def change_model_pkl(registry: Registry, _: str) -> None:
    registry.plain_form.write_bytes(registry.plain_form.read_bytes() + b"!")


def lose_the_one_in_use(registry: Registry, _: str) -> None:
    current = registry.folder / registry.current().version
    current.rename(registry.folder.parent / "lost")


def damage_the_history(registry: Registry, _: str) -> None:
    (registry.folder / "history.jsonl").write_text("nonsense\n")


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (damage_a_table, "reference.parquet is not the file this bundle was written with"),
        (add_a_stranger, "holds what is no part of a version: notes.txt"),
        (rename, "Give the folder that name again"),
        (lose_model_pkl, "model.pkl is missing"),
        (change_model_pkl, "model.pkl is not the one written"),
        (lose_the_one_in_use, "once in use. Restore the folder"),
        (damage_the_history, "history.jsonl, line 1, cannot be read"),
    ],
)
def test_verify_names_each_fault_and_ends_with_status_1(registry: Registry, others: list[str], capsys, damage, said):
    damage(registry, others[0])

    assert run(registry, "verify") == 1
    faults = [line for line in capsys.readouterr().out.splitlines() if line.startswith(" ")]
    assert len(faults) == 1
    assert said in faults[0]


def test_a_version_travels_by_export_and_import(registry: Registry, others: list[str], tmp_path: Path, capsys):
    elsewhere = Registry(tmp_path / "elsewhere" / "artifacts")

    assert run(registry, "export", others[0], str(tmp_path / "v.zip")) == 0
    assert run(elsewhere, "import", str(tmp_path / "v.zip")) == 0
    assert f"added version {others[0]}; the version in use is unchanged" in capsys.readouterr().out
    assert run(elsewhere, "promote", others[0], "--reason", "from next door") == 0
    assert run(elsewhere, "verify") == 0

    assert elsewhere.load().sha256 == registry.load(others[0]).sha256
    assert run(elsewhere, "import", str(tmp_path / "v.zip")) == 0
    assert "had version" in capsys.readouterr().out


def test_prune_and_discard_remove_what_was_never_in_use(registry: Registry, others: list[str], capsys):
    newest = max(others, key=lambda version: registry.load(version).manifest.created)

    assert run(registry, "prune", "--keep", "1") == 0
    assert registry.versions() == sorted([registry.current().version, newest])
    assert run(registry, "discard", newest) == 0
    assert registry.versions() == [registry.current().version]
    assert run(registry, "discard", registry.current().version) == 1
    assert "what was in use stays" in capsys.readouterr().err


def test_faults_of_a_command_are_told_without_a_traceback(registry: Registry, tmp_path: Path, capsys):
    nothing = Registry(tmp_path / "nothing")

    assert run(registry, "promote", "2", "--reason", "x") == 1
    assert "3 versions begin with “2”" in capsys.readouterr().err
    assert run(registry, "rollback") == 1
    assert "no version before" in capsys.readouterr().err
    nothing.folder.mkdir()
    assert run(nothing, "show", "x") == 1
    assert "it has none" in capsys.readouterr().err
    assert run(nothing, "versions") == run(nothing, "history") == 0
    assert run(nothing, "verify") == 1
    assert "holds no versions: nothing was checked" in capsys.readouterr().err


@pytest.mark.parametrize(
    "command",
    [
        ["versions"],
        ["show"],
        ["history"],
        ["verify"],
        ["prune", "--keep", "1"],
        ["discard", "x"],
        ["export", "x", "x.zip"],
        ["promote", "x", "--reason", "y"],
        ["rollback"],
        ["report", "--out", "x"],
        ["score", "x.csv", "x"],
    ],
)
def test_a_registry_that_is_not_there_is_an_error_and_is_not_made(command: list[str], tmp_path: Path, capsys):
    typo = Registry(tmp_path / "typo" / "artifacts")

    assert run(typo, *command) == 1
    assert f"{typo.folder}: no such folder, expected a registry of versions." in capsys.readouterr().err
    assert not typo.folder.parent.exists()


@pytest.mark.parametrize("command", [["promote", "2"], ["rollback"]])
def test_a_reason_without_words_is_refused(command: list[str], registry: Registry, capsys):
    before = registry.history()

    with pytest.raises(SystemExit, match="2"):
        run(registry, *command, "--reason", "  ")

    assert "found nothing, expected a reason in words" in capsys.readouterr().err
    assert registry.history() == before


def test_promoting_the_version_in_use_changes_nothing_unless_it_mends_something(registry: Registry, capsys):
    version, before = registry.current().version, registry.history()

    assert run(registry, "promote", version, "--reason", "again") == 0
    assert f"version {version} is in use already, since {before[-1].when} by tester" in capsys.readouterr().out
    assert registry.history() == before

    registry.plain_form.unlink()
    assert run(registry, "promote", version, "--reason", "model.pkl was lost") == 0
    assert registry.plain_form.exists()
    assert registry.history()[-1].why == "model.pkl was lost"
