"""What the Retrain page says of a challenger: numbers in, sentences and tables out."""

from collections.abc import Mapping, Sequence

from dashboard.comparison import Comparison
from dashboard.sentences import plain
from model.bundle import Bundle
from model.manifest import FeatureSpec, Manifest, TrainedOn
from model.wording import interval, number, percent, points
from training.drift import FeatureDrift
from training.ledger import Looks
from training.panels.display import written
from training.panels.row_words import blocks, in_brackets, period, plural_of
from training.panels.tables import Cell
from training.version_differences import CallChange, Drift, RowsChange, VersionDifferences, WeightChange

# A table as `training.panels.tables.table` takes it: its header and its rows.
Table = tuple[Sequence[str], Sequence[Sequence[Cell]]]

LISTED = 8


def unbroken(text: str) -> str:
    """Keep numbers and their percent signs on one line."""
    return text.replace(" %", "\u00a0%")


def not_compared(why: str, challenger: Manifest, champion: Manifest) -> str:
    """Say why two models cannot be compared row by row, and what each can be compared with."""
    new, old = challenger.metrics[0], champion.metrics[0]
    tested = (f"{one.n:,} rows{in_brackets(period(one.first_day, one.last_day))}" for one in (new, old))
    return (
        f"**The two cannot be compared row by row:** {why}. The challenger was tested on {next(tested)}, the champion"
        f" on {next(tested)}: compare each with its own baselines, not the two scores with each other."
    )


def paired_table(found: Comparison) -> Table:
    """Log loss of both on the same rows, and the difference with its interval."""
    between = interval(found.interval.low, found.interval.high, 5, signed=True)
    return (
        ("On the same rows", "Challenger", "Champion, in use", "Difference", "95 % interval"),
        [
            (
                "Log loss",
                number(found.challenger, 5),
                number(found.champion, 5),
                number(found.difference, 5, signed=True),
                between,
            )
        ],
    )


def looks_sentence(found: Comparison, looks: Looks) -> str:
    """Say how often these rows were looked at, and what that does to the claim."""
    counted = looks.sentence[:1].upper() + looks.sentence[1:]
    if found.corrected is None or found.identical:
        return counted
    reach = interval(found.corrected.low, found.corrected.high, 5, signed=True)
    if found.outcome == found.at_first_sight:
        return f"{counted} So wide, it reaches from {reach}: the answer stays the same."
    return (
        f"{counted} So wide, it reaches from {reach}: the challenger looked {found.at_first_sight} at first sight, and"
        " after so many looks that cannot be told from chance."
    )


def calls_sentence(calls: CallChange | None, new: Bundle, old: Bundle) -> str:
    """Say how many of the rows both know are called otherwise, and how far probabilities move."""
    if calls is None:
        why = (
            "they answer different questions"
            if new.manifest.target != old.manifest.target
            else "no row that one was trained on is known to the other"
        )
        return f"Calls cannot be compared: {why}."
    up = f"“{plain(new.manifest.target.positive_class)}”"
    only = f"{calls.gained:,} called {up} by the challenger only, {calls.lost:,} by the champion only."
    return (
        f"Of the {calls.rows:,} training rows both know, **{calls.differ:,} are called differently**"
        f" ({percent(calls.differ / calls.rows)}): {only} The probability of {up} moves by"
        f" {points(calls.mean_move).lstrip('+')} on average and by {points(calls.largest_move).lstrip('+')} at most."
        " Both versions have seen these rows: this says how alike they are, not which is better."
    )


def rows_sentence(rows: RowsChange, new: Bundle) -> str:
    """Say which rows came and went."""
    group = new.manifest.layout.group
    said = [
        f"Trained on {_trained(rows.new)}, the champion on {_trained(rows.old)}: {rows.shared:,} rows are the same,"
        f" {rows.new.rows - rows.shared:,} are new and {rows.old.rows - rows.shared:,} are left out."
    ]
    if group:
        for names, what in ((rows.groups_added, "New"), (rows.groups_dropped, "Left out")):
            said += [f"{what} among the {plural_of(group)}: {_listed(names)}."] if names else []
    if rows.revised:
        said.append(f"**{rows.revised:,} of the same rows have another value in some feature:** the data were revised.")
    return " ".join(said)


