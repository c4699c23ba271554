"""Rows that lack values: a model that fills them in answers as its pipeline does, and says what it filled in."""

import io
import json
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline

from api import create_app
from model import Bundle
from tests.builders import any_columns, table_bundle

ARROW, PARQUET = "application/vnd.apache.arrow.stream", "application/vnd.apache.parquet"


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """A linear model of a table in which `mean_3` has gaps: its pipeline fills in any feature's."""
    return table_bundle(tmp_path_factory.mktemp("missing"), missing=True)


@pytest.fixture(scope="module")
def asked(bundle: Bundle) -> FlaskClient:
    return create_app(bundle).test_client()


@pytest.fixture(scope="module")
def gappy(bundle: Bundle) -> np.ndarray:
    """Rows with every kind of gaps: none, some, and nothing but."""
    rows = any_columns(seed=7).X[:12].copy()
    rows[1:, 3] = np.nan
    rows[2:6, 0] = np.nan
    rows[4, 5:] = np.nan
    rows[5] = np.nan
    return rows


@pytest.fixture(scope="module")
def expected(bundle: Bundle, gappy: np.ndarray) -> np.ndarray:
    return bundle.pipeline.predict_proba(gappy)[:, 1]


def table_of(bundle: Bundle, X: np.ndarray, *, nulls: bool = True) -> pa.Table:
    columns = dict(zip(bundle.manifest.feature_names, X.T, strict=True))
    return pa.table(
        {name: pa.array(values, mask=np.isnan(values) if nulls else None) for name, values in columns.items()}
    )


def written(write: Callable[[io.BytesIO], None]) -> bytes:
    sink = io.BytesIO()
    write(sink)
    return sink.getvalue()


def arrow_of(table: pa.Table) -> bytes:
    def write(sink: io.BytesIO) -> None:
        with pa.ipc.new_stream(sink, table.schema) as stream:
            stream.write_table(table)

    return written(write)


def tensor(name: str, values: np.ndarray) -> dict[str, Any]:
    data = [None if math.isnan(value) else value for value in values.ravel().tolist()]
    return {"name": name, "datatype": "FP64", "shape": list(values.shape), "data": data}


def single(row: dict[str, Any]) -> dict[str, Any]:
    return {"features": row}


@pytest.mark.parametrize("fast_path", ["on", "off"])
def test_one_row_gets_what_the_pipeline_says_of_it(bundle, gappy, expected, monkeypatch, fast_path):
    monkeypatch.setenv("API_FAST_PATH", fast_path)
    client = create_app(bundle).test_client()
    rows = table_of(bundle, gappy).to_pylist()

    replies = [client.post("/predict", json=single(row)).json for row in rows]

    np.testing.assert_allclose([reply["p_churned"] for reply in replies], expected, rtol=0, atol=1e-12)
    assert [reply["prediction"] for reply in replies] == (expected >= 0.44).astype(int).tolist()
    lacking = [[name for name, value in row.items() if value is None] for row in rows]
    assert [reply.get("imputed", []) for reply in replies] == lacking


def test_the_short_way_gives_the_bytes_of_the_view(bundle, asked, gappy):
    for row in table_of(bundle, gappy).to_pylist():
        body = json.dumps(single(row)).encode()
        short = asked.post("/predict", data=body, content_type="application/json")
        # A character set is no part of the simplest form of a request.
        view = asked.post("/predict", data=body, content_type="application/json; charset=utf-8")

        assert short.data == view.data


