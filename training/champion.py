"""Which candidate the others must beat where nobody names one."""

from model.dataset import FeatureTable
from model.registry import Registry
from training.candidates import BASELINE


def champion_in_use(registry: Registry, table: FeatureTable) -> str:
    """Return the candidate of the version in use if it was trained on *table*, else the baseline.

    A pipeline that was made elsewhere is no candidate: there the baseline is the one to beat, too.
    """
    if registry.current() is None:
        return BASELINE
    manifest = registry.load().manifest
    same = manifest.trained_on.sha256 == table.provenance.sha256 and manifest.target.column == table.target.column
    return str(manifest.settings.get("candidate") or BASELINE) if same else BASELINE
