"""Feature values in display units."""

import msgspec
import pytest

from model.bundle import Bundle
from model.manifest import FeatureSpec
from training.panels.display import grouped, label_of, range_written, scale_of, written


@pytest.fixture
def gap(shipped: Bundle) -> FeatureSpec:
    return shipped.manifest.features[0]


def test_a_scale_never_leaves_the_observed_range(shipped: Bundle):
    for feature in shipped.manifest.features:
        scale = scale_of(feature)

        assert feature.min <= scale.low / feature.display_factor < scale.high / feature.display_factor <= feature.max


def test_a_scale_is_the_range_rounded_inwards(gap: FeatureSpec):
    scale = scale_of(msgspec.structs.replace(gap, min=-0.01239, max=0.01239))

    assert (scale.low, scale.high, scale.step, scale.decimals) == (-1.23, 1.23, 0.01, 2)


def test_bounds_are_not_moved_by_binary_fractions(gap: FeatureSpec):
    scale = scale_of(msgspec.structs.replace(gap, hard_minimum=0.07, hard_maximum=0.29))

    assert (scale.least, scale.most) == (7.0, 29.0)


def test_a_feature_that_never_varied_still_has_two_ends(gap: FeatureSpec):
    scale = scale_of(msgspec.structs.replace(gap, min=0.0, max=0.0))

    assert (scale.low, scale.high) == (0.0, 0.01)


def test_a_typed_value_is_kept_within_the_hard_bounds_and_the_slider_within_its_ends(gap: FeatureSpec):
    scale = scale_of(gap)

    assert scale.allowed(-200.0) == -100.0
    assert scale.allowed(-60.0) == -60.0
    assert scale.on_slider(-60.0) == scale.low


def test_values_are_written_with_their_unit_and_a_true_minus(gap: FeatureSpec):
    assert label_of(gap) == "Opening gap (%)"
    assert written(gap, -0.0123) == "−1.23 %"
    assert range_written(gap, -0.0123, 0.02) == "−1.23 to 2.00 %"
    assert label_of(msgspec.structs.replace(gap, unit="")) == "Opening gap"
    assert written(msgspec.structs.replace(gap, unit=""), 0.5) == "50.00"


def test_groups_keep_every_feature_and_the_order_within(shipped: Bundle):
    groups = grouped(shipped.manifest.features)

    assert [name for name, _ in groups] == ["Today's session", "Trend", "Condition"]
    assert [f.name for _, part in groups for f in part if f.group == "Trend"] == [
        "ma_ratio_5_20",
        "macd",
        "macd_signal",
    ]
    assert sorted(f.name for _, part in groups for f in part) == sorted(shipped.manifest.feature_names)