def _trained(data: TrainedOn) -> str:
    return f"{data.rows:,} rows{in_brackets(period(data.first_day, data.last_day))}"


def _listed(names: Sequence[str]) -> str:
    shown, more = ", ".join(plain(name) for name in names[:LISTED]), len(names) - LISTED
    return f"{shown} and {more:,} more" if more > 0 else shown


def features_sentence(found: VersionDifferences) -> str:
    """Say which features only one of the versions has; empty where there is none."""
    said = []
    if found.features_added:
        said.append(f"Only the challenger has {_listed(found.features_added)}.")
    if found.features_dropped:
        said.append(f"Only the champion has {_listed(found.features_dropped)}.")
    return " ".join([*said, "What follows is about the features both have."] if said else [])


def drift_sentence(drift: Drift, new: Bundle) -> str:
    """Say whether features have drifted further than chance would have it, and how chance was judged."""
    if drift.why_not:
        return f"There is no drift to speak of: {drift.why_not}."
    labels = {feature.name: feature.label for feature in new.manifest.features}
    told, every = drift.told_apart, len(drift.features)
    if told:
        has = "feature has" if len(told) == 1 else "features have"
        first = (
            f"**{len(told)} of {every} {has} drifted** further than chance would have it:"
            f" {_listed([labels[feature.name] for feature in told])}."
        )
    else:
        first = f"**No drift that can be told from chance** in any of the {every} features."
    noun = blocks(new.manifest.layout)
    how = (
        "the rows that differ were taken from every other place in the same record, whole days together and in their"
        " order"
        if noun == "days"
        else f"which {noun} are new was shuffled"
    )
    return (
        f"{first} How far apart the rows of two versions lie by chance was seen on these {drift.units:,} {noun}"
        f" themselves: {how}. Chance takes any of the features beyond any of its limits about once in twenty times;"
        " where features change slowly for so short a record, up to once in twelve."
    )


def drift_table(drifts: Sequence[FeatureDrift], features: Mapping[str, FeatureSpec]) -> Table:
    """Each feature with its typical values, how far apart the two versions lie in it, and what that comes to."""
    return (
        ("Feature", "Median, champion", "Median, challenger", "Stability index", "Distance", "Drift"),
        [
            (
                features[drift.name].label,
                written(features[drift.name], drift.old_median),
                written(features[drift.name], drift.new_median),
                f"{number(drift.psi, 4)}\nby chance up to {number(drift.psi_limit, 4)}",
                f"{number(drift.distance, 3)}\nby chance up to {number(drift.distance_limit, 3)}",
                "▲ further than chance" if drift.told_apart else "cannot be told from chance",
            )
            for drift in drifts
        ],
    )


def weights_sentence(weights: Sequence[WeightChange] | None) -> str:
    """Say what the weights are, or why there are none to show."""
    if weights is None:
        return "Weights can be put side by side where both versions are linear, and these are not."
    if not weights:
        return "The two versions have no feature in common whose weights could be put side by side."
    return (
        "In log-odds, for one standard deviation of the feature in the champion's training rows. Weights are no"
        " importances: features that overlap share their weight out between them, and it can move from one to another"
        " without any change in what the model says."
    )


def weights_table(weights: Sequence[WeightChange], features: Mapping[str, FeatureSpec]) -> Table:
    """Each weight in both versions, and its change; largest change first."""
    return (
        ("Feature", "Champion, in use", "Challenger", "Change"),
        [
            (features[weight.name].label, *(number(v, 3, signed=True) for v in (weight.old, weight.new, weight.change)))
            for weight in sorted(weights, key=lambda weight: -abs(weight.change))
        ],
    )
