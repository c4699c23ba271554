"""Batches as CSV, Parquet and Arrow streams: the same numbers, and the same strictness, as in JSON."""

import csv
import decimal
import io
import json
import struct
import subprocess
import sys

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from api.batch import csv_bodies
from api.batch.answers import ARROW, CSV, JSON, MEDIA_TYPES, PARQUET, Batch
from api.errors import TooManyRowsError, UnreadableBodyError
from model.errors import InvalidFeaturesError

MOST_ROWS = 1000


@pytest.fixture(scope="module")
def batch(shipped):
    return Batch(shipped)


@pytest.fixture
def refused(batch):
    """Send a body that is refused, and return the places and findings of its faults."""

    def send(body, media_type, error=InvalidFeaturesError, **arguments):
        with pytest.raises(error) as caught:
            batch.answer(body, media_type, most_rows=MOST_ROWS, **arguments)
        return [(fault.where, fault.found) for fault in caught.value.faults]

    return send


def as_csv(names, rows):
    return "".join(",".join(map(str, line)) + "\n" for line in [names, *rows]).encode()


def as_parquet(table, **options):
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, **options)
    return sink.getvalue().to_pybytes()


def as_arrow(table, *, compression=None, chunk_rows=None):
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema, options=pa.ipc.IpcWriteOptions(compression=compression)) as stream:
        stream.write_table(table, max_chunksize=chunk_rows)
    return sink.getvalue().to_pybytes()


def as_table(names, X):
    return pa.table(dict(zip(names, X.T, strict=True)))


def encoded(media_type, names, X):
    """Return *X* as a body of *media_type*."""
    if media_type == JSON:
        return json.dumps({"columns": dict(zip(names, X.T.tolist(), strict=True))}).encode()
    if media_type == CSV:
        return as_csv(names, X.tolist())
    return (as_parquet if media_type == PARQUET else as_arrow)(as_table(names, X))


def decoded(reply):
    """Return the columns of *reply*, whatever its media type."""
    if reply.media_type == JSON:
        document = json.loads(reply.body)
        return {name: document[name] for name in document if name in {"prediction", "p_up", "fault"}}
    if reply.media_type == CSV:
        header, *lines = csv.reader(io.StringIO(reply.body.decode()))
        read = {"prediction": int, "p_up": float, "fault": str}
        columns = zip(*lines, strict=True) if lines else [[] for _ in header]
        return {
            name: [read[name](cell) if cell else None for cell in column]
            for name, column in zip(header, columns, strict=True)
        }
    table = pq.read_table(pa.BufferReader(reply.body)) if reply.media_type == PARQUET else arrow_table(reply)
    return table.to_pydict()


def arrow_table(reply):
    table = pa.ipc.open_stream(reply.body).read_all()
    table.validate(full=True)
    return table


@pytest.mark.parametrize("answer_as", MEDIA_TYPES)
@pytest.mark.parametrize("sent_as", MEDIA_TYPES)
def test_every_format_in_and_out_carries_the_pipelines_probabilities(shipped, batch, sent_as, answer_as):
    X = shipped.reference.X[::9]
    expected = shipped.pipeline.predict_proba(X)[:, 1]
    body = encoded(sent_as, shipped.manifest.feature_names, X)

    reply = batch.answer(body, sent_as, answer_as=answer_as, most_rows=len(X))

    assert (reply.media_type, reply.threshold, reply.version) == (answer_as, 0.44, shipped.version)
    found = decoded(reply)
    assert list(found) == ["prediction", "p_up"]
    np.testing.assert_allclose(found["p_up"], expected, rtol=0, atol=1e-12)
    assert found["prediction"] == (expected >= 0.44).astype(int).tolist()
    assert (reply.calls, reply.others) == (sum(found["prediction"]), len(X) - sum(found["prediction"]))


@pytest.mark.parametrize("media_type", MEDIA_TYPES)
def test_a_batch_is_answered_in_its_own_format_unless_another_is_asked_for(shipped, batch, media_type):
    body = encoded(media_type, shipped.manifest.feature_names, shipped.reference.X[:3])

    assert batch.answer(body, media_type, most_rows=3).media_type == media_type


@pytest.mark.parametrize("media_type", MEDIA_TYPES)
@pytest.mark.parametrize("errors", ["fail", "row"])
def test_a_table_without_rows_is_answered_with_one(shipped, batch, media_type, errors):
    body = encoded(media_type, shipped.manifest.feature_names, np.empty((0, 8)))

    found = decoded(batch.answer(body, media_type, errors=errors, most_rows=3))

    assert found == {"prediction": [], "p_up": []} | ({"fault": []} if errors == "row" else {})


