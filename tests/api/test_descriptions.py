"""What the API says about itself: /, /health, /features; and how light it is."""

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from api import create_app
from api.front import path_of

ROOT = Path(__file__).parents[2]
HEAVY = {"sklearn", "pandas", "scipy", "skops", "joblib", "pyarrow", "streamlit", "altair", "matplotlib", "training"}


def test_health_tells_what_is_served(client, shipped):
    reply = client.get("/health")

    assert reply.content_type == "application/json"
    assert reply.json == {
        "status": "ok",
        "model": "upmove",
        "version": shipped.version,
        "trained_on": msgspec.to_builtins(shipped.manifest.trained_on),
        "features": list(shipped.manifest.feature_names),
        "threshold": 0.44,
    }
    assert reply.json["trained_on"]["file"] == "stocks.csv.gz"
    assert reply.json["trained_on"]["tickers"][0]["ticker"] == "AAPL"


def test_features_are_described_one_by_one_in_their_order(client, shipped):
    described = client.get("/features").json["features"]

    assert [feature["name"] for feature in described] == list(shipped.manifest.feature_names)
    rsi = described[5]
    assert set(rsi) == {
        *("name", "label", "unit", "display_factor", "description", "type", "hard_minimum", "hard_maximum"),
        *("min", "p1", "median", "p99", "max", "example"),
    }
    assert (rsi["type"], rsi["hard_minimum"], rsi["hard_maximum"]) == ("number", 0, 100)
    X = shipped.reference.X[:, 5]
    assert (rsi["min"], rsi["max"]) == pytest.approx((X.min(), X.max()), abs=1)


def test_the_examples_of_all_features_make_a_row_without_warnings(client):
    examples = {feature["name"]: feature["example"] for feature in client.get("/features").json["features"]}

    reply = client.post("/predict", json={"features": examples})

    assert reply.status_code == 200
    assert "warnings" not in reply.json


def test_the_index_lists_the_routes_with_a_purpose_and_each_is_there(shipped, monkeypatch, tmp_path):
    monkeypatch.setenv("API_DELIVERABLES", str(tmp_path))
    app = create_app(shipped)
    client = app.test_client()
    listed = {(route["method"], route["path"]) for route in client.get("/").json["routes"]}
    served = {
        (method, path_of(rule.rule))
        for rule in app.url_map.iter_rules()
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }

    assert listed <= served
    assert {path for _, path in served - listed} == {
        # Where no report was written, nobody is told of it.
        *("/", "/report", "/docs/<file>", "/v2/health/live", "/v2/health/ready"),
        *(
            f"/v2/models/<name>{version}{end}"
            for version in ("", "/versions/<version>")
            for end in ("", "/ready", "/infer")
        ),
    }


def test_the_bundle_comes_from_the_registry_that_the_environment_names(made_up, monkeypatch):
    monkeypatch.setenv("MODEL_REGISTRY", str(made_up.directory.parent))

    assert create_app().test_client().get("/health").json["version"] == made_up.version


def test_an_empty_variable_names_no_registry(shipped, monkeypatch):
    monkeypatch.setenv("MODEL_REGISTRY", "")

    assert create_app().test_client().get("/health").json["version"] == shipped.version


def test_serving_a_linear_bundle_loads_no_heavy_library(features):
    code = f"""
import sys
from api import create_app
from api.front import path_of
client = create_app().test_client()
assert client.post("/predict", json={{"features": {features!r}}}).status_code == 200
assert client.get("/features").status_code == 200
print(sorted({HEAVY!r} & set(sys.modules)))
"""

    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"
