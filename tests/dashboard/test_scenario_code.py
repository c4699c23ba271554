"""What is copied really runs: as a request to the API, and as a script."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from api import create_app
from dashboard.predict.code import api_url, code_data, curl_template, python_template
from model.bundle import Bundle

ROOT = Path(__file__).parents[2]


def filled(template: str, bundle: Bundle) -> str:
    """What the panel makes of a template at the median row."""
    values = dict(zip(bundle.manifest.feature_names, bundle.median_row, strict=True))
    return template.replace("{features}", json.dumps(values))


def test_the_body_of_the_request_gets_the_probability_from_the_api(shipped: Bundle):
    command = filled(curl_template({}), shipped)
    body = command.split("-d '")[1].removesuffix("'")

    reply = create_app().test_client().post("/predict", data=body, content_type="application/json")

    assert reply.status_code == 200
    assert reply.json["p_up"] == shipped.scorer.one(shipped.median_row)


def test_the_script_prints_the_probability_of_this_version(shipped: Bundle):
    script = filled(python_template(shipped, {}), shipped)

    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)

    assert done.stdout.split() == [repr(shipped.scorer.one(shipped.median_row)), "True"]


def test_where_the_registry_is_elsewhere_the_script_looks_there(made_up: Bundle):
    elsewhere = {"MODEL_REGISTRY": str(made_up.directory.parent)}
    script = filled(python_template(made_up, elsewhere), made_up)

    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env=elsewhere, capture_output=True, text=True, check=True
    )

    assert float(done.stdout.split()[0]) == made_up.scorer.one(made_up.median_row)
    assert str(made_up.directory) not in script


@pytest.mark.parametrize(
    ("variables", "url"),
    [
        ({}, "http://127.0.0.1:5000"),
        ({"API_PORT": "5001"}, "http://127.0.0.1:5001"),
        ({"API_PORT": "5001", "API_URL": "https://example.org/up/"}, "https://example.org/up"),
        ({"API_PORT": "", "API_URL": ""}, "http://127.0.0.1:5000"),
    ],
)
def test_the_request_goes_where_the_api_is(variables: dict[str, str], url: str):
    assert api_url(variables) == url
    assert f"curl -sS {url}/predict " in curl_template(variables)


def test_a_key_is_left_to_the_shell(shipped: Bundle):
    assert "API-Key" not in curl_template({})

    command = curl_template({"API_KEY": "secret"})
    assert '-H "X-API-Key: $API_KEY"' in command
    assert "secret" not in command


def test_the_object_names_the_very_model(shipped: Bundle):
    data = code_data(shipped, {})

    assert (data["key"], data["version"], data["sha256"]) == ("p_up", shipped.version, shipped.sha256)
