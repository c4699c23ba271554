"""Small data for tests, made up but shaped like the real thing."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from model.any_rows import Classes, Columns, table_of
from model.bars import Bars, FloatArray
from model.bundle import Bundle
from model.dataset import FeatureTable, Provenance
from model.features import FEATURE_NAMES
from model.manifest import WholePipeline
from model.registry import Registry
from training.any_table import TableSettings, train_table
from training.settings import Settings
from training.train import TrainingResult, publish, train

WHEN = datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)


def trading_days(n: int, first: str = "2001-01-01") -> np.ndarray:
    """Return *n* weekdays."""
    start = np.busday_offset(first, 0, roll="forward")
    return np.busday_offset(start, np.arange(n)).astype("datetime64[s]")


def bars(
    close: FloatArray,
    *,
    ticker: str = "ABC",
    open_: FloatArray | None = None,
    spread: float = 0.01,
    volume: FloatArray | None = None,
    adjusted_close: FloatArray | None = None,
) -> Bars:
    """Return daily bars around *close*: by default the open is the close, with a small range."""
    close = np.asarray(close, dtype=np.float64)
    opening = close if open_ is None else np.asarray(open_, dtype=np.float64)
    n = len(close)
    return Bars(
        ticker=np.full(n, ticker),
        time=trading_days(n),
        open=opening,
        high=np.maximum(opening, close) * (1 + spread),
        low=np.minimum(opening, close) * (1 - spread),
        close=close,
        volume=np.full(n, 1000.0) if volume is None else np.asarray(volume, dtype=np.float64),
        row=np.arange(2, n + 2),
        adjusted_close=adjusted_close,
    )


def random_bars(n: int, *, seed: int = 0, ticker: str = "ABC") -> Bars:
    """Return *n* bars of a random walk, with gaps, ranges and volumes that vary."""
    rng = np.random.default_rng(seed)
    close = 50 * np.exp(np.cumsum(rng.normal(0, 0.02, n)))
    opening = close * np.exp(rng.normal(0, 0.01, n))
    volume = rng.integers(1_000, 100_000, n).astype(np.float64)
    return bars(close, ticker=ticker, open_=opening, volume=volume)


def table(
    *, days: int = 200, tickers: tuple[str, ...] = ("AAA", "BBB"), signal: float = 0.0, seed: int = 0
) -> FeatureTable:
    """Return a table of random features; *signal* is the weight of the first feature on the target's log-odds."""
    rng = np.random.default_rng(seed)
    n = days * len(tickers)
    X = rng.normal(size=(n, len(FEATURE_NAMES)))
    up = (rng.random(n) < 1 / (1 + np.exp(-signal * X[:, 0]))).astype(np.float64)
    last = np.arange(n) % days == days - 1
    up[last] = np.nan
    size = np.abs(rng.normal(0, 0.01, n))
    return FeatureTable(
        provenance=Provenance(
            file="made-up.csv", sha256="0" * 64, adjustment="none", bars_read=n, dropped=(), warnings=(), checks=()
        ),
        day=np.tile(trading_days(days).astype("datetime64[D]"), len(tickers)),
        ticker=np.repeat(np.array(tickers), days),
        X=X,
        y=up,
        next_day_return=np.where(last, np.nan, np.where(up == 1, size, -size)),
    )


def small_settings(**changes: object) -> Settings:
    """Return settings for `table`; its tickers are shorter than the year asked of real ones."""
    return Settings(**{"first_window": 100, "step": 50, "draws": 100} | changes)


def result(**changes: object) -> TrainingResult:
    """Return a trained model on a table of made-up features."""
    return train(table(days=400, **changes), small_settings())


def registry(folder: Path) -> Registry:
    """Return a registry with one published version of a made-up model."""
    there = Registry(folder / "artifacts")
    publish(result(), there, by="tester", why="first", when=WHEN)
    return there


def bundle(folder: Path) -> Bundle:
    """Return a published bundle of a made-up model."""
    return registry(folder).load()


def bundle_of(pipeline: Any, folder: Path, *, flipped: bool = False) -> Bundle:
    """Return a published bundle of *pipeline*, fitted on a made-up table; with its labels swapped if *flipped*."""
    rows = table(days=400, signal=1.5)
    draft = train(rows, small_settings()).draft
    known = ~np.isnan(rows.y)
    y = rows.y[known].astype(np.int64)
    fitted = pipeline.fit(rows.X[known], 1 - y if flipped else y)
    manifest = msgspec.structs.replace(draft.manifest, scorer=WholePipeline())
    result = TrainingResult(replace(draft, manifest=manifest, pipeline=fitted))
    there = Registry(folder / "artifacts")
    publish(result, there, by="tester", why="a pipeline of its own", when=WHEN)
    return there.load()


def any_columns(*, time: bool = False, group: bool = False, missing: bool = False, seed: int = 0) -> Columns:
    """Return 32 made-up measurements of 400 customers' visits, one of which says something of who churned.

    There is a `day` and a `customer` for each row if asked for, and every ninth `mean_3` is missing if asked for.
    """
    rng = np.random.default_rng(seed)
    n = 400
    X = rng.normal(size=(n, 32)) * np.logspace(-2, 3, 32) + np.linspace(-5, 50, 32)
    z = (X[:, 0] - X[:, 0].mean()) / X[:, 0].std()
    y = (rng.random(n) < 1 / (1 + np.exp(-1.5 * z))).astype(np.int64)
    if missing:
        X[::9, 3] = np.nan
    return Columns(
        names=tuple(f"{'mean' if i < 16 else 'worst'}_{i}" for i in range(32)),
        X=X,
        y=y,
        target="churned",
        classes=Classes("yes", "no", "churned"),
        time_name="visit" if time else None,
        time=np.sort(trading_days(100)[np.arange(n) % 100]) if time else None,
        group_name="customer" if group else None,
        group=np.array([f"C{i % 40:02}" for i in range(n)]) if group else None,
    )


def table_bundle(folder: Path, *, time: bool = False, group: bool = False, missing: bool = False) -> Bundle:
    """Return a bundle of `any_columns`, published in `folder / "artifacts"`: nothing in it is about markets."""
    rows = table_of(any_columns(time=time, group=group, missing=missing), file="visits.csv", sha256="0" * 64)
    result = train_table(rows, TableSettings(name="churn", draws=100))
    there = Registry(folder / "artifacts")
    publish(result, there, by="tester", why="first", when=WHEN)
    return there.load()
