"""The OpenAPI document: valid, complete, made for the bundle that is served, and true of what is answered."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import msgspec
import pytest
from jsonschema import Draft202012Validator
from schemathesis.specs.openapi.definitions import OPENAPI_31

from api import create_app
from api.openapi.document import document
from api.settings import ApiSettings
from model.bundle import Bundle
from model.manifest import Target
from model.registry import Registry
from tests import builders
from tests.api.conftest import page_of
from training.train import TrainingResult, publish

KEYLESS = ApiSettings()
METHODS = {"get", "post", "put", "delete", "patch"}


@pytest.fixture(scope="module")
def described(shipped: Bundle) -> dict[str, Any]:
    return as_sent(document(shipped, KEYLESS))


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """A bundle of something else altogether: eight measurements of people, and whether they fall ill."""
    draft = builders.result().draft
    manifest = draft.manifest
    features = [
        msgspec.structs.replace(
            feature,
            name=f"measure {position}/é",
            label=f"Measure {position}",
            unit="mmol",
            display_factor=1000.0,
            description="Measured at rest.",
            hard_minimum=None,
            hard_maximum=9.5 if position else None,
        )
        for position, feature in enumerate(manifest.features)
    ]
    target = Target(
        column="ill", positive_class="ill", horizon=1, question="Will this person fall ill?", description="1 if ill."
    )
    renamed = msgspec.structs.replace(manifest, name="triage", features=features, target=target)
    registry = Registry(tmp_path_factory.mktemp("other") / "artifacts")
    result = TrainingResult(replace(draft, manifest=renamed))
    publish(result, registry, by="tester", why="another question", when=builders.WHEN)
    return registry.load()


def as_sent(whole: dict[str, Any]) -> dict[str, Any]:
    return json.loads(msgspec.json.encode(whole))


def operations(whole: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in whole["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def conforms(whole: dict[str, Any], schema: dict[str, Any], value: Any) -> bool:
    return Draft202012Validator(schema | {"components": whole["components"]}).is_valid(value)


def all_of(value: Any, name: str) -> Iterator[Any]:
    """Yield what stands under *name*, wherever it does."""
    if isinstance(value, dict):
        if name in value:
            yield value[name]
        value = list(value.values())
    if isinstance(value, list):
        for part in value:
            yield from all_of(part, name)


def test_the_document_is_valid_openapi(described, other):
    for whole in (described, as_sent(document(other, ApiSettings(key="secret")))):
        assert whole["openapi"].startswith("3.1.")
        # The schema that the authors of OpenAPI publish, as schemathesis brings it.
        assert [error.message for error in Draft202012Validator(OPENAPI_31).iter_errors(whole)] == []


def test_every_schema_of_the_document_is_a_schema(described):
    for schema in [*all_of(described["paths"], "schema"), *described["components"]["schemas"].values()]:
        Draft202012Validator.check_schema(schema)


def test_every_reference_leads_somewhere_and_every_schema_is_used(described):
    references = set(all_of(described, "$ref"))

    for reference in references:
        section, name = re.fullmatch("#/components/(.+)/(.+)", reference).groups()
        assert name in described["components"][section]
    assert {f"#/components/schemas/{name}" for name in described["components"]["schemas"]} <= references


def test_the_document_lists_the_routes_that_there_are(described, app):
    there = {
        (re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule), method.lower())
        for rule in app.url_map.iter_rules()
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }

    assert {(path, method) for path, method, _ in operations(described)} == there


def test_each_operation_has_a_name_of_its_own_and_a_summary(described):
    names = [operation["operationId"] for _, _, operation in operations(described)]

    assert len(set(names)) == len(names)
    assert all(operation["summary"] for _, _, operation in operations(described))
    assert {tag for _, _, operation in operations(described) for tag in operation["tags"]} == {
        tag["name"] for tag in described["tags"]
    }


def test_the_features_are_those_of_the_bundle_with_bounds_ranges_and_examples(described, shipped):
    values = described["components"]["schemas"]["FeatureValues"]

    assert list(values["properties"]) == values["required"] == list(shipped.manifest.feature_names)
    assert values["additionalProperties"] is False
    rsi, gap = values["properties"]["rsi_14"], values["properties"]["gap_pct"]
    assert (rsi["type"], rsi["minimum"], rsi["maximum"], rsi["title"]) == ("number", 0, 100, "RSI, 14 days")
    assert (gap["minimum"], "maximum" in gap) == (-1, False)
    X = shipped.reference.X
    assert f"from {X[:, 5].min():.6g} to {X[:, 5].max():.6g}" in rsi["description"]
    assert "Send 0.01 for 1 %." in gap["description"]
    assert X[:, 5].min() <= rsi["examples"][0] <= X[:, 5].max()


def test_every_example_of_a_request_is_answered(described, shipped, tmp_path, monkeypatch):
    monkeypatch.setenv("API_DELIVERABLES", str(tmp_path))
    (tmp_path / "report.html").write_text(page_of(shipped))
    client, asked = create_app(shipped).test_client(), 0
    for path, method, operation in operations(described):
        address = path.format(x="2", y="3", file="page.js", name="upmove", version=client.get("/model").json["version"])
        contents = operation.get("requestBody", {"content": {None: {}}})["content"]
        for media_type, content in contents.items():
            examples = [content["example"]] if "example" in content else []
            examples += [example["value"] for example in content.get("examples", {}).values()]
            for example in examples or ([None] if media_type is None else []):
                data = example if isinstance(example, str | None) else json.dumps(example)
                reply = client.open(address, method=method.upper(), data=data, content_type=media_type)
                assert reply.status_code == 200, (path, media_type, reply.text)
                assert example is None or isinstance(example, str) or conforms(described, content["schema"], example)
                asked += 1

    assert asked > len(described["paths"])


def test_the_example_of_an_answer_is_the_answer(described, client):
    predict = described["paths"]["/predict"]["post"]
    row = predict["requestBody"]["content"]["application/json"]["example"]

    reply = client.post("/predict", json=row).json

    told = predict["responses"]["200"]["content"]["application/json"]["example"]
    assert told["p_up"] == reply["p_up"]
    assert told["prediction"] == reply["prediction"]


def test_every_answer_but_that_of_the_document_itself_is_described_to_its_last_member(described):
    objects = [schema for schema in all_of(described["components"]["schemas"], "properties") if schema]

    assert objects
    closed = {
        name
        for name, schema in described["components"]["schemas"].items()
        if schema.get("additionalProperties") is False
    }
    assert set(described["components"]["schemas"]) - closed == {"Bar"}


def test_a_bundle_of_something_else_gets_a_document_of_its_own(other):
    whole = as_sent(document(other, KEYLESS))

    values = whole["components"]["schemas"]["FeatureValues"]["properties"]
    assert list(values) == [f"measure {position}/é" for position in range(8)]
    assert "Send 0.001 for 1 mmol." in values["measure 0/é"]["description"]
    assert "maximum" not in values["measure 0/é"]
    assert values["measure 1/é"]["maximum"] == 9.5
    assert set(whole["components"]["schemas"]["Prediction"]["required"]) == {
        *("prediction", "p_ill", "threshold", "version")
    }
    assert whole["info"]["title"] == "triage"
    assert "Will this person fall ill?" in whole["info"]["description"]
    plot = {parameter["name"] for parameter in whole["paths"]["/plot"]["get"]["parameters"]}
    assert plot == {"feature", "format", *values}


def test_what_only_the_shipped_example_has_is_not_told_of_others(other):
    whole = as_sent(document(other, KEYLESS))

    assert "/predict/bars" not in whole["paths"]
    assert "Bars" not in whole["components"]["schemas"]
    text = json.dumps({"info": whole["info"], "paths": whole["paths"]}).lower()
    for word in ("stock", "market", "ticker", "p_up", "rsi_14", "ohlc", "bars"):
        assert word not in text


def test_a_document_for_another_bundle_describes_its_answers(other):
    whole = as_sent(document(other, KEYLESS))
    row = {feature.name: feature.median for feature in other.manifest.features}

    reply = create_app(other).test_client().post("/predict?explain=true", json={"features": row})

    assert conforms(whole, {"$ref": "#/components/schemas/Prediction"}, reply.json)


@pytest.mark.parametrize(
    ("route", "sent", "status"),
    [
        ("POST /predict", {"data": b"{", "content_type": "application/json"}, 400),
        ("POST /predict", {"json": {"features": {}}}, 422),
        ("POST /predict", {"json": {}, "content_type": "text/plain"}, 415),
        ("POST /predict", {"data": b" " * 2_000_000, "content_type": "application/json"}, 413),
        ("POST /predict/batch", {"json": {"rows": []}, "headers": {"Accept": "image/png"}}, 406),
        ("GET /plot?format=gif", {}, 422),
        ("GET /docs/other.js", {}, 404),
        ("GET /v2/models/other", {}, 404),
        ("DELETE /predict", {}, 405),
    ],
)
def test_errors_are_those_described(described, client, problem, route, sent, status):
    method, path = route.split()

    reply = client.open(path, method=method, **sent)

    found = problem(reply, status)
    response = described["components"]["responses"][f"Problem{status}"]
    content = response["content"]["application/problem+json"]
    assert conforms(described, content["schema"], found)
    assert conforms(described, content["schema"], content["example"])
    assert content["example"]["title"] == found["title"]
    assert set(response["headers"]) <= set(reply.headers.keys())


def test_the_errors_of_a_route_are_listed_with_it(described):
    listed = {path: set(op["responses"]) for path, _, op in operations(described)}

    assert listed["/predict"] == {"200", "400", "413", "415", "422", "503"}
    assert listed["/predict/batch"] == {"200", "400", "406", "411", "413", "415", "422", "503"}
    assert listed["/plot"] == {"200", "422", "503"}
    assert listed["/predict/{x}"] == {"200", "404", "422"}
    assert listed["/v2/models/{name}/infer"] == {"200", "400", "404", "413", "415", "422", "503"}
    assert listed["/health"] == {"200"}


def test_every_reply_names_its_request(described):
    replies = [
        reply
        for whole in (operations(described), [("", "", {"responses": described["components"]["responses"]})])
        for _, _, operation in whole
        for reply in operation["responses"].values()
        if "$ref" not in reply
    ]

    assert replies
    assert all("X-Request-ID" in reply["headers"] for reply in replies)


def test_a_key_is_asked_for_only_where_there_is_one(described, shipped):
    with_key = as_sent(document(shipped, ApiSettings(key="secret")))

    assert "security" not in described
    assert "401" not in {status for _, _, op in operations(described) for status in op["responses"]}
    assert with_key["security"] == [{"Bearer": []}, {"ApiKey": []}]
    for path, _, operation in operations(with_key):
        is_open = path in {"/health", "/ready"}
        assert (operation.get("security") == []) == is_open
        assert ("401" in operation["responses"]) != is_open
    assert "secret" not in json.dumps(with_key)


def test_the_limits_are_those_of_the_settings(shipped):
    whole = document(shipped, ApiSettings(batch_rows=1234, batch_bytes=56789))

    assert "At most 1,234 rows in 56,789 bytes" in whole["paths"]["/predict/batch"]["post"]["description"]


def test_the_document_is_served(client, shipped, described):
    reply = client.get("/openapi.json")

    assert reply.content_type == "application/json"
    assert reply.json == described


def test_without_a_model_there_is_no_document(monkeypatch, tmp_path, problem):
    monkeypatch.setenv("MODEL_REGISTRY", str(tmp_path))

    problem(create_app().test_client().get("/openapi.json"), 503)
