"""POST /predict/batch: many rows in one body, as JSON or as a table. Knows no request."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from api.batch.csv_bodies import read_csv
from api.batch.json_bodies import JsonReader
from api.batch.rows import Scored, score
from api.batch.table_bodies import read_arrow, read_parquet
from api.row_features import features_of
from model.bundle import Bundle

if TYPE_CHECKING:
    import pyarrow as pa

JSON = "application/json"
CSV = "text/csv"
PARQUET = "application/vnd.apache.parquet"
ARROW = "application/vnd.apache.arrow.stream"

TABLE_READERS = {CSV: read_csv, PARQUET: read_parquet, ARROW: read_arrow}
MEDIA_TYPES = (JSON, *TABLE_READERS)


@dataclass(frozen=True, slots=True)
class BatchReply:
    """The answer to a batch, and what a table has no column for.

    `calls` is the number of rows called positive, `others` that of the other rows scored; `warnings`
    are those about the rows, `imputed` the features that were filled in, and in how many rows.
    """

    body: bytes
    media_type: str
    threshold: float
    version: str
    warnings: tuple[str, ...]
    imputed: Mapping[str, int]
    calls: int
    others: int


class Batch:
    """Answers batches with the predictions of *bundle*; keeps what is worth making once."""

    def __init__(self, bundle: Bundle) -> None:
        self._bundle = bundle
        self._features = features_of(bundle)
        self._json = JsonReader(self._features)
        rename = {"probability": bundle.manifest.probability_key}
        fields = [("prediction", int), ("probability", float)]
        self._prediction = msgspec.defstruct("Prediction", fields, rename=rename, gc=False)
        none: list[tuple[str, Any, Any]] = [("prediction", None, None), ("probability", None, None)]
        self._no_prediction = msgspec.defstruct("NoPrediction", [("fault", str), *none], rename=rename, gc=False)

    def answer(
        self,
        body: bytes,
        sent_as: str,
        *,
        answer_as: str | None = None,
        errors: str = "fail",
        most_rows: int,
        notes: Sequence[str] = (),
        safe: bool = False,
    ) -> BatchReply:
        """Return the predictions for the rows in *body*.

        Parameters
        ----------
        body
            As it was sent, whole.
        sent_as, answer_as
            Two of `MEDIA_TYPES`; by default the answer is of the media type that was sent.
        errors
            "fail", or "row": a row that cannot be scored is answered with its fault instead of a prediction.
        most_rows
            How many rows are taken.
        notes
            What an answer in JSON says before its own warnings.
        safe
            Leaves names and ranges of features out of faults of rows and out of warnings.

        Raises
        ------
        UnreadableBodyError
            The body is not what it was sent as, or can be read in two ways.
        TooManyRowsError
            It holds more rows than are taken.
        InvalidFeaturesError
            It can be read, but not scored.
        """
        bundle, answer_as, records = self._bundle, answer_as or sent_as, False
        if sent_as == JSON:
            rows, records = self._json.read(body, most_rows)
        else:
            rows = TABLE_READERS[sent_as](body, self._features, most_rows)
        tell_faults = errors == "row"
        scored = score(bundle, rows, skip_faulty=tell_faults, safe=safe)
        if answer_as != JSON:
            encoded = _write(self._table(scored, tell_faults=tell_faults), answer_as)
        elif records:
            encoded = self._encode({"predictions": self._records(scored)}, scored, notes)
        else:
            encoded = self._encode(self._lists(scored, tell_faults=tell_faults), scored, notes)
        calls = int(np.count_nonzero(scored.prediction))
        return BatchReply(
            body=encoded,
            media_type=answer_as,
            threshold=bundle.threshold,
            version=bundle.version,
            warnings=scored.warnings,
            imputed=scored.imputed,
            calls=calls,
            others=len(rows) - calls - len(scored.faults),
        )

    def _encode(self, predictions: dict[str, Any], scored: Scored, notes: Sequence[str]) -> bytes:
        reply = predictions | {"threshold": self._bundle.threshold, "version": self._bundle.version}
        if scored.imputed:
            reply["imputed"] = scored.imputed
        if warnings := [*notes, *scored.warnings]:
            reply["warnings"] = warnings
        return msgspec.json.encode(reply)

    def _records(self, scored: Scored) -> list[Any]:
        records: list[Any] = list(map(self._prediction, scored.prediction.tolist(), scored.probability.tolist()))
        for row, fault in scored.faults.items():
            records[row] = self._no_prediction(fault)
        return records

    def _lists(self, scored: Scored, *, tell_faults: bool) -> dict[str, Any]:
        prediction, probability = scored.prediction.tolist(), scored.probability.tolist()
        for row in scored.faults:
            prediction[row] = probability[row] = None
        lists = {"prediction": prediction, self._bundle.manifest.probability_key: probability}
        if tell_faults:
            lists["fault"] = [scored.faults.get(row) for row in range(len(prediction))]
        return lists

    def _table(self, scored: Scored, *, tell_faults: bool) -> "pa.Table":
        import pyarrow as pa

        n_rows = len(scored.prediction)
        present = np.ones(n_rows, dtype=np.bool_)
        present[list(scored.faults)] = False
        # pyarrow would make arrays from Python objects, too, but loads pandas to do so.
        valid = _bitmap(present) if scored.faults else None
        columns = {
            "prediction": pa.Array.from_buffers(pa.int8(), n_rows, [valid, pa.py_buffer(scored.prediction)]),
            self._bundle.manifest.probability_key: pa.Array.from_buffers(
                pa.float64(), n_rows, [valid, pa.py_buffer(scored.probability)]
            ),
        }
        if tell_faults:
            texts = {row: text.encode() for row, text in scored.faults.items()}
            ends = np.zeros(n_rows + 1, dtype=np.int64)
            ends[[row + 1 for row in texts]] = [len(text) for text in texts.values()]
            data = b"".join(texts[row] for row in sorted(texts))
            columns["fault"] = pa.Array.from_buffers(
                pa.large_string(), n_rows, [_bitmap(~present), pa.py_buffer(ends.cumsum()), pa.py_buffer(data)]
            )
        metadata = {"threshold": repr(self._bundle.threshold), "version": self._bundle.version}
        return pa.Table.from_arrays(list(columns.values()), list(columns)).replace_schema_metadata(metadata)


def _write(table: "pa.Table", media_type: str) -> bytes:
    import pyarrow as pa

    sink = pa.BufferOutputStream()
    if media_type == CSV:
        from pyarrow import csv as arrow_csv

        header = io.StringIO()
        csv.writer(header, lineterminator="\n").writerow(table.column_names)
        sink.write(header.getvalue().encode())
        arrow_csv.write_csv(table, sink, arrow_csv.WriteOptions(include_header=False, batch_size=8192))
    elif media_type == PARQUET:
        import pyarrow.parquet as pq

        # What makes files smaller or faster to search makes replies slower, and hardly smaller.
        pq.write_table(table, sink, compression="NONE", use_dictionary=False, write_statistics=False)
    else:
        with pa.ipc.new_stream(sink, table.schema) as stream:
            stream.write_table(table)
    return bytes(sink.getvalue())


def _bitmap(flags: NDArray[np.bool_]) -> "pa.Buffer":
    import pyarrow as pa

    return pa.py_buffer(np.packbits(flags, bitorder="little"))
