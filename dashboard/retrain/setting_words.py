"""What a model is, in words: what was trained, and the settings in which it differs from another."""

from collections.abc import Mapping

from dashboard.retrain.words import Table
from dashboard.sentences import plain
from model.manifest import Manifest
from model.wording import threshold_written
from training.candidates import BASELINE, CANDIDATES
from training.panels.row_words import plural_of, title_of
from training.settings import ADDED_LATER, Settings

_LABELS = {
    "name": "Name",
    "candidate": "Candidate",
    "made_by": "Made by",
    "positive": "Positive class",
    "first_day": "First day",
    "last_day": "Last day",
    "split": "Split",
    "folds": "Folds",
    "window": "Training window",
    "first_window": "First window, days",
    "step": "Fold, days",
    "gap": "Gap, days",
    "horizon": "Horizon, days",
    "draws": "Resamples",
    "seed": "Seed",
}


def candidate_label(manifest: Manifest) -> str:
    """Say what was trained.

    A pipeline that came from elsewhere is none of the candidates; neither is one that this release does not know.
    """
    if made_by := manifest.settings.get("made_by"):
        return f"A fitted pipeline from elsewhere ({made_by})"
    name = str(manifest.settings.get("candidate") or BASELINE)
    return CANDIDATES[name].label_for(manifest.target) if name in CANDIDATES else name


def challenger_sentence(challenger: Manifest, champion: Manifest) -> str:
    """Say what the challenger is, what the champion is, and whether their settings differ."""
    differ = settings_table(challenger, champion)[1]
    settings = "in these settings they differ" if differ else "both have the same settings"
    return (
        f"The challenger is **{plain(candidate_label(challenger))}**, version {challenger.version}, trained on"
        f" {plain(challenger.trained_on.file)}; the champion is {plain(candidate_label(champion))}, version"
        f" {champion.version}; {settings}{':' if differ else '.'}"
    )


def settings_table(challenger: Manifest, champion: Manifest) -> Table:
    """Return the settings in which the two differ."""
    new, old = _settings(challenger), _settings(champion)
    rows = [(name, new.get(name, "–"), old.get(name, "–")) for name in dict.fromkeys([*new, *old])]
    return ("Setting", "Challenger", "Champion, in use"), [row for row in rows if row[1] != row[2]]


def _settings(manifest: Manifest) -> Mapping[str, str]:
    """Return all settings in words, by what they are called; what is not recorded is as it was before it could be."""
    default = Settings()
    recorded = {name: getattr(default, name) for name in ADDED_LATER if name != "horizon" or manifest.layout.returns}
    recorded |= {name: value for name, value in manifest.settings.items() if value not in (None, "")}
    recorded["candidate"] = candidate_label(manifest)
    found = {label: str(recorded[name]) for name, label in _LABELS.items() if name in recorded}
    if group := manifest.layout.group:
        found[title_of(plural_of(group))] = str(recorded.get("tickers", "all")).replace(",", ", ")
    for name in ("time", "group"):
        found[f"Column of {name}"] = getattr(manifest.layout, name) or "–"
    return found | {"Decision threshold": threshold_written(manifest.threshold.value)}
