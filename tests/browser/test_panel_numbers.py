"""The live panel's own arithmetic and words, run in a real browser, against Python's."""

from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page

from dashboard.predict.panel import model_data
from model import wording
from model.bundle import Bundle
from model.explain import contributions, in_points, log_odds_of, out_of_range
from model.familiarity import familiarity
from model.flips import flips
from model.nearest import joint_flip
from model.scoring import LinearScorer
from model.uncertainty import weight_uncertainty
from training.panels import display
from training.panels.components import script
from training.panels.predict import SCRIPTS

SCENARIOS = 10_000
TOLERANCE = 1e-9


class Module:
    """The exports of the panel's scripts in a page that holds nothing else."""

    def __init__(self, page: Page) -> None:
        self.page = page
        source = script(*SCRIPTS)
        page.evaluate(
            """async (source) => {
                 const url = URL.createObjectURL(new Blob([source], {type: "text/javascript"}));
                 window.panel = await import(url);
               }""",
            source,
        )

    def run(self, body: str, argument: Any = None) -> Any:
        """Run the body of a function of `panel` (the module) and `given`."""
        return self.page.evaluate(f"(given) => {{ const panel = window.panel; {body} }}", argument)


@pytest.fixture(scope="module")
def module(browser: Browser) -> Any:
    page = browser.new_page()
    yield Module(page)
    page.close()


@pytest.fixture(scope="module")
def scorer(shipped: Bundle) -> LinearScorer:
    assert isinstance(shipped.scorer, LinearScorer)
    return shipped.scorer


@pytest.fixture(scope="module")
def values(shipped: Bundle) -> np.ndarray:
    """Scenarios in display units, as controls show them; one value in seven lies outside anything seen."""
    rng = np.random.default_rng(20130301)
    columns = []
    for feature in shipped.manifest.features:
        span = feature.max - feature.min
        drawn = rng.uniform(feature.min - span / 12, feature.max + span / 12, SCENARIOS)
        # Half of them where most days are.
        usual = rng.uniform(feature.p1, feature.p99, SCENARIOS)
        drawn = np.where(rng.random(SCENARIOS) < 0.5, drawn, usual)
        columns.append(np.round(drawn * feature.display_factor, feature.decimals))
    return np.column_stack(columns)


@pytest.fixture(scope="module")
def rows(values: np.ndarray, shipped: Bundle) -> list[list[float]]:
    factors = [feature.display_factor for feature in shipped.manifest.features]
    return [[value / factor for value, factor in zip(row, factors, strict=True)] for row in values.tolist()]


@pytest.fixture(scope="module")
def answers(module: Module, values: np.ndarray, shipped: Bundle) -> list[dict[str, Any]]:
    """What the panel would show of each scenario."""
    given = {"model": model_data(shipped, 0.5), "values": values.tolist()}
    return module.run("return given.values.map((values) => panel.answerOf(given.model, values));", given)


def test_probabilities_are_those_of_python_and_of_the_pipeline(answers, rows, scorer, shipped: Bundle):
    shown = np.array([answer["probability"] for answer in answers])

    assert len(shown) == SCENARIOS
    assert np.abs(shown - [scorer.one(row) for row in rows]).max() <= TOLERANCE
    assert np.abs(shown - shipped.pipeline.predict_proba(np.array(rows))[:, 1]).max() <= TOLERANCE
    assert 0.1 < np.mean(shown >= shipped.threshold) < 0.9, "both calls are tried"


def test_contributions_are_those_of_python_in_log_odds_and_in_points(answers, rows, scorer, shipped: Bundle):
    features, at_median = shipped.manifest.features, scorer.one(shipped.median_row)
    by_python = [contributions(scorer, features, row) for row in rows]
    log_odds = [[one.log_odds for one in found] for found in by_python]
    points = [
        [share.points for share in in_points(found, scorer.one(row), at_median)]
        for found, row in zip(by_python, rows, strict=True)
    ]

    assert np.abs(np.array([answer["logOdds"] for answer in answers]) - log_odds).max() <= TOLERANCE
    assert np.abs(np.array([answer["points"] for answer in answers]) - points).max() <= TOLERANCE


def test_what_is_pulled_adds_up_to_the_way_from_the_median(answers, scorer, shipped: Bundle):
    at_median = scorer.one(shipped.median_row)
    for answer in answers:
        assert sum(answer["points"]) == pytest.approx(answer["probability"] - at_median, abs=TOLERANCE)
        way = log_odds_of(answer["probability"]) - log_odds_of(at_median)
        assert sum(answer["logOdds"]) == pytest.approx(way, abs=1e-8)


