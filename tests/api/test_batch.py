"""Batches in JSON: the same numbers, the same strictness and the same words as a single prediction."""

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.ensemble import RandomForestClassifier

from api import payloads
from api.batch import json_bodies
from api.batch.answers import CSV, JSON, Batch
from api.errors import TooManyRowsError, UnreadableBodyError
from model.errors import InvalidFeaturesError, ModelError
from model.scoring import PipelineScorer

MOST_ROWS = 1000


@pytest.fixture(scope="module")
def batch(shipped):
    return Batch(shipped)


@pytest.fixture
def answer(batch):
    """Send rows or columns, or a body as it is, and return the reply as a document."""

    def send(body, **arguments):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return json.loads(batch.answer(data, JSON, **{"answer_as": JSON, "most_rows": MOST_ROWS} | arguments).body)

    return send


@pytest.fixture
def refused(batch):
    """Send a body that is refused, and return the places and findings of its faults."""

    def send(body, error=InvalidFeaturesError, **arguments):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        with pytest.raises(error) as caught:
            batch.answer(data, JSON, most_rows=MOST_ROWS, **arguments)
        return [(fault.where, fault.found) for fault in caught.value.faults]

    return send


def as_rows(names, X):
    return {"rows": [dict(zip(names, row, strict=True)) for row in X.tolist()]}


def as_columns(names, X):
    return {"columns": dict(zip(names, X.T.tolist(), strict=True))}


def test_rows_are_answered_one_by_one_with_the_pipelines_probabilities(shipped, answer):
    X = shipped.reference.X[::7]
    expected = shipped.pipeline.predict_proba(X)[:, 1]

    reply = answer(as_rows(shipped.manifest.feature_names, X), most_rows=len(X))

    assert list(reply) == ["predictions", "threshold", "version"]
    assert (reply["threshold"], reply["version"]) == (0.44, shipped.version)
    assert [list(row) for row in reply["predictions"][:2]] == [["prediction", "p_up"]] * 2
    np.testing.assert_allclose([row["p_up"] for row in reply["predictions"]], expected, rtol=0, atol=1e-12)
    assert [row["prediction"] for row in reply["predictions"]] == (expected >= 0.44).astype(int).tolist()


def test_columns_are_answered_with_columns(shipped, answer):
    X = shipped.reference.X[::7]
    expected = shipped.pipeline.predict_proba(X)[:, 1]

    reply = answer(as_columns(shipped.manifest.feature_names, X), most_rows=len(X))

    assert list(reply) == ["prediction", "p_up", "threshold", "version"]
    np.testing.assert_allclose(reply["p_up"], expected, rtol=0, atol=1e-12)
    assert reply["prediction"] == (expected >= 0.44).astype(int).tolist()


def test_more_rows_than_are_scored_at_once_keep_their_order(shipped, answer):
    X = np.tile(shipped.reference.X, (3, 1))
    names = shipped.manifest.feature_names

    rows, columns = (answer(body(names, X), most_rows=len(X)) for body in (as_rows, as_columns))

    expected = shipped.pipeline.predict_proba(X)[:, 1]
    np.testing.assert_allclose([row["p_up"] for row in rows["predictions"]], expected, rtol=0, atol=1e-12)
    np.testing.assert_allclose(columns["p_up"], expected, rtol=0, atol=1e-12)


def test_a_batch_of_nothing_is_answered_with_nothing(shipped, answer):
    assert answer({"rows": []})["predictions"] == []
    empty = answer({"columns": {name: [] for name in shipped.manifest.feature_names}})
    assert (empty["prediction"], empty["p_up"]) == ([], [])


def test_the_order_of_names_and_the_space_around_them_do_not_matter(features, answer):
    expected = answer({"rows": [features, features]})
    turned = dict(reversed(features.items()))
    loose = json.dumps({"rows": [turned, features]}, indent=2).replace(",", " \r\n\t,").encode() + b" \n"

    assert answer(loose) == expected


