"""POST /predict with what it accepts: the probability, the call, and the warnings."""

import math

import msgspec
import numpy as np
import pytest

from api import create_app
from model.bundle import Bundle
from model.manifest import WholePipeline


def changed(bundle, **changes):
    return Bundle(bundle.directory, msgspec.structs.replace(bundle.manifest, **changes))


def with_threshold(bundle, value):
    return changed(bundle, threshold=msgspec.structs.replace(bundle.manifest.threshold, value=value))


def answer(bundle, features):
    reply = create_app(bundle).test_client().post("/predict", json={"features": features})
    assert reply.status_code == 200, reply.text
    return reply.json


def test_the_probability_is_that_of_the_scikit_learn_pipeline(predict, shipped, features):
    expected = shipped.pipeline.predict_proba(np.array([list(features.values())]))[0, 1]

    reply = predict({"features": features})

    assert reply.status_code == 200
    assert reply.content_type == "application/json"
    assert reply.json == {
        "prediction": 1,
        "p_up": pytest.approx(expected, abs=1e-12),
        "threshold": 0.44,
        "version": shipped.version,
    }


def test_the_probability_is_what_scaling_and_weighing_by_hand_gives(predict, shipped, features):
    scaler, regression = (step for _, step in shipped.pipeline.steps)
    log_odds = regression.intercept_[0]
    for value, mean, sd, weight in zip(
        features.values(), scaler.mean_, scaler.scale_, regression.coef_[0], strict=True
    ):
        log_odds += weight * (value - mean) / sd

    reply = predict({"features": features})

    assert reply.json["p_up"] == pytest.approx(1 / (1 + math.exp(-log_odds)), abs=1e-12)


def test_every_training_row_that_is_sent_gets_the_probability_of_the_pipeline(predict, shipped):
    X = shipped.reference.X[::400]
    names = shipped.manifest.feature_names

    found = [predict({"features": dict(zip(names, row, strict=True))}).json["p_up"] for row in X.tolist()]

    np.testing.assert_allclose(found, shipped.pipeline.predict_proba(X)[:, 1], rtol=0, atol=1e-12)


def test_the_order_of_the_names_does_not_matter(predict, features):
    backwards = dict(reversed(features.items()))

    assert predict({"features": backwards}).data == predict({"features": features}).data


def test_whole_numbers_are_numbers(predict, features):
    assert predict({"features": features | {"rsi_14": 48}}).json == predict({"features": features}).json


def test_a_row_exactly_at_the_threshold_is_called(shipped, features):
    probability = answer(shipped, features)["p_up"]

    assert answer(with_threshold(shipped, probability), features)["prediction"] == 1
    assert answer(with_threshold(shipped, math.nextafter(probability, 1)), features)["prediction"] == 0


def test_the_probability_is_named_for_the_positive_class(shipped, features):
    target = msgspec.structs.replace(shipped.manifest.target, positive_class="churned")

    reply = answer(changed(shipped, target=target), features)

    assert list(reply) == ["prediction", "p_churned", "threshold", "version"]


def test_a_pipeline_that_is_not_folded_gives_the_same_probability(shipped, features):
    reply = answer(changed(shipped, scorer=WholePipeline()), features)

    assert reply["p_up"] == pytest.approx(answer(shipped, features)["p_up"], abs=1e-12)


def test_values_beyond_the_observed_range_are_answered_with_a_warning_each(predict, shipped, features):
    specs = {feature.name: feature for feature in shipped.manifest.features}
    low, high = specs["ma_ratio_5_20"].min / 2, specs["macd"].max * 3

    reply = predict({"features": features | {"ma_ratio_5_20": low, "macd": high}})

    assert reply.status_code == 200
    first, second = reply.json["warnings"]
    assert first.startswith(f"ma_ratio_5_20 is {low!r}, below everything seen in training (0.49")
    assert second.startswith(f"macd is {high!r}, above everything seen in training (-0.49")


@pytest.mark.parametrize("end", ["min", "max"])
def test_the_ends_of_the_observed_range_bring_no_warning(predict, shipped, end):
    values = {feature.name: getattr(feature, end) for feature in shipped.manifest.features}

    assert "warnings" not in predict({"features": values}).json


@pytest.mark.parametrize(
    ("name", "value"), [("rsi_14", 0), ("rsi_14", 100), ("gap_pct", -1), ("daily_range_pct", -0.0)]
)
def test_the_ends_of_what_a_definition_allows_are_allowed(predict, features, name, value):
    assert predict({"features": features | {name: value}}).status_code == 200


@pytest.mark.parametrize("value", [1e300, -1e300, 5e-324, 1.7976931348623157e308, 10**308])
def test_numbers_of_any_size_give_a_probability(predict, features, value):
    reply = predict({"features": features | {"macd": value}})

    assert 0 <= reply.json["p_up"] <= 1


def test_numbers_that_cancel_beyond_all_floats_are_refused_by_name(predict, problem, features):
    document = problem(predict({"features": features | {"macd": 1e308, "macd_signal": 1e308}}), 422)

    assert [fault["pointer"] for fault in document["faults"]] == ["/features/macd", "/features/macd_signal"]


class Float32Model:
    """Refuses what float32 cannot hold, as tree models do."""

    def one(self, row):
        if max(map(abs, row)) > float(np.finfo(np.float32).max):
            msg = "Input X contains infinity or a value too large for dtype('float32')."
            raise ValueError(msg)
        return 0.5


def test_numbers_too_large_for_the_model_are_refused_by_name(shipped, problem, features):
    bundle = changed(shipped)
    bundle.scorer = Float32Model()
    client = create_app(bundle).test_client()

    reply = client.post("/predict", json={"features": features | {"macd": 1e39, "volume_z20": 9.0}})

    assert [fault["pointer"] for fault in problem(reply, 422)["faults"]] == ["/features/macd"]
    assert client.post("/predict", json={"features": features}).json["p_up"] == 0.5


def test_a_made_up_model_is_served_like_the_shipped_one(made_up):
    row = [abs(value) for value in made_up.median_row]

    reply = answer(made_up, dict(zip(made_up.manifest.feature_names, row, strict=True)))

    assert reply["p_up"] == pytest.approx(made_up.pipeline.predict_proba(np.array([row]))[0, 1], abs=1e-12)
    assert reply["version"] == made_up.version