def test_flips_are_those_of_python(answers, rows, scorer, shipped: Bundle):
    features = shipped.manifest.features
    by_python = [[flip.value for flip in flips(scorer, features, row, shipped.threshold)] for row in rows]
    shown = [answer["flips"] for answer in answers]

    assert [[value is None for value in one] for one in shown] == [
        [value is None for value in one] for one in by_python
    ]
    pairs = [(a, b) for one, other in zip(shown, by_python, strict=True) for a, b in zip(one, other, strict=True) if b]
    assert len(pairs) > SCENARIOS, "more than one flip a scenario"
    assert max(abs(a - b) for a, b in pairs) <= TOLERANCE


def test_a_flip_as_written_flips_the_call_when_typed(module: Module, values: np.ndarray, shipped: Bundle):
    body = """
      const wrong = [];
      for (const values of given.values) {
        const before = panel.answerOf(given.model, values);
        before.flips.forEach((flip, i) => {
          if (flip === null) return;
          const feature = given.model.features[i];
          const typed = values.slice();
          typed[i] = panel.flipShown(feature, flip, values[i] / feature.factor);
          const after = panel.score(given.model, panel.rowOf(given.model, typed));
          const call = (p) => p >= given.model.threshold;
          if (call(after) === call(before.probability)) wrong.push([values, i, flip, typed[i]]);
        });
      }
      return wrong;
    """
    assert module.run(body, {"model": model_data(shipped, 0.5), "values": values[:2000].tolist()}) == []


@pytest.fixture(scope="module")
def further(module: Module, values: np.ndarray, shipped: Bundle) -> list[dict[str, Any]]:
    """What the panel would show of each scenario beyond the answer itself."""
    body = """return given.values.map((values) => {
        const row = panel.rowOf(given.model, values);
        const joint = panel.jointFlip(given.model, row);
        const shown = joint && panel.jointShown(given.model, values, joint);
        const share = panel.shareNearer(given.model, row);
        return { interval: panel.intervalOf(given.model, row), share, joint, shown };
      });"""
    return module.run(body, {"model": model_data(shipped, 0.5), "values": values.tolist()})


def test_intervals_are_those_of_python(further, rows, scorer, shipped: Bundle):
    known = shipped.reference
    source = weight_uncertainty(scorer, known.day, known.X, known.y)
    assert source is not None
    low, high = source.intervals(np.array(rows))

    shown = np.array([[one["interval"]["low"], one["interval"]["high"]] for one in further])

    assert np.abs(shown - np.column_stack([low, high])).max() <= TOLERANCE
    assert 0.01 < np.median(high - low) < 0.9, "the intervals tried are neither points nor everything"


def test_how_unlike_the_training_rows_a_scenario_is_is_what_python_says(further, rows, shipped: Bundle):
    known = shipped.reference
    cloud = familiarity(known.X[~np.isnan(known.y)])

    shown = np.array([one["share"] for one in further])

    assert np.abs(shown - [cloud.share_nearer(row) for row in rows]).max() <= TOLERANCE
    assert 0.02 < np.mean(shown < 1) < 0.98, "scenarios within the cloud and beyond it are tried"


def test_the_smallest_joint_changes_are_those_of_python(further, rows, scorer, shipped: Bundle):
    features = shipped.manifest.features
    scales = [display.scale_of(feature) for feature in features]
    ends = [(s.low / f.display_factor, s.high / f.display_factor) for s, f in zip(scales, features, strict=True)]
    by_python = [joint_flip(scorer, features, row, shipped.threshold, ends) for row in rows]
    shown = [one["joint"] for one in further]

    assert [one is None for one in shown] == [one is None for one in by_python]
    pairs = [(a, b) for a, b in zip(shown, by_python, strict=True) if b is not None]
    assert len(pairs) > SCENARIOS / 2
    assert max(abs(a["distance"] - b.distance) for a, b in pairs) <= TOLERANCE
    assert max(np.abs(np.subtract(a["row"], b.row)).max() for a, b in pairs) <= TOLERANCE


def test_a_joint_change_as_written_flips_the_call_within_the_sliders(further, values, shipped: Bundle):
    features = shipped.manifest.features
    factors = np.array([feature.display_factor for feature in features])
    scales = [display.scale_of(feature) for feature in features]
    tried = [(before, one["shown"]) for before, one in zip(values, further, strict=True) if one["shown"]]
    before, after = (np.array(part) for part in zip(*tried, strict=True))

    calls = [shipped.pipeline.predict_proba(part / factors)[:, 1] >= shipped.threshold for part in (before, after)]

    assert len(tried) > SCENARIOS / 2
    assert (calls[0] != calls[1]).all()
    assert (after >= np.minimum(before, [scale.low for scale in scales])).all()
    assert (after <= np.maximum(before, [scale.high for scale in scales])).all()
    for feature, column in zip(features, after.T.tolist(), strict=True):
        assert column == [round(value, feature.decimals) for value in column]