def test_tables_have_narrow_types_and_carry_threshold_and_version(shipped, batch):
    body = encoded(ARROW, shipped.manifest.feature_names, shipped.reference.X[:3])

    for answer_as, read in ((ARROW, arrow_table), (PARQUET, lambda reply: pq.read_table(pa.BufferReader(reply.body)))):
        schema = read(batch.answer(body, ARROW, answer_as=answer_as, most_rows=3)).schema
        assert schema.types == [pa.int8(), pa.float64()]
        assert schema.metadata == {b"threshold": b"0.44", b"version": shipped.version.encode()}


@pytest.mark.parametrize("media_type", MEDIA_TYPES)
@pytest.mark.parametrize("answer_as", MEDIA_TYPES)
def test_where_only_rows_at_fault_fail_the_others_are_scored(shipped, batch, media_type, answer_as):
    names, X = shipped.manifest.feature_names, shipped.reference.X[:4].copy()
    expected = shipped.pipeline.predict_proba(X)[:, 1]
    X[1, names.index("rsi_14")] = 140
    X[3, names.index("gap_pct")] = -2

    reply = batch.answer(
        encoded(media_type, names, X), media_type, answer_as=answer_as, errors="row", most_rows=MOST_ROWS
    )

    found = decoded(reply)
    assert list(found) == ["prediction", "p_up", "fault"]
    assert found["p_up"][::2] == pytest.approx(expected[::2], abs=1e-12)
    assert found["prediction"][1::2] == found["p_up"][1::2] == found["fault"][::2] == [None, None]
    where = "/columns/rsi_14/1" if media_type == JSON else "row 1, rsi_14"
    assert found["fault"][1] == (
        f"{where}: found 140; expected a finite number from 0 to 100. In training it went from 6.68684 to 91.5037."
    )
    assert reply.calls + reply.others == 2


@pytest.mark.parametrize("media_type", [CSV, PARQUET, ARROW])
def test_the_order_of_columns_does_not_matter(shipped, batch, media_type):
    names, X = shipped.manifest.feature_names, shipped.reference.X[:5]

    straight = batch.answer(encoded(media_type, names, X), media_type, answer_as=JSON, most_rows=5)
    turned = batch.answer(encoded(media_type, names[::-1], X[:, ::-1]), media_type, answer_as=JSON, most_rows=5)

    assert turned.body == straight.body


@pytest.mark.parametrize(("media_type", "place"), [(CSV, "the header"), (PARQUET, "the schema"), (ARROW, "the schema")])
def test_columns_that_are_missing_or_unknown_are_refused_in_every_mode(shipped, refused, media_type, place):
    names = ["rsi14" if name == "rsi_14" else name for name in shipped.manifest.feature_names]
    body = encoded(media_type, [*names, "a/b"], np.ones((2, 9)))

    found = refused(body, media_type, errors="row")

    assert found == [
        (f"{place}, rsi_14", "nothing"),
        (f"{place}, rsi14", "an unknown name"),
        (f"{place}, a/b", "an unknown name"),
    ]


def test_a_name_near_to_one_that_is_missing_is_recognised(shipped, batch):
    names = ["rsi14" if name == "rsi_14" else name for name in shipped.manifest.feature_names]

    with pytest.raises(InvalidFeaturesError, match="Did you mean “rsi_14”"):
        batch.answer(as_csv(names, []), CSV, most_rows=1)


def test_a_column_given_twice_cannot_be_read(shipped, refused):
    names = [*shipped.manifest.feature_names, "macd"]
    table = pa.Table.from_arrays([pa.array([1.0])] * 9, names=names)

    twice = [("the header, macd", "a name that is given more than once")]
    assert refused(as_csv(names, [[1] * 9]), CSV, UnreadableBodyError) == twice
    twice = [("the schema, macd", "a name that is given more than once")]
    assert refused(as_arrow(table), ARROW, UnreadableBodyError) == twice
    assert refused(as_parquet(table), PARQUET, UnreadableBodyError) == twice


@pytest.mark.parametrize("media_type", [CSV, PARQUET, ARROW])
def test_of_very_many_faults_the_first_hundred_are_listed_and_all_are_counted(shipped, batch, media_type):
    names, X = shipped.manifest.feature_names, np.tile(shipped.median_row, (500, 1))
    X[::2, names.index("rsi_14")] = 140
    X[::2, names.index("macd")] = np.nan

    with pytest.raises(InvalidFeaturesError) as caught:
        batch.answer(encoded(media_type, names, X), media_type, most_rows=500)

    assert len(caught.value.faults) == 100
    assert caught.value.count == 500
    assert [fault.where for fault in caught.value.faults[-2:]] == ["row 98, rsi_14", "row 98, macd"]


