"""Words of the shipped example, and where a text speaks of it."""

import re
from collections.abc import Sequence

from model.bundle import Bundle

# Words of the shipped example that no other bundle may be spoken of with.
MARKET_WORDS = (
    r"tickers?|stocks?|markets?|shares? price|prices?|daily bars?|bars? file|bars|trad(?:e|es|ed|ing)|basis points?"
    r"|bp|tomorrow(?:'s)?|yesterday(?:'s)?|next[- ]day|always up|“up”|p_up|upmove|volatility|dividends?|returns?"
    r"|close[sd]? higher|split-adjusted|OHLCV|RSI|MACD"
)
# Words about time, for rows that have none.
TIME_WORDS = r"days?|daily|months?|years?|weeks?|walk-forward|latest row|later day"
# What charts are made of, and everyday English.
ALLOWED = ("Grey bars:", "Bars: how often")


def market_words(texts: Sequence[str], bundle: Bundle) -> list[str]:
    """The places where *texts* speak of a market, or of time where rows of *bundle* have none."""
    words = MARKET_WORDS if bundle.manifest.layout.time else f"{MARKET_WORDS}|{TIME_WORDS}"
    found = []
    for text in texts:
        left = text
        for allowed in ALLOWED:
            left = left.replace(allowed, "")
        hits = re.finditer(rf"(?<!\w)(?:{words})(?!\w)", left, flags=re.IGNORECASE)
        found += [left[max(0, hit.start() - 60) : hit.end() + 60] for hit in hits]
    return found
