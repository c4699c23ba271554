"""What every request passes: its id, the key, the origins, the counters and the log."""

import json
import re

import pytest

from api import create_app
from api.metrics import Metrics

KEY = "correct horse"
ORIGIN = "https://example.org"


@pytest.fixture
def client_with(shipped, monkeypatch):
    """Make a client of an application under the variables that are given."""

    def make(**variables):
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        return create_app(shipped).test_client()

    return make


# --- ids ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("given", ["abc-123", "a" * 128, "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"])
def test_an_id_that_is_given_comes_back(predict, client, features, given):
    for reply in (
        predict({"features": features}, headers={"X-Request-ID": given}),
        client.get("/nothing", headers={"X-Request-ID": given}),
    ):
        assert reply.headers["X-Request-ID"] == given


@pytest.mark.parametrize("given", ["", "a b", "a" * 129, '"', "é", "a,b", "{}"])
def test_an_id_that_could_do_harm_in_a_log_is_replaced(client, given):
    found = client.get("/health", headers={"X-Request-ID": given}).headers["X-Request-ID"]

    assert found != given
    assert re.fullmatch(r"[0-9a-f]{10}-[0-9a-f]+", found)


def test_ids_that_are_made_differ(predict, client, features):
    found = [predict({"features": features}).headers["X-Request-ID"] for _ in range(20)]
    found += [client.get("/health").headers["X-Request-ID"] for _ in range(20)]

    assert len(set(found)) == 40


# --- the key -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "headers", [{"Authorization": f"Bearer {KEY}"}, {"Authorization": f"bearer  {KEY}"}, {"X-API-Key": KEY}]
)
def test_with_the_key_everything_is_answered(client_with, features, headers):
    client = client_with(API_KEY=KEY)

    assert client.get("/model", headers=headers).status_code == 200
    assert client.post("/predict", json={"features": features}, headers=headers).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": f"Basic {KEY}"},
        {"Authorization": "Bearer"},
        {"Authorization": f"Bearer {KEY}x"},
        {"X-API-Key": KEY[:-1]},
        {"X-API-Key": "é"},
        {"X-API-Key": ""},
    ],
)
def test_without_the_key_nothing_is_answered_but_health_and_ready(client_with, problem, features, headers):
    client = client_with(API_KEY=KEY)

    for method, path in [
        ("GET", "/model"),
        ("GET", "/"),
        ("GET", "/metrics"),
        ("GET", "/nothing"),
        ("PUT", "/health/"),
    ]:
        reply = client.open(path, method=method, headers=headers)
        assert KEY not in problem(reply, 401)["detail"]
        assert reply.headers["WWW-Authenticate"] == "Bearer"
    problem(client.post("/predict", json={"features": features}, headers=headers), 401)
    assert client.get("/health", headers=headers).status_code == 200
    assert client.get("/ready", headers=headers).status_code == 200


def test_a_refused_head_has_no_body(client_with):
    reply = client_with(API_KEY=KEY).head("/model")

    assert (reply.status_code, reply.data) == (401, b"")


# --- origins -----------------------------------------------------------------------------------------------------


def test_no_other_origin_may_read_replies_unless_named(client):
    reply = client.get("/health", headers={"Origin": ORIGIN})

    assert not [name for name, _ in reply.headers if name.startswith("Access-Control")]


def test_a_named_origin_may_read_replies(client_with, features):
    client = client_with(API_ORIGINS=f"https://other.example, {ORIGIN}/")

    for reply in (
        client.get("/health", headers={"Origin": ORIGIN}),
        client.get("/nothing", headers={"Origin": ORIGIN}),
        client.post("/predict", json={"features": features}, headers={"Origin": ORIGIN}),
    ):
        assert reply.headers["Access-Control-Allow-Origin"] == ORIGIN
        assert reply.headers["Vary"] == "Origin"


@pytest.mark.parametrize("origin", ["https://evil.example", f"{ORIGIN}.evil.example", "null", ""])
def test_an_origin_that_is_not_named_may_not(client_with, origin):
    reply = client_with(API_ORIGINS=ORIGIN).get("/health", headers={"Origin": origin})

    assert "Access-Control-Allow-Origin" not in reply.headers
    assert reply.headers["Vary"] == "Origin"


