"""Whether a threshold does the same everywhere: by year, by what rows belong to, and by thirds of a feature."""

from typing import Literal

from model.bootstrap import DayBootstrap
from model.bundle import Bundle
from model.manifest import LinearWeights, Manifest
from training.estimates import FEWEST_DAYS, FEWEST_ROWS, BoolArray
from training.groups import feature_of_rows, tercile_groups, ticker_groups, year_groups
from training.panels.costs import CallCosts
from training.threshold_scores import GroupScore, by_group

Grouping = Literal["year", "ticker", "feature"]

USUAL_FEATURE = "ret_vol_10"
# More tickers, customers and the like than that are no table to look through.
MOST_GROUPS = 20


def group_scores(
    bundle: Bundle, costs: CallCosts, threshold: float, grouping: Grouping, days: DayBootstrap, *, feature: str = ""
) -> list[GroupScore]:
    """Return the figures at *threshold* by year, by what rows belong to (the `MOST_GROUPS` largest), or by thirds.

    *days* is what is resampled: rows each on its own where `rows_on_their_own`.
    """
    rows = bundle.out_of_fold
    fewest = FEWEST_DAYS if bundle.manifest.layout.time else FEWEST_ROWS
    groups = rows_by(bundle, grouping, feature)
    return by_group(threshold, groups, rows, costs.stakes(rows), days, fewest_days=fewest)


def rows_by(bundle: Bundle, grouping: Grouping, feature: str = "") -> dict[str, BoolArray]:
    """Return which out-of-fold rows belong to each group; of many, the `MOST_GROUPS` with most rows.

    Raises
    ------
    InvalidInputError
        The rows cannot be divided by *feature*.
    """
    if grouping == "year":
        return year_groups(bundle.out_of_fold)
    if grouping == "ticker":
        return ticker_groups(bundle.out_of_fold, MOST_GROUPS)
    label = next(spec.label for spec in bundle.manifest.features if spec.name == feature)
    return tercile_groups(feature_of_rows(bundle, feature), label)


def rows_on_their_own(bundle: Bundle, grouping: Grouping) -> bool:
    """Whether rows are resampled each on its own: groups that are resampled whole tell nothing of one of them."""
    return grouping == "ticker" and not bundle.manifest.layout.time


def usual_feature(manifest: Manifest) -> str:
    """Return the feature whose thirds are shown first: the market's volatility, else what moves the answer most."""
    names = manifest.feature_names
    if manifest.layout.returns and USUAL_FEATURE in names:
        return USUAL_FEATURE
    if not isinstance(manifest.scorer, LinearWeights):
        return names[0]
    moves = [abs(weight) * f.sd for weight, f in zip(manifest.scorer.weights, manifest.features, strict=True)]
    return names[moves.index(max(moves))]


def label_of(bundle: Bundle, feature: str) -> str:
    """Return the label of a feature; nothing of none."""
    return next((spec.label for spec in bundle.manifest.features if spec.name == feature), "")
