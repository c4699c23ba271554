"""Which column is what in a table like the one that a model was trained on."""

from model.manifest import Manifest
from training.any_file import Roles
from training.target_values import target_values


def roles_of(manifest: Manifest) -> Roles:
    """Return the columns of target, time and group, and the positive value, as *manifest* names them."""
    values, layout = target_values(manifest.target), manifest.layout
    return Roles(manifest.target.column, values[0] if values else None, layout.time, layout.group)