def test_rows_whose_names_are_escaped_are_read_all_the_same(features, answer):
    body = json.dumps({"rows": [features]}).replace('"gap_pct"', '"\\u0067ap_pct"').encode()

    assert answer(body) == answer({"rows": [features]})


@pytest.fixture
def forest(shipped, monkeypatch):
    """A forest in the place of the shipped pipeline."""
    X = shipped.reference.X[:500]
    pipeline = RandomForestClassifier(n_estimators=5, random_state=0).fit(X, X[:, 0] > 0)
    monkeypatch.setattr(shipped, "scorer", PipelineScorer(pipeline))
    return pipeline


def test_a_model_that_is_not_linear_is_scored_by_its_pipeline(shipped, forest, answer):
    X = shipped.reference.X[:200]

    reply = answer(as_columns(shipped.manifest.feature_names, X))

    assert reply["p_up"] == forest.predict_proba(X)[:, 1].tolist()


def test_rows_that_trees_cannot_hold_leave_the_others_alone(shipped, forest, features, answer):
    reply = answer({"rows": [features, features | {"macd": 1e39}, features]}, errors="row")

    alone = forest.predict_proba([list(features.values())])[0, 1]
    assert [row["p_up"] for row in reply["predictions"]] == [alone, None, alone]
    assert reply["predictions"][1]["fault"].startswith("/rows/1/macd: found 1e+39; expected a number nearer")
    assert "warnings" not in reply


def test_values_outside_the_observed_range_are_counted_by_feature_and_side(features, answer, batch):
    far = features | {"rsi_14": 99.5, "macd": -0.9}
    body = {"rows": [features, far, features | {"rsi_14": 1.0}, far]}

    reply = answer(body)

    expected = [
        "rsi_14: 1 of 4 rows below everything seen in training (6.68684 to 91.5037):"
        " the probability is an extrapolation there.",
        "rsi_14: 2 of 4 rows above everything seen in training (6.68684 to 91.5037):"
        " the probability is an extrapolation there.",
        "macd: 2 of 4 rows below everything seen in training (-0.492062 to 0.0739162):"
        " the probability is an extrapolation there.",
    ]
    assert reply["warnings"] == expected
    assert batch.answer(json.dumps(body).encode(), JSON, answer_as=CSV, most_rows=9).warnings == tuple(expected)


def test_notes_come_before_the_warnings(features, answer):
    assert answer({"rows": [features]}, notes=["Old."])["warnings"] == ["Old."]
    assert answer({"rows": [features | {"rsi_14": 1}]}, notes=["Old."])["warnings"][0] == "Old."


def test_who_must_not_see_names_and_ranges_sees_none(shipped, features, answer):
    bad = features | {"rsi_14": 140}

    reply = answer({"rows": [bad, features | {"macd": -9}, features]}, errors="row", safe=True)

    assert reply["warnings"] == [
        "1 of 2 rows hold values outside everything seen in training: the probability is an extrapolation there."
    ]
    assert not any(name in json.dumps(reply) for name in shipped.manifest.feature_names)
    assert "/rows/0" in reply["predictions"][0]["fault"]


def test_every_fault_is_told_with_its_row_in_the_words_of_a_single_prediction(features, refused):
    unlike = {name: value for name, value in features.items() if name != "gap_pct"} | {"rsi14": 1, "macd": None}

    found = refused({"rows": [features, features | {"rsi_14": 140}, unlike, [1]]})

    assert found == [
        ("/rows/1/rsi_14", "140"),
        ("/rows/2/gap_pct", "nothing"),
        ("/rows/2/macd", "null"),
        ("/rows/2/rsi14", "an unknown name"),
        ("/rows/3", "an array"),
    ]


