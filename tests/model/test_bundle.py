"""A bundle is checked whenever it is opened, and written so that nobody ever sees half of it."""

import io
import json
import os
import shutil
import subprocess
import sys
import textwrap
import zipfile
from pathlib import Path

import msgspec
import numpy as np
import pytest

from model.bundle import Bundle, write_bundle
from model.errors import (
    BundleFormatError,
    BundleIntegrityError,
    BundlePackagesError,
    ModelError,
    NoBundleError,
    SelfTestError,
    UntrustedPipelineError,
)
from model.manifest import encode_manifest, version_of
from model.registry import Registry
from model.scoring import PipelineScorer
from model.storage import sha256_of
from model.stored_pipeline import load_pipeline
from tests import builders

ROOT = Path(__file__).parents[2]
FILES = ("manifest.json", "pipeline.skops", "out_of_fold.parquet", "reference.parquet", "self_test.json")


@pytest.fixture
def copy(made_up, tmp_path):
    """A copy of a bundle, to spoil."""
    return Path(shutil.copytree(made_up.directory, tmp_path / made_up.version))


def resigned(directory, **changes):
    """Rewrite the manifest of *directory* with *changes*, named anew for its content as a writer would."""
    manifest = msgspec.structs.replace(Bundle.load(directory).manifest, **changes)
    version = version_of(msgspec.to_builtins(manifest))
    (directory / "manifest.json").write_bytes(encode_manifest(msgspec.structs.replace(manifest, version=version)))


def test_a_bundle_holds_just_the_documented_files(made_up):
    assert sorted(path.name for path in made_up.directory.iterdir()) == sorted(FILES)
    assert sorted(made_up.manifest.files) == sorted(set(FILES) - {"manifest.json"})


def test_tables_come_back_as_they_went_in(tmp_path):
    draft = builders.result().draft.created_at(builders.WHEN)

    bundle = Bundle.load(write_bundle(tmp_path, draft))

    for name in ("day", "ticker", "y_true", "y_score", "fold", "next_day_return"):
        np.testing.assert_array_equal(getattr(bundle.out_of_fold, name), getattr(draft.out_of_fold, name))
    for name in ("day", "ticker", "X", "y", "next_day_return"):
        np.testing.assert_array_equal(getattr(bundle.reference, name), getattr(draft.reference, name))
    assert bundle.manifest.created == "2024-05-06T07:08:09+00:00"


def test_equal_content_has_an_equal_name_and_equal_bytes_whenever_it_was_made(tmp_path):
    first = write_bundle(tmp_path / "a", builders.result().draft.created_at(builders.WHEN))
    later = write_bundle(tmp_path / "b", builders.result().draft.created_at(builders.WHEN.replace(year=2025)))

    assert first.name == later.name
    for name in FILES[1:]:
        assert (first / name).read_bytes() == (later / name).read_bytes()
    one, other = (json.loads((folder / "manifest.json").read_bytes()) for folder in (first, later))
    assert one.pop("created") != other.pop("created")
    assert one == other


def test_a_version_that_is_there_is_never_overwritten(tmp_path):
    first = write_bundle(tmp_path, builders.result().draft.created_at(builders.WHEN))
    before = (first / "manifest.json").read_bytes()

    again = write_bundle(tmp_path, builders.result().draft.created_at(builders.WHEN.replace(year=2025)))

    assert again == first
    assert (first / "manifest.json").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == [first.name]


