"""Out-of-fold rows for tests, made by hand or at random."""

import numpy as np

from model.bundle import OutOfFold


def out_of_fold(day, y_true, y_score, *, ticker=None, next_day_return=None) -> OutOfFold:
    """Return rows; *day* counts from 2001-01-01, or is dates."""
    day = np.asarray(day)
    if day.dtype.kind != "M":
        day = np.datetime64("2001-01-01") + day
    n = len(day)
    return OutOfFold(
        day=day,
        ticker=np.full(n, "ABC") if ticker is None else np.asarray(ticker),
        y_true=np.asarray(y_true, dtype=np.int64),
        y_score=np.asarray(y_score, dtype=np.float64),
        fold=np.ones(n, dtype=np.int64),
        next_day_return=np.full(n, np.nan)
        if next_day_return is None
        else np.asarray(next_day_return, dtype=np.float64),
    )


def random_rows(n_days=70, *, step=0.05, signal=0.0, seed=0) -> OutOfFold:
    """Return one to three rows a day, with scores in whole *step*s so that many tie."""
    rng = np.random.default_rng(seed)
    day = np.repeat(np.arange(n_days), rng.integers(1, 4, n_days))
    score = np.round(np.round(rng.beta(6, 6, len(day)) / step) * step, 10)
    y = (rng.random(len(day)) < 0.5 + signal * (score - 0.5)).astype(int)
    size = np.abs(rng.normal(0, 0.01, len(day)))
    return out_of_fold(day, y, score, next_day_return=np.where(y == 1, size, -size))


def resampled(rows: OutOfFold, days) -> list[np.ndarray]:
    """Return the row numbers of each resample, a row as often as its day was drawn."""
    position = np.unique(rows.day, return_inverse=True)[1]
    return [np.repeat(np.arange(len(rows.day)), count[position].astype(int)) for count in days.counts]
