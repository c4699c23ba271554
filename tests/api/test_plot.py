"""GET /plot: a page that stands alone, with a picture that is described in words."""

import base64
import re
import struct
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import msgspec
import numpy as np
import pytest

from api import create_app
from api.plots import drawing as plots
from model.bundle import Bundle

ROOT = Path(__file__).parents[2]


class Page(HTMLParser):
    """The tags of a page with their attributes, and the texts within them."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.texts = [], {}
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.texts.setdefault(self.tags[-1][0] if self.tags else "", []).append(data.strip())

    def all(self, name):
        return [attributes for tag, attributes in self.tags if tag == name]


@pytest.fixture(scope="module")
def reply(client):
    return client.get("/plot")


@pytest.fixture(scope="module")
def page(reply):
    return Page(reply.text)


def test_the_page_is_whole_and_fit_for_any_screen(reply, page):
    assert reply.status_code == 200
    assert reply.mimetype == "text/html"
    assert reply.text.startswith("<!doctype html>")
    assert page.all("html") == [{"lang": "en"}]
    assert {"name": "viewport", "content": "width=device-width, initial-scale=1"} in page.all("meta")
    assert page.texts["title"][0] == "Probability of “up” against Opening gap"
    assert "color-scheme: light dark" in reply.text


def test_the_picture_is_a_small_png_within_the_page(page):
    (image,) = page.all("img")
    head, data = image["src"].split(",", 1)
    png = base64.b64decode(data, validate=True)

    assert head == "data:image/png;base64"
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    assert struct.unpack(">II", png[16:24]) == (int(image["width"]), int(image["height"])) == (640, 360)
    assert len(png) < 60_000


def test_the_words_for_the_picture_state_what_the_pipeline_says(page, shipped):
    rows = np.array([shipped.median_row] * 2)
    rows[:, 0] = shipped.reference.X[:, 0].min(), shipped.reference.X[:, 0].max()
    low, high = 100 * shipped.pipeline.predict_proba(rows)[:, 1]

    alt = page.all("img")[0]["alt"]

    assert f"{low:.1f} % at −{-100 * rows[0, 0]:.2f} %, {high:.1f} % at {100 * rows[1, 0]:.2f} %." in alt
    assert alt.endswith("the decision threshold, 44.0 %.")


def test_nothing_is_fetched_from_elsewhere(reply, page):
    assert {tag for tag, _ in page.tags}.isdisjoint({"script", "link", "iframe", "object"})
    assert not re.search(r"https?://|@import|url\(", reply.text)
    assert reply.headers["Content-Security-Policy"].startswith("default-src 'none'")


def test_the_curve_is_that_of_the_pipeline_with_all_other_features_at_their_medians(shipped):
    found = plots.curve(shipped, 2)
    rows = np.array([shipped.median_row] * len(found.values))
    rows[:, 2] = found.values

    np.testing.assert_allclose(found.probabilities, shipped.pipeline.predict_proba(rows)[:, 1], rtol=0, atol=1e-12)
    assert (found.values[0], found.values[-1]) == (found.feature.min, found.feature.max)


def test_the_page_is_drawn_once_for_each_version(client, monkeypatch):
    before = client.get("/plot").data
    monkeypatch.setattr(plots, "picture", lambda *_: pytest.fail("drawn again"))

    assert client.get("/plot").data == before


def test_words_of_the_manifest_are_text_and_neither_markup_nor_mathematics(shipped):
    first, *rest = shipped.manifest.features
    odd = msgspec.structs.replace(first, label='<b> "$x$ & y', unit="$", min=1.0, median=1.0, max=1.0)
    bundle = Bundle(shipped.directory, msgspec.structs.replace(shipped.manifest, features=[odd, *rest]))

    reply = create_app(bundle).test_client().get("/plot")

    assert reply.status_code == 200
    assert "&lt;b&gt; &quot;$x$ &amp; y" in reply.text
    assert "<b>" not in reply.text


def test_drawing_leaves_pyplot_alone():
    code = (
        "import sys; from api import create_app;"
        "assert create_app().test_client().get('/plot').status_code == 200;"
        "print('matplotlib.pyplot' in sys.modules, 'matplotlib' in sys.modules)"
    )

    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)

    assert done.stdout.split() == ["False", "True"]
