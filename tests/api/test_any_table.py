"""The API of a model of any table follows its manifest: no word of markets, and the right probabilities."""

import re
from collections.abc import Callable

import jsonschema
import numpy as np
import pytest
from flask.testing import FlaskClient

from api import create_app
from model.bundle import Bundle
from tests.builders import table_bundle

MARKET_WORDS = re.compile(
    r"ticker|stock|\bbars?\b|market|trading|price|next_day|“up”|p_up|\"up\"|always up|yesterday|TrainedOn\b.*Ticker",
    re.IGNORECASE,
)
OF_TIME = re.compile(r"\bdays?\b|_day\b|horizon", re.IGNORECASE)

PAGES = (
    *("/", "/health", "/ready", "/model", "/features", "/openapi.json", "/docs", "/metrics", "/plot"),
    *("/plot?format=svg", "/v2", "/v2/models/churn", "/nowhere", "/predict/x", "/plot?format=x"),
)


@pytest.fixture(scope="module", params=["plain", "group", "time"])
def bundle(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    layout = {} if request.param == "plain" else {request.param: True, "missing": True}
    return table_bundle(tmp_path_factory.mktemp(request.param), **layout)


@pytest.fixture
def asked(bundle: Bundle) -> FlaskClient:
    return create_app(bundle).test_client()


def row_of(bundle: Bundle, **changes: object) -> dict[str, object]:
    return {feature.name: feature.median for feature in bundle.manifest.features} | changes


def answers(bundle: Bundle, client: FlaskClient) -> dict[str, str]:
    row = row_of(bundle)
    bodies = {
        "/predict": {"features": row},
        "/predict?explain=true": {"features": row | {"mean_0": 1e6}},
        "/predict/batch": {"rows": [row, row | {"mean_0": 1e6}]},
        "/predict/bars": {"bars": []},
        "/predict?explain=maybe": {"features": {"x": None}},
    }
    got = {path: client.get(path) for path in PAGES}
    got |= {f"POST {path}": client.post(path, json=body) for path, body in bodies.items()}
    return {path: reply.get_data(as_text=True) for path, reply in got.items()}


def test_no_answer_holds_a_word_of_markets(bundle: Bundle, asked: FlaskClient):
    found = {path: MARKET_WORDS.findall(text) for path, text in answers(bundle, asked).items()}

    assert {path: words for path, words in found.items() if words} == {}


def test_without_a_time_no_answer_speaks_of_days(bundle: Bundle, asked: FlaskClient):
    found = {path: OF_TIME.findall(text) for path, text in answers(bundle, asked).items()}

    assert any(found.values()) == (bundle.manifest.layout.time is not None)


def test_a_prediction_is_that_of_the_pipeline(bundle: Bundle, asked: FlaskClient):
    row = row_of(bundle, mean_0=-4.99)

    reply = asked.post("/predict", json={"features": row}).json

    expected = bundle.pipeline.predict_proba(np.array([list(row.values())]))[0, 1]
    assert reply["p_churned"] == pytest.approx(expected, abs=1e-12)
    assert reply["prediction"] == int(expected >= 0.44)


def test_a_batch_gives_what_single_rows_give(bundle: Bundle, asked: FlaskClient):
    rows = [row_of(bundle, mean_0=value) for value in (-5.02, -5.0, -4.98)]

    batch = asked.post("/predict/batch", json={"rows": rows}).json

    single = [asked.post("/predict", json={"features": row}).json["p_churned"] for row in rows]
    assert [part["p_churned"] for part in batch["predictions"]] == pytest.approx(single, abs=1e-12)


def test_daily_bars_are_not_taken_and_not_listed(bundle: Bundle, asked: FlaskClient, problem: Callable[..., dict]):
    document = problem(asked.post("/predict/bars", json={"bars": []}), 404)

    assert "Use /predict" in document["detail"]
    assert "/predict/bars" not in asked.get("/openapi.json").json["paths"]
    assert "/predict/bars" not in {route["path"] for route in asked.get("/").json["routes"]}


def test_a_missing_value_is_refused_by_name_unless_the_model_fills_it_in(
    bundle: Bundle, asked: FlaskClient, problem: Callable[..., dict]
):
    reply = asked.post("/predict", json={"features": row_of(bundle, mean_3=None)})

    if "SimpleImputer" in repr(bundle.pipeline):
        assert reply.json["imputed"] == ["mean_3"]
        return
    (fault,) = problem(reply, 422)["faults"]
    assert fault["pointer"] == "/features/mean_3"
    assert fault["found"] == "null"
    assert fault["remedy"] == "Send a finite JSON number."


def test_the_model_says_how_its_rows_are_laid_out(bundle: Bundle, asked: FlaskClient):
    told = asked.get("/model").json

    layout = bundle.manifest.layout
    assert told["layout"] == {"time": layout.time, "group": layout.group, "folds": layout.folds}
    assert ("last_day" in told["trained_on"]) == (layout.time is not None)
    assert ("groups" in told["trained_on"]) == (layout.group is not None)


def test_the_nearest_row_says_of_itself_what_its_layout_has(bundle: Bundle, asked: FlaskClient):
    reply = asked.post("/predict?explain=true", json={"features": row_of(bundle)}).json

    layout = bundle.manifest.layout
    named = {"day": layout.time, "group": layout.group}
    expected = {"distance", "features", "target"} | {name for name, column in named.items() if column}
    assert set(reply["nearest_row"]) == expected


def test_answers_are_as_the_openapi_document_says(bundle: Bundle, asked: FlaskClient):
    document = asked.get("/openapi.json").json

    def check(name: str, answer: object) -> None:
        jsonschema.validate(answer, {"$ref": f"#/components/schemas/{name}"} | {"components": document["components"]})

    check("Model", asked.get("/model").json)
    check("Health", asked.get("/health").json)
    check("Features", asked.get("/features").json)
    check("Prediction", asked.post("/predict?explain=true", json={"features": row_of(bundle)}).json)
