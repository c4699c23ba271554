"""A version as one zip file, to hand on; and back, with nothing in the file believed or run."""

import io
import re
import stat
import zipfile
import zlib
from pathlib import Path

from model.bundle import MANIFEST, OUT_OF_FOLD, PIPELINE, REFERENCE, SELF_TEST, Bundle
from model.errors import ModelError, RegistryError
from model.manifest import decode_manifest
from model.storage import new_folder, settle_folder, write_file

FILES = frozenset({MANIFEST, PIPELINE, SELF_TEST, OUT_OF_FOLD, REFERENCE})

# The files of a bundle on 2.5 million rows take some 300 MB.
LARGEST_BYTES = 2 << 30

# Text takes up ten times its size once it is read; the shipped manifest has 38 kB.
LARGEST_TEXT_BYTES = 16 << 20

# Hardly any of it can be squeezed: tables and arrays are stored compressed or are noise. Deflate reaches 1,032.
LARGEST_RATIO = 200

METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
ENCRYPTED = 1

# A version becomes the name of a folder.
_VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,120}")


def export_bundle(bundle: Bundle, path: Path) -> None:
    """Write *bundle* to the zip file *path*; the same bundle always gives the same bytes.

    Raises
    ------
    RegistryError
        There is such a file already, or it cannot be written.
    """
    if path.exists():
        msg = f"{path} is there already, and is not overwritten. Give another name, or move it away."
        raise RegistryError(msg)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(FILES):
            entry = zipfile.ZipInfo(f"{bundle.version}/{name}")
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = (stat.S_IFREG | 0o644) << 16
            archive.writestr(entry, (bundle.directory / name).read_bytes())
    try:
        write_file(path, buffer.getvalue())
    except OSError as error:
        msg = f"{path} cannot be written ({error.strerror or error}). Make room, or choose another place."
        raise RegistryError(msg) from error


def import_bundle(path: Path, parent: Path, *, largest: int = LARGEST_BYTES) -> str:
    """Add the bundle in the zip file *path* to the versions in *parent*, and return its name.

    Everything is checked in an unfinished folder before it is given its name: what the zip file holds, then
    all that is checked whenever a bundle is opened. A version that is there already stays as it is.

    Raises
    ------
    ModelError
        For the first check that fails.
    """
    try:
        with zipfile.ZipFile(path) as archive, new_folder(parent) as folder:
            version, entries = _entries(archive, str(path), largest)
            for name, entry in entries.items():
                # zipfile reads no more than the size that was declared and checked, and compares the CRC.
                write_file(folder / name, archive.read(entry))
            _check_bundle(folder, version, str(path), largest)
            return settle_folder(folder, version).name
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        msg = f"{path} is no sound zip file ({error}). Ask for it again, or export it anew."
        raise RegistryError(msg) from error
    except OSError as error:
        msg = f"{path} cannot be read ({error.strerror or error})."
        raise RegistryError(msg) from error


def _entries(archive: zipfile.ZipFile, source: str, largest: int) -> tuple[str, dict[str, zipfile.ZipInfo]]:
    """Return the version and the files of an archive, if it holds one bundle and nothing else."""
    found: dict[str, zipfile.ZipInfo] = {}
    tops = set()
    for entry in archive.infolist():
        top, _, name = entry.filename.partition("/")
        tops.add(top)
        if entry.is_dir() and not name:
            continue
        kind = stat.S_IFMT(entry.external_attr >> 16)
        is_plain = kind in (0, stat.S_IFREG) and not entry.flag_bits & ENCRYPTED and entry.compress_type in METHODS
        if name not in FILES or name in found or not is_plain:
            raise _refused(source, f"“{entry.filename[:100]}”", "each file of a bundle once, as a plain file")
        found[name] = entry
    if len(tops) != 1 or set(found) != FILES or not _VERSION.fullmatch(version := tops.pop()):
        raise _refused(source, ", ".join(sorted(found)) or "nothing", f"one folder with {', '.join(sorted(FILES))}")
    size = sum(entry.file_size for entry in found.values())
    packed = sum(entry.compress_size for entry in found.values())
    if size > largest or size > LARGEST_RATIO * max(packed, 1):
        raise _refused(source, f"{size:,} bytes packed into {packed:,}", f"{largest:,} bytes at most, hardly packed")
    return version, found


def _check_bundle(folder: Path, version: str, source: str, largest: int) -> None:
    try:
        _open_whole(folder, version, source, largest)
    except ModelError as error:
        # Nobody is helped by the name of the folder that it was unpacked to.
        raise RegistryError(str(error).replace(str(folder), source)) from error
    except Exception as error:
        # A file made to mislead can fail anywhere in the libraries that read it.
        msg = f"{source} holds a bundle that cannot be opened ({type(error).__name__}: {error}). Export it anew."
        raise RegistryError(msg) from error


def _open_whole(folder: Path, version: str, source: str, largest: int) -> None:
    manifest = decode_manifest((folder / MANIFEST).read_bytes(), f"{source}: {MANIFEST}")
    # What the manifest calls its files is looked up in the folder: no other names may come near that.
    if manifest.version != version or set(manifest.files) != FILES - {MANIFEST}:
        raise _refused(source, f"in {version} a manifest of {manifest.version[:100]!r}", "the manifest of that version")
    _check_unpacked_sizes(folder, source, largest)
    bundle = Bundle.load(folder)
    # Opening the pipeline makes only what the list of trusted types allows, and holds it to the self-test.
    _ = bundle.pipeline
    if not len(bundle.out_of_fold.y_true) or not len(bundle.reference.y):
        raise _refused(source, "a bundle without rows", "out-of-fold rows and training rows")


def _check_unpacked_sizes(folder: Path, source: str, largest: int) -> None:
    """Refuse what is small as a file and huge once it is read."""
    import pyarrow.parquet as pq

    for name in (MANIFEST, SELF_TEST):
        if (size := (folder / name).stat().st_size) > LARGEST_TEXT_BYTES:
            raise _refused(source, f"{name}: {size:,} bytes", f"{LARGEST_TEXT_BYTES:,} at most")
    for name in (OUT_OF_FOLD, REFERENCE):
        table = pq.read_metadata(folder / name)
        if table.num_rows * table.num_columns * 8 > largest:
            raise _refused(source, f"{name}: {table.num_rows:,} rows", f"{largest:,} bytes at most")
    with zipfile.ZipFile(folder / PIPELINE) as archive:
        size = sum(entry.file_size for entry in archive.infolist())
    if size > largest:
        raise _refused(source, f"{PIPELINE}: {size:,} bytes unpacked", f"{largest:,} bytes at most")


def _refused(source: str, found: str, expected: str) -> RegistryError:
    return RegistryError(f"{source} is not taken in: found {found}; expected {expected}. Nothing was changed.")