def test_a_browser_may_ask_before_it_sends_even_where_a_key_is_needed(client_with):
    client = client_with(API_ORIGINS=ORIGIN, API_KEY=KEY)
    asked = {"Origin": ORIGIN, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "x-api-key"}

    reply = client.options("/predict", headers=asked)

    assert (reply.status_code, reply.data) == (204, b"")
    assert reply.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert "POST" in reply.headers["Access-Control-Allow-Methods"]
    assert "X-API-Key" in reply.headers["Access-Control-Allow-Headers"]


def test_every_origin_may_be_let_in(client_with):
    reply = client_with(API_ORIGINS="*").get("/health", headers={"Origin": "https://anyone.example"})

    assert reply.headers["Access-Control-Allow-Origin"] == "*"


# --- what is left out of errors ----------------------------------------------------------------------------------

BODIES = [
    b'{"features": {}}',
    b'{"features": {"gap_pct": "1 %", "rsi_14": 101, "rsi": 48.0}}',
    b'{"gap_pct": 1}',
    b'{"features": {"gap_pct": 1, "gap_pct": 1}}',
    b"[]",
    b"{",
]


@pytest.mark.parametrize("body", BODIES)
def test_safe_errors_tell_no_names_and_no_ranges(client_with, problem, shipped, body):
    client = client_with(API_ERRORS="safe")

    reply = client.post("/predict", data=body, content_type="application/json")

    assert reply.status_code in {400, 422}
    problem(reply, reply.status_code)
    for feature in shipped.manifest.features:
        assert not re.search(rf"\b{feature.name}\b", reply.text)
        assert f"{feature.min:.6g}" not in reply.text


def test_safe_errors_count_the_faults_and_point_to_their_place(client_with):
    reply = client_with(API_ERRORS="safe").post("/predict", json={"features": {}})

    assert reply.json["detail"].startswith("The body cannot be used: 8 faults")
    assert [fault["pointer"] for fault in reply.json["faults"]] == ["/features"]


def test_safe_warnings_tell_no_names_and_no_ranges(client_with, features):
    reply = client_with(API_ERRORS="safe").post("/predict", json={"features": features | {"gap_pct": 5, "macd": 9}})

    assert reply.json["warnings"] == [
        "2 of the values lie outside everything seen in training: this is an extrapolation."
    ]


# --- counters ----------------------------------------------------------------------------------------------------


def counted(client):
    """Return the samples of the counters by name and labels."""
    text = client.get("/metrics").text
    return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in text.splitlines() if line[0] != "#"}


def requests(found, route, method, status):
    return found.get(f'handover_requests_total{{method="{method}",route="{route}",status="{status}"}}', 0)


def test_every_request_is_counted_by_route_method_and_status(client_with, features):
    client = client_with()
    for _ in range(3):
        client.post("/predict", json={"features": features})
    client.post("/predict", json={"features": {}})
    client.post("/predict", data=b"{", content_type="application/json")
    client.get("/predict/2/3")
    client.get("/nothing")
    client.open("/health", method="BREW")

    found = counted(client)

    assert requests(found, "/predict", "POST", 200) == 3
    assert requests(found, "/predict", "POST", 422) == 1
    assert requests(found, "/predict", "POST", 400) == 1
    assert requests(found, "/predict/<number>/<number>", "GET", 200) == 1
    assert requests(found, "other", "GET", 404) == 1
    assert requests(found, "other", "other", 405) == 1
    assert found['handover_request_seconds_count{route="/predict"}'] == 5
    assert found['handover_request_seconds_bucket{le="+Inf",route="/predict"}'] == 5
    assert 0 < found['handover_request_seconds_sum{route="/predict"}'] < 5


@pytest.mark.parametrize("fast_path", ["on", "off"])
def test_predictions_are_counted_by_their_call(client_with, shipped, features, fast_path):
    client = client_with(API_FAST_PATH=fast_path)
    low = features | {"macd": 0.07}
    assert client.post("/predict", json={"features": low}).json["prediction"] == 0
    for _ in range(2):
        assert client.post("/predict", json={"features": features}).json["prediction"] == 1

    found = counted(client)

    assert found['handover_predictions_total{prediction="1"}'] == 2
    assert found['handover_predictions_total{prediction="0"}'] == 1
    assert found[f'handover_model_info{{name="upmove",version="{shipped.version}"}}'] == 1
    assert found["handover_decision_threshold"] == 0.44


