"""The parts of the model card as HTML, each from the manifest alone."""

from dashboard.sentences import names_quoted, unbroken
from dashboard.tables import labels_described, scrolling
from model.manifest import Fold, Manifest, TickerSpan
from model.wording import number, percent
from training.panels import tables
from training.panels.display import range_written, written
from training.panels.row_words import period, plural_of, rows_counted, title_of

# More groups than that are counted, not listed.
GROUPS_LISTED = 12
FOLDS_IN_WORDS = {
    "walk-forward": "Walk-forward: trained on the days before, tested on days not seen",
    "grouped": (
        "Whole groups, dealt at random: each {group} is tested by a model that has not seen it. Rows have no time, so"
        " this says nothing of later rows."
    ),
    "stratified": (
        "Rows dealt at random, with equal shares of both classes: each is tested by a model that has not seen it. This"
        " says nothing of later rows, nor of rows that belong to what the model has seen."
    ),
}


def scores(manifest: Manifest) -> str:
    """Every metric with its interval, beside its baselines."""
    first = manifest.metrics[0]
    groups = first.days or len(manifest.trained_on.tickers)
    return tables.table(
        ("Metric", "Model", "Baselines on the same rows", "Difference"),
        [
            (metric.label, tables.metric_cell(metric), tables.baseline_cell(metric), tables.difference_cell(metric))
            for metric in manifest.metrics
        ],
        caption=f"{rows_counted(manifest.layout, first.n, groups, period(first.first_day, first.last_day))};"
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
    shown = tables.table(
        ("Feature", "Median", "1–99 %", "Seen"),
        [
            (
                described,
                written(feature, feature.median),
                range_written(feature, feature.p1, feature.p99),
                range_written(feature, feature.min, feature.max),
            )
            for feature, described in zip(manifest.features, labels_described(manifest.features), strict=True)
        ],
        caption=f"Values of the {manifest.trained_on.rows:,} training rows",
    )
    return scrolling(shown, "Features", len(manifest.features))


def folds(manifest: Manifest) -> str:
    """How the scores came about, fold by fold."""
    return tables.table(
        ("Fold", "Trained to" if manifest.layout.time else "Trained on", "Tested on"),
        [(f"Fold {fold.fold}", *_trained_and_tested(fold, manifest)) for fold in manifest.folds],
        caption=FOLDS_IN_WORDS[manifest.layout.folds].format(group=manifest.layout.group),
    )


def _trained_and_tested(fold: Fold, manifest: Manifest) -> tuple[str, str]:
    trained = f"{fold.train_rows:,} rows, {percent(fold.base_rate)} “{manifest.target.positive_class}”"
    tested = f"{fold.test_rows:,} {'row' if fold.test_rows == 1 else 'rows'}"
    if not fold.test_first_day:
        return trained, tested
    return f"{fold.train_last_day}\n{trained}", f"{fold.test_first_day} to {fold.test_last_day}\n{tested}"


def data(manifest: Manifest) -> str:
    """The rows the model was trained on."""
    source, layout = manifest.trained_on, manifest.layout
    supplied = source.adjustment.startswith("none")
    prices = ("Prices", source.adjustment if supplied else f"adjusted {source.adjustment}")
    of_groups: tuple[tables.Cell, ...] = tuple(_group_in_words(span) for span in source.tickers[:GROUPS_LISTED])
    if (more := len(source.tickers) - GROUPS_LISTED) > 0:
        of_groups = (*of_groups, f"and {more:,} more")
    span = period(source.first_day, source.last_day)
    return tables.facts(
        [
            ("File", f"{source.file}\nsha256 {source.sha256}"),
            *([prices] if layout.returns else []),
            ("Rows", f"{source.rows:,}{f', {span}' if span else ''}"),
            *([(title_of(plural_of(layout.group)), of_groups)] if layout.group else []),
            ("Left out", tuple(f"{e.ticker}: {e.reason}" for e in source.excluded) or "nothing"),
            ("Warnings", tuple(unbroken(warning) for warning in source.warnings) or "none"),
        ]
    )


def _group_in_words(span: TickerSpan) -> str:
    days = period(span.first_day, span.last_day)
    return f"{span.ticker}: {span.rows:,} {'row' if span.rows == 1 else 'rows'}{f', {days}' if days else ''}"


def identity(manifest: Manifest, sha256: str) -> str:
    """Which bundle this is, and how its threshold came about."""
    threshold = manifest.threshold
    given = {key: value for key, value in manifest.settings.items() if value not in ("", None)}
    return tables.facts(
        [
            ("Version", f"{manifest.name} {manifest.version}\nsha256 {sha256}"),
            ("Made", manifest.created),
            ("Target", f"{manifest.target.question}\n{names_quoted(manifest.target.description)}"),
            ("Threshold", f"{number(threshold.value, 3)}: {threshold.rule}\nchosen on {threshold.chosen_on}"),
            ("Settings", "; ".join(f"{key.replace('_', ' ')} {value}" for key, value in given.items())),
            ("Packages", ", ".join(f"{name} {version}" for name, version in manifest.packages.items())),
        ]
    )