@pytest.mark.parametrize("kind", ["rows", "columns", "csv", "parquet", "arrow", "arrow with NaN"])
def test_a_batch_gets_what_the_pipeline_says_of_it(bundle, asked, gappy, expected, kind):
    table = table_of(bundle, gappy, nulls="NaN" not in kind)
    media_type, body = {
        "rows": lambda: ("application/json", json.dumps({"rows": table.to_pylist()}).encode()),
        "columns": lambda: ("application/json", json.dumps({"columns": table.to_pydict()}).encode()),
        "csv": lambda: ("text/csv", written(lambda sink: pyarrow.csv.write_csv(table, sink))),
        "parquet": lambda: (PARQUET, written(lambda sink: pq.write_table(table, sink))),
        "arrow": lambda: (ARROW, arrow_of(table)),
        "arrow with NaN": lambda: (ARROW, arrow_of(table)),
    }[kind]()

    reply = asked.post("/predict/batch", data=body, content_type=media_type, headers={"Accept": "application/json"})

    assert reply.status_code == 200, reply.text
    found = [one["p_churned"] for one in reply.json["predictions"]] if kind == "rows" else reply.json["p_churned"]
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)
    gaps = np.isnan(gappy).sum(axis=0).tolist()
    assert reply.json["imputed"] == dict(zip(bundle.manifest.feature_names, gaps, strict=True))
    assert json.loads(reply.headers["X-Imputed"]) == reply.json["imputed"]


@pytest.mark.parametrize("kind", ["tensors", "matrix", "binary"])
def test_tensors_get_what_the_pipeline_says_of_them(bundle, asked, gappy, expected, kind):
    names, headers, binary = bundle.manifest.feature_names, {}, b""
    inputs = [tensor("X", gappy)]
    if kind == "tensors":
        inputs = [tensor(name, values) for name, values in zip(names, gappy.T, strict=True)]
    if kind == "binary":
        binary = gappy.tobytes()
        inputs = [tensor("X", gappy) | {"parameters": {"binary_data_size": len(binary)}}]
        del inputs[0]["data"]
    header = json.dumps({"inputs": inputs}).encode()
    if binary:
        headers = {"Inference-Header-Content-Length": str(len(header))}

    reply = asked.post("/v2/models/churn/infer", data=header + binary, headers=headers)

    assert reply.status_code == 200, reply.text
    outputs = {output["name"]: output["data"] for output in reply.json["outputs"]}
    np.testing.assert_allclose(outputs["p_churned"], expected, rtol=0, atol=1e-12)
    assert reply.json["parameters"]["imputed"] == ", ".join(names)


def test_complete_rows_are_answered_without_a_word_of_it(bundle, asked, gappy):
    row = table_of(bundle, gappy[:1]).to_pylist()[0]

    replies = [
        asked.post("/predict", json=single(row)),
        asked.post("/predict/batch", json={"rows": [row]}),
        asked.post("/v2/models/churn/infer", json={"inputs": [tensor("X", gappy[:1])]}),
    ]

    assert [reply.status_code for reply in replies] == [200] * 3
    assert not any("imputed" in reply.text for reply in replies)
    assert "X-Imputed" not in replies[1].headers


def test_only_what_was_sent_is_warned_of(bundle, asked, gappy):
    row = table_of(bundle, gappy[:1]).to_pylist()[0] | {"mean_0": 1e6, "mean_3": None}

    alone = asked.post("/predict", json=single(row)).json["warnings"]
    batch = asked.post("/predict/batch", json={"rows": [row]}).json["warnings"]

    assert [text.partition(" ")[0] for text in alone] == ["mean_0"]
    assert [text.partition(":")[0] for text in batch] == ["mean_0"]


def test_the_explanation_is_that_of_the_row_as_it_was_filled_in(bundle, asked, gappy):
    row = table_of(bundle, gappy[1:2]).to_pylist()[0]
    # The median of the rows that have a value, which the imputer was asked for.
    median = float(np.nanmedian(any_columns(missing=True).X[:, 3]))

    lacking = asked.post("/predict?explain=true", json=single(row)).json
    complete = asked.post("/predict?explain=true", json=single(row | {"mean_3": median})).json

    assert lacking.pop("imputed") == ["mean_3"]
    assert lacking == complete


@pytest.mark.parametrize("value", ["x", True, [1.0]])
@pytest.mark.parametrize("kind", ["features", "rows", "columns"])
def test_what_is_wrong_beside_gaps_is_the_only_fault(bundle, asked, problem, kind, value):
    gaps: dict[str, Any] = dict.fromkeys(bundle.manifest.feature_names)
    wrong = gaps | {"mean_0": value}
    body, where = {
        "features": ({"features": wrong}, "/features/mean_0"),
        "rows": ({"rows": [gaps, wrong]}, "/rows/1/mean_0"),
        "columns": ({"columns": {name: [None, found] for name, found in wrong.items()}}, "/columns/mean_0/1"),
    }[kind]

    reply = asked.post("/predict" if kind == "features" else "/predict/batch", json=body)

    (fault,) = problem(reply, 422)["faults"]
    assert fault["pointer"] == where
    assert fault["remedy"].startswith(("Send a finite JSON number, or null where it is missing.", "Send it as a JSON"))


