"""What is told of a manifest: without what rows of its layout do not have, and in words that fit them."""

from typing import Any

from model.manifest import Layout

_OF_TIME = {
    *("first_day", "last_day", "days", "horizon"),
    *("train_first_day", "train_last_day", "test_first_day", "test_last_day"),
}
# Of daily bars: what was done to prices, and tickers that were left out.
_OF_BARS = {"adjustment", "excluded", "next_day_return"}
_RENAMED = {"tickers": "groups", "ticker": "group", "TickerSpan": "GroupSpan", "nearest_day": "nearest_row"}


def hidden(layout: Layout) -> set[str]:
    """Return the names of members that mean nothing for rows of *layout*."""
    if layout.returns:
        return set()
    without_time = set() if layout.time else {*_OF_TIME, "day"}
    return _OF_BARS | without_time | (set() if layout.group else {"tickers", "ticker"})


def told(document: Any, layout: Layout) -> Any:
    """Return *document*, of plain values, without members that mean nothing for rows of *layout*.

    >>> told({"rows": 9, "tickers": [{"ticker": "A"}], "adjustment": "none"}, Layout(time=None, returns=False))
    {'rows': 9, 'groups': [{'group': 'A'}]}
    """
    if layout.returns:
        return document
    leave = hidden(layout)

    def pruned(part: Any) -> Any:
        if isinstance(part, dict):
            return {_RENAMED.get(name, name): pruned(child) for name, child in part.items() if name not in leave}
        return [pruned(child) for child in part] if isinstance(part, list) else part

    return pruned(document)


def told_schema(schema: Any, layout: Layout) -> Any:
    """Return the JSON Schema of what `told` makes of a document that *schema* describes."""
    if layout.returns:
        return schema
    leave = hidden(layout)

    def pruned(part: Any) -> Any:
        if isinstance(part, list):
            return [pruned(child) for child in part]
        if not isinstance(part, dict):
            return part
        kept = {name: pruned(child) for name, child in part.items()}
        if isinstance(kept.get("properties"), dict):
            kept["properties"] = {
                _RENAMED.get(name, name): child for name, child in kept["properties"].items() if name not in leave
            }
        if isinstance(kept.get("required"), list):
            kept["required"] = [_RENAMED.get(name, name) for name in kept["required"] if name not in leave]
        if isinstance(kept.get("$ref"), str):
            place, _, name = kept["$ref"].rpartition("/")
            kept["$ref"] = f"{place}/{_RENAMED.get(name, name)}"
        return kept

    return pruned(schema)


def renamed(name: str, layout: Layout) -> str:
    """Return what the member or schema *name* is called for rows of *layout*."""
    return name if layout.returns else _RENAMED.get(name, name)
