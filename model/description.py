"""What the manifest says of the rows, the features and the folds of a run."""

import numpy as np
from numpy.typing import NDArray

from model.bars import FloatArray
from model.dataset import FeatureTable
from model.evaluation import span
from model.features import FeatureDefinition
from model.folds import RowFold
from model.manifest import Exclusion, FeatureSpec, Fold, Histogram, TickerSpan, TrainedOn

HISTOGRAM_BINS = 60
# A manifest that lists more is no longer read by anyone.
MOST_GROUPS_LISTED = 200


def trained_on(table: FeatureTable, excluded: list[Exclusion]) -> TrainedOn:
    """Say which rows are behind the bundle."""
    source = table.provenance
    warnings = list(source.warnings)
    spans = _spans(table) if table.layout.group else []
    if len(spans) > MOST_GROUPS_LISTED and not table.layout.returns:
        warnings.append(f"The rows belong to {len(spans):,} different “{table.layout.group}”; they are not listed.")
        spans = []
    return TrainedOn(
        file=source.file,
        sha256=source.sha256,
        adjustment=source.adjustment,
        rows=len(table),
        first_day=span(table.day)[0],
        last_day=span(table.day)[1],
        tickers=spans,
        excluded=excluded,
        warnings=warnings,
    )


def _spans(table: FeatureTable) -> list[TickerSpan]:
    groups, of_row, counts = np.unique(table.ticker, return_inverse=True, return_counts=True)
    # Sorted once: to look through all rows for each group would take groups × rows.
    rows_of = np.split(np.argsort(of_row, kind="stable"), np.cumsum(counts)[:-1])
    spans = []
    for group, rows in zip(groups, rows_of, strict=True):
        first, last = span(table.day[rows])
        spans.append(TickerSpan(ticker=str(group), rows=len(rows), first_day=first, last_day=last))
    return spans


def feature_spec(definition: FeatureDefinition, values: FloatArray) -> FeatureSpec:
    """Put a feature's words and the values seen in training together; what is missing is left out."""
    values = values[~np.isnan(values)]
    p1, p5, median, p95, p99 = (float(q) for q in np.quantile(values, [0.01, 0.05, 0.5, 0.95, 0.99]))
    counts, edges = np.histogram(values, bins=HISTOGRAM_BINS)
    return FeatureSpec(
        name=definition.name,
        label=definition.label,
        group=definition.group,
        unit=definition.unit,
        description=definition.description,
        decimals=definition.decimals,
        display_factor=definition.display_factor,
        hard_minimum=definition.minimum,
        hard_maximum=definition.maximum,
        min=float(values.min()),
        p1=p1,
        p5=p5,
        median=median,
        p95=p95,
        p99=p99,
        max=float(values.max()),
        mean=float(values.mean()),
        sd=float(values.std(ddof=1)),
        histogram=Histogram(edges=edges.tolist(), counts=counts.tolist()),
    )


def fold_record(table: FeatureTable, y: NDArray[np.int64], fold: RowFold) -> Fold:
    """Say what one fold was trained and tested on."""
    train_first, train_last = span(table.day[fold.train])
    test_first, test_last = span(table.day[fold.test])
    return Fold(
        fold=fold.number,
        train_first_day=train_first,
        train_last_day=train_last,
        train_rows=int(fold.train.sum()),
        test_first_day=test_first,
        test_last_day=test_last,
        test_rows=int(fold.test.sum()),
        base_rate=float(y[fold.train].mean()),
    )
