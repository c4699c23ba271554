"""What the manifest says of the rows, the features and the folds of a run."""

import numpy as np
from numpy.typing import NDArray

from model.bars import FloatArray
from model.features import FeatureDefinition
from model.manifest import Exclusion, FeatureSpec, Fold, Histogram, TickerSpan, TrainedOn
from training.table import FeatureTable
from training.walk_forward import RowFold

HISTOGRAM_BINS = 60


def trained_on(table: FeatureTable, excluded: list[Exclusion]) -> TrainedOn:
    """Say which rows are behind the bundle."""
    source = table.provenance
    spans = []
    for ticker in np.unique(table.ticker):
        day = table.day[table.ticker == ticker]
        spans.append(TickerSpan(ticker=str(ticker), rows=len(day), first_day=str(day.min()), last_day=str(day.max())))
    return TrainedOn(
        file=source.file,
        sha256=source.sha256,
        adjustment=source.adjustment,
        rows=len(table),
        first_day=str(table.day.min()),
        last_day=str(table.day.max()),
        tickers=spans,
        excluded=excluded,
        warnings=list(source.warnings),
    )


def feature_spec(definition: FeatureDefinition, values: FloatArray) -> FeatureSpec:
    """Put a feature's words and the values seen in training together."""
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
    train_days, test_days = table.day[fold.train], table.day[fold.test]
    return Fold(
        fold=fold.number,
        train_first_day=str(train_days.min()),
        train_last_day=str(train_days.max()),
        train_rows=int(fold.train.sum()),
        test_first_day=str(test_days.min()),
        test_last_day=str(test_days.max()),
        test_rows=int(fold.test.sum()),
        base_rate=float(y[fold.train].mean()),
    )
