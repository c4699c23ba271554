"""Links: what they carry, and what is said of what cannot be used."""

import re

import msgspec
import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from dashboard import links
from model.bundle import Bundle
from model.registry import Registry
from model.wording import percent
from tests import builders
from tests.dashboard.conftest import ENTRY
from tests.dashboard.reading import address, go
from training.train import publish


def visit(page: str = "about", **parameters: str) -> AppTest:
    """A visitor who follows a link with *parameters*, seen on *page*."""
    app = AppTest.from_file(str(ENTRY), default_timeout=60)
    for name, value in parameters.items():
        app.query_params[name] = value
    app.run()
    return go(app, page)


@pytest.fixture
def two_versions(registry: Registry) -> Registry:
    """A registry where another model has taken the place of the shipped one."""
    publish(builders.result(), registry, by="tester", why="another", when=builders.WHEN)
    return registry


def notes(app: AppTest) -> str:
    return "\n".join(element.value for element in app.markdown)


def test_a_link_carries_every_value_and_the_model(shipped: Bundle):
    carried = address(visit(rsi_14="80.0"))

    features = shipped.manifest.features
    assert set(shipped.manifest.feature_names) <= set(carried)
    assert carried["rsi_14"] == "80.0"
    median = next(feature for feature in features if feature.name == "macd").median
    assert carried["macd"] == f"{100 * median:.2f}"
    assert carried["version"] == shipped.version
    assert shipped.sha256.startswith(carried["sha256"])
    assert len(carried["sha256"]) == 12
    assert carried["page.threshold"] == "0.44"


def test_what_a_link_carries_is_what_it_sets(shipped: Bundle):
    first = address(visit(rsi_14="80.0", macd="-1.25", **{"page.threshold": "0.513", "page.feature": "macd"}))

    assert address(visit(**first)) == first


def test_faults_are_named_and_the_rest_is_used(shipped: Bundle):
    link = links.read(
        {
            "rsi_14": "high",
            "macd": "2",
            "gap_pct": "nan",
            "page.threshold": "44",
            "page.feature": "rsi",
            "colour": "red",
        },
        shipped,
    )

    assert link.values == {"scenario": {"macd": 2.0}}
    assert link.faults == (
        "gap_pct: found “nan”, expected a number; the median is shown",
        "rsi_14: found “high”, expected a number; the median is shown",
        "page.threshold: found “44”, expected a number from 0 to 1; it is left as it was",
        f"page.feature: found “rsi”, expected one of {', '.join(shipped.manifest.feature_names)}; it is left as it was",
        "colour: nothing here has that name",
    )


def test_a_value_that_cannot_be_is_named_and_the_nearest_is_shown(shipped: Bundle):
    link = links.read({"rsi_14": "150", "daily_range_pct": "-1"}, shipped)

    assert link.values == {"scenario": {"rsi_14": 100.0, "daily_range_pct": 0.0}}
    assert link.faults == (
        "daily_range_pct: found “-1”, expected at least 0; 0 is shown",
        "rsi_14: found “150”, expected at least 0 and at most 100; 100 is shown",
    )


def test_faults_are_shown_until_they_are_closed():
    app = visit(rsi_14="<b>high</b>")
    assert "Not all of this link could be used" in notes(app)
    assert "found “\\<b\\>high\\</b\\>”, expected a number" in notes(app)

    app.button(key="close_link_notice").click().run()
    assert "Not all of this link" not in notes(app)


def test_pins_travel_with_the_link(shipped: Bundle):
    values = ",".join(["1.00"] * len(shipped.manifest.features))
    link = links.read({"pin.A": values, "pin.C": "1,2"}, shipped)

    assert [pin["name"] for pin in link.values["pins"]] == ["A"]
    assert set(link.values["pins"][0]["values"].values()) == {1.0}
    assert link.faults == (f"pin.C: found “1,2”, expected {len(shipped.manifest.features)} numbers; it is left out",)


def test_a_link_of_the_model_in_use_needs_no_word(shipped: Bundle):
    assert "This link was made" not in notes(visit(version=shipped.version, sha256=shipped.sha256[:12]))


def test_a_link_of_a_version_that_is_not_here_says_so():
    for version in ("2001-01-01-aaaaaaaaaaaa", "../../etc"):
        assert "is not in this registry" in notes(visit(version=version, sha256="0" * 12))


def test_a_link_of_an_older_version_shows_both_answers(shipped: Bundle, two_versions: Registry):
    row = dict.fromkeys(shipped.manifest.feature_names, "1.0")
    said = notes(visit(version=shipped.version, sha256=shipped.sha256[:12], **row, **{"page.threshold": "0.500"}))

    factors = [feature.display_factor for feature in shipped.manifest.features]
    X = np.array([[1.0 / factor for factor in factors]])
    then, now = (percent(b.pipeline.predict_proba(X)[0, 1]) for b in (shipped, two_versions.load()))
    assert then != now
    assert f"made with version {shipped.version}" in said
    assert re.search(rf"Probability of “up”: \*\*{then} .* then, \*\*{now} ", said)
    called = [percent(np.mean(b.out_of_fold.y_score >= 0.5)) for b in (shipped, two_versions.load())]
    assert re.search(rf"Calls at 0.500: \*\*{called[0]} .* then, \*\*{called[1]} ", said)


@pytest.mark.parametrize("name", ["version", "sha256"])
def test_a_feature_may_have_the_name_of_something_else_in_the_link(shipped: Bundle, name: str):
    feature = msgspec.structs.replace(shipped.manifest.features[0], name=name)

    assert links.parameter(feature) == f"feature.{name}"
