"""One row, one probability: whichever way it is asked for, to twelve digits."""

import io

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest

from api import create_app
from tests.benchmarks.batches import FORMATS, as_csv
from training.bars import read_bars
from training.places import SHIPPED_BARS

ARROW = "application/vnd.apache.arrow.stream"
PARQUET = "application/vnd.apache.parquet"


@pytest.fixture(scope="module")
def expected(shipped):
    """What the pipeline says of every row of the shipped table."""
    return shipped.pipeline.predict_proba(shipped.reference.X)[:, 1]


@pytest.fixture(scope="module")
def table(shipped):
    """Every row of the shipped table."""
    names = shipped.manifest.feature_names
    return pa.table({name: shipped.reference.X[:, column] for column, name in enumerate(names)})


@pytest.mark.parametrize("fast_path", ["on", "off"])
def test_asked_one_by_one(shipped, table, expected, monkeypatch, fast_path):
    monkeypatch.setenv("API_FAST_PATH", fast_path)
    client = create_app(shipped).test_client()

    found = [client.post("/predict", json={"features": row}).json["p_up"] for row in table.to_pylist()]

    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)


def probabilities(reply):
    """Return the probabilities in any reply to a batch."""
    match reply.mimetype:
        case "application/json":
            predictions = reply.json.get("predictions")
            return reply.json["p_up"] if predictions is None else [one["p_up"] for one in predictions]
        case "text/csv":
            read = pyarrow.csv.read_csv(io.BytesIO(reply.data), pyarrow.csv.ReadOptions(use_threads=False))
        case "application/vnd.apache.parquet":
            read = pyarrow.parquet.read_table(io.BytesIO(reply.data), use_threads=False)
        case _:
            read = pa.ipc.open_stream(reply.data).read_all()
    return read["p_up"].to_numpy()


@pytest.mark.parametrize("accept", [None, "application/json", "text/csv", PARQUET, ARROW])
@pytest.mark.parametrize("kind", FORMATS)
def test_asked_in_a_batch(client, table, expected, kind, accept):
    media_type, write = FORMATS[kind]
    headers = {"Accept": accept} if accept else {}

    reply = client.post("/predict/batch", data=write(table), content_type=media_type, headers=headers)

    assert (reply.status_code, reply.mimetype) == (200, accept or media_type)
    np.testing.assert_allclose(probabilities(reply), expected, rtol=0, atol=1e-12)


def test_asked_over_the_open_inference_protocol(client, shipped, expected):
    X = shipped.reference.X
    tensor = {"name": "X", "datatype": "FP64", "shape": list(X.shape), "data": X.ravel().tolist()}

    reply = client.post("/v2/models/upmove/infer", json={"inputs": [tensor]})

    outputs = {output["name"]: output["data"] for output in reply.json["outputs"]}
    np.testing.assert_allclose(outputs["p_up"], expected, rtol=0, atol=1e-12)


def test_asked_with_the_bars_that_the_row_is_computed_from(client, shipped, expected):
    bars = read_bars(SHIPPED_BARS).bars
    reference = shipped.reference
    for position in range(0, len(expected), 211):
        ticker, day = reference.ticker[position], reference.day[position]
        rows = np.flatnonzero((bars.ticker == ticker) & (bars.day <= day))
        columns = {"date": bars.day[rows].astype(str).tolist()} | {
            name: getattr(bars, name)[rows] for name in ("open", "high", "low", "close", "volume")
        }

        reply = client.post("/predict/bars", data=as_csv(pa.table(columns)), content_type="text/csv")

        assert reply.status_code == 200, reply.text
        assert reply.json["day"] == str(day)
        assert reply.json["p_up"] == pytest.approx(expected[position], abs=1e-12)


@pytest.mark.parametrize("kind", FORMATS)
def test_a_model_of_the_opposite_gives_one_minus(shipped, table, expected, kind):
    import msgspec

    from model.bundle import Bundle
    from model.scoring import LinearScorer

    opposite = Bundle(shipped.directory, msgspec.structs.replace(shipped.manifest))
    opposite.scorer = LinearScorer(-shipped.scorer.intercept, [-weight for weight in shipped.scorer.weights])
    media_type, write = FORMATS[kind]

    reply = create_app(opposite).test_client().post("/predict/batch", data=write(table), content_type=media_type)

    np.testing.assert_allclose(probabilities(reply), 1 - expected, rtol=0, atol=1e-12)
