"""Everything that can be checked of a registry, without changing anything in it."""

from model.bundle import Bundle
from model.errors import ModelError
from model.exchange import FILES
from model.registry import Registry
from model.storage import digest_of


def faults_of_version(registry: Registry, version: str) -> list[str]:
    """Open *version* whole, tables and pipeline included, and return what is wrong with it."""
    folder = registry.folder / version
    try:
        bundle = Bundle.load(folder)
        # Opening the pipeline reproduces the self-test rows with scikit-learn's own answer.
        _ = bundle.pipeline, bundle.out_of_fold, bundle.reference
    except ModelError as error:
        return [str(error)]
    faults = []
    if bundle.version != version:
        faults.append(f"{folder} holds version {bundle.version}. Give the folder that name again.")
    if strangers := sorted({path.name for path in folder.iterdir()} - FILES):
        faults.append(f"{folder} holds what is no part of a version: {', '.join(strangers)}. Move it elsewhere.")
    return faults


def faults_of_registry(registry: Registry) -> list[str]:
    """Hold pointer, history and model.pkl to the versions that are there, and return what is wrong with them."""
    try:
        now, history = registry.current(), registry.history()
    except ModelError as error:
        return [str(error)]
    there, faults = set(registry.versions()), []
    if gone := sorted({promotion.version for promotion in history} - there):
        faults.append(f"{registry.folder} no longer has {', '.join(gone)}, once in use. Restore the folder.")
    if now is None:
        return faults
    if now.version in there:
        try:
            registry.load()
        except ModelError as error:
            faults.append(str(error))
    found = digest_of(registry.plain_form)
    # A line from before the digest was recorded promises no more than that there is such a file.
    if not found or (now.plain_form and found != now.plain_form):
        faults.append(
            f"{registry.plain_form} is {'missing' if not found else 'not the one written'} for {now.version}."
            f" Write it again with `python -m training promote {now.version} --reason TEXT`."
        )
    return faults
