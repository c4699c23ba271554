"""The parts of the model card as HTML, each from the manifest alone."""

from dashboard import tables
from dashboard.display import range_written, written
from model.manifest import Manifest
from model.wording import number, percent


def scores(manifest: Manifest) -> str:
    """Every metric with its interval, beside its baselines."""
    first = manifest.metrics[0]
    return tables.table(
        ("Metric", "Model", "Baselines on the same rows", "Difference"),
        [
            (metric.label, tables.metric_cell(metric), tables.baseline_cell(metric), tables.difference_cell(metric))
            for metric in manifest.metrics
        ],
        caption=f"{first.n:,} out-of-fold rows on {first.days:,} days, {first.first_day} to {first.last_day};"
        " intervals are 95 %, differences model minus baseline",
    )


def checks(manifest: Manifest) -> str:
    """Every assumption with the check that tested it."""
    return tables.table(
        ("Assumption", "Outcome", "Finding"),
        [(check.assumption, "✓ held" if check.passed else "✗ failed", check.finding) for check in manifest.checks],
        caption="Each assumption, and what testing it found",
        figures=False,
    )


def features(manifest: Manifest) -> str:
    """What goes in, in the units of the pages."""
    return tables.table(
        ("Feature", "Median", "1–99 %", "Seen"),
        [
            (
                f"{feature.label}\n{feature.description}",
                written(feature, feature.median),
                range_written(feature, feature.p1, feature.p99),
                range_written(feature, feature.min, feature.max),
            )
            for feature in manifest.features
        ],
        caption=f"Values of the {manifest.trained_on.rows:,} training rows",
    )


def folds(manifest: Manifest) -> str:
    """How the scores came about, fold by fold."""
    up = f"“{manifest.target.positive_class}”"
    return tables.table(
        ("Fold", "Trained to", "Tested on"),
        [
            (
                f"Fold {fold.fold}",
                f"{fold.train_last_day}\n{fold.train_rows:,} rows, {percent(fold.base_rate)} {up}",
                f"{fold.test_first_day} to {fold.test_last_day}\n{fold.test_rows:,} rows",
            )
            for fold in manifest.folds
        ],
        caption="Walk-forward: trained on the days before, tested on days not seen",
    )


def data(manifest: Manifest) -> str:
    """The rows the model was trained on."""
    source = manifest.trained_on
    supplied = source.adjustment.startswith("none")
    return tables.facts(
        [
            ("File", f"{source.file}\nsha256 {source.sha256}"),
            ("Prices", source.adjustment if supplied else f"adjusted {source.adjustment}"),
            ("Rows", f"{source.rows:,}, {source.first_day} to {source.last_day}"),
            ("Tickers", tuple(f"{t.ticker}: {t.rows:,} rows, {t.first_day} to {t.last_day}" for t in source.tickers)),
            ("Left out", tuple(f"{e.ticker}: {e.reason}" for e in source.excluded) or "nothing"),
            ("Warnings", tuple(source.warnings) or "none"),
        ]
    )


def identity(manifest: Manifest, sha256: str) -> str:
    """Which bundle this is, and how its threshold came about."""
    threshold = manifest.threshold
    given = {key: value for key, value in manifest.settings.items() if value not in ("", None)}
    return tables.facts(
        [
            ("Version", f"{manifest.name} {manifest.version}\nsha256 {sha256}"),
            ("Made", manifest.created),
            ("Target", f"{manifest.target.question}\n{manifest.target.description}"),
            ("Threshold", f"{number(threshold.value, 3)}: {threshold.rule}\nchosen on {threshold.chosen_on}"),
            ("Settings", "; ".join(f"{key.replace('_', ' ')} {value}" for key, value in given.items())),
            ("Packages", ", ".join(f"{name} {version}" for name, version in manifest.packages.items())),
        ]
    )
