"""Whether the target and the return it stands for are of the same row."""

import numpy as np

from model.manifest import Check
from model.wording import percent
from training.leaks.subject import Finding, Subject, moved


def target_and_return(subject: Subject) -> Finding:
    """The target must be 1 just where the row's own return is above zero; else say whose return it fits."""
    table = subject.table
    agree = {rows: _agreement(subject, rows) for rows in (0, -1, 1)}
    best = max(agree, key=lambda rows: agree[rows])
    wrong = agree[0] < 1
    places = {-1: "of the row before", 0: "of its own row", 1: "of the row after"}
    said = f"It is 1 just where the return is above zero in {percent(agree[0], 2)} of rows."
    if wrong and best and agree[best] > agree[0]:
        said += f" It fits the return {places[best]} better: {percent(agree[best], 2)}."
    return Finding(
        check=Check(
            name="target_and_return",
            assumption="The target is the sign of the return that a call would earn.",
            passed=not wrong,
            finding=said,
        ),
        remedy="Rebuild the table from its bars with `python -m training features`; the target is off.",
        columns=(table.target.column,) if wrong else (),
    )


def _agreement(subject: Subject, rows: int) -> float:
    """Return the share of targets that fit the return *rows* later."""
    table = subject.table
    earned = moved(table.next_day_return, table.ticker, rows) if rows else table.next_day_return
    known = ~np.isnan(earned)
    return float(np.mean((earned[known] > 0) == (table.y[known] == 1))) if known.any() else 1.0
