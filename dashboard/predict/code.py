"""A scenario as something else can use it: a request to the API, a Python script, a JSON object.

The panel fills in the values, so that they follow the sliders: `{features}` stands for the JSON object of the
values in original units, in the curl command quoted for a shell.
"""

import os
from collections.abc import Mapping
from typing import Any

from model.bundle import Bundle

DEFAULT_API_PORT = "5000"


def api_url(variables: Mapping[str, str] = os.environ) -> str:
    """Return where the API answers: API_URL, or this machine at API_PORT.

    >>> api_url({}), api_url({"API_PORT": "5001"}), api_url({"API_URL": "https://example.org/up/"})
    ('http://127.0.0.1:5000', 'http://127.0.0.1:5001', 'https://example.org/up')
    """
    port = variables.get("API_PORT") or DEFAULT_API_PORT
    return (variables.get("API_URL") or f"http://127.0.0.1:{port}").rstrip("/")


def code_data(bundle: Bundle, variables: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """Return the texts for copying.js to fill in, and what the JSON object says beside the values."""
    return {
        "curl": curl_template(variables),
        "python": python_template(bundle, variables),
        "key": bundle.probability_key,
        "version": bundle.version,
        "sha256": bundle.sha256,
    }


def curl_template(variables: Mapping[str, str]) -> str:
    """Return a shell command that asks the API; `{features}` stands inside single quotes."""
    # The shell fills in the key: the text that is copied does not hold it.
    key = """ \\\n  -H "X-API-Key: $API_KEY\"""" if variables.get("API_KEY") else ""
    return (
        f"curl -sS {api_url(variables)}/predict \\\n  -H 'Content-Type: application/json'{key} \\\n"
        """  -d '{"features": {features}}'"""
    )


def python_template(bundle: Bundle, variables: Mapping[str, str]) -> str:
    """Return a script that scores with this very version; it runs in the project's folder."""
    elsewhere = bool(variables.get("MODEL_REGISTRY"))
    imports = "import os\nfrom pathlib import Path\n\n" if elsewhere else ""
    folder = 'Path(os.environ["MODEL_REGISTRY"])' if elsewhere else ""
    return (
        f"{imports}from model.registry import Registry\n\n"
        f'bundle = Registry({folder}).load("{bundle.version}")\n'
        "features = {features}\n"
        "row = [features[name] for name in bundle.manifest.feature_names]\n"
        "probability = bundle.scorer.one(row)\n"
        "print(probability, probability >= bundle.threshold)\n"
    )