@pytest.mark.parametrize("name", FILES)
def test_a_truncated_file_is_refused(copy, name):
    data = (copy / name).read_bytes()
    (copy / name).write_bytes(data[: len(data) // 2])

    with pytest.raises((BundleIntegrityError, BundleFormatError), match=name):
        Bundle.load(copy)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("place", [0.1, 0.5, 0.9])
def test_a_flipped_bit_is_refused(copy, name, place):
    data = bytearray((copy / name).read_bytes())
    data[int(place * len(data))] ^= 1
    (copy / name).write_bytes(data)

    with pytest.raises((BundleIntegrityError, BundleFormatError), match=name):
        Bundle.load(copy)


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_refused(copy, name):
    (copy / name).unlink()

    with pytest.raises((BundleIntegrityError, NoBundleError), match=name):
        Bundle.load(copy)


@pytest.mark.parametrize("name", FILES)
def test_a_file_of_another_version_is_refused(copy, name, tmp_path):
    other = write_bundle(tmp_path / "other", builders.result(seed=1).draft.created_at(builders.WHEN))
    shutil.copy(other / name, copy / name)

    with pytest.raises(BundleIntegrityError, match="is not the file this bundle was written with"):
        Bundle.load(copy)


def test_a_newer_schema_is_refused_before_anything_else_is_read(copy):
    raw = json.loads((copy / "manifest.json").read_bytes())
    (copy / "manifest.json").write_text(json.dumps(raw | {"schema_version": 2, "something": "new"}))

    with pytest.raises(BundleFormatError, match="holds a bundle of schema 2; this code reads schema 1"):
        Bundle.load(copy)


def test_a_manifest_with_a_missing_field_is_refused_by_its_name(copy):
    raw = json.loads((copy / "manifest.json").read_bytes())
    del raw["threshold"]["value"]
    (copy / "manifest.json").write_text(json.dumps(raw))

    with pytest.raises(BundleFormatError, match="value"):
        Bundle.load(copy)


def test_a_number_changed_by_hand_is_refused(copy):
    raw = json.loads((copy / "manifest.json").read_bytes())
    raw["threshold"]["value"] = 0.5
    (copy / "manifest.json").write_text(json.dumps(raw))

    with pytest.raises(BundleFormatError, match="was changed since it was written"):
        Bundle.load(copy)


def test_other_package_versions_are_refused_with_both_versions(copy):
    packages = Bundle.load(copy).manifest.packages
    resigned(copy, packages=packages | {"scikit-learn": "0.24.2"})

    with pytest.raises(BundlePackagesError, match=r"written with scikit-learn 0\.24\.2 \(installed: 1\."):
        Bundle.load(copy)


def test_another_patch_release_of_a_package_is_accepted(copy):
    packages = Bundle.load(copy).manifest.packages
    major, minor, *_ = packages["numpy"].split(".")
    resigned(copy, packages=packages | {"numpy": f"{major}.{minor}.999"})

    assert Bundle.load(copy).manifest.packages["numpy"].endswith(".999")


def test_weights_that_do_not_reproduce_the_self_test_are_refused(copy):
    scorer = Bundle.load(copy).manifest.scorer
    resigned(copy, scorer=msgspec.structs.replace(scorer, intercept=scorer.intercept + 1e-9))

    with pytest.raises(SelfTestError, match="does not reproduce its own probabilities"):
        Bundle.load(copy)


def test_a_pipeline_that_does_not_reproduce_the_self_test_is_refused(copy, tmp_path):
    other = write_bundle(tmp_path / "other", builders.result(seed=1).draft.created_at(builders.WHEN))
    data = (other / "pipeline.skops").read_bytes()
    files = Bundle.load(copy).manifest.files
    resigned(copy, files=files | {"pipeline.skops": sha256_of(data)})
    (copy / "pipeline.skops").write_bytes(data)
    bundle = Bundle.load(copy)

    with pytest.raises(SelfTestError):
        _ = bundle.pipeline


def test_a_stored_pipeline_with_a_foreign_type_is_not_loaded():
    import skops.io

    ran = []

    class Foreign:
        def __setstate__(self, state):
            ran.append(state)

    data = skops.io.dumps(Foreign())

    with pytest.raises(UntrustedPipelineError, match=r"some\.skops is not loaded"):
        load_pipeline(data, "some.skops")
    assert ran == []


def test_nothing_is_unpickled_to_open_and_score_a_bundle(made_up):
    """The audit hook sees every class that a pickle names; opening a bundle must name none."""
    code = textwrap.dedent(f"""
        import sys
        seen = []
        sys.addaudithook(lambda event, args: seen.append(args) if event == "pickle.find_class" else None)
        from pathlib import Path
        from model.bundle import Bundle
        bundle = Bundle.load(Path({str(made_up.directory)!r}))
        bundle.pipeline.predict_proba([bundle.median_row]); bundle.out_of_fold; bundle.reference
        print(len(seen))
    """)

    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "0"


def test_opening_and_scoring_a_linear_bundle_needs_no_heavy_library(made_up):
    code = textwrap.dedent(f"""
        import sys
        from pathlib import Path
        from model.bundle import Bundle
        bundle = Bundle.load(Path({str(made_up.directory)!r}))
        bundle.scorer.one(bundle.median_row)
        heavy = {{"pandas", "sklearn", "skops", "pyarrow", "matplotlib", "talib", "scipy", "joblib"}}
        print(sorted(heavy & set(sys.modules)))
    """)

    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


def test_folded_weights_score_as_the_pipeline_does(shipped):
    X = shipped.reference.X
    through_pipeline = PipelineScorer(shipped.pipeline).many(X)

    assert np.max(np.abs(shipped.scorer.many(X) - through_pipeline)) < 1e-12
    assert (
        max(abs(shipped.scorer.one(row) - p) for row, p in zip(X[::50].tolist(), through_pipeline[::50], strict=True))
        < 1e-12
    )


def test_the_archive_of_a_pipeline_names_no_memory_address_and_no_time(made_up):
    with zipfile.ZipFile(io.BytesIO((made_up.directory / "pipeline.skops").read_bytes())) as archive:
        infos = archive.infolist()

    assert {info.date_time for info in infos} == {(1980, 1, 1, 0, 0, 0)}
    assert [info.filename for info in infos] == [f"{n}.npy" for n in range(len(infos) - 1)] + ["schema.json"]


@pytest.mark.skipif(os.name == "nt", reason="fork and kill -9 are POSIX")
def test_a_writer_killed_at_any_point_leaves_a_registry_that_is_whole(tmp_path):
    code = textwrap.dedent(f"""
        import os, signal, time
        from pathlib import Path
        from model.bundle import Bundle
        from model.registry import Registry
        from tests import builders
        from training.train import publish

        registry = Registry(Path({str(tmp_path / "artifacts")!r}))
        results = [builders.result(seed=seed) for seed in range(30)]
        publish(results[0], registry, by="first", why="", when=builders.WHEN)
        began = time.perf_counter()
        publish(results[1], registry, by="second", why="", when=builders.WHEN)
        whole = time.perf_counter() - began
        outcomes = set()
        for n in range(2, 30):
            before = registry.load().version
            writer = os.fork()
            if not writer:
                publish(results[n], registry, by="killed", why="", when=builders.WHEN)
                os._exit(0)
            # From long before a publication is through to well after.
            time.sleep(whole * n / 12)
            os.kill(writer, signal.SIGKILL)
            os.waitpid(writer, 0)
            after = registry.load()
            assert after.pipeline is not None
            for version in registry.versions():
                Bundle.load(registry.folder / version)
            for promotion in registry.history():
                assert promotion.version in registry.versions()
            outcomes.add(after.version == before)
        print(sorted(outcomes))
    """)

    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.stderr == ""
    # Some writers were killed before they moved the pointer, and some came through.
    assert done.stdout.strip() == "[False, True]"


def test_a_folder_without_a_bundle_says_how_to_make_one(tmp_path):
    with pytest.raises(NoBundleError, match="python -m training"):
        Registry(tmp_path / "nothing").load()


def test_every_refusal_is_a_model_error():
    assert all(
        issubclass(error, ModelError)
        for error in (
            BundleFormatError,
            BundleIntegrityError,
            BundlePackagesError,
            SelfTestError,
            UntrustedPipelineError,
        )
    )
