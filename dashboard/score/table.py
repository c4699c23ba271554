"""The scored rows as a table to look through, in the order that is asked for."""

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from dashboard.score.scored_file import ScoredFile

# More rows than this are fetched while they are looked at.
MOST_AT_ONCE = 10_000

ROW, CALL, PROBABILITY, OUTSIDE = "Row", "Call", "Probability", "Outside range"
IN_FILE_ORDER, HIGHEST, LOWEST, NEAREST, OUTSIDE_FIRST = ORDERS = (
    "As in the file",
    "Highest first",
    "Lowest first",
    "Nearest to the threshold",
    "Outside range first",
)


def row_order(scored: ScoredFile, order: str) -> NDArray[np.int64]:
    """Return the positions of all rows in one of `ORDERS`; rows that are equal in it stay as in the file."""
    p, threshold = scored.probability, scored.manifest.threshold.value
    sorted_by = {
        IN_FILE_ORDER: np.zeros(len(p)),
        HIGHEST: -p,
        LOWEST: p,
        NEAREST: np.abs(p - threshold),
        OUTSIDE_FIRST: ~scored.outside,
    }[order]
    return np.argsort(sorted_by, kind="stable")


def table_in_order(scored: ScoredFile, order: str) -> pa.Table:
    """Return where each row stands in the file, its call, probability in percent, and the columns of the file."""
    positions = row_order(scored, order)
    called = f"▲ {scored.manifest.target.positive_class}"
    columns = {
        ROW: scored.rows.row[positions],
        CALL: [called if call else "○ no call" for call in scored.called[positions].tolist()],
        PROBABILITY: 100 * scored.probability[positions],
        OUTSIDE: ["! yes" if outside else "" for outside in scored.outside[positions].tolist()],
    }
    table = pa.table(columns)
    of_file = scored.typed_columns.take(pa.array(positions))
    for name in of_file.column_names:
        table = table.append_column(f"{name} (file)" if name in columns else name, of_file.column(name))
    return table