@pytest.mark.parametrize(("text", "found"), [("x", "the text “x”"), ("NaN", "NaN"), ("-inf", "-inf")])
def test_in_csv_a_gap_is_an_empty_cell_and_nothing_else(bundle, asked, problem, text, found):
    lines = [",".join(bundle.manifest.feature_names), "1" + "," * 31, text + "," * 31, ""]

    reply = asked.post("/predict/batch", data="\n".join(lines), content_type="text/csv")

    (fault,) = problem(reply, 422)["faults"]
    assert (fault["pointer"], fault["found"]) == ("row 1, mean_0", found)
    assert fault["remedy"] == "Supply a finite number in this cell, or leave it empty."


def test_in_arrow_infinity_is_no_gap(bundle, asked, problem):
    X = np.full((2, 32), np.nan)
    X[1, 0] = np.inf

    reply = asked.post("/predict/batch", data=arrow_of(table_of(bundle, X)), content_type=ARROW)

    (fault,) = problem(reply, 422)["faults"]
    assert (fault["pointer"], fault["found"]) == ("row 1, mean_0", "Infinity")


@pytest.mark.parametrize(("text", "found"), [('"x"', "the text “x”"), ("1e999", "1e999"), ("1.5", "1.5")])
def test_in_tensors_only_null_is_a_gap(asked, problem, text, found):
    data = f"[{', '.join(['null'] * 32 + [text] + ['null'] * 31)}]"
    body = f'{{"inputs": [{{"name": "X", "datatype": "INT64", "shape": [2, 32], "data": {data}}}]}}'

    reply = asked.post("/v2/models/churn/infer", data=body)

    (fault,) = problem(reply, 422)["faults"]
    assert (fault["pointer"], fault["found"]) == ("/inputs/0/data/32", found)


def test_a_feature_that_is_not_named_is_no_gap(bundle, asked, gappy, problem):
    row = table_of(bundle, gappy[:1]).to_pylist()[0]
    del row["mean_3"]

    alone = problem(asked.post("/predict", json=single(row)), 422)["faults"]
    batch = problem(asked.post("/predict/batch", json={"rows": [row]}), 422)["faults"]

    assert [fault["pointer"] for fault in alone] == ["/features/mean_3"]
    assert [fault["pointer"] for fault in batch] == ["/rows/0/mean_3"]
    assert alone[0]["remedy"] == "Add it; null stands for a value that is missing."


def test_with_faulty_rows_left_out_only_the_gaps_of_the_others_are_counted(bundle, asked, gappy, expected):
    rows = table_of(bundle, gappy[:4]).to_pylist()
    rows[3]["mean_0"] = "x"

    reply = asked.post("/predict/batch?errors=row", json={"rows": rows}).json

    np.testing.assert_allclose([one["p_churned"] for one in reply["predictions"][:3]], expected[:3], atol=1e-12)
    assert "the text “x”" in reply["predictions"][3]["fault"]
    assert reply["imputed"] == {"mean_0": 1, "mean_3": 2}


def test_a_line_with_nothing_on_it_is_no_row_of_gaps(bundle, asked, problem):
    names = bundle.manifest.feature_names
    lines = [",".join(names), "1" + "," * 31, "", "1" + "," * 31, ""]

    reply = asked.post("/predict/batch", data="\n".join(lines), content_type="text/csv")

    (fault,) = problem(reply, 422)["faults"]
    assert (fault["pointer"], fault["found"]) == ("row 1", "an empty line")


def test_what_is_told_of_the_features_says_what_is_filled_in(bundle, asked):
    described = asked.get("/features").json["features"]

    medians = np.nanmedian(any_columns(missing=True).X, axis=0)
    np.testing.assert_allclose([feature["filled_with"] for feature in described], medians, rtol=1e-12)


