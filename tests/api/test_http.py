"""The routes as HTTP means them: methods, media types, sizes, and what happens when something breaks."""

import io
import json
import logging

import pytest

from api import create_app
from api.errors import LARGEST_BODY
from model.bundle import Bundle

GET_ROUTES = ["/", "/health", "/ready", "/model", "/features", "/predict/2", "/predict/2/3", "/plot"]


@pytest.mark.parametrize("path", GET_ROUTES)
def test_head_is_get_without_the_body(client, path):
    got, head = client.get(path), client.head(path)

    assert head.status_code == got.status_code == 200
    assert head.data == b""
    assert head.headers["Content-Length"] == str(len(got.data))
    assert head.content_type == got.content_type


@pytest.mark.parametrize("path", GET_ROUTES)
def test_options_tells_what_a_route_allows(client, path):
    reply = client.options(path)

    assert reply.status_code == 200
    assert set(reply.allow) == {"GET", "HEAD", "OPTIONS"}
    assert reply.data == b""


def test_options_of_predict_tells_that_it_is_posted_to(client):
    assert set(client.options("/predict").allow) == {"POST", "OPTIONS"}


@pytest.mark.parametrize("path", GET_ROUTES)
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "TRACE", "BREW"])
def test_a_method_that_is_not_allowed_is_refused_with_those_that_are(client, problem, path, method):
    reply = client.open(path, method=method)

    document = problem(reply, 405)
    assert set(reply.allow) == {"GET", "HEAD", "OPTIONS"}
    assert document["detail"] == f"{method} is not allowed here; allowed: GET, HEAD, OPTIONS."


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_predict_is_only_posted_to(client, problem, method):
    reply = client.open("/predict", method=method)

    problem(reply, 405)
    assert set(reply.allow) == {"POST", "OPTIONS"}


@pytest.mark.parametrize("path", ["/nothing", "/health/", "/predict/1/2/3", "/static/x", "/Health", "/%00", "/%ff%fe"])
def test_a_path_that_leads_nowhere_is_a_problem(client, problem, path):
    problem(client.get(path), 404)


def test_a_path_that_leads_nowhere_is_answered_with_those_that_do(client, problem):
    assert "/health, /ready, /model, /report, /features, /predict," in problem(client.get("/helth"), 404)["detail"]


def test_doubled_slashes_are_not_redirected(client, problem):
    problem(client.get("/predict//2"), 404)


@pytest.mark.parametrize(
    "content_type", [None, "text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "text/json", "x"]
)
def test_a_body_of_another_media_type_is_refused(predict, problem, features, content_type):
    reply = predict({"features": features}, content_type=content_type)

    document = problem(reply, 415)
    assert reply.headers["Accept"] == "application/json"
    assert content_type is None or content_type in document["detail"]


@pytest.mark.parametrize("charset", ["utf-16", "latin-1", "utf-7", "no-such"])
def test_a_body_in_another_charset_is_refused(predict, problem, features, charset):
    problem(predict({"features": features}, content_type=f"application/json; charset={charset}"), 415)


@pytest.mark.parametrize("content_type", ["application/json; charset=utf-8", "Application/JSON;charset=UTF8"])
def test_json_may_say_that_it_is_in_utf8(predict, features, content_type):
    assert predict({"features": features}, content_type=content_type).status_code == 200


def test_a_compressed_body_is_refused_without_opening_it(predict, problem, features):
    reply = predict({"features": features}, headers={"Content-Encoding": "gzip"})

    problem(reply, 415)
    assert reply.headers["Accept-Encoding"] == "identity"


def padded(features, size):
    body = json.dumps({"features": features}).encode()
    return body + b" " * (size - len(body))


@pytest.mark.parametrize("announced", [True, False], ids=["announced", "chunked"])
def test_a_body_may_be_as_large_as_the_limit_and_no_larger(client, problem, features, announced):
    def send(body):
        length = {"content_length": len(body)} if announced else {"environ_overrides": {"wsgi.input_terminated": True}}
        stream = io.BytesIO(body)
        return client.post("/predict", input_stream=stream, content_type="application/json", **length)

    assert send(padded(features, LARGEST_BODY)).status_code == 200
    for size in (LARGEST_BODY + 1, LARGEST_BODY + 2, 3 * LARGEST_BODY):
        document = problem(send(padded(features, size)), 413)
        assert document["detail"] == "The body is larger than the 1,048,576 bytes allowed."


@pytest.mark.parametrize("host", ["", "a b", "<x>", "[::1", "example.org:port", "ü"])
def test_a_strange_host_name_breaks_nothing(client, host):
    reply = client.get("/health", headers={"Host": host})

    assert reply.status_code in {200, 400}
    assert reply.content_type in {"application/json", "application/problem+json"}


class BrokenScorer:
    def one(self, row):
        msg = "a secret of the inside"
        raise KeyError(msg)


@pytest.mark.parametrize("debug", [True, False])
def test_a_failure_of_the_server_is_a_problem_that_tells_nothing_and_is_logged(
    shipped, problem, features, caplog, debug
):
    bundle = Bundle(shipped.directory, shipped.manifest)
    bundle.scorer = BrokenScorer()
    app = create_app(bundle)
    app.debug = debug

    with caplog.at_level(logging.ERROR):
        reply = app.test_client().post("/predict", json={"features": features})

    problem(reply, 500)
    assert "secret" not in reply.text
    assert "KeyError" not in reply.text
    assert "a secret of the inside" in caplog.text