def test_a_fault_in_rows_is_the_fault_of_a_single_prediction_but_for_its_place(shipped, features, batch):
    wrong = features | {"rsi_14": "48", "macdsignal": 1}
    with pytest.raises(InvalidFeaturesError) as single:
        payloads.decode_row(json.dumps({"features": wrong}).encode(), shipped.manifest.features)
    with pytest.raises(InvalidFeaturesError) as many:
        batch.answer(json.dumps({"rows": [features, wrong]}).encode(), JSON, most_rows=9)

    moved = [str(fault).replace("/features/", "/rows/1/") for fault in single.value.faults]
    assert [str(fault) for fault in many.value.faults] == moved


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("NaN", "NaN"),
        ("-Infinity", "-Infinity"),
        ("1e999", "1e999"),
        ("true", "true"),
        ("null", "null"),
        ('"48"', "the text “48”"),
        ("[48]", "an array"),
        ('{"a": 1}', "an object"),
        ("100.5", "100.5"),
        ("-1e-300", "-1e-300"),
    ],
)
def test_what_is_no_allowed_number_is_refused_with_its_place(features, refused, text, found):
    rows = json.dumps({"rows": [features, features | {"rsi_14": "HERE"}]}).replace('"HERE"', text)
    lists = {name: [value, value] for name, value in features.items()} | {"rsi_14": [48, "HERE"]}
    columns = json.dumps({"columns": lists}).replace('"HERE"', text)

    assert refused(rows.encode()) == [("/rows/1/rsi_14", found)]
    assert refused(columns.encode()) == [("/columns/rsi_14/1", found)]


def test_of_very_many_faults_the_first_hundred_are_listed_and_all_are_counted(features, batch):
    bad = features | {"rsi_14": 140, "gap_pct": -2}
    worse = features | {"rsi_14": None, "unknown": 1}
    body = json.dumps({"rows": [bad, worse, features, 7] * 100}).encode()

    with pytest.raises(InvalidFeaturesError) as caught:
        batch.answer(body, JSON, most_rows=400)

    assert len(caught.value.faults) == 100
    assert caught.value.count == 100 * (2 + 2 + 1)


def test_where_only_rows_at_fault_fail_the_others_are_scored(features, answer):
    good = answer({"rows": [features]})["predictions"][0]
    bad = features | {"rsi_14": 140, "macd": None}

    reply = answer({"rows": [features, bad, "x", features]}, errors="row")

    assert reply["predictions"][0] == reply["predictions"][3] == pytest.approx(good, abs=1e-12)
    assert reply["predictions"][1] == {
        "prediction": None,
        "p_up": None,
        "fault": "/rows/1/rsi_14: found 140; expected a finite number from 0 to 100."
        " In training it went from 6.68684 to 91.5037. (And 1 more.)",
    }
    assert reply["predictions"][2]["fault"].startswith("/rows/2: found the text “x”; expected an object")


def test_columns_with_rows_at_fault_have_a_column_of_faults(features, answer):
    lists = {name: [value] * 3 for name, value in features.items()} | {"macd": [0.03, None, 0.03]}
    good = answer({"rows": [features]})["predictions"][0]

    reply = answer({"columns": lists}, errors="row")

    assert reply["prediction"] == [good["prediction"], None, good["prediction"]]
    assert reply["p_up"][::2] == pytest.approx([good["p_up"]] * 2, abs=1e-12)
    assert reply["p_up"][1] is None
    assert reply["fault"] == [
        None,
        "/columns/macd/1: found null; expected a finite number. Send a finite JSON number.",
        None,
    ]


def test_rows_that_were_scored_are_counted_by_class(features, batch):
    body = json.dumps({"rows": [features, features | {"rsi_14": None}, features]}).encode()

    reply = batch.answer(body, JSON, errors="row", most_rows=3)

    assert sorted([reply.calls, reply.others]) == [0, 2]


