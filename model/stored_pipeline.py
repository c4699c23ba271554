"""A fitted pipeline as bytes: written so that equal pipelines have equal bytes, read without unpickling."""

import io
import json
import zipfile
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.errors import UntrustedPipelineError

# Types beyond scikit-learn's own safe ones that a stored pipeline may hold. The list lives here
# and never in a file: a bundle must not be able to name what is run to load it.
TRUSTED_TYPES: tuple[str, ...] = (
    # Decision trees, alone and in forests. The constructor allocates, `__setstate__` checks type and
    # shape of the arrays it copies; where the nodes point to is checked here, once they are loaded.
    "sklearn.tree._tree.Tree",
    # The trees of histogram gradient boosting. No constructor is run, and `__setstate__` keeps three
    # arrays; where the nodes point to is checked here as well.
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    # The parts of CalibratedClassifierCV: two hold numbers, one an estimator that is itself subject
    # to this list. No constructor is run; attributes are set, and nothing is called.
    "sklearn.calibration._CalibratedClassifier",
    "sklearn.calibration._SigmoidCalibration",
    "sklearn.calibration._TemperatureScaling",
    # SimpleImputer keeps the type of its numbers: read from an empty array, without unpickling.
    "numpy.dtype",
    # The named parts of voting and stacking: a dict whose constructor keeps what it is given and whose
    # `__setstate__` does nothing. What it holds is itself subject to this list.
    "sklearn.utils._bunch.Bunch",
    # How a neural network was fitted: plain Python, numbers and arrays. No constructor is run, attributes
    # are set, and predictions never look at it.
    "sklearn.neural_network._stochastic_optimizers.AdamOptimizer",
    "sklearn.neural_network._stochastic_optimizers.SGDOptimizer",
)


def load_pipeline(data: bytes, source: str) -> Any:
    """Load a pipeline from skops bytes, refusing what could run or read what it should not.

    Raises
    ------
    UntrustedPipelineError
        It holds a type outside scikit-learn's own safe ones and `TRUSTED_TYPES`, or a decision tree
        whose nodes point outside it.
    """
    import skops.io
    from skops.io.exceptions import UntrustedTypesFoundException

    try:
        pipeline = skops.io.loads(data, trusted=list(TRUSTED_TYPES))
    except UntrustedTypesFoundException as error:
        msg = f"{source} is not loaded: {error} Retrain with this code, or extend TRUSTED_TYPES in {__name__}."
        raise UntrustedPipelineError(msg) from error
    if not all(_is_sound(tree, n_features) for tree, n_features in _trees(pipeline)):
        msg = (
            f"{source} is not loaded: it holds a decision tree with nodes that point to no later node,"
            " or compare a feature that the model does not take. Restore the file, or retrain."
        )
        raise UntrustedPipelineError(msg)
    return pipeline


def dump_pipeline(pipeline: Any) -> bytes:
    """Return skops bytes that depend on the pipeline only.

    skops names the parts of its archive by memory address and stamps them with the time of day;
    here they are numbered in order of appearance, so that equal pipelines have equal hashes.
    """
    import skops.io

    with zipfile.ZipFile(io.BytesIO(skops.io.dumps(pipeline))) as archive:
        schema = json.loads(archive.read("schema.json"))
        files = {name: _without_padding(archive.read(name)) for name in archive.namelist() if name != "schema.json"}
    nodes = 0
    # By content: whether equal arrays are one object or several is no part of what a pipeline is.
    renamed: dict[bytes, str] = {}

    def number(node: Any) -> None:
        nonlocal nodes
        if isinstance(node, dict):
            if "__id__" in node:
                node["__id__"] = nodes = nodes + 1
            if node.get("file") in files:
                node["file"] = renamed.setdefault(files[node["file"]], f"{len(renamed)}.npy")
        for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
            number(child)

    number(schema)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for content, name in renamed.items():
            archive.writestr(zipfile.ZipInfo(name), content)
        archive.writestr(zipfile.ZipInfo("schema.json"), json.dumps(schema))
    return buffer.getvalue()


def _without_padding(file: bytes) -> bytes:
    """Return a stored array with zeros between its fields, where memory holds whatever was there before."""
    if not file.startswith(np.lib.format.MAGIC_PREFIX):
        return file
    array = np.load(io.BytesIO(file), allow_pickle=False)
    if array.dtype.names is None:
        return file
    clean = np.zeros(array.shape, array.dtype)
    for name in array.dtype.names:
        clean[name] = array[name]
    buffer = io.BytesIO()
    np.save(buffer, clean, allow_pickle=False)
    return buffer.getvalue()


def _trees(part: Any, n_features: int | None = None) -> Iterator[tuple[Any, int]]:
    """Yield the decision trees in *part*, each with the number of features that its model is given."""
    from sklearn.ensemble._hist_gradient_boosting.predictor import TreePredictor
    from sklearn.pipeline import Pipeline
    from sklearn.tree._tree import Tree

    if isinstance(part, Tree | TreePredictor):
        yield part, n_features or 0
        return
    if isinstance(part, dict):
        children = list(part.values())
    elif isinstance(part, list | tuple):
        children = list(part)
    elif isinstance(part, np.ndarray) and part.dtype == object:
        children = part.ravel().tolist()
    else:
        own = vars(part) if hasattr(part, "__dict__") else {}
        children = list(own.values())
        if isinstance(part, Pipeline):
            # What its steps are given is not what it is given: a step may add features.
            n_features = None
        elif "n_features_in_" in own:
            n_features = own["n_features_in_"] if n_features is None else min(own["n_features_in_"], n_features)
    for child in children:
        yield from _trees(child, n_features)


def _is_sound(tree: Any, n_features: int) -> bool:
    """Say whether a walk through *tree* stays within its nodes and the features, and ends.

    scikit-learn itself follows the nodes without looking. Its trees number a node after the one it is under.
    """
    from sklearn.tree._tree import Tree

    if isinstance(tree, Tree):
        is_leaf, feature = tree.children_left == -1, tree.feature
        left, right = tree.children_left, tree.children_right
    else:
        nodes = tree.nodes
        # A split by category would look into tables that are not checked here: no feature is one.
        is_leaf, feature = nodes["is_leaf"] != 0, np.where(nodes["is_categorical"], -1, nodes["feature_idx"])
        left, right = nodes["left"].astype(np.int64), nodes["right"].astype(np.int64)
    here = np.arange(len(is_leaf))

    def is_later(child: NDArray[np.int64]) -> NDArray[np.bool_]:
        return (child > here) & (child < len(here))

    known = (feature >= 0) & (feature < n_features)
    return len(here) > 0 and bool(np.all(is_leaf | (is_later(left) & is_later(right) & known)))
