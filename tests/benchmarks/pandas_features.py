"""The features the way pandas group-bys make them: what `build_features` is compared with."""

import numpy as np
import pandas as pd


def frame_of(columns):
    """Return the bars as a frame."""
    return pd.DataFrame(columns)


def features_of(frame):
    """Return the eight features, shape (rows, 8); recursive averages begin otherwise than TA-Lib's, and soon agree."""
    groups = frame["ticker"]

    def rolling(values, size):
        return values.groupby(groups, sort=False).rolling(size)

    def average(values, **weights):
        return values.groupby(groups, sort=False).ewm(adjust=False, **weights).mean().droplevel(0)

    close, volume = frame["close"], frame["volume"]
    before = close.groupby(groups, sort=False).shift()
    spread = rolling(volume, 20)
    change = close - before
    gain, loss = (average(part, alpha=1 / 14) for part in (change.clip(lower=0), -change.clip(upper=0)))
    macd = average(close, span=12) - average(close, span=26)
    return np.column_stack(
        [
            frame["open"] / before - 1,
            (frame["high"] - frame["low"]) / close,
            rolling(close, 5).mean().to_numpy() / rolling(close, 20).mean().to_numpy(),
            rolling(change / before, 10).std().to_numpy(),
            (volume.to_numpy() - spread.mean().to_numpy()) / spread.std().to_numpy(),
            100 * gain / (gain + loss),
            macd / close,
            average(macd, span=9) / close,
        ]
    )