def test_a_name_given_twice_is_refused_wherever_it_stands(features, refused):
    row = json.dumps(features)
    twice = row[:-1] + ', "macd": 0.03}'
    deep = row.replace('"macd": 0.03', '"macd": {"a": 1, "a": 2}')
    columns = json.dumps({name: [value] for name, value in features.items()})[:-1] + ', "macd": [1]}'

    def places(body):
        return [where for where, _ in refused(body.encode(), UnreadableBodyError, errors="row")]

    assert places(f'{{"rows": [{row}, {twice}]}}') == ["/rows/1/macd"]
    assert places(f'{{"rows": [{row}, {deep}]}}') == ["/rows/1/macd/a"]
    assert places(f'{{"rows": [{row}], "rows": [{row}]}}') == ["/rows"]
    assert places(f'{{"columns": {columns}}}') == ["/columns/macd"]


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ([], [("", "an array")]),
        ({}, [("", "neither “rows” nor “columns”")]),
        ({"rows": [], "columns": {}}, [("", "“rows” and “columns”")]),
        ({"row": []}, [("/row", "an unknown name"), ("", "neither “rows” nor “columns”")]),
        ({"rows": [], "x": 1}, [("/x", "an unknown name")]),
        ({"rows": {}}, [("/rows", "an object")]),
        ({"rows": None}, [("/rows", "null")]),
        ({"columns": [1]}, [("/columns", "an array")]),
    ],
)
def test_what_is_no_batch_is_refused_in_every_mode(refused, body, found):
    assert refused(body) == refused(body, errors="row") == found


def test_columns_that_do_not_go_together_are_refused_in_every_mode(features, refused):
    lists = {name: [value] * 3 for name, value in features.items()} | {"macd": [1.0], "rsi_14": 48, "rsi14": []}
    del lists["gap_pct"]

    assert refused({"columns": lists}, errors="row") == [
        ("/columns/gap_pct", "nothing"),
        ("/columns/rsi14", "an unknown name"),
        ("/columns/rsi_14", "48"),
        ("/columns/macd", "1 value"),
    ]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: "",
        lambda text: text[:-1],
        lambda text: text[:-2] + ",]}",
        lambda text: text.replace("[{", "[,{"),
        lambda text: text.replace("}, {", "} {"),
        lambda text: text.replace("}, {", "},, {"),
        lambda text: text + "x",
        lambda text: text.replace("0.02", "0.02.1", 1),
        lambda text: text.replace("rsi", "\udcff", 1),
        lambda text: text.replace("{", "[" * 100, 1),
    ],
)
@pytest.mark.parametrize("piece_bytes", [1, 1_000_000])
def test_what_is_not_json_is_refused_however_it_is_cut(features, refused, monkeypatch, spoil, piece_bytes):
    monkeypatch.setattr(json_bodies, "PIECE_BYTES", piece_bytes)
    body = spoil(json.dumps({"rows": [features] * 3})).encode("utf-8", "surrogateescape")

    (fault,) = refused(body, UnreadableBodyError, errors="row")

    assert fault[0] == ""


def test_more_rows_than_are_taken_are_refused_with_the_limit(features, batch):
    columns = {name: [value] * 1001 for name, value in features.items()}
    faulty = columns | {"macd": [None] * 1001}
    too_many = [{"rows": [features] * 1001}, {"rows": [{}] * 1001}, {"columns": columns}, {"columns": faulty}]

    for body in too_many:
        with pytest.raises(TooManyRowsError, match=r"holds 1,001 rows; at most 1,000 are taken"):
            batch.answer(json.dumps(body).encode(), JSON, errors="row", most_rows=1000)


def test_what_would_fill_the_memory_is_refused_before_it_is_read(batch):
    for text in ("[" + "{}," * 5000, "[" + "[]," * 5000, "[" + "0," * 50_000):
        with pytest.raises(TooManyRowsError):
            batch.answer(b'{"columns": {"gap_pct": ' + text.encode(), JSON, most_rows=1000)


