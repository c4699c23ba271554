"""What came of the rows of a file: its target column, in the words that the model was trained on."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from model.bar_cells import quote
from model.bars import FloatArray
from model.manifest import Target
from training.target_values import target_values

_PLAIN = {"0": 0.0, "false": 0.0, "1": 1.0, "true": 1.0}


def outcome_of(table: pa.Table, target: Target) -> tuple[FloatArray | None, tuple[str, ...]]:
    """Return the target column as 1, 0 or NaN, if the table has one that can be read so; else why it cannot."""
    name, values = target.column, target_values(target)
    if name not in table.column_names:
        return None, ()
    texts = pc.fill_null(table.column(name).cast(pa.string(), safe=False), "").to_pylist()
    known = _known(values)
    read = [known.get(_written(text)) for text in texts]
    if None in read:
        odd = texts[read.index(None)]
        expected = "1, 0" if values is None else f"“{values[0]}”, “{values[1]}”"
        found = f"Column {name} holds {quote(odd)} where {expected} or nothing is expected"
        return None, (f"{found}, so the outcome is not compared.",)
    return np.array(read, dtype=np.float64), ()


def _known(values: tuple[str, str] | None) -> dict[str, float]:
    """Return what each text in the column means: 1 and 0 are understood, too, unless they mean something else there."""
    nothing = {"": np.nan, "nan": np.nan}
    if values is None:
        return nothing | _PLAIN
    meant = {_written(values[0]): 1.0, _written(values[1]): 0.0}
    if any(_PLAIN.get(text, meaning) != meaning for text, meaning in meant.items()):
        return nothing | meant
    return nothing | _PLAIN | meant


def _written(text: str) -> str:
    """Return *text* in the one way in which equal values are written: a whole number without decimals.

    >>> _written(" 1.0"), _written("Yes")
    ('1', 'yes')
    """
    text = text.strip().lower()
    try:
        value = float(text)
    except ValueError:
        return text
    return f"{value:.0f}" if value.is_integer() else text