def test_the_counters_of_all_workers_are_one_page(tmp_path, monkeypatch):
    first, second = (_of_process(monkeypatch, tmp_path, number) for number in (101, 102))
    first.count("GET", "/a", 200, 0.002, (0, 0))
    second.count("GET", "/a", 200, 0.2, (3, 4))
    second.count("GET", "/b", 404, 20, (0, 0))

    for metrics, number in ((first, 101), (second, 102)):
        monkeypatch.setattr("api.metrics.os.getpid", lambda number=number: number)
        page = metrics.page(None).decode()
        assert 'handover_requests_total{method="GET",route="/a",status="200"} 2.0' in page
        assert 'handover_requests_total{method="GET",route="/b",status="404"} 1.0' in page
        assert 'handover_predictions_total{prediction="1"} 3.0' in page
        assert 'handover_predictions_total{prediction="0"} 4.0' in page
        assert 'handover_request_seconds_bucket{le="0.0025",route="/a"} 1.0' in page
        assert 'handover_request_seconds_bucket{le="+Inf",route="/b"} 1.0' in page
        assert 'handover_request_seconds_bucket{le="10.0",route="/b"} 0.0' in page
        assert 'handover_request_seconds_sum{route="/a"} 0.202' in page


def _of_process(monkeypatch, folder, number):
    monkeypatch.setattr("api.metrics.os.getpid", lambda: number)
    return Metrics(["/a", "/b"], folder)


def test_a_worker_that_only_begins_disturbs_nobody(tmp_path, monkeypatch):
    metrics = _of_process(monkeypatch, tmp_path, 101)
    (tmp_path / "102.counters").touch()

    assert b"handover_predictions_total" in metrics.page(None)


# --- the log -----------------------------------------------------------------------------------------------------


@pytest.fixture
def logged(client_with, capfd):
    """Return a client that logs, and what reads the lines."""
    client = client_with(API_ACCESS_LOG="on")

    def lines():
        client.application.wsgi_app._log.flush()
        return [json.loads(line) for line in capfd.readouterr().out.splitlines()]

    return client, lines


def test_every_request_is_one_line(logged, shipped, features):
    client, lines = logged
    client.post("/predict", json={"features": features}, headers={"X-Request-ID": "one"})
    client.post("/predict", json={"features": {}}, headers={"X-Request-ID": "two"})
    client.get("/predict/2", headers={"X-Request-ID": "three"})

    found = lines()

    assert [(line["method"], line["route"], line["status"], line["request_id"]) for line in found] == [
        ("POST", "/predict", 200, "one"),
        ("POST", "/predict", 422, "two"),
        ("GET", "/predict/<number>", 200, "three"),
    ]
    assert {line["version"] for line in found} == {shipped.version}
    assert all(0 < line["ms"] < 5000 for line in found)
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line["time"]) for line in found)


def test_the_log_holds_no_value_and_no_key(client_with, capfd, features):
    client = client_with(API_ACCESS_LOG="on", API_KEY=KEY)
    features["gap_pct"] = 0.0123456789

    client.post("/predict", json={"features": features}, headers={"X-API-Key": KEY})
    client.get("/plot?format=svg&gap_pct=0.0123456789", headers={"Authorization": f"Bearer {KEY}"})
    client.get("/nothing/0.0123456789", headers={"X-API-Key": "wrong"})
    client.application.wsgi_app._log.flush()
    text = capfd.readouterr().out

    assert len(text.splitlines()) == 3
    assert "0123456789" not in text
    assert KEY not in text
    assert "wrong" not in text


@pytest.mark.parametrize("fast_path", ["on", "off"])
def test_values_are_logged_where_someone_asks_for_them(client_with, capfd, features, fast_path):
    client = client_with(API_ACCESS_LOG="on", API_LOG_VALUES="on", API_FAST_PATH=fast_path)

    client.post("/predict", json={"features": features})
    client.application.wsgi_app._log.flush()

    assert json.loads(capfd.readouterr().out)["features"] == list(features.values())


# --- settings ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("API_FAST_PATH", "maybe", "on or off"),
        ("API_ERRORS", "brief", "full or safe"),
        ("API_STALE_DAYS", "-1", "a whole number of at least 0"),
        ("API_BATCH_ROWS", "0", "a whole number of at least 1"),
        ("API_BATCH_BYTES", "1e6", "a whole number of at least 1"),
        ("API_ORIGINS", "example.org", "origins such as https://example.org"),
        ("API_KEY", "schlüssel", "no header carries"),
    ],
)
def test_a_variable_that_means_nothing_is_refused_by_name(client_with, name, value, expected):
    from model.errors import ModelError

    with pytest.raises(ModelError, match=name) as refused:
        client_with(**{name: value})
    assert expected in str(refused.value)
