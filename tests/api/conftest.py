"""A client of the shipped model, and a body it accepts."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from api import create_app
from model.bundle import Bundle

PROBLEM = "application/problem+json"

FEATURES = {
    "gap_pct": 0.01,
    "daily_range_pct": 0.02,
    "ma_ratio_5_20": 1.01,
    "ret_vol_10": 0.015,
    "volume_z20": -0.2,
    "rsi_14": 48.0,
    "macd": 0.03,
    "macd_signal": 0.01,
}


def page_of(bundle: Bundle, text: str = "Hello", **changes: str) -> str:
    """Return a report that says it is about *bundle*, or what *changes* say instead."""
    told = {"sha256": bundle.sha256, "version": bundle.version} | changes
    names = "".join(f'<meta name="bundle-{kind}" content="{value}">\n' for kind, value in told.items())
    return f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8">\n{names}</head><body>{text}</body></html>'


@contextmanager
def without_notes_on_age() -> Iterator[None]:
    """Leave out the warning that the data end long ago: it is true of every answer, and has tests of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("API_STALE_DAYS", "0")
        yield


@pytest.fixture(scope="module", autouse=True)
def _no_notes_on_age() -> Iterator[None]:
    with without_notes_on_age():
        yield


@pytest.fixture
def features() -> dict[str, float]:
    """Values for every feature of the shipped model, all within the range seen in training."""
    return dict(FEATURES)


@pytest.fixture(scope="session")
def app(shipped: Bundle) -> Flask:
    with without_notes_on_age():
        return create_app(shipped)


@pytest.fixture(scope="session")
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture(scope="session")
def predict(client: FlaskClient) -> Callable[..., TestResponse]:
    """Send a body to POST /predict: bytes as they are, anything else as JSON."""

    def send(body: object, **arguments: object) -> TestResponse:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return client.post("/predict", data=data, **{"content_type": "application/json"} | arguments)

    return send


@pytest.fixture(scope="session")
def problem() -> Callable[[TestResponse, int], dict]:
    """Check that a reply is a problem document with the status that is expected, and return the document."""

    def check(reply: TestResponse, status: int) -> dict:
        assert reply.status_code == status, reply.text
        assert reply.content_type == PROBLEM
        document = json.loads(reply.data)
        assert document["status"] == status
        assert document["type"] == "about:blank"
        assert document["title"]
        assert document["detail"]
        return document

    return check
