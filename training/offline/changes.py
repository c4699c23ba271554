"""What changed since the version that was in use before: two versions side by side, and a few sentences."""

from collections.abc import Sequence

from model.bundle import Bundle
from model.evaluation import BASE_RATE
from model.manifest import Manifest
from model.wording import interval, number, percent, points, threshold_written
from training.offline import html
from training.panels.row_words import in_brackets, period, plural_of
from training.version_differences import CallChange, RowsChange, VersionDifferences, version_differences

LISTED = 8


def changes(bundle: Bundle, before: Bundle | None) -> list[str]:
    """Return the parts of the section about what changed since *before*; None where *bundle* is the first version."""
    if before is None:
        return [html.paragraph("This is the first version: there is none before it to compare with.")]
    found = version_differences(bundle, before)
    return [
        html.paragraph(_verdicts(bundle.manifest, before.manifest)),
        html.grid(
            ("Of each version", f"This version, {bundle.version}", f"Before, {before.version}"),
            [
                (name, now, was)
                for (name, now), (_, was) in zip(_facts(bundle.manifest), _facts(before.manifest), strict=True)
            ],
            "Both tested on rows they had not seen, each on its own",
            figures=False,
        ),
        html.points(
            [*_rows(found.rows, bundle), *_features(found), _drift(found, bundle), _calls(found.calls, bundle)]
        ),
    ]


def _verdicts(now: Manifest, was: Manifest) -> str:
    if now.verdict.outcome == was.verdict.outcome:
        return f"The verdict is as it was: {now.verdict.headline.lower()}."
    return f"The verdict has changed: it was “{was.verdict.headline}” and is “{now.verdict.headline}” now."


def _facts(manifest: Manifest) -> list[tuple[str, str]]:
    loss = manifest.metric("log_loss")
    base = next(baseline for baseline in loss.baselines if baseline.name == BASE_RATE)
    area, data = manifest.metric("auc"), manifest.trained_on
    return [
        ("Verdict", manifest.verdict.headline),
        (
            "Log loss less the base rate's (below 0 is better)",
            f"{number(base.difference, 4, signed=True)}\n"
            f"{interval(base.interval.low, base.interval.high, 4, signed=True)}",
        ),
        ("AUC (0.5 is a coin toss)", f"{number(area.value, 3)}\n{interval(area.interval.low, area.interval.high, 3)}"),
        ("Decision threshold", threshold_written(manifest.threshold.value)),
        ("Trained on", f"{data.rows:,} rows\n{period(data.first_day, data.last_day)}".strip()),
        ("Features", f"{len(manifest.features)}"),
    ]


def _rows(rows: RowsChange, bundle: Bundle) -> list[str]:
    said = [
        f"Training rows: {rows.shared:,} are the same, {rows.new.rows - rows.shared:,} are new,"
        f" {rows.old.rows - rows.shared:,} are left out."
    ]
    if group := bundle.manifest.layout.group:
        for names, what in ((rows.groups_added, "New"), (rows.groups_dropped, "Left out")):
            said += [f"{what} among the {plural_of(group)}: {_listed(names)}."] if names else []
    if rows.revised:
        said.append(f"{rows.revised:,} of the same rows have another value in some feature: the data were revised.")
    return said


def _features(found: VersionDifferences) -> list[str]:
    sides = ((found.features_added, "New features"), (found.features_dropped, "Features left out"))
    return [f"{what}: {_listed(names)}." for names, what in sides if names]


def _drift(found: VersionDifferences, bundle: Bundle) -> str:
    if found.drift.why_not:
        return f"Whether features have drifted cannot be said: {found.drift.why_not}."
    labels = {feature.name: feature.label for feature in bundle.manifest.features}
    told, every = [labels[feature.name] for feature in found.drift.told_apart], len(found.drift.features)
    if not told:
        return f"None of {every} features moved further between the versions than chance would have it."
    return f"{len(told)} of {every} features moved further than chance would have it{in_brackets(_listed(told))}."


def _calls(calls: CallChange | None, bundle: Bundle) -> str:
    if calls is None:
        return "The calls of the two versions cannot be compared: they share no row, or answer different questions."
    up = f"“{bundle.manifest.target.positive_class}”"
    return (
        f"Of {calls.rows:,} rows both were trained on, {calls.differ:,} are called differently"
        f" ({percent(calls.differ / calls.rows)}): {calls.gained:,} are {up} now only, {calls.lost:,} were before only."
        f" The probability moved by {points(calls.mean_move).lstrip('+')} on average and by"
        f" {points(calls.largest_move).lstrip('+')} at most."
    )


def _listed(names: Sequence[str]) -> str:
    more = len(names) - LISTED
    return ", ".join(names[:LISTED]) + (f" and {more:,} more" if more > 0 else "")
