"""A version as a zip file: the same on both sides, and nothing but a sound version is taken in."""

import io
import json
import pickle
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import skops.io
from sklearn.preprocessing import FunctionTransformer

from model.errors import RegistryError
from model.exchange import import_bundle
from model.manifest import decode_manifest, encode_manifest, version_of
from model.registry import Registry
from model.storage import sha256_of

Files = dict[str, bytes]


@pytest.fixture
def files(shelf: Registry) -> Files:
    """The files of a version by their names."""
    folder = shelf.folder / shelf.current().version
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture
def elsewhere(tmp_path: Path) -> Registry:
    """A registry that has nothing yet."""
    return Registry(tmp_path / "elsewhere" / "artifacts")


def sealed(files: Files, /, **changes: object) -> tuple[str, Files]:
    """Return *files* under a manifest that vouches for them, as someone who knows the format can write it."""
    manifest = decode_manifest(files["manifest.json"], "test")
    hashes = {name: sha256_of(data) for name, data in files.items() if name != "manifest.json"}
    raw = msgspec.to_builtins(msgspec.structs.replace(manifest, **({"files": hashes} | changes)))
    raw = {key: value for key, value in raw.items() if key in json.loads(files["manifest.json"]) or key in changes}
    version = version_of(raw)
    named = msgspec.convert(raw | {"version": version}, type(manifest))
    return version, files | {"manifest.json": encode_manifest(named)}


def zipped(path: Path, version: str, files: Files, change: Callable[[zipfile.ZipFile], None] | None = None) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(f"{version}/{name}", data)
        if change:
            change(archive)
    return path


def is_refused(elsewhere: Registry, path: Path, reason: str) -> None:
    with pytest.raises(RegistryError, match=reason):
        elsewhere.import_version(path)
    assert not elsewhere.folder.exists() or list(elsewhere.folder.iterdir()) == []


def test_a_version_comes_back_as_it_went(shelf: Registry, elsewhere: Registry, files: Files, tmp_path: Path):
    version = shelf.current().version
    shelf.export_version(version, tmp_path / "a.zip")

    assert elsewhere.import_version(tmp_path / "a.zip") == version
    assert {path.name: path.read_bytes() for path in (elsewhere.folder / version).iterdir()} == files
    assert elsewhere.current() is None
    assert [path.name for path in elsewhere.folder.iterdir()] == [version]
    # Once more: it is there already, and stays.
    assert elsewhere.import_version(tmp_path / "a.zip") == version


def test_the_same_version_gives_the_same_zip_file(shelf: Registry, tmp_path: Path):
    for name in ("a.zip", "b.zip"):
        shelf.export_version(shelf.current().version, tmp_path / name)

    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    with pytest.raises(RegistryError, match="is there already"):
        shelf.export_version(shelf.current().version, tmp_path / "a.zip")


def test_a_zip_file_packed_again_with_its_folder_is_taken(shelf: Registry, elsewhere: Registry, files: Files, tmp_path):
    version = shelf.current().version
    path = zipped(tmp_path / "x.zip", version, files, lambda archive: archive.mkdir(version))

    assert elsewhere.import_version(path) == version


@pytest.mark.parametrize(
    "name", ["../escaped", "/etc/escaped", "{version}/../../escaped", "{version}/deeper/manifest.json", "escaped"]
)
def test_a_file_that_leads_elsewhere_is_refused(shelf, elsewhere: Registry, files: Files, tmp_path: Path, name: str):
    version = shelf.current().version
    name = name.format(version=version)
    path = zipped(tmp_path / "x.zip", version, files, lambda archive: archive.writestr(name, b"!"))

    is_refused(elsewhere, path, "expected each file of a bundle once, as a plain file")
    assert list(tmp_path.rglob("escaped")) == []


def test_a_link_in_the_place_of_a_file_is_refused(shelf, elsewhere: Registry, files: Files, tmp_path: Path):
    version = shelf.current().version
    link = zipfile.ZipInfo(f"{version}/self_test.json")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    del files["self_test.json"]
    path = zipped(tmp_path / "x.zip", version, files, lambda archive: archive.writestr(link, "/etc/passwd"))

    is_refused(elsewhere, path, "as a plain file")


def test_a_name_given_twice_is_refused(shelf, elsewhere: Registry, files: Files, tmp_path: Path):
    version = shelf.current().version
    with pytest.warns(UserWarning, match="Duplicate name"):
        path = zipped(
            tmp_path / "x.zip", version, files, lambda archive: archive.writestr(f"{version}/self_test.json", b"{}")
        )

    is_refused(elsewhere, path, "each file of a bundle once")


@pytest.mark.parametrize("missing", ["manifest.json", "pipeline.skops", "reference.parquet"])
def test_a_bundle_with_a_file_missing_is_refused(shelf, elsewhere, files: Files, tmp_path: Path, missing: str):
    del files[missing]

    is_refused(elsewhere, zipped(tmp_path / "x.zip", shelf.current().version, files), "expected one folder with")


