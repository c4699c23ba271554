"""A fitted pipeline as bytes: written so that equal pipelines have equal bytes, read without unpickling."""

import io
import json
import zipfile
from typing import Any

from model.errors import UntrustedPipelineError

# Types beyond scikit-learn's own safe ones that a stored pipeline may hold. The list lives here
# and never in a file: a bundle must not be able to name what is run to load it.
TRUSTED_TYPES: tuple[str, ...] = ()


def load_pipeline(data: bytes, source: str) -> Any:
    """Load a pipeline from skops bytes, refusing any type outside scikit-learn's own and `TRUSTED_TYPES`."""
    import skops.io
    from skops.io.exceptions import UntrustedTypesFoundException

    try:
        return skops.io.loads(data, trusted=list(TRUSTED_TYPES))
    except UntrustedTypesFoundException as error:
        msg = f"{source} is not loaded: {error} Retrain with this code, or extend TRUSTED_TYPES in {__name__}."
        raise UntrustedPipelineError(msg) from error


def dump_pipeline(pipeline: Any) -> bytes:
    """Return skops bytes that depend on the pipeline only.

    skops names the parts of its archive by memory address and stamps them with the time of day;
    here they are numbered in order of appearance, so that equal pipelines have equal hashes.
    """
    import skops.io

    with zipfile.ZipFile(io.BytesIO(skops.io.dumps(pipeline))) as archive:
        schema = json.loads(archive.read("schema.json"))
        files = {name: archive.read(name) for name in archive.namelist() if name != "schema.json"}
    nodes = 0
    renamed: dict[str, str] = {}

    def number(node: Any) -> None:
        nonlocal nodes
        if isinstance(node, dict):
            if "__id__" in node:
                node["__id__"] = nodes = nodes + 1
            if node.get("file") in files:
                node["file"] = renamed.setdefault(node["file"], f"{len(renamed)}.npy")
        for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
            number(child)

    number(schema)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for old, new in renamed.items():
            archive.writestr(zipfile.ZipInfo(new), files[old])
        archive.writestr(zipfile.ZipInfo("schema.json"), json.dumps(schema))
    return buffer.getvalue()
