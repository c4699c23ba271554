"""The scenarios a session has been through, so that each can be returned to."""

from dataclasses import dataclass, field

KEPT = 50


@dataclass(frozen=True, slots=True)
class Step:
    """A scenario: values in display units by feature, and the id of the starting point it came from, if any."""

    values: dict[str, float] = field(default_factory=dict)
    origin: str | None = None


@dataclass(frozen=True, slots=True)
class History:
    """What undo returns to, the latest last, and what redo returns to, the next last."""

    past: tuple[Step, ...] = ()
    future: tuple[Step, ...] = ()

    def left(self, step: Step) -> "History":
        """Return the history after *step* was left for another scenario.

        >>> History(future=(Step({"a": 2.0}),)).left(Step({"a": 1.0}))
        History(past=(Step(values={'a': 1.0}, origin=None),), future=())
        """
        return History((*self.past, step)[-KEPT:])