@pytest.mark.parametrize(
    ("share", "kind", "said"),
    [
        (0.0, "usual", "nearer to the middle of the training rows than any of those"),
        (0.25, "usual", "nearer to the middle of the training rows than 75.0\u00a0% of those"),
        (0.75, "usual", "further from the middle of the training rows than 75.0\u00a0% of those"),
        (0.997, "rare", "unusual: further from the middle of the training rows than 99.7\u00a0% of those"),
        (0.99996, "rare", "than 99.9\u00a0% of those"),
        (1.0, "outside", "than any of those: the answer there is a guess"),
    ],
)
def test_how_unlike_in_words(module: Module, share: float, kind: str, said: str):
    found = module.run("return panel.togetherWritten(given);", share)

    assert found["kind"] == kind
    assert said in found["text"]


def test_what_lies_outside_is_what_python_says(module: Module, values: np.ndarray, rows, shipped: Bundle):
    features = shipped.manifest.features
    body = """return given.values.map((values) => panel.rowOf(given.model, values).map(
                (value, i) => panel.place(given.model.features[i], value)));"""
    places = module.run(body, {"model": model_data(shipped, 0.5), "values": values.tolist()})

    for row, found in zip(rows, places, strict=True):
        outside = [flag.feature.name for flag in out_of_range(features, row)]
        assert [f.name for f, place in zip(features, found, strict=True) if place == "outside"] == outside
        usual = [f.p1 <= value <= f.p99 for f, value in zip(features, row, strict=True)]
        assert [place == "usual" for place in found] == usual


def test_numbers_are_written_as_python_writes_them(module: Module):
    rng = np.random.default_rng(7)
    drawn = (rng.normal(size=4000) * 10.0 ** rng.integers(-6, 9, 4000)).tolist()
    # Ties: of two equally near, both must choose the same.
    ties = [sign * (k + 0.5) / 10**d for k in range(40) for d in (0, 1, 2, 3) for sign in (1, -1)]
    halves = [k / 32 for k in range(-200, 200)]
    numbers = [*drawn, *ties, *halves, 0.0, -0.0, -0.04, 1e21, 1.5e22, 999_999.999, 1e12]
    cases = [[value, decimals, signed] for value in numbers for decimals in (0, 1, 2, 3) for signed in (False, True)]

    written = module.run(
        "return given.map(([value, decimals, signed]) => panel.number(value, decimals, signed));", cases
    )

    assert written == [wording.number(value, decimals, signed=signed) for value, decimals, signed in cases]


def test_shares_and_values_are_written_as_python_writes_them(module: Module, values: np.ndarray, shipped: Bundle):
    features = shipped.manifest.features
    shares = np.random.default_rng(8).uniform(-1, 1, 500).tolist()
    given = {"model": model_data(shipped, 0.5), "shares": shares, "values": values[:500].tolist()}
    found = module.run(
        """return {
             percent: given.shares.map((share) => panel.percent(share)),
             points: given.shares.map((share) => panel.points(share)),
             written: given.values.map((row) => row.map((v, i) => panel.written(given.model.features[i], v))),
             ranges: given.model.features.map((f) => panel.rangeWritten(f, f.min, f.max)),
           };""",
        given,
    )

    assert found["percent"] == [wording.percent(share) for share in shares]
    assert found["points"] == [wording.points(share) for share in shares]
    assert found["written"] == [
        [
            wording.in_display_units(value, 1.0, f.decimals, f.unit).strip()
            for f, value in zip(features, row, strict=True)
        ]
        for row in given["values"]
    ]
    assert found["ranges"] == [display.range_written(f, f.min, f.max) for f in features]


@pytest.mark.parametrize(
    ("probability", "call", "distance"),
    [
        (0.44, "Call: up", "0.0000 points above the 44.0 % threshold"),
        (0.43999, "No call", "0.0010 points below the 44.0 % threshold"),
        (0.5, "Call: up", "6.0 points above the 44.0 % threshold"),
        (0.0, "No call", "44.0 points below the 44.0 % threshold"),
    ],
)
def test_the_call_and_the_distance_in_words(module: Module, probability: float, call: str, distance: str):
    given = [{"threshold": 0.44, "positive_class": "up"}, probability]

    assert module.run("return panel.callWritten(...given);", given) == call
    assert module.run("return panel.distanceWritten(...given);", given) == distance


@pytest.mark.parametrize(("threshold", "size"), [(0.0, 1.0), (1.0, 1.0), (0.999, 8.0)])
def test_extreme_thresholds_flip_where_python_says(module: Module, shipped: Bundle, threshold: float, size: float):
    scorer = LinearScorer(0.1, [size * weight for weight in (1.5, 0.0, -2.0, 0.3, 1e-4, 0.0, 3.0, -1.0)])
    features, row = shipped.manifest.features, [0.0] * 8
    model = model_data(shipped, 0.5) | {
        "intercept": 0.1,
        "weights": list(scorer.weights),
        "threshold": threshold,
    }

    shown = module.run("return panel.flips(given.model, given.row);", {"model": model, "row": row})

    assert shown == pytest.approx([flip.value for flip in flips(scorer, features, row, threshold)], abs=TOLERANCE)
