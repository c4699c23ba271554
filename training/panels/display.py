"""Features in display units: labels, ranges and values the way the pages write them."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from model.manifest import FeatureSpec
from model.wording import in_display_units, number

# Bounds of what may be typed where the feature's definition has none; beyond, sums would overflow.
LARGEST = 1e12


@dataclass(frozen=True, slots=True)
class Scale:
    """The numbers of one control, in display units.

    `low` to `high` is the slider; `least` and `most` bound what may be typed, where the definition does.
    """

    low: float
    high: float
    step: float
    decimals: int
    least: float | None = None
    most: float | None = None

    def on_slider(self, value: float) -> float:
        """Return the point of the slider nearest to *value*."""
        return min(max(value, self.low), self.high)

    def allowed(self, value: float) -> float:
        """Return *value*, or the bound it breaks."""
        value = value if self.least is None else max(value, self.least)
        return value if self.most is None else min(value, self.most)


def scale_of(feature: FeatureSpec) -> Scale:
    """Return the scale of a feature's control: its observed range, rounded inwards to the decimals shown."""
    decimals, factor = feature.decimals, feature.display_factor
    step = 10.0**-decimals
    low = _rounded(feature.min * factor, decimals, ROUND_CEILING)
    high = _rounded(feature.max * factor, decimals, ROUND_FLOOR)
    least = feature.hard_minimum
    most = feature.hard_maximum
    return Scale(
        low=min(low, high),
        # A feature that never varied still needs a slider with two ends.
        high=max(low, high) if low != high else round(high + step, decimals),
        step=step,
        decimals=decimals,
        least=None if least is None else _rounded(least * factor, decimals, ROUND_CEILING),
        most=None if most is None else _rounded(most * factor, decimals, ROUND_FLOOR),
    )


def default_value(feature: FeatureSpec) -> float:
    """Return the median in display units, rounded the way it is shown."""
    return round(feature.median * feature.display_factor, feature.decimals)


def _rounded(value: float, decimals: int, mode: str) -> float:
    # 0.07 * 100 is 7.000000000000001: what binary fractions add must not decide the rounding.
    return float(Decimal(repr(round(value, 10))).quantize(Decimal(1).scaleb(-decimals), rounding=mode))


def label_of(feature: FeatureSpec) -> str:
    """Return the feature's label with its unit."""
    return f"{feature.label} ({feature.unit})" if feature.unit else feature.label


def written(feature: FeatureSpec, value: float, *, signed: bool = False) -> str:
    """Write a value in original units the way people read it."""
    return in_display_units(value, feature.display_factor, feature.decimals, feature.unit, signed=signed).strip()


def range_written(feature: FeatureSpec, low: float, high: float) -> str:
    """Write a range of values in original units, with the unit once."""
    decimals, factor = feature.decimals, feature.display_factor
    return f"{number(low * factor, decimals)} to {written(feature, high)}"


def grouped(features: Sequence[FeatureSpec]) -> list[tuple[str, list[FeatureSpec]]]:
    """Return the features by group; largest group first, so that cards of one height leave no holes between."""
    order = list(dict.fromkeys(feature.group for feature in features))
    by_group = {group: [f for f in features if f.group == group] for group in order}
    return sorted(by_group.items(), key=lambda item: -len(item[1]))