def test_numbers_beyond_all_measure_are_refused_as_in_a_single_prediction(shipped, features, batch, answer):
    names = shipped.manifest.feature_names
    weights = dict(zip(names, shipped.scorer.weights, strict=True))
    # One pulls to infinity, the other to minus infinity: their sum is no number.
    signs = {"macd": math.copysign(1, weights["macd"]), "macd_signal": -math.copysign(1, weights["macd_signal"])}
    huge = features | {name: sign * 1.7e308 for name, sign in signs.items()}
    with pytest.raises(InvalidFeaturesError) as single:
        payloads.predict(shipped, [huge[name] for name in names])

    with pytest.raises(InvalidFeaturesError) as many:
        batch.answer(json.dumps({"rows": [features, huge]}).encode(), JSON, most_rows=9)

    moved = [str(fault).replace("/features/", "/rows/1/") for fault in single.value.faults]
    assert [str(fault) for fault in many.value.faults] == moved
    reply = answer({"rows": [features, huge]}, errors="row")
    assert reply["predictions"][0]["p_up"] is not None
    assert reply["predictions"][1]["fault"] == f"{moved[0]} (And {len(moved) - 1} more.)"


NUMBERS = st.one_of(
    st.floats(-5, 5),
    st.floats(allow_nan=False, allow_infinity=False),
    st.integers(-(10**30), 10**30),
    st.sampled_from([0, -0.0, 1e-320, 1e308, -1e308, 1e39, 100, 101, -1]),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.lists(NUMBERS, min_size=8, max_size=8), min_size=1, max_size=5))
def test_each_row_is_answered_as_it_is_alone(shipped, batch, rows):
    names = shipped.manifest.feature_names
    body = json.dumps({"rows": [dict(zip(names, row, strict=True)) for row in rows]}).encode()

    reply = json.loads(batch.answer(body, JSON, errors="row", most_rows=9).body)

    for row, found in zip(rows, reply["predictions"], strict=True):
        try:
            alone = dict(zip(names, row, strict=True))
            values = payloads.decode_row(json.dumps({"features": alone}).encode(), shipped.manifest.features)
            expected = payloads.predict(shipped, values)["p_up"]
        except ModelError:
            expected = None
        assert (found["p_up"] is None) == (expected is None)
        assert expected is None or math.isclose(found["p_up"], expected, rel_tol=0, abs_tol=1e-12)


PARTS = st.sampled_from(
    ['{"gap_pct":1}', '{"gap_pct":-2}', '{"a":{"b":1},"c":2}', '"},{"', "{}", "null", "1", ",", " "]
)


@settings(max_examples=300, deadline=None)
@given(st.lists(PARTS, max_size=6), st.sampled_from(["", "]", "}", ',"x":[1]']))
def test_a_body_read_in_pieces_is_read_as_it_is_as_a_whole(shipped, parts, ending):
    body = f'{{"rows":[{",".join(parts)}]{ending}}}'.encode()

    def read(piece_bytes):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(json_bodies, "PIECE_BYTES", piece_bytes)
            try:
                rows, _ = json_bodies.JsonReader(shipped.manifest.features[:1]).read(body, 100)
            except ModelError as error:
                return type(error), error.faults
            return rows.columns.tobytes(), [list(rows.faults_of(row)) for row in range(len(rows))]

    assert read(1) == read(10_000)


ITEMS = st.sampled_from(["1", "-2.5", "1e3", " 7 ", "null", "true", "-2", "", "[1]", "]", '"],[", '])


@settings(max_examples=300, deadline=None)
@given(st.lists(ITEMS, max_size=4), st.lists(ITEMS, max_size=4), st.sampled_from(["", ',"x":[1]', ',"gap_pct":[1]']))
def test_columns_read_in_pieces_are_read_as_they_are_as_a_whole(shipped, first, second, ending):
    features = [shipped.manifest.features[0], shipped.manifest.features[6]]
    body = f'{{"columns":{{"macd" : [{",".join(first)}], "gap_pct":[{",".join(second)}]{ending}}}}}'.encode()

    def read(piece_bytes):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(json_bodies, "PIECE_BYTES", piece_bytes)
            try:
                rows, _ = json_bodies.JsonReader(features).read(body, 100)
            except ModelError as error:
                return type(error), error.faults
            return rows.columns.tobytes(), [list(rows.faults_of(row)) for row in range(len(rows))]

    assert read(1) == read(10_000)
