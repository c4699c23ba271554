"""What reports say of rows, folds and limits: of daily bars, or of whatever else the manifest describes."""

from model.manifest import Layout, Manifest, Metric
from model.wording import interval, number, percent

# A card that lists thousands of groups is no longer read.
GROUPS_LISTED = 20


def counted(n: int, one: str) -> str:
    """Write how many there are of something.

    >>> counted(1, "day"), counted(1500, "day")
    ('1 day', '1,500 days')
    """
    return f"{n:,} {one}{'' if n == 1 else 's'}"


def rows_tested(first: Metric) -> str:
    """Say how many rows were tested, and from when they are where that is known."""
    if not first.first_day:
        return counted(first.n, "row")
    return f"{counted(first.n, 'row')}, {counted(first.days, 'day')}, {first.first_day} to {first.last_day}"


def resampled(layout: Layout) -> str:
    """Say what the intervals resample."""
    if layout.time:
        return "whole days in blocks"
    return f"whole groups (“{layout.group}”)" if layout.group else "rows"


def horizon(manifest: Manifest) -> str:
    """Say how far ahead the target lies, where rows have a time."""
    return f" Horizon: {counted(manifest.target.horizon, 'day')}." if manifest.layout.time else ""


def spread(manifest: Manifest) -> str:
    """Say what a calibration slope that is told from 1 means for the probabilities; nothing where it is not."""
    slope = manifest.metric("calibration_slope").interval
    if slope.high < 1:
        return "A slope below 1 says that the probabilities are too far apart (overconfident)."
    timid = "A slope above 1 says that the probabilities are too close together (too timid)."
    return timid if slope.low > 1 else ""


def changes_to_watch(manifest: Manifest, base_rate: float | None) -> list[str]:
    """Return what may change after training, each with what shows it, as rows of a table of two columns."""
    area = manifest.metric("auc")
    market = manifest.layout.returns
    new = "days" if market else "rows"
    lines = [
        f"| {'The market changes.' if market else 'What the rows are about changes.'} | Over 250 new {new}, more than"
        " 4 % of a feature's values outside its 1–99 % band (2 % are expected). |",
        f"| The base rate moves. | Share of “{manifest.target.positive_class}” over 250 new {new} further than 5 points"
        f" from {percent(base_rate)}. |",
    ]
    if market:
        return [
            *lines,
            f"| A leak slips in with a change. | AUC above 0.60 after a retrain; today {number(area.value, 3)}. |",
            "| Prices are not adjusted for a split. | A warning, when prices are read, that a move “looks like an"
            " unadjusted split”. |",
        ]
    today = interval(area.interval.low, area.interval.high, 3)
    return [
        *lines,
        f"| A leak slips in with a change. | AUC above its interval of today, {today}, after a retrain;"
        f" today {number(area.value, 3)}. |",
    ]


def scope(manifest: Manifest) -> list[str]:
    """Say what the verdict leaves open."""
    rows = "these tickers and days" if manifest.layout.returns else "these rows"
    profit = (
        "It says nothing of profit: costs, taxes and the size of moves are not in any figure above."
        if manifest.layout.returns
        else "It says nothing of what a right or a wrong call is worth: that is not in any figure above."
    )
    return [
        f"It does not show that “{manifest.target.question}” can never be answered: these"
        f" {len(manifest.features)} features and this model were tested, on {rows} only.",
        profit,
    ]


def misuse(manifest: Manifest) -> list[str]:
    """Say what the model is not for."""
    if manifest.layout.returns:
        return [
            "Not for trading or investment advice: see the verdict.",
            "Not for other markets, other bar lengths or intraday use without retraining and a new verdict.",
        ]
    return [
        "Not for decisions about people or things without someone who answers for them: see the verdict.",
        "Not for rows that came about in another way than those below without retraining and a new verdict.",
    ]


def rows_behind(manifest: Manifest) -> list[str]:
    """Say how many rows the model was trained on, of when and of what."""
    data = manifest.trained_on
    groups = ", ".join(f"{span.ticker} {span.rows:,}" for span in data.tickers[:GROUPS_LISTED])
    if manifest.layout.returns:
        return [
            f"Prices adjusted {data.adjustment}.",
            f"{data.rows:,} rows from {data.first_day} to {data.last_day}: {groups}.",
        ]
    when = f" from {data.first_day} to {data.last_day} (“{manifest.layout.time}”)" if data.first_day else ""
    if not manifest.layout.group:
        return [f"{data.rows:,} rows{when}."]
    if not data.tickers:
        return [f"{data.rows:,} rows{when}, in groups (“{manifest.layout.group}”)."]
    more = f" and {len(data.tickers) - GROUPS_LISTED:,} more" if len(data.tickers) > GROUPS_LISTED else ""
    return [f"{data.rows:,} rows{when}, of {len(data.tickers):,} groups (“{manifest.layout.group}”): {groups}{more}."]


def limits(manifest: Manifest) -> list[str]:
    """Say where the figures end."""
    first_window = manifest.settings.get("first_window", "–")
    if manifest.layout.returns:
        return [
            "Few tickers, all large survivors of one market: results need not carry over.",
            "Dividends are left in the prices, so an ex-dividend day looks like a small fall.",
            f"The first {first_window} days of the table are never tested on; a ticker that begins later is tested from"
            " its first row.",
        ]
    if manifest.layout.time:
        return [f"The first {first_window} days are never tested on."]
    return ["The order of the rows is not known: nothing above shows whether the model holds up as time goes on."]


def validation(manifest: Manifest) -> list[str]:
    """Say how rows were split, and list the folds."""
    if not manifest.layout.time:
        kind = "Stratified folds of whole groups" if manifest.layout.group else "Stratified folds at random"
        return [
            f"{kind}; every figure is out-of-fold.",
            "",
            "| fold | trained on rows | base rate | tested on rows |",
            "|---|---|---|---|",
            *(
                f"| {fold.fold} | {fold.train_rows:,} | {percent(fold.base_rate)} | {fold.test_rows:,} |"
                for fold in manifest.folds
            ),
        ]
    return [
        "Walk-forward, expanding window, ordered in time, whole days; every figure is out-of-fold.",
        "",
        "| fold | trained on | rows | base rate | tested on | rows |",
        "|---|---|---|---|---|---|",
        *(
            f"| {fold.fold} | {fold.train_first_day} to {fold.train_last_day} | {fold.train_rows:,} |"
            f" {percent(fold.base_rate)} | {fold.test_first_day} to {fold.test_last_day} | {fold.test_rows:,} |"
            for fold in manifest.folds
        ),
    ]