@pytest.mark.parametrize("media_type", MEDIA_TYPES)
def test_more_rows_than_are_taken_are_refused_with_the_limit(shipped, batch, media_type):
    body = encoded(media_type, shipped.manifest.feature_names, np.tile(shipped.median_row, (21, 1)))

    with pytest.raises(TooManyRowsError, match="holds 21 rows; at most 20 are taken"):
        batch.answer(body, media_type, errors="row", most_rows=20)


# CSV


@pytest.fixture
def median(shipped):
    return dict(zip(shipped.manifest.feature_names, shipped.median_row, strict=True))


def csv_with(median, **cells):
    """Return a table of three lines, with some cells of the one in the middle written as given."""
    return as_csv(list(median), [list(median.values()), list((median | cells).values()), list(median.values())])


@pytest.mark.parametrize(
    ("text", "value"),
    [("1", 1), ("-0.0", 0), ("+.5", 0.5), ("5.", 5), ("1e-3", 1e-3), ("2.5E+0", 2.5), (" 1\t", 1), ('"1"', 1)],
)
def test_csv_takes_numbers_as_people_write_them(median, batch, text, value):
    expected = batch.answer(csv_with(median, macd=value), CSV, most_rows=3)

    assert batch.answer(csv_with(median, macd=text), CSV, most_rows=3).body == expected.body


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", "an empty cell"),
        ("  ", "an empty cell"),
        ('""', "an empty cell"),
        ("nan", "nan"),
        ("-Infinity", "-Infinity"),
        ("1e999", "1e999"),
        ("abc", "the text “abc”"),
        ("true", "the text “true”"),
        ("0x10", "the text “0x10”"),
        ("1_000", "the text “1_000”"),
        ("1d5", "the text “1d5”"),
        ("٣", "the text “٣”"),
        ('"1,5"', "the text “1,5”"),
    ],
)
def test_csv_refuses_what_is_no_finite_number_as_it_was_written(median, refused, text, found):
    assert refused(csv_with(median, macd=text), CSV) == [("row 1, macd", found)]


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("tail", [0, 1, 2])
def test_csv_comes_with_any_line_ends_and_a_byte_order_mark(median, batch, line_end, tail):
    text = csv_with(median).decode()
    expected = batch.answer(text.encode(), CSV, most_rows=3)
    body = b"\xef\xbb\xbf" + (text.rstrip("\n").replace("\n", line_end) + tail * line_end).encode()

    assert batch.answer(body, CSV, most_rows=3).body == expected.body


def test_lines_of_another_length_are_faults_of_their_rows(median, refused):
    line = ",".join(map(str, median.values()))
    body = "\n".join([",".join(median), line, "1,2,3", "", line + ",9", line, " "]).encode()

    assert refused(body, CSV) == [
        ("row 1", "3 values"),
        ("row 2", "an empty line"),
        ("row 3", "9 values"),
        ("row 5", "1 value"),
    ]


@pytest.mark.parametrize("piece_bytes", [1, 100, 1_000_000])
def test_csv_read_in_pieces_is_read_as_it_is_as_a_whole(median, refused, monkeypatch, piece_bytes):
    monkeypatch.setattr(csv_bodies, "PIECE_BYTES", piece_bytes)
    lines = [",".join(map(str, (median | {"macd": cell}).values())) for cell in ("1", '"1\n"', "x", "2", "nan")]

    found = refused("\n".join([",".join(median), *lines]).encode(), CSV)

    assert found == [("row 1, macd", "the text “1\n”"), ("row 2, macd", "the text “x”"), ("row 4, macd", "nan")]


@pytest.mark.parametrize(
    ("body", "where", "found"),
    [
        (b"", "the header", "nothing"),
        (b"\n1,2", "the header", "nothing"),
        (b"gap_pct;macd\n1;2", "the header", "names parted by semicolons"),
        (b"gap_pct\tmacd\n1\t2", "the header", "names parted by tabs"),
        (b"gap_pct,\xff", "the header", "bytes that are not UTF-8, from byte 9 on"),
        (b'"gap_pct', "the header", "a line that is not CSV (unexpected end of data)"),
    ],
)
def test_a_header_that_cannot_be_read_is_refused_saying_why(refused, body, where, found):
    assert refused(body, CSV, UnreadableBodyError) == [(where, found)]