def test_a_zip_bomb_is_refused_before_it_is_unpacked(shelf, elsewhere: Registry, files: Files, tmp_path: Path):
    version = shelf.current().version
    files["reference.parquet"] = bytes(100_000_000)
    with zipfile.ZipFile(tmp_path / "x.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(f"{version}/{name}", data)

    assert (tmp_path / "x.zip").stat().st_size < 200_000
    is_refused(elsewhere, tmp_path / "x.zip", "bytes packed into")


def test_more_bytes_than_allowed_are_refused(shelf: Registry, tmp_path: Path):
    shelf.export_version(shelf.current().version, tmp_path / "x.zip")

    with pytest.raises(RegistryError, match="expected 10,000 bytes at most"):
        import_bundle(tmp_path / "x.zip", tmp_path / "elsewhere", largest=10_000)


def test_a_table_of_few_bytes_and_very_many_rows_is_refused(elsewhere: Registry, files: Files, tmp_path: Path):
    n = 30_000_000
    column = pa.DictionaryArray.from_arrays(pa.array(np.zeros(n, dtype=np.int8)), pa.array(["x"]))
    buffer = io.BytesIO()
    pq.write_table(pa.table({f"c{i}": column for i in range(10)}), buffer)
    version, forged = sealed(files | {"out_of_fold.parquet": buffer.getvalue()})

    assert len(buffer.getvalue()) < 1_000_000
    is_refused(elsewhere, zipped(tmp_path / "x.zip", version, forged), "out_of_fold.parquet: 30,000,000 rows")


def test_a_byte_changed_on_the_way_is_noticed(shelf: Registry, elsewhere: Registry, tmp_path: Path):
    shelf.export_version(shelf.current().version, tmp_path / "x.zip")
    data = bytearray((tmp_path / "x.zip").read_bytes())
    data[len(data) // 2] ^= 1
    (tmp_path / "x.zip").write_bytes(data)

    is_refused(elsewhere, tmp_path / "x.zip", r"no sound zip file|not the file this bundle was written with")


def test_a_file_changed_by_hand_is_noticed(shelf: Registry, elsewhere: Registry, files: Files, tmp_path: Path):
    files["self_test.json"] += b" "

    path = zipped(tmp_path / "x.zip", shelf.current().version, files)
    is_refused(elsewhere, path, r"x\.zip/self_test\.json is not the file this bundle was written with")


def test_a_manifest_that_names_a_folder_elsewhere_is_refused(elsewhere: Registry, files: Files, tmp_path: Path):
    manifest = decode_manifest(files["manifest.json"], "test")
    version, forged = sealed(files, trained_on=msgspec.structs.replace(manifest.trained_on, last_day="../../escaped"))

    assert version.startswith("../../escaped")
    is_refused(elsewhere, zipped(tmp_path / "x.zip", version, forged), "expected each file of a bundle once")
    is_refused(elsewhere, zipped(tmp_path / "y.zip", "plain", forged), "the manifest of that version")
    assert list(tmp_path.rglob("escaped*")) == []


def test_a_manifest_that_names_files_elsewhere_is_refused(elsewhere: Registry, files: Files, tmp_path: Path):
    own = decode_manifest(files["manifest.json"], "test").files
    version, forged = sealed(files, files=own | {"../../../etc/passwd": "0" * 64})

    is_refused(elsewhere, zipped(tmp_path / "x.zip", version, forged), "the manifest of that version")


def test_a_schema_of_another_time_is_refused(shelf: Registry, elsewhere: Registry, files: Files, tmp_path: Path):
    files["manifest.json"] = files["manifest.json"].replace(b'"schema_version": 1', b'"schema_version": 99')

    is_refused(elsewhere, zipped(tmp_path / "x.zip", shelf.current().version, files), "schema 99")


def test_other_packages_are_refused(elsewhere: Registry, files: Files, tmp_path: Path):
    version, forged = sealed(files, packages={"numpy": "1.0", "scikit-learn": "0.1", "skops": "0.1"})

    is_refused(elsewhere, zipped(tmp_path / "x.zip", version, forged), "was written with numpy 1.0")


def test_self_test_rows_that_are_not_reproduced_are_refused(elsewhere: Registry, files: Files, tmp_path: Path):
    test = json.loads(files["self_test.json"])
    test["probabilities"][0] += 1e-9
    version, forged = sealed(files | {"self_test.json": json.dumps(test).encode()})

    is_refused(elsewhere, zipped(tmp_path / "x.zip", version, forged), "does not reproduce its own probabilities")


def test_a_pipeline_that_would_run_code_is_refused_and_does_not_run(elsewhere: Registry, files: Files, tmp_path: Path):
    class Bomb:
        def __reduce__(self):
            return (Path.touch, (tmp_path / "ran",))

    for data, reason in (
        (pickle.dumps(Bomb()), "cannot be opened"),
        (skops.io.dumps(FunctionTransformer(Path.touch)), "is not loaded"),
    ):
        version, forged = sealed(files | {"pipeline.skops": data})
        (tmp_path / "x.zip").unlink(missing_ok=True)
        is_refused(elsewhere, zipped(tmp_path / "x.zip", version, forged), reason)
    assert not (tmp_path / "ran").exists()


def test_a_pipeline_that_breaks_its_reader_is_told_without_a_traceback(elsewhere, files: Files, tmp_path: Path):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("schema.json", "[" * 100_000)
    version, forged = sealed(files | {"pipeline.skops": buffer.getvalue()})

    is_refused(elsewhere, zipped(tmp_path / "x.zip", version, forged), "cannot be opened")


def test_what_is_no_zip_file_or_not_there_is_told(elsewhere: Registry, tmp_path: Path):
    (tmp_path / "x.zip").write_bytes(b"hello")

    is_refused(elsewhere, tmp_path / "x.zip", "no sound zip file")
    is_refused(elsewhere, tmp_path / "none.zip", "cannot be read")
