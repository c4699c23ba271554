"""The page at /docs: its files, what it may load, and what a person does with it in a real browser."""

import contextlib
import json
import re
import threading
from collections.abc import Iterator

import msgspec
import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect
from werkzeug.serving import make_server

from api import create_app
from api.openapi.page import FILES
from model.bundle import Bundle

MEDIA_TYPES = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8"}
PATIENCE_MS = 20_000  # the machine may be busy with other tests

# Texts that can be seen, but hardly: with a contrast (WCAG) under 2.5 to what is behind them.
FAINT_TEXTS = """() => {
  const channels = (colour) => (colour.match(/[\\d.]+/g) || [0, 0, 0, 0]).map(Number);
  const luminance = ([r, g, b]) => [0.2126 * r, 0.7152 * g, 0.0722 * b].reduce((sum, part, i) => {
    const weight = [0.2126, 0.7152, 0.0722][i], share = part / weight / 255;
    return sum + weight * (share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4);
  }, 0);
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const [r, g, b, a = 1] = channels(getComputedStyle(at).backgroundColor);
      if (a > 0.5) return [r, g, b];
    }
    return matchMedia("(prefers-color-scheme: dark)").matches ? [18, 18, 18] : [255, 255, 255];
  };
  const texts = [...document.querySelectorAll("body *")].filter((element) =>
    element.checkVisibility() && !element.closest("svg, option, noscript") &&
    [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim()));
  return texts.filter((element) => {
    const both = [channels(getComputedStyle(element).color), behind(element)].map(luminance);
    const low = Math.min(...both), high = Math.max(...both);
    return (high + 0.05) / (low + 0.05) < 2.5;
  }).map((element) => `${element.tagName}.${element.className}: ${element.textContent.slice(0, 40)}`);
}"""


@pytest.mark.parametrize("file", FILES)
def test_each_file_has_its_media_type_and_may_be_kept(client, file):
    reply = client.get(f"/docs/{file}")

    assert reply.status_code == 200
    assert reply.content_type == MEDIA_TYPES[file.rpartition(".")[2]]
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    assert reply.headers["Cache-Control"] == "max-age=86400"
    assert len(reply.data) == int(reply.headers["Content-Length"]) > 0


@pytest.mark.parametrize("file", FILES)
def test_a_file_that_is_there_already_is_not_sent_again(client, file):
    tag = client.get(f"/docs/{file}").headers["ETag"]

    reply = client.get(f"/docs/{file}", headers={"If-None-Match": tag})

    assert reply.status_code == 304
    assert reply.data == b""


@pytest.mark.parametrize(
    "path",
    [
        "/docs/index.css",
        "/docs/LICENSE",
        "/docs/",
        "/docs/../docs.py",
        "/docs/%2e%2e/__init__.py",
        "/docs/..%2fVERSION",
    ],
)
def test_nothing_else_is_served(client, problem, path):
    problem(client.get(path), 404)


def test_the_page_loads_only_what_lies_beside_it(client):
    reply = client.get("/docs")

    assert reply.content_type == "text/html; charset=utf-8"
    assert re.findall(r'(?:src|href)="([^"]+)"', reply.text) == [
        *("data:,", "docs/swagger-ui.css", "docs/page.css", "openapi.json"),
        *("docs/swagger-ui-bundle.js", "docs/page.js"),
    ]
    assert "<script>" not in reply.text
    policy = dict(part.strip().split(" ", 1) for part in reply.headers["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["connect-src"] == "'self'"


def test_the_page_is_named_for_the_model(client, made_up):
    renamed = Bundle(made_up.directory, msgspec.structs.replace(made_up.manifest, name="<b>triage"))

    assert "<title>upmove: API</title>" in client.get("/docs").text
    assert "<title>&lt;b&gt;triage: API</title>" in create_app(renamed).test_client().get("/docs").text


@pytest.mark.parametrize("path", ["/docs", "/docs/page.js", "/openapi.json"])
def test_with_a_key_the_page_asks_for_it(shipped, monkeypatch, problem, path):
    monkeypatch.setenv("API_KEY", "secret")
    client = create_app(shipped).test_client()

    problem(client.get(path), 401)
    assert client.get(path, headers={"X-API-Key": "secret"}).status_code == 200


def test_without_a_model_there_is_no_page(monkeypatch, tmp_path, problem):
    monkeypatch.setenv("MODEL_REGISTRY", str(tmp_path))

    problem(create_app().test_client().get("/docs"), 503)


@pytest.fixture(scope="module")
def url(app: Flask) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()
    server.server_close()


@contextlib.contextmanager
def visit(browser: Browser, url: str, scheme: str, width: int) -> Iterator[tuple[Page, list[str]]]:
    """Open the page as a new visitor, and collect what it should not do."""
    noise: list[str] = []
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    context.on(
        "request", lambda sent: None if sent.url.startswith((f"{url}/", "data:", "blob:")) else noise.append(sent.url)
    )
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.on("console", lambda message: noise.append(message.text) if message.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: noise.append(str(error)))
    page.goto(f"{url}/docs")
    yield page, noise
    context.close()


@pytest.mark.parametrize(("scheme", "width"), [("light", 1360), ("dark", 390)])
def test_a_person_tries_a_prediction_and_sees_the_probability(browser, client, url, scheme, width):
    with visit(browser, url, scheme, width) as (page, noise):
        operation = page.locator("#operations-Predictions-predict")
        operation.locator(".opblock-summary-control").click()
        operation.get_by_role("button", name="Try it out").click()
        sent = json.loads(operation.locator("textarea.body-param__text").input_value())
        operation.get_by_role("button", name="Execute").click()
        answered = operation.locator(".live-responses-table .response")
        expect(answered.locator(".response-col_status").first).to_have_text(re.compile("^200"), timeout=PATIENCE_MS)
        reply = json.loads(answered.locator(".highlight-code code").first.inner_text())
        sideways = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")

    assert reply["p_up"] == client.post("/predict", json=sent).json["p_up"]
    assert sideways == 0
    assert noise == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_stand_out_from_what_is_behind_them(browser, url, scheme):
    with visit(browser, url, scheme, 390) as (page, noise):
        for operation in ("Predictions-predict", "Predictions-predict_batch", "Predictions-plot"):
            page.locator(f"#operations-{operation} .opblock-summary-control").click()
            page.locator(f"#operations-{operation} .responses-inner").wait_for()
        faint = page.evaluate(FAINT_TEXTS)

    assert faint == []
    assert noise == []