def test_a_header_that_was_forgotten_is_recognised(refused):
    assert refused(b"0.1,0.2,0.3\n0.1,0.2,0.3\n", CSV) == [("the header", "numbers")]


def test_csv_that_cannot_be_read_is_refused_saying_where(median, refused):
    body = csv_with(median)

    (bytes_fault,) = refused(body + b"\xff", CSV, UnreadableBodyError, errors="row")
    (quote_fault,) = refused(body + b'1,"2', CSV, UnreadableBodyError, errors="row")

    assert bytes_fault == ("", f"bytes that are not UTF-8, from byte {len(body) + 1} on")
    assert quote_fault == ("row 3", "a line that is not CSV (unexpected end of data)")


# Parquet and Arrow


@pytest.mark.parametrize("media_type", [PARQUET, ARROW])
@pytest.mark.parametrize(
    "kind", [pa.float32(), pa.float16(), pa.int8(), pa.int64(), pa.uint64(), pa.decimal128(20, 4), pa.decimal256(50, 2)]
)
def test_numbers_of_any_type_are_taken(median, batch, media_type, kind):
    body = as_parquet if media_type == PARQUET else as_arrow
    value = {"d": decimal.Decimal(48), "h": np.float16(48)}.get(str(kind)[0], 48)
    tables = [
        pa.table(
            {
                name: pa.array([value if name == "rsi_14" else median[name]], kind if name == "rsi_14" else None)
                for name in median
            }
        )
        for kind, value in ((kind, value), (pa.float64(), 48.0))
    ]

    found, expected = (batch.answer(body(table), media_type, most_rows=1).body for table in tables)

    assert found == expected


def test_integers_that_no_float_holds_are_rounded(median, batch):
    exact = {name: pa.array([2**53 + 1 if name == "volume_z20" else value]) for name, value in median.items()}
    rounded = exact | {"volume_z20": pa.array([2.0**53])}

    found, expected = (batch.answer(as_arrow(pa.table(t)), ARROW, most_rows=1).body for t in (exact, rounded))

    assert found == expected


@pytest.mark.parametrize("media_type", [PARQUET, ARROW])
@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["48"], "string"),
        ([True], "bool"),
        ([None], "null"),
        ([[48.0]], "list"),
        ([b"48"], "binary"),
        ([{"a": 1.0}], "struct"),
        (pa.array(["a"]).dictionary_encode(), "dictionary"),
        (pa.array([1], pa.timestamp("s")), "timestamp"),
    ],
)
def test_columns_of_other_types_are_refused_naming_the_type(median, refused, media_type, values, kind):
    table = pa.table({name: [value] for name, value in median.items()} | {"rsi_14": values})

    ((where, found),) = refused((as_parquet if media_type == PARQUET else as_arrow)(table), media_type, errors="row")

    assert where == "the schema, rsi_14"
    assert found.startswith(f"values of the type {kind}")


@pytest.mark.parametrize("media_type", [PARQUET, ARROW])
def test_null_and_what_is_not_finite_are_told_apart(median, refused, media_type):
    columns = {name: [value] * 5 for name, value in median.items()}
    table = pa.table(columns | {"macd": [0.01, None, np.nan, -np.inf, 0.02], "rsi_14": [48.0, None, 48.0, 48.0, 101.0]})

    assert refused((as_parquet if media_type == PARQUET else as_arrow)(table), media_type) == [
        ("row 1, rsi_14", "an empty cell"),
        ("row 1, macd", "an empty cell"),
        ("row 2, macd", "NaN"),
        ("row 3, macd", "-Infinity"),
        ("row 4, rsi_14", "101"),
    ]


@pytest.mark.parametrize("compression", [None, "lz4", "zstd"])
def test_arrow_streams_of_several_batches_with_nulls_keep_their_rows(shipped, batch, compression):
    names, X = shipped.manifest.feature_names, shipped.reference.X[:100]
    table = as_table(names, X)
    macd = [None if row % 30 == 29 else value for row, value in enumerate(table["macd"].to_pylist())]
    table = table.set_column(names.index("macd"), "macd", pa.array(macd)).slice(3)

    reply = batch.answer(as_arrow(table, compression=compression, chunk_rows=7), ARROW, errors="row", most_rows=100)

    found = decoded(reply)
    expected = shipped.pipeline.predict_proba(X)[3:, 1]
    assert [row for row, fault in enumerate(found["fault"]) if fault] == [26, 56, 86]
    scored = [row for row in range(97) if row not in {26, 56, 86}]
    np.testing.assert_allclose([found["p_up"][row] for row in scored], expected[scored], rtol=0, atol=1e-12)


