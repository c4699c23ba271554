"""Features may have any name: one that JSON has to escape is served by every route like any other."""

import csv
import io
import json
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient

from api import create_app
from api.row_decoder import decoder_of
from api.row_features import features_of
from model.any_rows import table_of
from model.bundle import Bundle
from model.registry import Registry
from tests import builders
from training.any_table import TableSettings, train_table
from training.train import publish

QUOTED, BACKSLASH, ENDS_ALIKE, MARKED = 'a "quoted" <b>x</b>', "back\\slash", 'z"a "quoted" <b>x</b>', "~~1"
AWKWARD = (QUOTED, BACKSLASH, ENDS_ALIKE, MARKED)


def published(folder: Path, *, missing: bool) -> Bundle:
    columns = builders.any_columns(missing=missing)
    rows = table_of(replace(columns, names=(*AWKWARD, *columns.names[4:])), file="visits.csv", sha256="0" * 64)
    there = Registry(folder / "artifacts")
    publish(
        train_table(rows, TableSettings(name="churn", draws=100)), there, by="tester", why="first", when=builders.WHEN
    )
    return there.load()


@pytest.fixture(scope="module", params=[False, True], ids=["complete", "gaps"])
def bundle(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return published(tmp_path_factory.mktemp("awkward"), missing=request.param)


@pytest.fixture(scope="module")
def clients(bundle: Bundle) -> tuple[FlaskClient, FlaskClient]:
    """The same bundle with the fast path and without."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("API_FAST_PATH", "off")
        slow = create_app(bundle).test_client()
    return create_app(bundle).test_client(), slow


def scenario(bundle: Bundle, row: int = 0) -> dict[str, float]:
    return dict(zip(bundle.manifest.feature_names, bundle.reference.X[row].tolist(), strict=True))


def expected(bundle: Bundle, n: int) -> list[float]:
    return bundle.pipeline.predict_proba(bundle.reference.X[:n])[:, 1].tolist()


def bodies(bundle: Bundle) -> dict[str, bytes]:
    """A body in the shortest form, and others that say the same, nearly the same, or nothing that may be answered."""
    text = json.dumps({"features": scenario(bundle)}, ensure_ascii=False)
    name, value = json.dumps(QUOTED), json.dumps(scenario(bundle)[QUOTED])
    first = f"{name}: {value}"
    stand_in = json.dumps("~" * (max(map(len, bundle.manifest.feature_names)) + 1) + "0")
    return {
        "shortest": text.encode(),
        "escaped otherwise": text.replace(name, name.replace('\\"', "\\u0022")).encode(),
        "a name twice": text.replace(first, f"{first}, {first}").encode(),
        "a name twice, once escaped otherwise": text.replace(
            first, f"{first}, {first}".replace('\\"', "\\u0022", 1)
        ).encode(),
        "what stands for a name": text.replace(name, stand_in).encode(),
        "what stands for a name beside it": text.replace(first, f"{first}, {stand_in}: 1").encode(),
        "a missing name": text.replace(f"{first}, ", "").encode(),
        "another name": text.replace(name, '"a quoted"').encode(),
    }


def test_a_plain_body_takes_the_fast_path_and_keeps_its_values(bundle: Bundle):
    decode = decoder_of(features_of(bundle))

    read = {kind: decode(body) for kind, body in bodies(bundle).items()}

    assert read.pop("shortest") == tuple(scenario(bundle).values())
    assert read == dict.fromkeys(read)


def test_both_ways_answer_every_body_with_the_same_bytes(bundle: Bundle, clients: tuple[FlaskClient, FlaskClient]):
    status = {}
    for kind, body in bodies(bundle).items():
        fast, slow = (client.post("/predict", data=body, content_type="application/json") for client in clients)
        assert (fast.status_code, fast.data) == (slow.status_code, slow.data), kind
        status[kind] = fast.status_code
        if fast.status_code == 200:
            assert fast.json["p_churned"] == pytest.approx(expected(bundle, 1)[0], abs=1e-12)

    assert status == {
        "shortest": 200,
        "escaped otherwise": 200,
        "a name twice": 400,
        "a name twice, once escaped otherwise": 400,
        "what stands for a name": 422,
        "what stands for a name beside it": 422,
        "a missing name": 422,
        "another name": 422,
    }


def test_a_batch_of_any_form_gives_what_the_pipeline_gives(bundle: Bundle, clients: tuple[FlaskClient, FlaskClient]):
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    names, X = bundle.manifest.feature_names, bundle.reference.X[:3]
    rows = [dict(zip(names, row, strict=True)) for row in X.tolist()]
    columns = dict(zip(names, X.T.tolist(), strict=True))
    text, sink = io.StringIO(), pa.BufferOutputStream()
    csv.writer(text).writerows([names, *X.tolist()])
    pq.write_table(pa.table(columns), sink)
    sent = {
        "rows": (json.dumps({"rows": rows}), "application/json"),
        "columns": (json.dumps({"columns": columns}), "application/json"),
        "csv": (text.getvalue(), "text/csv"),
        "parquet": (sink.getvalue().to_pybytes(), "application/vnd.apache.parquet"),
    }

    for kind, (body, media_type) in sent.items():
        reply = clients[0].post(
            "/predict/batch", data=body, content_type=media_type, headers={"Accept": "application/json"}
        )
        assert reply.status_code == 200, (kind, reply.text)
        found = reply.json.get("p_churned") or [one["p_churned"] for one in reply.json["predictions"]]
        assert found == pytest.approx(expected(bundle, 3), abs=1e-12), kind


def test_a_stand_in_for_a_name_is_no_name_in_a_batch(bundle: Bundle, clients: tuple[FlaskClient, FlaskClient]):
    body = bodies(bundle)["what stands for a name"].decode()
    rows = body.replace('{"features": ', '{"rows": [', 1)[:-1] + "]}"

    reply = clients[0].post("/predict/batch", data=rows, content_type="application/json")

    assert reply.status_code == 422
    assert {fault["found"] for fault in reply.json["faults"]} == {"nothing", "an unknown name"}


def test_every_other_route_knows_the_names(bundle: Bundle, clients: tuple[FlaskClient, FlaskClient]):
    client, _ = clients
    tensors = [
        {"name": name, "shape": [1], "datatype": "FP64", "data": [value]} for name, value in scenario(bundle).items()
    ]

    explained = client.post("/predict?explain=true", json={"features": scenario(bundle)})
    inferred = client.post("/v2/models/churn/infer", json={"inputs": tensors})
    got = {
        path: client.get(path)
        for path in ("/health", "/ready", "/model", "/features", "/openapi.json", "/docs", "/v2/models/churn")
    }
    drawn = [client.get(f"/plot?feature={quote(name)}&format=svg") for name in AWKWARD[:3]]

    assert [reply.status_code for reply in (explained, inferred, *got.values(), *drawn)] == [200] * 12
    assert got["/health"].json["features"][:4] == list(AWKWARD)
    outputs = {output["name"]: output["data"] for output in inferred.json["outputs"]}
    assert outputs["p_churned"] == pytest.approx(expected(bundle, 1), abs=1e-12)
