"""What reports tell of a version that is not in it."""

from dataclasses import dataclass

from model.bundle import Bundle
from training.ledger import Looks


@dataclass(frozen=True, slots=True)
class Background:
    """The version that was in use before a version, and how often its rows were looked at; None where not known."""

    before: Bundle | None = None
    looks: Looks | None = None

    @property
    def looked(self) -> str:
        """How often was looked, as a sentence of its own; empty where that is not known."""
        return "" if self.looks is None else self.looks.sentence[:1].upper() + self.looks.sentence[1:]


NONE_KNOWN = Background()