@pytest.mark.parametrize("media_type", [PARQUET, ARROW])
def test_what_is_no_table_is_refused_saying_why(median, refused, media_type):
    table = pa.table({name: [value] for name, value in median.items()})
    body = (as_parquet if media_type == PARQUET else as_arrow)(table)
    other = (as_arrow if media_type == PARQUET else as_parquet)(table)

    for wrong in (b"", b"x", b"\0" * 100, body[: len(body) // 2], body[:-100], other, b"ARROW1\0\0" + body):
        ((where, found),) = refused(wrong, media_type, UnreadableBodyError, errors="row")
        assert where == ""
        assert found.startswith("what pyarrow calls")


@pytest.mark.parametrize("media_type", [PARQUET, ARROW])
def test_a_table_with_a_name_that_is_not_utf8_is_refused(median, refused, media_type):
    table = pa.table({name.replace("macd_signal", "?acd_signal"): [value] for name, value in median.items()})
    body = (as_parquet if media_type == PARQUET else as_arrow)(table)

    refused(body.replace(b"?acd_signal", b"\xffacd_signal"), media_type, UnreadableBodyError)


def test_a_damaged_description_of_a_parquet_column_does_not_end_the_process(median, batch):
    body = as_parquet(pa.table({name: [value] * 50 for name, value in median.items()}))
    footer = len(body) - 8 - struct.unpack("<I", body[-8:-4])[0]
    code = (
        "import sys\n"
        "from api.batch.answers import PARQUET, Batch\n"
        "from model.errors import ModelError\n"
        "from model.registry import Registry\n"
        "batch, body, refused = Batch(Registry().load()), sys.stdin.buffer.read(), 0\n"
        f"for position in range({footer}, len(body), 3):\n"
        "    damaged = bytearray(body)\n"
        "    damaged[position] ^= 1 << position % 8\n"
        "    try:\n"
        "        batch.answer(bytes(damaged), PARQUET, most_rows=100)\n"
        "    except ModelError:\n"
        "        refused += 1\n"
        "print(refused)\n"
    )

    done = subprocess.run([sys.executable, "-c", code], input=body, capture_output=True, check=False)

    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 100


@pytest.mark.parametrize("compression", ["zstd", "lz4"])
def test_little_bytes_that_stand_for_many_rows_are_refused_before_they_are_read(shipped, batch, compression):
    zeros = np.zeros(2_000_000)
    table = pa.table(dict.fromkeys(shipped.manifest.feature_names, zeros))
    before = pa.total_allocated_bytes()

    for body, media_type in (
        (as_arrow(table, compression=compression), ARROW),
        (as_parquet(table, compression=compression), PARQUET),
    ):
        with pytest.raises(TooManyRowsError, match="2,000,000 rows"):
            batch.answer(body, media_type, most_rows=1000)

    assert pa.total_allocated_bytes() - before < zeros.nbytes


def test_a_few_rows_that_declare_many_bytes_are_refused_before_they_are_read(median, refused):
    table = pa.table({name: [value] * 5 for name, value in median.items()})
    body = as_arrow(table, compression="zstd")
    # Each compressed buffer begins with its size when decompressed: 5 values of 8 bytes.
    start = body.index(struct.pack("<q", 40) + b"\x28\xb5\x2f\xfd")

    ((_, found),) = refused(body[:start] + struct.pack("<q", 2**40) + body[start + 8 :], ARROW, UnreadableBodyError)

    assert found == "1,099,511,628,056 bytes declared for 5 rows"


def test_answering_tables_needs_no_pandas(shipped):
    code = (
        "import sys\n"
        "from api.batch.answers import MEDIA_TYPES, Batch\n"
        "assert 'pyarrow' not in sys.modules\n"
        "from model.registry import Registry\n"
        "bundle = Registry().load()\n"
        "batch, row = Batch(bundle), bundle.median_row\n"
        "lines = [','.join(bundle.manifest.feature_names), ','.join(map(repr, row)), '1,2']\n"
        "for media_type in MEDIA_TYPES:\n"
        "    batch.answer('\\n'.join(lines).encode(), 'text/csv', answer_as=media_type, errors='row', most_rows=9)\n"
        "print([name for name in ('pandas', 'sklearn') if name in sys.modules])\n"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)

    assert done.stdout == "[]\n"