def test_the_document_says_where_null_may_stand_and_what_is_answered(bundle, asked, gappy):
    document = asked.get("/openapi.json").json
    row = table_of(bundle, gappy[1:2]).to_pylist()[0]

    def valid(name: str, value: object) -> bool:
        schema = {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
        return Draft202012Validator(schema).is_valid(value)

    batch, columns = {"rows": [row]}, {"columns": {name: [value] for name, value in row.items()}}
    infer = {"inputs": [tensor("X", gappy[1:2])]}
    assert valid("Row", single(row))
    assert not valid("Row", single(row | {"mean_0": "x"}))
    assert valid("BatchRows", batch)
    assert valid("BatchColumns", columns)
    assert valid("InferRequest", infer)
    assert valid("Prediction", asked.post("/predict", json=single(row)).json)
    assert valid("Prediction", asked.post("/predict?explain=true", json=single(row)).json)
    assert valid("BatchOfRows", asked.post("/predict/batch", json=batch).json)
    assert valid("BatchOfColumns", asked.post("/predict/batch", json=columns).json)
    assert valid("InferReply", asked.post("/v2/models/churn/infer", json=infer).json)
    assert valid("Features", asked.get("/features").json)
    assert "X-Imputed" in document["paths"]["/predict/batch"]["post"]["responses"]["200"]["headers"]


def made_of(pipeline: Any, folder: Any) -> tuple[Bundle, FlaskClient]:
    rng = np.random.default_rng(3)
    X = rng.normal(size=(120, 3))
    y = (X[:, 0] + rng.normal(size=120) > 0).astype(int)
    X[::5, 1] = np.nan
    X[3::7, 0] = np.nan
    bundle = Bundle.create(pipeline.fit(X, y), X, y, name="made", target="hit", draws=50, folds=2).save(folder)
    return bundle, create_app(bundle).test_client()


def test_a_forest_behind_an_imputer_answers_as_the_pipeline_does(tmp_path):
    forest = RandomForestClassifier(n_estimators=5, max_depth=3, random_state=0)
    bundle, client = made_of(make_pipeline(SimpleImputer(strategy="mean"), forest), tmp_path)
    X = np.array([[0.3, np.nan, 1.0], [np.nan, np.nan, -2.0], [0.1, 0.2, 0.3]])
    rows = table_of(bundle, X).to_pylist()

    alone = [client.post("/predict", json=single(row)).json["p_hit"] for row in rows]
    batch = client.post("/predict/batch", json={"rows": rows}).json["predictions"]

    expected = bundle.pipeline.predict_proba(X)[:, 1]
    np.testing.assert_allclose(alone, expected, rtol=0, atol=1e-12)
    np.testing.assert_allclose([one["p_hit"] for one in batch], expected, rtol=0, atol=1e-12)


def test_a_model_that_fills_nothing_in_refuses_gaps_in_the_words_it_always_had(tmp_path, problem):
    bundle, client = made_of(HistGradientBoostingClassifier(max_iter=3), tmp_path)
    row = dict.fromkeys(bundle.manifest.feature_names, 0.5) | {"feature_2": None}

    (alone,) = problem(client.post("/predict", json=single(row)), 422)["faults"]
    (batch,) = problem(client.post("/predict/batch", json={"rows": [row]}), 422)["faults"]
    (csv,) = problem(
        client.post("/predict/batch", data="feature_1,feature_2,feature_3\n1,,3\n", content_type="text/csv"), 422
    )["faults"]
    infer = {"inputs": [tensor("X", np.array([[0.5, np.nan, 0.5]]))]}
    (tensors,) = problem(client.post("/v2/models/made/infer", json=infer), 422)["faults"]

    remedy = "Send a finite JSON number."
    assert alone == {"pointer": "/features/feature_2", "found": "null", "expected": "a finite number", "remedy": remedy}
    assert batch == alone | {"pointer": "/rows/0/feature_2"}
    assert tensors == alone | {"pointer": "/inputs/0/data/1"}
    assert (csv["found"], csv["expected"]) == ("an empty cell", "a finite number")
    assert "null" not in json.dumps(client.get("/openapi.json").json["components"]["schemas"]["FeatureValues"])
