"""What a training run depends on besides its table, and which settings allow no honest run."""

from dataclasses import dataclass

from model.errors import TrainingError

HORIZON_DAYS = 1


@dataclass(frozen=True, slots=True)
class Settings:
    """What a run depends on besides its table. Days are trading days of the table.

    `first_day` and `last_day` (ISO dates) narrow the span; `tickers` narrows the tickers.
    """

    name: str = "upmove"
    tickers: tuple[str, ...] = ()
    first_day: str | None = None
    last_day: str | None = None
    first_window: int = 750
    step: int = 250
    gap: int = 1
    threshold: float = 0.44
    threshold_reason: str = "the default of this project; not tuned on these rows"
    draws: int = 1000
    seed: int = 0


def check_settings(settings: Settings) -> None:
    """Raise one `TrainingError` with everything that no honest run allows, or return."""
    wrong = [
        message
        for bad, message in (
            (not 0 < settings.threshold < 1, f"threshold {settings.threshold:g}: expected above 0 and below 1"),
            (
                settings.gap < HORIZON_DAYS,
                f"gap {settings.gap}: below {HORIZON_DAYS} training labels leak into the test",
            ),
            (settings.first_window < 2, f"first window {settings.first_window}: expected at least 2 days"),
            (settings.step < 1, f"fold of {settings.step} days: expected at least 1"),
            (
                bool(settings.first_day and settings.last_day and settings.first_day > settings.last_day),
                f"span {settings.first_day} to {settings.last_day}: the first day is after the last",
            ),
            (settings.draws < 100, f"{settings.draws} draws: expected at least 100 for an interval"),
        )
        if bad
    ]
    if wrong:
        msg = "These settings cannot be used: " + "; ".join(wrong) + "."
        raise TrainingError(msg)
