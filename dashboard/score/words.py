"""What the Score page says: of how many rows, how many are called, and what to know about that."""

from collections.abc import Sequence

from dashboard.score.rows import allowed, original
from dashboard.score.scored_file import OutsideRange, ScoredFile
from dashboard.sentences import plain
from dashboard.tables import labels_described
from model.manifest import FeatureSpec, Manifest
from model.thresholds import Confusion
from model.wording import interval, percent
from training.estimates import FEWEST_ROWS, wilson
from training.panels import tables
from training.panels.display import range_written

# Where this share of a file lies outside the observed range of a feature, its unit may be another.
MOST = 0.5


def scored_sentence(scored: ScoredFile, out_of_fold: Confusion) -> str:
    """Say how many rows are called, beside what the model did on rows it had not seen."""
    manifest = scored.manifest
    up, n, calls = _up(manifest), len(scored.probability), int(scored.called.sum())
    span = f" ({scored.rows.span})" if scored.rows.span else ""
    return _unbroken(
        f"Of **{n:,}** {_rows(n)} in {plain(scored.name)}{span} the model calls {up} on **{calls:,}**"
        f" (**{percent(calls / n)}**) and makes no call on {n - calls:,}; a call is a probability of"
        f" {percent(manifest.threshold.value)} or more. Beside it: on its {out_of_fold.n:,} out-of-fold rows it called"
        f" {percent(out_of_fold.call_share)}, and **{percent(out_of_fold.base_rate)}** of them were {up} (the base"
        " rate)."
    )


def empty_sentence(manifest: Manifest, bars: bool) -> str:
    """Say what to do while there is no file."""
    what = "daily bars or a table of feature rows" if bars else "feature rows"
    return (
        f"Choose a file of {what}, or try an example: each row gets its probability of {_up(manifest)} and the call,"
        " to look through here and to download."
    )


def outcome_sentence(scored: ScoredFile) -> str | None:
    """Say how often it came true on the called rows, beside all rows of the file; None where the file does not tell."""
    found = scored.outcomes
    if found is None:
        return None
    up = _up(scored.manifest)
    base = (
        f"**{percent(found.positive / found.known)}** of all {found.known:,} {_rows(found.known)} whose outcome the"
        " file tells (the base rate in the file)"
    )
    caution = "Rows the model was trained on may be among them, so this is no test of it."
    if not found.called:
        return _unbroken(f"None of the rows with a known outcome is called; {up} came true on {base}. {caution}")
    between = wilson(found.called_positive, found.called)
    within = ""
    if found.called >= FEWEST_ROWS:
        ends = interval(100 * between.low, 100 * between.high, 1)
        within = f" (95 % interval {ends}, taking the rows as independent)"
    return _unbroken(
        f"{up} came true on **{percent(found.called_positive / found.called)}** of {found.called:,} called"
        f" {_rows(found.called)}{within}, beside {base}. {caution}"
    )


def outside_sentence(scored: ScoredFile) -> str | None:
    """Say how many rows hold values the model has never seen; None where there are none."""
    count, n = int(scored.outside.sum()), len(scored.outside)
    if not count:
        return None
    hold = "holds a value" if count == 1 else "hold values"
    return _unbroken(
        f"**{count:,} of {n:,} {_rows(n)}** ({percent(count / n)}) {hold} outside everything seen in training: the"
        " probability is an extrapolation there."
    )


def unit_hints(scored: ScoredFile) -> list[str]:
    """Ask whether a feature is in another unit, where most of its values are outside and pages show another."""
    n = len(scored.probability)
    return [
        f"Most values of {plain(one.feature.name)} are outside what was seen in training. Files hold original units:"
        f" what pages show as {plain(range_written(one.feature, one.feature.p5, one.feature.p95))} is"
        f" {original(one.feature.p5)} to {original(one.feature.p95)} here."
        for one in scored.outside_by_feature
        if one.below + one.above > MOST * n and one.feature.display_factor != 1
    ]


def outside_table(found: Sequence[OutsideRange]) -> str:
    """How many rows lie outside, by feature."""
    return tables.table(
        ("Feature", "Rows below", "Rows above", "Seen in training"),
        [
            (f"{one.feature.label}\n{one.feature.name}", f"{one.below:,}", f"{one.above:,}", _observed(one.feature))
            for one in found
        ],
        caption="Values outside the observed range, in original units",
    )


def columns_table(features: Sequence[FeatureSpec]) -> str:
    """The columns that a table of feature rows needs."""
    return tables.table(
        ("Column", "What it is", "Allowed", "Seen in training"),
        [
            (feature.name, described, allowed(feature), _observed(feature))
            for feature, described in zip(features, labels_described(features), strict=True)
        ],
        caption=f"The columns of a table of feature rows, in original units{_for_instance(features)}",
        figures=False,
    )


def _for_instance(features: Sequence[FeatureSpec]) -> str:
    """Say how a percentage stands in a file, where pages show any."""
    percentages = any(feature.unit.startswith("%") for feature in features)
    return ": a move of 1 % is 0.01" if percentages else ""


def what_is_downloaded(scored: ScoredFile) -> str:
    """Say which columns the downloads hold."""
    ours = ", ".join(f"`{name}`" for name in scored.score_names)
    replaced = ""
    if scored.replaced:
        replaced = f" The file's own {', '.join(f'`{name}`' for name in scored.replaced)} gave way to them."
    return (
        f"{plain(scored.rows.columns)} and {ours}, numbers in full precision, rows in the order of the file.{replaced}"
    )


def _observed(feature: FeatureSpec) -> str:
    seen = f"{original(feature.min)} to {original(feature.max)}"
    shown = range_written(feature, feature.min, feature.max)
    return f"{seen}\npages show {shown}" if feature.display_factor != 1 else seen


def _up(manifest: Manifest) -> str:
    return f"“{plain(manifest.target.positive_class)}”"


def _rows(count: int) -> str:
    return "row" if count == 1 else "rows"


def _unbroken(text: str) -> str:
    """Keep numbers and their percent signs on one line."""
    return text.replace(" %", "\u00a0%")
