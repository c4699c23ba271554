"""The two values of a target as they stand in its column, read off what a manifest says of it."""

from model.manifest import Target

_BETWEEN, _END = "”, 0 where it is “", "”."


def target_values(target: Target) -> tuple[str, str] | None:
    """Return the value that is the positive class and the other one; None where the column holds 1 and 0 themselves.

    >>> said = "1 where `churned` is “yes”, 0 where it is “no”."
    >>> target_values(Target(column="churned", positive_class="yes", horizon=0, question="", description=said))
    ('yes', 'no')
    """
    begin = f"1 where `{target.column}` is “"
    if not (target.description.startswith(begin) and target.description.endswith(_END)):
        return None
    positive, between, other = target.description[len(begin) : -len(_END)].partition(_BETWEEN)
    return (positive, other) if between else None
