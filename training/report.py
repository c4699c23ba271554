"""Write deliverables/ from a bundle."""

from pathlib import Path

from model.bundle import Bundle


def write_reports(bundle: Bundle, folder: Path) -> list[Path]:
    """Write every report about *bundle* into *folder* and return the paths."""
    return []
