"""The leak probe: every check that features and rows know no more than they could, worst first."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

import numpy as np

from model.any_rows import LARGEST_VALUE, has_missing
from model.bars import Bars
from model.bootstrap import DayBootstrap
from model.checks import SUSPICIOUS_AUC
from model.dataset import FeatureTable
from model.errors import TrainingError
from model.features import FEATURE_NAMES, build_features
from model.folds import RowFold, folds_by_day
from model.splitting import SplitSettings, split
from training.any_table import imputing_baseline
from training.candidates import baseline
from training.feature_history import Builder
from training.leaks.controls import shuffled_target, target_shift
from training.leaks.dead import dead_features
from training.leaks.history import prefix_invariance, warm_up
from training.leaks.returns import target_and_return
from training.leaks.rows import duplicate_rows, folds_keep_apart, future_days, repeated_days
from training.leaks.single import feature_shift, plausible_auc, target_in_features
from training.leaks.source import Source
from training.leaks.subject import Finding, NotRun, Probe, Subject
from training.settings import Settings
from training.table_values import RECORDED_VALUES

DRAWS = 1000

WORST_FIRST = (
    RECORDED_VALUES,
    "target_in_features",
    "target_and_return",
    "prefix_invariance",
    "target_shift",
    "plausible_auc",
    "feature_shift",
    "shuffled_target",
    "duplicate_rows",
    "whole_groups",
    "gap",
    "whole_days",
    "row_order",
    "repeated_days",
    "future_days",
    "warm_up",
    "dead_features",
)


def probe_source(source: Source, *, today: date, limit: float | None = None, seed: int = 0) -> Probe:
    """Look for leaks in what was read, and in how its features are built where its bars are known.

    No row may be later than *today*; *limit* is the AUC above which one looks for a leak. By default that is
    0.60 where a call earns a return, for in markets more is not to be had; elsewhere there is none.
    """
    table = source.table
    subject = subject_of(table, limit=limit, seed=seed)
    findings = [
        *source.findings,
        target_in_features(subject),
        plausible_auc(subject),
        shuffled_target(subject),
        duplicate_rows(subject),
        dead_features(subject, source.left_out),
        *folds_keep_apart(subject),
    ]
    not_run = []
    if source.bars is not None:
        findings += probe_bars(source.bars, source.build, subject.names)
    if table.layout.returns:
        findings.append(target_and_return(subject))
    if table.layout.time is not None:
        findings += [future_days(table, today), repeated_days(table)]
    else:
        not_run.append(NotRun("future_days, repeated_days, row_order", "the rows have no time (--time)"))
    if why := _no_neighbours(subject.table):
        not_run.append(NotRun("target_shift, feature_shift", why))
    else:
        findings += [target_shift(subject), feature_shift(subject)]
    return Probe(tuple(sorted(findings, key=_rank)), tuple(not_run))


def probe_bars(bars: Bars, build: Builder = build_features, names: Sequence[str] = FEATURE_NAMES) -> list[Finding]:
    """Look for features that know the future, or never forget where the history starts.

    *build* makes them, shape (rows, features), from bars by ticker, then day; *names* are its columns.
    """
    return [prefix_invariance(bars, build, names), warm_up(bars, build, names)]


def subject_of(table: FeatureTable, *, limit: float | None = None, seed: int = 0) -> Subject:
    """Return *table* as the checks take it: known targets, in order, with folds and resampled days."""
    known = table.take(~np.isnan(table.y))
    if table.layout.time or table.layout.group:
        known = known.take(np.lexsort((known.day, known.ticker)))
    if len(np.unique(known.y)) < 2:
        msg = "The target has one class only: nothing can be told of leaks. Supply rows of both."
        raise TrainingError(msg)
    largest = np.nanmax(np.abs(known.X), axis=0, initial=0.0)
    if huge := [feature.name for feature, value in zip(table.features, largest, strict=True) if value > LARGEST_VALUE]:
        msg = f"{', '.join(huge)}: values beyond {LARGEST_VALUE:g}, whose squares overflow. Use a larger unit."
        raise TrainingError(msg)
    if limit is None and table.layout.returns:
        limit = SUSPICIOUS_AUC
    make: Callable[[], Any] = imputing_baseline if has_missing(known.X) else baseline
    days = DayBootstrap.of_rows(known, known.layout, draws=DRAWS, seed=seed)
    return Subject(known, _folds(known, seed), days, make, limit, seed)


def _folds(table: FeatureTable, seed: int) -> list[RowFold]:
    """Split as training does: the shipped windows where they fit the market, else what the rows allow.

    Folds whose training rows hold one class only are left out: no model can be fitted there.
    """
    default = Settings()
    if table.layout.returns and len(np.unique(table.day)) > default.first_window + default.step:
        folds = folds_by_day(table.day, first_window=default.first_window, step=default.step, gap=default.gap)
    else:
        folds = split(table, SplitSettings(gap=max(1, table.target.horizon), seed=seed)).folds
    usable = [fold for fold in folds if 0 < table.y[fold.train].mean() < 1]
    if not usable:
        msg = "No fold has training rows of both classes: nothing can be told of leaks. Supply a longer history."
        raise TrainingError(msg)
    return usable


def _no_neighbours(table: FeatureTable) -> str:
    """Say why rows have no row before and after them, if they have none."""
    if table.layout.time is None:
        return "the rows have no time (--time), so no row is next to another"
    alone = (table.ticker[1:] != table.ticker[:-1]) | (table.day[1:] != table.day[:-1])
    if not alone.all():
        thing = table.layout.group
        if thing is None:
            return "several rows have the same day, so none is next; name what they belong to (--group)"
        return f"a {thing} has several rows on one day, so none of them is next"
    _, counts = np.unique(table.ticker, return_counts=True)
    if counts.max() < 3:
        return "no group has three rows"
    return ""


def _rank(finding: Finding) -> tuple[bool, int]:
    return finding.check.passed, WORST_FIRST.index(finding.check.name)
