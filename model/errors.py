"""The family of errors this project raises on purpose, and the faults they carry."""

from collections.abc import Sequence
from dataclasses import dataclass

FAULTS_SHOWN = 20


class ModelError(Exception):
    """Something is wrong that a person can mend; the message says what and how."""


class NoBundleError(ModelError):
    """There is no bundle where one was expected."""


class BundleFormatError(ModelError):
    """A bundle cannot be read: its schema is unknown or its manifest is malformed."""


class BundleIntegrityError(ModelError):
    """A file of a bundle is missing, or is not the file the bundle was written with."""


class BundlePackagesError(ModelError):
    """A bundle was written with other package versions than the installed ones."""


class SelfTestError(ModelError):
    """A bundle does not reproduce the probabilities it was published with."""


class UntrustedPipelineError(ModelError):
    """A stored pipeline holds types that this code does not load."""


class RegistryError(ModelError):
    """A version cannot be published, promoted or rolled back."""


class TrainingError(ModelError):
    """A table or a setting does not allow an honest training run."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with some input: where, what was found, what was expected, what to do."""

    where: str
    found: str
    expected: str
    remedy: str = ""

    def __str__(self) -> str:
        remedy = f" {self.remedy}" if self.remedy else ""
        return f"{self.where}: found {self.found}; expected {self.expected}.{remedy}"


class InvalidInputError(ModelError):
    """Some input cannot be used; carries every fault found in it.

    Parameters
    ----------
    subject
        What was read, for the first line: a file name, or "The request".
    faults
        The faults to show, in the order of the input.
    count
        How many faults there are in all, where *faults* holds only the first of them.
    """

    def __init__(self, subject: str, faults: Sequence[Fault], count: int | None = None) -> None:
        self.subject = subject
        self.faults = tuple(faults)
        self.count = len(self.faults) if count is None else count
        super().__init__(self._message())

    def _message(self) -> str:
        noun = "fault" if self.count == 1 else "faults"
        lines = [f"{self.subject} cannot be used: {self.count:,} {noun}."]
        lines += [f"  {fault}" for fault in self.faults[:FAULTS_SHOWN]]
        hidden = self.count - min(len(self.faults), FAULTS_SHOWN)
        if hidden:
            lines.append(f"  … and {hidden:,} more.")
        return "\n".join(lines)


class InvalidBarsError(InvalidInputError):
    """Daily bars that break a rule of daily bars."""


class InvalidFeaturesError(InvalidInputError):
    """A row of features that the bundle cannot score."""
