"""The commands that make a bundle again, with every setting it was made with and the hash of its data."""

import re
import shlex
from collections.abc import Mapping

from model.manifest import Manifest
from model.wording import number
from training.places import ROOT, SHIPPED_BARS
from training.settings import EXPANDING, HORIZON_DAYS, Settings
from training.target_values import target_values

# Written by `keep_threshold`, not by training: whoever makes the bundle again keeps it again.
_KEPT_BY_HAND = frozenset({"--threshold"})


def reproduce(manifest: Manifest) -> list[str]:
    """Return the commands that make the same version again, and the hash by which its data are known."""
    made_by = str(manifest.settings.get("made_by", ""))
    if made_by and not made_by.startswith("python"):
        lines = [f"# rows: sha256 {manifest.trained_on.sha256}", _in_python(manifest, made_by)]
    elif made_by:
        lines = [*_data_lines(manifest), f"{made_by} {_pickle_of(manifest)} --trust {_words(_adoption(manifest))}"]
    elif manifest.layout.returns:
        lines = _on_bars(manifest)
    else:
        chosen = {f"--{name}": manifest.settings.get(name) for name in ("candidate", "window", "name")}
        options = _table(manifest) | _evaluation(manifest) | chosen
        lines = [*_data_lines(manifest), f"python -m training {_words(_unless_kept(manifest, options))} --no-promote"]
    return [*lines, *_kept(manifest), f"python -m training report --version {manifest.version}"]


def _on_bars(manifest: Manifest) -> list[str]:
    names = [_place_of(name) for name in manifest.trained_on.file.split(", ")]
    settings = manifest.settings
    lines, data = _data_lines(manifest), names[0]
    horizon = int(settings.get("horizon") or HORIZON_DAYS)
    if len(names) > 1:
        data = "bars.parquet"
        lines.append(f"python -m training features {shlex.join(names)} --out {data} --horizon {horizon}")
    options = {
        "--data": data,
        "--from": settings.get("first_day"),
        "--to": settings.get("last_day"),
        "--candidate": settings.get("candidate", Settings().candidate),
        "--window": settings.get("window", EXPANDING),
        "--horizon": horizon,
    }
    given = _words(_unless_kept(manifest, options | _evaluation(manifest)))
    tickers = str(settings.get("tickers") or "").split(",")
    only = f" --tickers {shlex.join(tickers)}" if tickers != [""] else ""
    return [*lines, f"python -m training {given}{only} --no-promote"]


def _evaluation(manifest: Manifest) -> dict[str, object]:
    settings = manifest.settings
    return {
        "--first-window": settings.get("first_window"),
        "--fold-days": settings.get("step"),
        "--folds": settings.get("folds"),
        "--gap": settings.get("gap"),
        "--threshold": settings.get("threshold"),
        "--draws": settings.get("draws"),
        "--seed": settings.get("seed"),
    }


def _table(manifest: Manifest) -> dict[str, object]:
    return {
        "--table": manifest.trained_on.file,
        "--target": manifest.target.column,
        "--positive": manifest.settings.get("positive") or _positive_value(manifest),
        "--time": manifest.layout.time,
        "--group": manifest.layout.group,
    }


def _positive_value(manifest: Manifest) -> str:
    values = target_values(manifest.target)
    return values[0] if values else manifest.target.positive_class


def _adoption(manifest: Manifest) -> dict[str, object]:
    names = ("name", "threshold", "folds", "gap", "draws", "seed")
    options = {f"--{name}": manifest.settings.get(name) for name in names}
    return _unless_kept(manifest, _table(manifest) | options)


def _pickle_of(manifest: Manifest) -> str:
    """Return the name of the pickle that was adopted, which a manifest holds in a warning."""
    warnings = "\n".join(manifest.trained_on.warnings)
    found = re.search(r"The pipeline was adopted from (.*?) \(sha256 ", warnings)
    return shlex.quote(found.group(1) if found else "model.pkl")


def _in_python(manifest: Manifest, made_by: str) -> str:
    names = ("threshold", "name", "positive", "folds", "gap", "draws", "seed")
    given = {name: value for name in names if (value := manifest.settings.get(name)) is not None}
    if manifest.threshold.reason:
        given.pop("threshold", None)
    return f"{made_by}(pipeline, X, y, {', '.join(f'{name}={value!r}' for name, value in given.items())})"


def _unless_kept(manifest: Manifest, options: Mapping[str, object]) -> dict[str, object]:
    """Leave out what was chosen on the rows once there was a model."""
    left_out = _KEPT_BY_HAND if manifest.threshold.reason else frozenset()
    return {name: value for name, value in options.items() if name not in left_out}


def _kept(manifest: Manifest) -> list[str]:
    threshold = manifest.threshold
    if not threshold.reason:
        return []
    return [f"# then keep the threshold {number(threshold.value, 3)} on the Threshold page: “{threshold.reason}”"]


def _data_lines(manifest: Manifest) -> list[str]:
    source = manifest.trained_on
    names = source.file.split(", ")
    if len(names) > 1:
        return [f"# data: {source.file}; sha256 of their sha256, one a line: {source.sha256}"]
    return [f"sha256sum {shlex.quote(_place_of(source.file))}  # {source.sha256}"]


def _place_of(name: str) -> str:
    return str(SHIPPED_BARS.relative_to(ROOT).as_posix()) if name == SHIPPED_BARS.name else name


def _words(options: Mapping[str, object]) -> str:
    """Write options and their values as a shell takes them; what was not given stays out."""
    given = [word for name, value in options.items() if value not in (None, "") for word in (name, str(value))]
    return shlex.join(given)
